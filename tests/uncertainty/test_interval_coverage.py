"""A small version of benchmarks/intervals.py: coverage of nominal 95 % intervals for a fixed scorer.

Each cell has 200 simulations; it must reach 93 %, allowed down by two Monte Carlo standard errors (3.6 points), so a
method whose true coverage is 93 % fails a cell with probability about 2 %. The thousand-run table is the benchmark's.
"""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import rareclass.metrics as m

RUNS = 200
LEAST = 0.93 - 2 * np.sqrt(0.93 * 0.07 / RUNS)
EVENTS = (10, 30, 100, 300)


def true_average_precision(d, prevalence):
    recall = (np.arange(100_001) + 0.5) / 100_001
    fpr = ndtr(ndtri(recall) - d)
    return float(np.mean(prevalence * recall / (prevalence * recall + (1 - prevalence) * fpr)))


def draw(rng, events, prevalence, ds, correlation=0.0):
    n = round(events / prevalence)
    y = rng.random(n) < prevalence
    while y.sum() < 2:
        y = rng.random(n) < prevalence
    first = rng.normal(size=n)
    scores = [first + ds[0] * y]
    if len(ds) > 1:
        scores.append(correlation * first + np.sqrt(1 - correlation**2) * rng.normal(size=n) + ds[1] * y)
    return y, scores


def coverage(events, simulate, truth, seed=0):
    rng = np.random.default_rng([events, seed])
    inside, width = [], []
    for _ in range(RUNS):
        interval = simulate(rng)
        inside.append(interval.low <= truth <= interval.high)
        width.append(interval.width)
    return np.mean(inside), np.mean(width)


@pytest.mark.parametrize("events", EVENTS)
@pytest.mark.parametrize(("d", "prevalence"), [(1.5, 0.03), (2.5, 0.03)])
def test_average_precision_is_covered(events, d, prevalence):
    def simulate(rng):
        y, (score,) = draw(rng, events, prevalence, (d,))
        return m.confidence_interval("average_precision", y, score)

    inside, width = coverage(events, simulate, true_average_precision(d, prevalence))
    assert inside >= LEAST
    # Boyd's logit interval at the truth is the reference: never more than 30 % wider
    a = true_average_precision(d, prevalence)
    half = 1.96 / np.sqrt(events * a * (1 - a))
    reference = 1 / (1 + np.exp(-np.log(a / (1 - a)) - half)) - 1 / (1 + np.exp(-np.log(a / (1 - a)) + half))
    assert width < 1.3 * reference


@pytest.mark.parametrize(
    ("name", "events"),
    [("recall", 10), ("recall", 30), ("precision", 10), ("precision", 30), *(("expected_cost", e) for e in EVENTS)],
)
def test_rates_and_costs_are_covered(name, events):
    d, prevalence, cut = 2.0, 0.05, 1.6
    recall, fpr = float(ndtr(d - cut)), float(ndtr(-cut))
    truth = {
        "recall": recall,
        "precision": prevalence * recall / (prevalence * recall + (1 - prevalence) * fpr),
        "expected_cost": 50 * prevalence * (1 - recall) + (1 - prevalence) * fpr,
    }[name]

    def simulate(rng):
        y, (score,) = draw(rng, events, prevalence, (d,))
        return m.confidence_interval(name, y, score, threshold=cut, costs={"fp": 1, "fn": 50})

    assert coverage(events, simulate, truth)[0] >= LEAST


@pytest.mark.parametrize("events", EVENTS)
@pytest.mark.parametrize("ds", [(2.0, 2.0), (2.5, 1.5)])
def test_paired_differences_are_covered_and_a_is_not_called_better_without_reason(events, ds):
    prevalence = 0.03
    truth = true_average_precision(ds[0], prevalence) - true_average_precision(ds[1], prevalence)
    better = []

    def simulate(rng):
        y, (a, b) = draw(rng, events, prevalence, ds, 0.6)
        result = m.paired_difference("average_precision", y, a, b)
        better.append(result.low > 0)
        return result

    assert coverage(events, simulate, truth)[0] >= LEAST
    if truth == 0:
        assert np.mean(better) <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / RUNS)


@pytest.mark.parametrize("name", ["average_precision", "recall", "precision"])
def test_fifty_groups_are_covered_where_independent_rows_would_not_be(name):
    # score shifts shared by a group carry half of the variance
    d, prevalence, cut, events = 2.0, 0.05, 1.2, 300
    recall, alarms = prevalence * float(ndtr(d - cut)), (1 - prevalence) * float(ndtr(-cut))
    truth = {
        "average_precision": true_average_precision(d, prevalence),
        "recall": float(ndtr(d - cut)),
        "precision": recall / (recall + alarms),
    }[name]
    group = np.repeat(np.arange(50), round(events / prevalence / 50))
    plain = []

    def simulate(rng):
        y = rng.random(group.size) < prevalence
        score = d * y + np.sqrt(0.5) * rng.normal(size=group.size) + np.sqrt(0.5) * rng.normal(size=50)[group]
        fooled = m.confidence_interval(name, y, score, threshold=cut)
        plain.append(fooled.low <= truth <= fooled.high)
        return m.confidence_interval(name, y, score, threshold=cut, groups=group)

    assert coverage(events, simulate, truth)[0] >= LEAST
    assert np.mean(plain) < 0.9


@pytest.mark.parametrize("spread", [0.0, 0.8])
@pytest.mark.parametrize("name", ["precision", "average_precision", "roc_auc", "paired"])
def test_sampled_negatives_are_covered_at_the_right_width(name, spread):
    """All events and a tenth of the negatives, in weights that are equal or not: as wide as the estimates scatter."""
    prevalence, d, cut, events = 0.02, 2.0, 1.5, 40
    recall, alarms = ndtr(d - cut) * prevalence, ndtr(-cut) * (1 - prevalence)
    truth = {
        "precision": recall / (recall + alarms),
        "average_precision": true_average_precision(d, prevalence),
        "roc_auc": ndtr(d / np.sqrt(2)),
        "paired": true_average_precision(d, prevalence) - true_average_precision(d - 0.5, prevalence),
    }[name]
    estimates = []

    def simulate(rng):
        y, (a, b) = draw(rng, events, prevalence, (d, d - 0.5), 0.7)
        share = np.where(y, 1.0, 0.1 * np.exp(spread * np.clip(rng.normal(size=y.size), -2, 2)))
        kept = rng.random(y.size) < share
        y, a, b, how = y[kept], a[kept], b[kept], {"sample_weight": 1 / share[kept]}
        if name == "paired":
            found = m.paired_difference("average_precision", y, a, b, **how)
        else:
            found = m.confidence_interval(name, y, a, threshold=cut if name == "precision" else None, **how)
        estimates.append(found.estimate)
        return found

    inside, width = coverage(events, simulate, truth)
    assert inside >= LEAST
    assert 0.8 < width / (2 * 1.96 * np.std(estimates)) < 1.35
