"""Cuts of features: where the events lie, and at quantiles."""

import numpy as np
import pytest

from rareclass.learners._bins import apply_cuts, event_cuts, fit_cuts
from rareclass.learners.table import LEARNERS


def test_few_values_are_all_told_apart():
    np.testing.assert_array_equal(event_cuts(np.array([3.0, 1.0, 2.0, 2.0, np.nan]), np.zeros(5, bool)), [1.5, 2.5])


def test_a_value_that_only_events_have_gets_a_bin_of_its_own():
    rng = np.random.default_rng(0)
    values = rng.normal(size=50_000)
    y = np.arange(50_000) < 5
    values[:5] = 0.5
    cuts = event_cuts(values, y)
    assert cuts.size <= 254
    inside = np.searchsorted(cuts, values, side="right") == np.searchsorted(cuts, 0.5, side="right")
    assert inside[:5].all()
    assert inside.sum() == 5


def test_binned_columns_keep_missing_values_and_skipped_ones_stay():
    X = np.array([[1.0, 7.0], [np.nan, 8.0], [3.0, 9.0]])
    cuts = fit_cuts(X, np.array([True, False, False]), np.random.default_rng(0), skip=np.array([False, True]))
    assert cuts[1] is None
    np.testing.assert_array_equal(apply_cuts(X, cuts), np.array([[0, 7], [np.nan, 8], [1, 9]], dtype=np.float32))


def test_infinite_and_adjacent_values_are_still_separated():
    values = np.array([-np.inf, 1.0, np.nextafter(1.0, 2.0), np.inf])
    cuts = event_cuts(values, np.array([True, False, False, False]))
    assert len(np.unique(np.searchsorted(cuts, values, side="right"))) == 4


@pytest.mark.parametrize(
    ("learner", "parameter"), [("lightgbm", "max_bin"), ("xgboost", "max_bin"), ("hist_gradient_boosting", "max_bins")]
)
def test_wide_tables_are_cut_into_fewer_bins_unless_somebody_asked_for_few(learner, parameter):
    assert [LEARNERS[learner].growth(100, columns).bins for columns in (10, 70, 100, 300, 3000)] == [
        255,
        255,
        180,
        64,
        64,
    ]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 100)), np.arange(400) % 8 == 0

    def most(**options):
        model = LEARNERS[learner](guard="steady", calibrate=False, collapse_alarm=False, random_state=0, **options)
        return max(cuts.size for cuts in model.fit(X, y).cuts_)

    assert 120 < most() <= 180
    assert most(**{parameter: 32}) < 32
