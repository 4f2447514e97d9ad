"""Weights under which plain error counts are costs."""

import numpy as np
import pytest

from rareclass.decisions import cost_proportionate_weights
from rareclass.errors import CostError


def test_weights_are_what_a_wrong_decision_loses():
    y = [0, 1, 1]
    weight = cost_proportionate_weights(y, {"fp": [1.0, 1.0, 1.0], "fn": [9.0, 5.0, 3.0], "tp": 1.0})
    assert weight == pytest.approx(np.array([1.0, 4.0, 2.0]) * 3 / 7)
    with pytest.raises(CostError, match="negative"):
        cost_proportionate_weights(y, {"fp": [1.0, 1.0, 1.0], "fn": [9.0, 0.5, 3.0], "tp": 1.0})


def test_weighted_errors_are_costs():
    rng = np.random.default_rng(0)
    y, flagged = rng.random(50) < 0.3, rng.random(50) < 0.5
    fp, fn = rng.uniform(1, 2, 50), rng.uniform(2, 9, 50)
    weight = cost_proportionate_weights(y, {"fp": fp, "fn": fn}, normalise=False)
    assert weight[flagged != y].sum() == pytest.approx(np.where(y, fn * ~flagged, fp * flagged).sum())
