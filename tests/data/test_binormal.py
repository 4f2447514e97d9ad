"""Binormal scores: every stated truth agrees with a large sample or a closed form."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from rareclass.data import simulate_scores
from rareclass.errors import InputError


@pytest.fixture(scope="module", params=[(2.0, 1.0), (1.5, 1.6), (3.0, 0.7)])
def large(request):
    separation, spread = request.param
    return simulate_scores(1_000_000, 0.02, separation=separation, spread=spread, seed=7)


def test_truth_agrees_with_a_large_sample(large):
    y, score = large.y, large.score
    assert roc_auc_score(y, score) == pytest.approx(large.roc_auc, abs=0.005)
    assert average_precision_score(y, score) == pytest.approx(large.average_precision, abs=0.012)
    for threshold in (1.0, 2.0, 3.0):
        flagged = score >= threshold
        assert y[flagged].sum() / y.sum() == pytest.approx(large.recall(threshold), abs=0.02)
        assert flagged[~y].mean() == pytest.approx(large.false_positive_rate(threshold), abs=0.002)
        assert flagged.mean() == pytest.approx(large.alert_rate(threshold), abs=0.002)
        assert y[flagged].mean() == pytest.approx(large.precision(threshold), abs=0.02)
        cost = np.where(flagged, np.where(y, 1.0, 5.0), np.where(y, 100.0, 0.5)).mean()
        assert cost == pytest.approx(large.expected_cost(threshold, fp=5, fn=100, tp=1, tn=0.5), rel=0.02)


def test_probabilities_are_true(large):
    p, y = large.probability, large.y
    order = np.argsort(p)
    bins = np.minimum((np.cumsum(p[order]) / p.sum() * 20).astype(int), 19)
    z = (np.bincount(bins, y[order]) - np.bincount(bins, p[order])) / np.sqrt(np.bincount(bins, (p * (1 - p))[order]))
    assert np.abs(z).max() < 4.5


def test_closed_forms():
    useless = simulate_scores(10, 0.07, separation=0.0)
    assert useless.average_precision == pytest.approx(0.07, abs=1e-9)
    assert useless.roc_auc == 0.5
    assert useless.precision(1.3) == pytest.approx(0.07)
    perfect = simulate_scores(10, 0.5, separation=40.0)
    assert perfect.average_precision == pytest.approx(1.0, abs=1e-9)


def test_the_best_threshold_is_the_bayes_rule():
    """With spread 1 the log-odds are linear in the score, so the optimal cut is known in closed form."""
    simulated = simulate_scores(10, 0.01, separation=2.0)
    for ratio in (1.0, 10.0, 1_000.0):
        threshold, cost = simulated.best_cost(fp=1.0, fn=ratio)
        bayes = (np.log(1 / ratio) - np.log(0.01 / 0.99)) / 2.0 + 1.0
        assert threshold == pytest.approx(bayes, abs=1e-3)
        assert cost == pytest.approx(simulated.expected_cost(bayes, fp=1.0, fn=ratio), rel=1e-6)
    assert simulated.best_cost(fp=1.0, fn=0.0)[1] == 0.0


def test_miscalibration_is_a_line_on_the_log_odds():
    simulated = simulate_scores(1_000, 0.1, slope=2.0, shift=0.5)
    odds = lambda p: np.log(p / (1 - p))  # noqa: E731
    np.testing.assert_allclose(odds(simulated.stated), 2 * odds(simulated.probability) + 0.5, rtol=1e-6)
    honest = simulate_scores(1_000, 0.1)
    np.testing.assert_allclose(honest.stated, honest.probability)


def test_the_number_of_events_can_be_fixed():
    assert simulate_scores(1_000, 0.1, events=37).y.sum() == 37
    assert simulate_scores(1_000, 0.1, seed=1).y.sum() != simulate_scores(1_000, 0.1, seed=2).y.sum()


@pytest.mark.parametrize(
    "options",
    [
        {"n": 1},
        {"prevalence": 0.0},
        {"prevalence": 1.0},
        {"spread": 0.0},
        {"separation": float("nan")},
        {"slope": float("inf")},
        {"events": 101},
    ],
)
def test_unusable_arguments_get_a_sentence(options):
    values = {"n": 100, "prevalence": 0.1, **options}
    with pytest.raises(InputError):
        simulate_scores(values.pop("n"), values.pop("prevalence"), **values)
