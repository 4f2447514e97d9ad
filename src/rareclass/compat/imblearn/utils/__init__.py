"""Helpers for writers of samplers."""

from rareclass.compat.helpers import Substitution
from rareclass.sampler import check_sampling_strategy, check_target_type
from rareclass.under_sampling.neighbourhood import check_neighbors_object

__all__ = ["Substitution", "check_neighbors_object", "check_sampling_strategy", "check_target_type"]
