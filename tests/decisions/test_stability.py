"""How far thresholds move when events are drawn again."""

import numpy as np
import pytest

from rareclass.decisions import (
    CostMatrix,
    Maximize,
    MinimumCost,
    PrecisionAtLeast,
    RecallAtLeast,
    best_threshold,
    threshold_interval,
    threshold_stability,
)
from rareclass.errors import InfeasibleError, InputError
from rareclass.metrics.curve import ThresholdCurve


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.1, 5, 30_000)
    return rng.random(p.size) < p, p


def test_interval_covers_the_true_best_threshold():
    """F1 of a known law: 90 % intervals over 40 data sets hold the population's threshold in three of four."""
    grid = np.linspace(0.001, 0.999, 4000)
    weight = grid ** (0.5 - 1) * (1 - grid) ** (4 - 1)
    tp, fp = np.cumsum((weight * grid)[::-1])[::-1], np.cumsum((weight * (1 - grid))[::-1])[::-1]
    best = grid[np.argmax(2 * tp / (tp + fp + (weight * grid).sum()))]
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = rng.beta(0.5, 4, 3000)
        low, high = best_threshold(rng.random(p.size) < p, p, Maximize("f1"), level=0.9).interval
        held += low <= best <= high
    assert held / 40 >= 0.9 - 2 * np.sqrt(0.9 * 0.1 / 40) - 0.05


def test_interval_shrinks_with_events(rows):
    y, p = rows
    few, many = (best_threshold(y[:n], p[:n], RecallAtLeast(0.8)).interval for n in (1500, 30_000))
    assert few[1] / few[0] > many[1] / many[0]


def test_searched_cost_threshold_is_unsteady_and_a_bad_default_is_found_out(rows):
    y, p = rows
    found = threshold_stability(y, p, MinimumCost(CostMatrix(1, 500), search="empirical"), default=0.5)
    assert found.low < CostMatrix(1, 500).threshold < found.high
    assert found.probability_not_worse == 1.0
    assert found.difference_high < 0  # cheaper


def test_against_the_best_default_the_searched_threshold_often_loses(rows):
    y, p = rows
    best = CostMatrix(1, 500).threshold
    found = threshold_stability(y, p, MinimumCost(CostMatrix(1, 500), search="empirical"), default=best)
    assert 0.02 < found.probability_not_worse < 0.9


def test_resamples_that_meet_no_constraint_are_counted():
    y, s = np.r_[np.zeros(40), np.ones(8)], np.r_[np.arange(40), np.arange(36, 44)]
    rule = Maximize("recall").subject_to(RecallAtLeast(0.5, confidence=0.9))
    found = threshold_stability(y, s, rule, default=38)
    assert found.infeasible == 0
    noisy = np.r_[np.arange(40), np.arange(35, 43) - 0.5]
    found = threshold_stability(y, noisy, Maximize("recall").subject_to(PrecisionAtLeast(0.9)), default=38)
    assert 0 < found.infeasible < 1000
    assert found.thresholds.size == 1000 - found.infeasible


@pytest.mark.parametrize("bad", [{"n_bootstrap": 0}, {"level": 1.0}, {"default": np.nan}])
def test_unusable_settings_raise(bad, rows):
    with pytest.raises(InputError):
        threshold_stability(*rows, Maximize("f1"), **bad)


def test_rule_that_no_resample_meets_raises():
    curve = ThresholdCurve.from_predictions([0, 1, 0], [0.1, 0.2, 0.3])
    with pytest.raises(InfeasibleError):
        threshold_interval(curve, PrecisionAtLeast(1.0, confidence=0.99))
