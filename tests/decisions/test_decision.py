"""Decisions and rules are plain values: saved, loaded, moved."""

import numpy as np
import pytest

from rareclass.decisions import Maximize, RecallAtLeast, best_threshold
from rareclass.errors import InputError


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 2, 400)
    return rng.random(400) < p, p


def test_nan_scores_are_not_decided(rows):
    y, p = rows
    with pytest.raises(InputError, match="missing"):
        best_threshold(y, p, Maximize("f1")).apply([0.1, np.nan])


def test_float32_scores_are_compared_as_they_are():
    s = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    chosen = best_threshold([0, 0, 1], s, RecallAtLeast(1.0))
    assert chosen.apply(s).tolist() == [False, False, True]
