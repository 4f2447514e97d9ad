"""Resampling is undone by the log of what was kept or repeated; what is made up is not called exact."""

import numpy as np
import pytest
from tests.treatments.known import cell_logits, cells

from rareclass.errors import InputError
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.resampling import Resampling as SyntheticEvents
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling, SampledNegatives


def test_whole_repetitions_are_undone_exactly_on_a_saturated_model():
    X, y = cells(40_000)
    events, negatives = y.sum(), (~y).sum()
    treatment = RandomOverSampling(ratio=3 * events / negatives)
    training = treatment.prepare(X, y, rng=np.random.default_rng(0))
    assert training.y.sum() == 3 * events
    plain = cell_logits(NoTreatment().prepare(X, y, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(cell_logits(training) + training.shift, plain, atol=1e-9)


def test_under_sampling_shifts_by_the_log_of_the_share_kept():
    X, y = cells(40_000)
    training = RandomUnderSampling(4).prepare(X, y, rng=np.random.default_rng(1))
    kept = (~training.y).sum()
    assert training.y.sum() == y.sum()
    assert kept == 4 * y.sum()
    assert training.shift == pytest.approx(np.log(kept / (~y).sum()))


def test_under_sampling_restores_the_rate_of_each_cell_within_noise():
    X, y = cells(400_000)
    treatment = RandomUnderSampling(5)
    training = treatment.prepare(X, y, rng=np.random.default_rng(2))
    plain = cell_logits(NoTreatment().prepare(X, y, rng=np.random.default_rng(0)))
    # 300 events in the rarest cell, about 10,000 kept negatives in it: four standard errors of the log-odds.
    kept = [(~training.y[training.X[:, 0] == c]).sum() for c in range(3)]
    assert np.all(np.abs(cell_logits(training) + training.shift - plain) < 4 / np.sqrt(kept))


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


@pytest.mark.parametrize("treatment", [RandomOverSampling(0), RandomUnderSampling(-2)])
def test_impossible_ratios_are_refused(treatment):
    X, y = cells(1000)
    with pytest.raises(InputError):
        treatment.prepare(X, y, rng=np.random.default_rng(0))


@pytest.mark.parametrize("treatment", [RandomOverSampling(0.5), RandomUnderSampling(3), SampledNegatives(rows=500)])
def test_the_rows_that_are_named_are_those_that_are_fitted_with_their_weights(treatment):
    X, y = cells(3000)
    weight = np.arange(3000.0) + 1
    training = treatment.prepare(X, y, sample_weight=weight, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(training.X, X[training.rows])
    np.testing.assert_array_equal(training.y, y[training.rows])
    np.testing.assert_array_equal(training.sample_weight, weight[training.rows])
    assert np.isin(np.flatnonzero(y), training.rows).all()  # no event is lost


@pytest.mark.parametrize(
    "treatment", [RandomOverSampling(0.001), RandomUnderSampling(1e6), SyntheticEvents(ratio=0.001)]
)
def test_where_there_is_nothing_to_do_nothing_is_done_and_that_is_said(treatment):
    X, y = cells(3000)
    training = treatment.prepare(X, y, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(training.X, X)
    assert (training.shift, training.exact, training.synthetic) == (0, True, False)


def test_synthetic_rows_weigh_what_their_parents_weigh():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 2)), np.arange(500) < 20
    training = SyntheticEvents(ratio=0.5).prepare(X, y, sample_weight=np.where(y, 3.0, 1.0), rng=rng)
    np.testing.assert_allclose(training.sample_weight, np.where(training.y, 3.0, 1.0))
    assert training.synthetic
    assert training.rows is None
