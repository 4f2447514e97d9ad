"""`BaseOverSampler`: samplers that keep every row and add rows of the rare classes."""

import numbers
from collections.abc import Mapping

import numpy as np

from rareclass._sklearn import Interval, StrOptions
from rareclass.sampler import Sampler

RANDOM_STATE = ["random_state", np.random.Generator]


class BaseOverSampler(Sampler):
    """Base of the over-samplers: all rows stay, first and unchanged; made rows follow, class by class."""

    _sampling_type = "over-sampling"
    _parameter_constraints: dict = {
        "sampling_strategy": [
            Interval(numbers.Real, 0, 1, closed="right"),
            StrOptions({"auto", "minority", "not minority", "not majority", "all"}),
            Mapping,
            callable,
        ],
        "random_state": RANDOM_STATE,
    }
