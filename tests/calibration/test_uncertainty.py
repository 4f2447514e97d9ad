"""How far a calibration may be wrong: closed forms, the information matrix, and rows that count together."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from rareclass.calibration import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import logit, sigmoid


@pytest.fixture(scope="module")
def rows():
    z = np.random.default_rng(0).normal(-3, 1.5, 4000)
    return z, np.random.default_rng(1).random(4000) < sigmoid(z)


def test_equal_scores_know_the_level_as_a_share_is_known():
    y = np.arange(500) < 20
    known = CalibrationUncertainty.of(np.full(500, logit(0.04)), y)
    assert known.level_error**2 == pytest.approx(1 / 20 + 1 / 480)
    assert (known.events, known.rows, known.prevalence) == (20, 500, 0.04)
    # nothing but the share is known of equal scores, and its chance does not concern the ratio of the densities
    z = np.full(3, logit(0.04))
    assert np.ptp(known.draws(z, chance_of_share=False), axis=0) == pytest.approx(0.0, abs=1e-7)
    assert known.draws(z)[:, 0].std() == pytest.approx(known.level_error, rel=0.03)


def test_errors_are_those_of_the_information_matrix(rows):
    z, y = rows
    known, p = CalibrationUncertainty.of(z, y), sigmoid(z)
    X = np.column_stack([np.ones(z.size), z - known.centre])
    covariance = np.linalg.inv(X.T @ (X * (p * (1 - p))[:, None]))
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert known.level_error == pytest.approx(covariance[0, 0] ** 0.5)
    assert known.slope_error == pytest.approx(covariance[1, 1] ** 0.5, rel=0.01)


def test_negatives_that_stand_for_many_know_no_more_than_themselves():
    y, weight = np.arange(120) < 20, np.where(np.arange(120) < 20, 1.0, 5.0)
    known = CalibrationUncertainty.of(np.full(120, logit(20 / 520)), y, sample_weight=weight)
    assert known.level_error**2 == pytest.approx(1 / 20 + 1 / 100)
    assert (known.events, known.rows, known.prevalence) == (20, 120, 20 / 520)


def test_errors_of_weighted_rows_are_those_of_the_sandwich(rows):
    z, y = rows
    kept = y | (np.arange(z.size) % 5 == 0)
    z, y, weight = z[kept], y[kept], np.where(y[kept], 1.0, 5.0)
    known, p = CalibrationUncertainty.of(z, y, sample_weight=weight), sigmoid(z)
    X = np.column_stack([np.ones(z.size), z - known.centre])
    inverse = np.linalg.inv(X.T @ (X * (weight * p * (1 - p))[:, None]))
    # of the weight w of a score, w p stands for events of weight 1 and w (1 - p) for others of weight 5
    scores = weight * p * (1 - p) ** 2 + 5 * weight * (1 - p) * p**2
    covariance = inverse @ (X.T @ (X * scores[:, None])) @ inverse
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert known.level_error == pytest.approx(covariance[0, 0] ** 0.5)
    assert known.slope_error == pytest.approx((1 + 1 / covariance[1, 1]) ** -0.5)
    assert known.level_error > 1.05 * float((weight * p * (1 - p)).sum() ** -0.5)


def test_another_slope_goes_with_the_level_that_expects_as_many_events(rows):
    z, y = rows
    known = CalibrationUncertainty.of(z, y)

    def level(slope):
        def surplus(a):
            return float((sigmoid(z + a + slope * (z - known.centre)) - sigmoid(z)).sum())

        return brentq(surplus, -1.0, 1.0, xtol=1e-14)

    assert known.bend > 0.3
    assert (level(0.01) + level(-0.01)) / 2 == pytest.approx(-known.bend * 0.01**2, rel=1e-2)
    # so calibrations that may be right do not expect more events on the whole than the one that was fitted
    strict = replace(known, level_error=0.0, slope_error=0.1).draws(z)
    assert sigmoid(strict).sum() / len(strict) == pytest.approx(sigmoid(z).sum(), rel=2e-3)


def test_events_worth_is_what_draws_of_the_calibration_show(rows):
    known = CalibrationUncertainty.of(*rows)
    for z in (rows[0], rows[0][rows[0] > -2]):
        expected = sigmoid(known.draws(z)).sum(axis=1)
        assert known.events_worth(z) == pytest.approx((expected.mean() / expected.std()) ** 2, rel=0.1)


def test_equal_weights_change_nothing_others_count_less_and_groups_count_together(rows):
    z, y = rows
    known, twice = CalibrationUncertainty.of(z, y), np.repeat(z, 2)
    doubled = CalibrationUncertainty.of(z, y, sample_weight=np.full(z.size, 2.0))
    assert doubled.to_dict() == pytest.approx(known.to_dict())
    uneven = np.random.default_rng(2).exponential(size=z.size)
    assert CalibrationUncertainty.of(z, y, sample_weight=uneven).events < 0.7 * y.sum()
    grouped = CalibrationUncertainty.of(twice, np.repeat(y, 2), groups=np.repeat(np.arange(z.size), 2))
    assert grouped.to_dict() == pytest.approx(known.to_dict(), rel=1e-3)


def test_it_survives_a_dictionary_and_says_what_is_missing(rows):
    known = CalibrationUncertainty.of(*rows)
    assert CalibrationUncertainty.from_dict(known.to_dict()) == known
    with pytest.raises(InputError, match=r"incomplete: .*slope_error"):
        CalibrationUncertainty.from_dict({k: v for k, v in known.to_dict().items() if k != "slope_error"})
