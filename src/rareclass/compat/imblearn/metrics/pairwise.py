"""Distances of nominal data."""

from rareclass.metrics.pairwise import ValueDifferenceMetric

__all__ = ["ValueDifferenceMetric"]
