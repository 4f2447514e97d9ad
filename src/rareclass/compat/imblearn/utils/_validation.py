"""Validation helpers."""

from rareclass._dropin import deprecate_positional_args as _deprecate_positional_args
from rareclass._dropin import is_neighbors_object as _is_neighbors_object
from rareclass.base import check_sampling_strategy, check_target_type
from rareclass.base.roundtrip import ArraysTransformer
from rareclass.under_sampling.neighbourhood import check_neighbors_object

__all__ = [
    "ArraysTransformer",
    "_deprecate_positional_args",
    "_is_neighbors_object",
    "check_neighbors_object",
    "check_sampling_strategy",
    "check_target_type",
]
