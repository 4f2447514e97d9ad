"""How far a calibration may be wrong: closed forms, the information matrix, and rows that count together."""

import numpy as np
import pytest

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
