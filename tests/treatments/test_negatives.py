"""Negative sampling: the way back against known posteriors, keep probabilities against their definition."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from tests.treatments.known import RATES, Linear, Saturated, cells, line

from rareclass.errors import InputError, ShortfallWarning
from rareclass.fitting.arm import Arm, make_arm
from rareclass.kernels.logits import logit
from rareclass.treatments.negatives import LocalCaseControl, NegativeSampling, ScoreNegatives, keep_probability

GRID = np.array([[0.0], [1.0], [2.0]])


@pytest.mark.parametrize("correction", ["offset", "weight"])
@pytest.mark.parametrize("strategy", ["uniform", "score"])
def test_sampled_negatives_restore_the_rate_of_each_cell(strategy, correction):
    X, y = cells()
    plain = Arm(Saturated()).fit(X, y)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    treatment = NegativeSampling(strategy, negatives_per_event=5, least_negatives=0, correction=correction)
    fitted = Arm(Saturated(), treatment).fit(X, y, seed=1)
    assert fitted.exact
    # the events are the same in both fits, so only the kept negatives are noise: at least 0.5 an event in each cell
    assert np.all(np.abs(fitted.logit(GRID) - plain.logit(GRID)) < 4 / np.sqrt(0.5 * events))
    np.testing.assert_allclose(fitted.logit(GRID), logit(RATES), atol=4 * np.sqrt(1 / events + 2 / events).max())


def test_score_weighting_has_the_variance_that_theory_promises():
    """Slopes of a logistic model: bias below a standard error of the full fit, less spread with score-weighting."""
    X, y, _ = line(60_000)
    full = Arm(Linear()).fit(X, y).learner.beta_
    spread = {}
    for strategy in ("uniform", "score"):
        treatment = NegativeSampling(strategy, negatives_per_event=2, least_negatives=0)
        found = np.array([Arm(Linear(), treatment).fit(X, y, seed=s).learner.beta_[1:] for s in range(12)])
        error = found.std(axis=0, ddof=1)
        assert np.all(np.abs(found.mean(axis=0) - full[1:]) < 2 * error / np.sqrt(12) + 1 / np.sqrt(y.sum()))
        spread[strategy] = np.mean((found - full[1:]) ** 2)
    assert spread["score"] < spread["uniform"]


def test_local_case_control_recovers_the_slopes_and_the_intercept():
    X, y, z = line(400_000, seed=3)
    fitted = Arm(Linear(), LocalCaseControl(negatives_per_event=2, least_negatives=0)).fit(X, y, seed=0)
    found = fitted.logit(X[:20_000])
    assert fitted.rows < 4 * y.sum()
    slope = np.polyfit(z[:20_000], found, 1)[0]
    # about 4,800 events: the standard error of a slope is 0.02 in a full fit, 1.4 times that here
    assert slope == pytest.approx(1, abs=0.12)
    assert np.mean(found - z[:20_000]) == pytest.approx(0, abs=0.25)


def test_local_case_control_keeps_fewer_events_where_the_pilot_is_sure():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 1))
    y = rng.random(60_000) < 1 / (1 + np.exp(6 - 4 * X[:, 0]))
    training = LocalCaseControl(negatives_per_event=0.3, least_negatives=0).prepare(X, y, rng=rng)
    assert training.y.sum() < 0.9 * y.sum()
    assert training.pilot is not None
    assert "added back" in training.note


def test_local_case_control_with_few_events_falls_back_and_says_so():
    X, y = cells(20_000)
    with pytest.warns(ShortfallWarning, match="needs 1,000 events"):
        training = LocalCaseControl(negatives_per_event=5, least_negatives=0).prepare(
            X, y, rng=np.random.default_rng(0)
        )
    assert training.y.sum() == y.sum()
    assert training.pilot is None


def test_keep_probabilities_add_up_to_the_negatives_asked_for():
    rng = np.random.default_rng(0)
    y = rng.random(50_000) < 0.01
    p = np.exp(rng.normal(-6, 2, 50_000)).clip(0, 0.9)
    keep = keep_probability(p, y, 10, 0.1)
    assert keep[~y].sum() == pytest.approx(10 * y.sum(), rel=1e-6)
    assert keep.max() == 1.0
    below = (keep < 1) & (p > 0.1 * p[~y].mean())
    np.testing.assert_allclose(keep[below] / p[below], keep[below][0] / p[below][0])


def test_keep_probabilities_keep_a_floor():
    rng = np.random.default_rng(1)
    y = rng.random(10_000) < 0.01
    p = np.where(rng.random(10_000) < 0.01, 0.5, 1e-9)
    keep = keep_probability(p, y, 10, 0.1)
    assert keep[p < 0.1].min() > 0.05 * 10 * y.sum() / (~y).sum()


def test_events_carry_the_offset_of_their_features_too():
    X, y = cells(100_000)
    training = ScoreNegatives(negatives_per_event=3, least_negatives=0).prepare(X, y, rng=np.random.default_rng(0))
    for c in range(3):
        here = training.X[:, 0] == c
        # one offset for each of the two pilots, and the events have the same ones as the negatives
        values = np.unique(training.offset[here & ~training.y].round(9))
        assert values.size == 2
        assert set(np.unique(training.offset[here & training.y].round(9))) <= set(values)
        kept = (here & ~training.y).sum() / ((X[:, 0] == c) & ~y).sum()
        assert -np.log(kept) == pytest.approx(values.mean(), abs=0.25)


def test_a_uniform_shift_equals_a_uniform_offset():
    X, y = cells(100_000)
    treatment = NegativeSampling(negatives_per_event=4, least_negatives=0)
    training = treatment.prepare(X, y, rng=np.random.default_rng(5))
    shifted = Saturated().fit(training.X, training.y).decision_function(GRID) + training.shift
    offset = np.full(training.y.size, -training.shift)
    np.testing.assert_allclose(
        Saturated().fit(training.X, training.y, offset=offset).decision_function(GRID), shifted, atol=1e-9
    )


def test_a_pool_bounds_what_the_pilot_scores_and_the_offset_knows_it():
    X, y = cells()
    treatment = ScoreNegatives(negatives_per_event=3, least_negatives=0, pool_factor=7)
    training = treatment.prepare(X, y, rng=np.random.default_rng(0))
    assert (~training.y).sum() == pytest.approx(3 * y.sum(), rel=0.05)
    assert np.all(training.offset > -np.log(21 * y.sum() / (~y).sum()) - 1e-9)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    fitted = Arm(Saturated(), treatment).fit(X, y, seed=2)
    assert np.all(np.abs(fitted.logit(GRID) - Arm(Saturated()).fit(X, y).logit(GRID)) < 4 / np.sqrt(0.4 * events))


def test_sample_weights_travel_with_their_rows():
    X, y = cells(50_000)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    for treatment in (
        ScoreNegatives(negatives_per_event=5, least_negatives=0),
        NegativeSampling(negatives_per_event=5, least_negatives=0),
    ):
        training = treatment.prepare(X, y, sample_weight=weight, rng=np.random.default_rng(1))
        np.testing.assert_array_equal(training.sample_weight, weight[training.rows])
        np.testing.assert_array_equal(training.X, X[training.rows])
        np.testing.assert_array_equal(training.y, y[training.rows])


def test_restored_probabilities_of_a_booster_are_calibrated_at_the_real_prevalence():
    X, y, z = line(150_000, seed=7)
    fitted = make_arm(("lightgbm", ScoreNegatives(negatives_per_event=10, least_negatives=0))).fit(X, y, seed=0)
    found = fitted.logit(X)
    p = 1 / (1 + np.exp(-found))
    truth = 1 / (1 + np.exp(-z))
    assert p.mean() == pytest.approx(truth.mean(), rel=4 / np.sqrt(y.sum()) + 0.05)
    assert np.corrcoef(found, z)[0, 1] > 0.9


def test_a_learner_without_offsets_is_refused_with_the_way_out():
    X, y = cells(20_000)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    with pytest.raises(InputError, match="correction='weight'"):
        Arm(tree, ScoreNegatives(negatives_per_event=3, least_negatives=0)).fit(X, y)
    fitted = Arm(tree, ScoreNegatives(negatives_per_event=3, least_negatives=0, correction="weight")).fit(X, y)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    assert np.all(np.abs(fitted.logit(GRID) - Arm(tree).fit(X, y).logit(GRID)) < 4 / np.sqrt(0.5 * events))


def test_few_events_still_get_thousands_of_negatives():
    X, y = cells(50_000)
    few = np.flatnonzero(y)[:30]
    y = np.isin(np.arange(y.size), few)
    for strategy in ("uniform", "score"):
        training = NegativeSampling(strategy).prepare(X, y, rng=np.random.default_rng(0))
        assert (~training.y).sum() == pytest.approx(5000, rel=0.05)
        assert training.y.sum() == 30


def test_a_linear_pilot_does_as_well():
    X, y, z = line(60_000)
    treatment = ScoreNegatives(negatives_per_event=5, least_negatives=0, pilot="logistic_regression")
    fitted = Arm(Linear(), treatment).fit(X, y)
    assert np.abs(fitted.logit(X) - z).mean() < 0.4


def test_the_same_seed_keeps_the_same_rows():
    X, y = cells(50_000)
    rows = [
        ScoreNegatives(negatives_per_event=3, least_negatives=0).prepare(X, y, rng=np.random.default_rng(4)).rows
        for _ in range(2)
    ]
    np.testing.assert_array_equal(rows[0], rows[1])


@pytest.mark.parametrize(
    "options",
    [{"strategy": "hard"}, {"negatives_per_event": 0}, {"negatives_per_event": "many"},
     {"floor": 0}, {"least_negatives": -1}, {"floor": 2},
     {"correction": "none"},
     {"pilot": "svm"}, {"pool_factor": 0.5}, {"strategy": "local_case_control", "correction": "weight"}],
)  # fmt: skip
def test_impossible_options_are_refused(options):
    X, y = cells(5000)
    with pytest.raises(InputError):
        NegativeSampling(**options).prepare(X, y, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("strategy", "events", "wanted"),
    [("score", 40, 5000), ("score", 300, 6000), ("score", 900, 12_000), ("score", 3000, 15_000),
     ("uniform", 900, 18_000)],
)  # fmt: skip
def test_the_default_keeps_as_many_negatives_as_were_enough_when_measured(strategy, events, wanted):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60_000, 2))
    y = np.zeros(60_000, dtype=bool)
    y[np.argsort(-X[:, 0] - rng.normal(size=60_000))[:events]] = True
    kept = NegativeSampling(strategy).prepare(X, y, rng=rng)
    assert kept.y.sum() == events
    assert (~kept.y).sum() == pytest.approx(wanted, rel=0.05)
