"""Base of the over-samplers."""

from rareclass.over_sampling.base import BaseOverSampler

__all__ = ["BaseOverSampler"]
