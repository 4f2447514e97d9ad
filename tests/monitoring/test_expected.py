"""Expected precision and recall: sums of probabilities, bands that hold what the labels show."""

import numpy as np
import pytest
from scipy.stats import binom

from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.monitoring.expected import expected_rates


def test_estimates_are_sums_of_probabilities():
    p = np.array([0.9, 0.5, 0.2, 0.1, 0.1])
    found = expected_rates(p, p >= 0.5)
    assert found.precision.estimate == pytest.approx(0.7)
    assert found.recall.estimate == pytest.approx(1.4 / 1.8)
    assert found.events.estimate == pytest.approx(1.8)


def test_the_band_of_equal_probabilities_is_the_binomial_one():
    found = expected_rates(np.full(400, 0.3), np.ones(400, dtype=bool))
    low, high = binom.ppf([0.025, 0.975], 400, 0.3) / 400
    assert found.precision.low == pytest.approx(low, abs=0.006)
    assert found.precision.high == pytest.approx(high, abs=0.006)
    assert found.recall.low == found.recall.high == 1.0


def test_bands_hold_the_rates_that_labels_show_over_the_draw_of_the_calibration():
    held = np.zeros(2)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        z = rng.normal(-3.5, 1.6, 4000)
        y = rng.random(4000) < sigmoid(z)
        # a calibration of level and slope from 4,000 rows, by Newton steps
        beta = np.array([0.0, 1.0])
        X = np.column_stack([np.ones(z.size), z])
        for _ in range(8):
            p = sigmoid(X @ beta)
            beta += np.linalg.solve((X.T * (p * (1 - p))) @ X, X.T @ (y - p))
        known = CalibrationUncertainty.of(X @ beta, y)
        new = rng.normal(-3.5, 1.6, 5000)
        event, p = rng.random(5000) < sigmoid(new), sigmoid(beta[0] + beta[1] * new)
        found = expected_rates(p, p >= 0.2, calibration=known)
        held += [event[p >= 0.2].mean() in found.precision, (p >= 0.2)[event].mean() in found.recall]
    assert (held / 60 >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 60)).all()


def test_the_same_rows_give_the_same_band_in_any_order():
    p = np.random.default_rng(0).beta(0.1, 2, 500)
    assert expected_rates(p, p > 0.3) == expected_rates(p[::-1], p[::-1] > 0.3)


def test_windows_without_rows_or_alerts_say_so():
    assert expected_rates([], []).sentence == "The window holds no rows."
    quiet = expected_rates([0.1, 0.2], [False, False])
    assert quiet.precision is None
    assert quiet.recall is None
    assert "None of 2 rows alerts" in quiet.sentence


def test_certain_probabilities_and_missing_ones_are_taken():
    found = expected_rates([0.0, 1.0, np.nan], [False, True, True])
    assert (found.rows, found.alerts) == (2, 1)
    assert found.precision.estimate == found.recall.estimate == 1.0


def test_wrong_input_is_named():
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        expected_rates([1.5], [True])
    with pytest.raises(InputError, match="same number of rows"):
        expected_rates([0.5], [True, False])
