"""Scores with a probability of exactly 0 or 1, as forests give them."""

import json

import numpy as np
import pytest

from rareclass.calibration import SigmoidCalibration, calibrator_from_dict, choose_calibration
from rareclass.calibration.base import group_rows
from rareclass.calibration.ends import Ends, find_ends
from rareclass.kernels.logits import log_loss_from_logits, logit, sigmoid


def votes(seed, trees=100, n=20_000):
    """Shares of votes of a forest whose trees vote independently with a row's own probability."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.05, 3, n)
    share = rng.binomial(trees, p) / trees
    return logit(np.clip(share, 1e-12, 1 - 1e-12)), rng.random(n) < p


def test_no_vote_is_put_at_half_a_vote():
    z, _ = votes(0)
    values, count = np.unique(z, return_counts=True)
    drawn = find_ends(values, count)(values)
    assert drawn[0] == pytest.approx(logit(0.005), abs=0.02)
    assert np.array_equal(drawn[1:], values[1:])
    high = find_ends(-values[::-1], count[::-1])(-values[::-1])
    assert high == pytest.approx(-drawn[::-1])


def test_ordinary_scores_have_no_piles():
    z = np.sort(np.random.default_rng(0).normal(-6, 3, 1000))
    assert find_ends(z, np.ones(1000)) == Ends()
    assert find_ends(np.array([-27.6, -5.0, -4.0]), np.ones(3)) == Ends()  # one row is no pile
    assert find_ends(np.array([-40.0, -39.0, -38.0]), np.full(3, 9.0)) == Ends()  # evenly spread
    assert find_ends(np.array([-27.6, 27.6]), np.full(2, 9.0)) == Ends()


@pytest.mark.parametrize("method", ["sigmoid", "auto"])
def test_straight_line_through_votes_is_nearly_as_good_as_any_shape(method):
    z, y = votes(1)
    new, label = votes(2)
    ours = log_loss_from_logits(label, choose_calibration(z, y, method=method).predict_logit(new))
    shape = log_loss_from_logits(label, choose_calibration(z, y, method="isotonic").predict_logit(new))
    assert ours < 1.02 * shape
    plain = SigmoidCalibration()._fit_rows(group_rows(z, y))
    assert log_loss_from_logits(label, plain.predict_logit(new)) > 1.1 * shape


def test_ranking_and_saved_form_survive():
    z, y = votes(3)
    fitted = choose_calibration(z, y, method="sigmoid")
    grid = np.linspace(-40, 40, 500)
    assert (np.diff(fitted.predict_logit(grid)) > 0).all()
    again = calibrator_from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert np.array_equal(again.predict_logit(grid), fitted.predict_logit(grid))
    assert fitted.predict(z).sum() == pytest.approx(y.sum())
    assert sigmoid(again.predict_logit([-27.6]))[0] > 1e-5


def test_few_events_with_impossible_probabilities_are_not_left_alone():
    z = np.r_[np.full(60, -27.6), logit(np.array([0.01, 0.02, 0.05, 0.3]))]
    y = np.r_[np.zeros(60), [0, 0, 0, 1]]
    chosen = choose_calibration(z, y)
    assert chosen.kind == "intercept"
    assert "exactly 0 or 1" in chosen.why_
