"""Validation helpers."""

from rareclass.compat.helpers import deprecate_positional_args as _deprecate_positional_args
from rareclass.compat.helpers import is_neighbors_object as _is_neighbors_object
from rareclass.sampler import check_sampling_strategy, check_target_type
from rareclass.sampler.roundtrip import ArraysTransformer
from rareclass.under_sampling.neighbourhood import check_neighbors_object

__all__ = [
    "ArraysTransformer",
    "_deprecate_positional_args",
    "_is_neighbors_object",
    "check_neighbors_object",
    "check_sampling_strategy",
    "check_target_type",
]
