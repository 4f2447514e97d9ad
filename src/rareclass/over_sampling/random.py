"""Random over-sampling: repeat rows of the rare class."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from rareclass._sklearn import Interval
from rareclass.base import Draw, class_streams, join
from rareclass.over_sampling.base import BaseOverSampler


class RandomOverSampler(BaseOverSampler):
    """stub"""

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "shrinkage": [Interval(Real, 0, None, closed="left"), Mapping, None],
    }
    _exposes_indices = True
    _takes = "table"

    def __init__(self, *, sampling_strategy: Any = "auto", random_state: Any = None, shrinkage: Any = None) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.shrinkage = shrinkage

    def _draw(self, X: Any, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.shrinkage_ = None
        draws = []
        for code, stream in class_streams(targets, rng).items():
            rows = np.flatnonzero(y == code)
            draws.append(Draw(parents=rows[stream.integers(0, rows.size, targets[code])]))
        return join(draws)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
