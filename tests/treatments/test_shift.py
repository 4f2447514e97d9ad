"""The way back of every treatment against closed forms and a saturated model."""

import numpy as np
import pytest

from rareclass.decisions import CostMatrix
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import logit
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.registry import TREATMENTS, make_treatment
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling, SampledNegatives, SyntheticEvents
from rareclass.treatments.weights import ClassWeights


def cells(n: int = 40_000, seed: int = 0):
    """Rows in three cells with event rates 0.002, 0.01 and 0.05: a saturated model has one probability a cell."""
    rng = np.random.default_rng(seed)
    cell = rng.integers(0, 3, n)
    y = rng.random(n) < np.array([0.002, 0.01, 0.05])[cell]
    return cell[:, None].astype(float), y


def saturated(training):
    """Weighted event rate of each cell as log-odds: the unregularised maximum-likelihood fit."""
    w = np.ones(training.y.size) if training.sample_weight is None else training.sample_weight
    return np.array([logit(np.average(training.y[training.X[:, 0] == c], weights=w[training.X[:, 0] == c]))
                     for c in range(3)])  # fmt: skip


@pytest.mark.parametrize("weight", ["balanced", "sqrt", 7.5])
def test_class_weights_are_undone_exactly_on_a_saturated_model(weight):
    X, y = cells()
    rng = np.random.default_rng(0)
    plain = saturated(NoTreatment().prepare(X, y, rng=rng))
    treatment = ClassWeights(weight)
    training = treatment.prepare(X, y, rng=rng)
    np.testing.assert_allclose(saturated(training) + training.shift, plain, atol=1e-9)


def test_whole_repetitions_are_undone_exactly_on_a_saturated_model():
    X, y = cells()
    events, negatives = y.sum(), (~y).sum()
    treatment = RandomOverSampling(ratio=3 * events / negatives)
    training = treatment.prepare(X, y, rng=np.random.default_rng(0))
    assert training.y.sum() == 3 * events
    plain = saturated(NoTreatment().prepare(X, y, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(saturated(training) + training.shift, plain, atol=1e-9)


def test_weights_multiply_with_sample_weights():
    X, y = cells()
    base = np.where(X[:, 0] == 1, 2.0, 1.0)
    treatment = ClassWeights("balanced")
    training = treatment.prepare(X, y, sample_weight=base, rng=np.random.default_rng(0))
    plain = saturated(NoTreatment().prepare(X, y, sample_weight=base, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(saturated(training) + training.shift, plain, atol=1e-9)
    w = training.sample_weight
    assert w[y].sum() == pytest.approx(w[~y].sum())
    assert w.sum() == pytest.approx(base.sum())


def test_under_sampling_shifts_by_the_log_of_the_share_kept():
    X, y = cells()
    training = RandomUnderSampling(4).prepare(X, y, rng=np.random.default_rng(1))
    kept = (~training.y).sum()
    assert training.y.sum() == y.sum()
    assert kept == 4 * y.sum()
    assert training.shift == pytest.approx(np.log(kept / (~y).sum()))


def test_under_sampling_restores_the_rate_of_each_cell_within_noise():
    X, y = cells(400_000)
    treatment = RandomUnderSampling(5)
    training = treatment.prepare(X, y, rng=np.random.default_rng(2))
    plain = saturated(NoTreatment().prepare(X, y, rng=np.random.default_rng(0)))
    # 300 events in the rarest cell, about 10,000 kept negatives in it: four standard errors of the log-odds.
    kept = [(~training.y[training.X[:, 0] == c]).sum() for c in range(3)]
    assert np.all(np.abs(saturated(training) + training.shift - plain) < 4 / np.sqrt(kept))


def test_sampled_negatives_keep_all_events_and_about_the_rows_asked_for():
    X, y = cells(200_000)
    training = SampledNegatives(rows=40_000).prepare(X, y, rng=np.random.default_rng(0))
    assert training.y.sum() == y.sum()
    assert training.y.size <= max(40_000, 21 * y.sum() + 1)


def test_synthetic_events_are_not_called_exact_and_reach_the_count():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    X[::7, 1] = np.nan
    X[:, 3] = rng.integers(0, 5, 500)
    y = np.arange(500) < 20
    training = SyntheticEvents().prepare(X, y, categorical_features=(3,), rng=rng)
    assert not training.exact
    assert training.y.sum() == (~training.y).sum() == 480
    np.testing.assert_array_equal(training.X[:500], X)
    assert set(np.unique(training.X[500:, 3])) <= set(range(5))
    assert training.shift == pytest.approx(-np.log(480 / 20))


@pytest.mark.filterwarnings("ignore:Local case-control sampling needs")
@pytest.mark.parametrize("name", sorted(TREATMENTS))
def test_no_treatment_changes_the_users_arrays(name):
    X, y = cells(3000, seed=3)
    weight = np.ones(y.size)
    X0, y0, w0 = X.copy(), y.copy(), weight.copy()
    treatment = make_treatment(name).with_costs(CostMatrix(fp=1, fn=9))
    treatment.prepare(X, y, sample_weight=weight, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(X, X0)
    np.testing.assert_array_equal(y, y0)
    np.testing.assert_array_equal(weight, w0)


IMPOSSIBLE = [
    ClassWeights(0), ClassWeights(-1.0), ClassWeights(float("nan")), ClassWeights("huge"), RandomOverSampling(0),
    RandomUnderSampling(-2),
]  # fmt: skip


@pytest.mark.parametrize("treatment", IMPOSSIBLE)
def test_impossible_parameters_are_refused(treatment):
    X, y = cells(1000)
    with pytest.raises(InputError):
        treatment.prepare(X, y, rng=np.random.default_rng(0))


def test_one_class_is_refused():
    with pytest.raises(TooFewEventsError, match="0 events"):
        ClassWeights().prepare(np.zeros((5, 1)), np.zeros(5, dtype=bool), rng=np.random.default_rng(0))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="none"):
        make_treatment("nothing")
