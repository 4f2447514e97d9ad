"""Floors and caps: their bounds, the values known from the literature, and what cannot be met."""

import numpy as np
import pytest
from scipy.stats import binom

from rareclass.data.binormal import simulate_scores
from rareclass.decisions import FalsePositiveRateAtMost, Maximize, PrecisionAtLeast, RecallAtLeast, best_threshold
from rareclass.errors import InfeasibleError, InputError
from rareclass.metrics.curve import ThresholdCurve


@pytest.mark.parametrize(("alpha", "least"), [(0.05, 59), (0.01, 299), (0.001, 2995)])
def test_least_number_of_negatives_is_the_umbrella_algorithms(alpha, least):
    rule = FalsePositiveRateAtMost(alpha, confidence=0.95)
    assert rule.allowed(least) >= 0
    n = least - 1
    with pytest.raises(InfeasibleError, match=f"at least {least} negatives; got {n}"):
        best_threshold(np.r_[np.zeros(n), 1], np.arange(n + 1), rule)


@pytest.mark.parametrize(("n", "k"), [(59, 59), (100, 99), (1000, 962), (10_000, 9537)])
def test_threshold_stands_above_the_umbrella_order_statistic(n, k):
    assert binom.sf(k - 1, n, 0.95) <= 0.05 < binom.sf(k - 2, n, 0.95)
    y, s = np.r_[np.zeros(n), 1], np.r_[np.arange(1, n + 1), n + 1.0]
    chosen = best_threshold(y, s, FalsePositiveRateAtMost(0.05, confidence=0.95), n_bootstrap=0)
    assert chosen.threshold == k + 1


def test_false_positive_rate_exceeds_its_cap_no_more_often_than_promised():
    """200 simulations at delta = 0.2: at most 0.2 + 2 Monte Carlo standard errors (the benchmark runs 1,000)."""
    exceeded = 0
    for seed in range(200):
        s = simulate_scores(1500, 0.05, seed=seed)
        curve = ThresholdCurve.from_predictions(s.y, s.score)
        chosen = FalsePositiveRateAtMost(0.05, confidence=0.8).choose(curve)
        exceeded += s.false_positive_rate(chosen.threshold) > 0.05
    assert exceeded / 200 <= 0.2 + 2 * np.sqrt(0.2 * 0.8 / 200)
    assert exceeded > 10  # and the cap is used up, not avoided


def test_recall_floor_with_confidence_holds_on_new_rows():
    short = 0
    for seed in range(200):
        s = simulate_scores(1500, 0.1, events=60, seed=seed)
        curve = ThresholdCurve.from_predictions(s.y, s.score)
        short += s.recall(RecallAtLeast(0.8, confidence=0.8).choose(curve).threshold) < 0.8
    assert 0.05 < short / 200 <= 0.2 + 2 * np.sqrt(0.2 * 0.8 / 200)


def test_recall_floor_with_confidence_says_how_many_events_it_needs():
    with pytest.raises(InfeasibleError, match=r"catching all 5 events proves 0.5493; 29 events are the least"):
        best_threshold(np.r_[np.zeros(20), np.ones(5)], np.arange(25), RecallAtLeast(0.9, confidence=0.95))


def test_precision_floor_that_nothing_meets_names_the_best():
    with pytest.raises(InfeasibleError, match=r"that can be had is 0\.5, at threshold 2 with a recall of 1"):
        best_threshold([0, 1, 0], [1.0, 2.0, 3.0], PrecisionAtLeast(0.9))
    with pytest.raises(InfeasibleError, match="highest proven precision"):
        best_threshold([0, 1, 0], [1.0, 2.0, 0.5], PrecisionAtLeast(0.9, confidence=0.9))


def test_precision_floor_is_searched_below_a_bad_start():
    y, s = [0, 1, 1, 1, 0, 0], [6, 5, 4, 3, 2, 1]
    assert best_threshold(y, s, PrecisionAtLeast(0.75)).threshold == 3


def test_prevalence_moves_rates_but_not_the_threshold_of_class_rates():
    y, s = np.r_[np.zeros(90), np.ones(10)], np.r_[np.arange(90), np.arange(80, 90)]
    chosen = best_threshold(y, s, RecallAtLeast(0.5))
    moved = chosen.at_prevalence(0.001)
    assert moved.threshold == chosen.threshold
    rate = chosen.false_positive_rate
    assert moved.precision == pytest.approx(0.5 * 0.001 / (0.5 * 0.001 + rate * 0.999))
    with pytest.raises(InputError, match="pass the curve"):
        best_threshold(y, s, PrecisionAtLeast(0.2)).at_prevalence(0.001)


def test_bounds_with_confidence_are_not_computed_from_scaled_counts():
    y, s = np.r_[np.zeros(90), np.ones(30)], np.r_[np.arange(90), np.arange(70, 100)]
    curve = ThresholdCurve.from_predictions(y, s)
    for rule in (PrecisionAtLeast(0.3, confidence=0.9), Maximize("f1").subject_to(RecallAtLeast(0.3, confidence=0.9))):
        with pytest.raises(InputError, match="about counted rows"):
            rule.choose(curve).at_prevalence(0.01, curve=curve)
    kept = RecallAtLeast(0.3, confidence=0.9).choose(curve)
    assert kept.at_prevalence(0.01).threshold == kept.threshold


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: RecallAtLeast(0.0), "recall"),
        (lambda: RecallAtLeast(1.1), "recall"),
        (lambda: RecallAtLeast(0.9, confidence=1.0), "confidence"),
        (lambda: PrecisionAtLeast(float("nan")), "precision"),
        (lambda: FalsePositiveRateAtMost(0.0), "rate"),
        (lambda: FalsePositiveRateAtMost("low"), "rate"),
    ],
)
def test_bounds_outside_their_range_raise(make, match):
    with pytest.raises(InputError, match=match):
        make()
