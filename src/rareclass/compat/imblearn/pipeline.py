"""Pipelines with samplers, which refuse pipelines as steps, as imbalanced-learn's do."""

from rareclass.compat.flat_pipeline import Pipeline, make_pipeline

__all__ = ["Pipeline", "make_pipeline"]
