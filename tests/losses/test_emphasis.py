"""The emphasis of a loss: cross-entropy weighted by the score, against the loss itself and closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.losses import AsymmetricLoss, CrossEntropy, FocalLoss, LDAMLoss, PolyLoss, WeightedCrossEntropy
from rareclass.losses._emphasis import _scores, emphasis_of
from rareclass.losses.base import RowLoss

LOGITS = np.linspace(-8, 4, 25)


def newton(found, y, u, moved=0.0):
    out = np.empty((2, u.size))
    found.newton(np.full(u.size, y), u, moved, out)
    return out


def test_the_emphasis_of_class_weights_is_known():
    # a(p) = w / (w p + 1 - p), which is one at the start
    weight, start = 99.0, -4.0
    found = emphasis_of(WeightedCrossEntropy(weight), start, 1.0)
    p, p_0 = sigmoid(LOGITS), sigmoid(start)
    wanted = (weight * p_0 + 1 - p_0) / (weight * p + 1 - p)
    np.testing.assert_allclose([found.at(u) for u in LOGITS], wanted, rtol=1e-3)


def test_cross_entropy_is_itself_and_a_share_mixes_it_in():
    plain = emphasis_of(CrossEntropy(), -3.0, 1.0)
    np.testing.assert_allclose(plain.weight, 1.0, rtol=1e-3)
    whole, half = (emphasis_of(WeightedCrossEntropy(99.0), -3.0, share) for share in (1.0, 0.5))
    np.testing.assert_allclose(half.weight, (1 + whole.weight) / 2)
    assert half.weight.min() >= 0.5


@pytest.mark.parametrize(
    "loss",
    [FocalLoss(2.0), LDAMLoss(margins=(0.1, 0.5), scale=3.0), PolyLoss(1.0), AsymmetricLoss(), FocalLoss(0.5, 0.7)],
    ids=lambda loss: type(loss).__name__,
)
def test_the_gradient_is_that_of_the_loss_by_log_odds(loss):
    start = -4.0
    found = emphasis_of(loss, start, 1.0)

    def of_log_odds(y, u):
        z = brentq(lambda z: np.clip(loss.link_logit(z), -1e9, 1e9) - u, -60, 60, xtol=1e-14)
        return loss.value(y, z)

    def slope(y, u):
        return (of_log_odds(y, u + 1e-3) - of_log_odds(y, u - 1e-3)) / 2e-3

    scale = slope(0, start) / sigmoid(start)
    for u in (-6.0, -4.5, -2.0, 0.0, 2.0):
        for y in (False, True):
            wanted = slope(int(y), u) / scale
            assert newton(found, y, np.array([u]))[0, 0] == pytest.approx(wanted, rel=5e-3)


@pytest.mark.parametrize("loss", [FocalLoss(2.0), WeightedCrossEntropy(99.0)], ids=lambda loss: type(loss).__name__)
def test_the_curvature_is_exact_where_it_is_above_cross_entropys(loss):
    found = emphasis_of(loss, -4.0, 0.5)
    for y in (False, True):
        gradient, curvature = newton(found, y, LOGITS + 0.01)
        ahead, before = (newton(found, y, LOGITS + 0.01 + step)[0] for step in (1e-3, -1e-3))
        exact = (ahead - before) / 2e-3
        p = sigmoid(LOGITS + 0.01)
        weight = np.abs(gradient) / np.where(y, 1 - p, p)
        np.testing.assert_allclose(curvature, np.maximum(exact, weight * p * (1 - p)), rtol=0.02)


def test_scores_that_lie_above_the_log_odds_weigh_by_these():
    found = emphasis_of(FocalLoss(2.0), -4.0, 0.5)
    here, there = newton(found, True, LOGITS), newton(found, True, LOGITS + 2.0, moved=2.0)
    np.testing.assert_allclose(here[0] / sigmoid(-LOGITS), there[0] / sigmoid(-LOGITS - 2.0), rtol=1e-9)


def test_log_odds_that_no_score_means_weigh_as_the_last_that_one_does():
    # with a margin negatives stop to count where positives still do: the link ends at log-odds of 3.28
    loss = AsymmetricLoss(gamma_pos=0.0, gamma_neg=4.0, margin=0.05)
    assert loss.link_logit(1e5) < 3.3
    found = emphasis_of(loss, -5.3, 1.0)
    known = found.at(3.2)
    beyond = np.array([found.at(u) for u in np.linspace(3.2, 40, 500)])
    assert known == pytest.approx(8.42, rel=0.05)  # by differences of the loss between log-odds of 3.2 +- 1e-4
    assert (beyond >= known).all()
    assert (beyond <= 1.2 * known).all()


@pytest.mark.parametrize("loss", [FocalLoss(2.0), AsymmetricLoss(), LDAMLoss(counts=(900, 100))], ids=repr)
def test_scores_are_those_that_a_scalar_search_finds(loss):
    target = np.linspace(-6, 3, 10)
    wanted = [brentq(lambda z, u=u: np.clip(loss.link_logit(z), -1e9, 1e9) - u, -60, 60, xtol=1e-14) for u in target]
    np.testing.assert_allclose(_scores(loss, target), wanted, rtol=1e-9, atol=1e-10)


def test_a_link_that_does_not_rise_is_refused():
    class Flat(RowLoss):
        def gradient(self, y, z):
            return np.where(y, -0.5, 0.5) * np.ones_like(np.asarray(z, dtype=float))

    with pytest.raises(InputError, match="does not rise"):
        emphasis_of(Flat(), -3.0, 1.0)


def test_scores_that_are_no_numbers_or_endless_read_inside_the_table():
    found = emphasis_of(FocalLoss(2.0), -4.6, 0.5)
    u = np.array([-np.inf, -1e300, 0.0, 1e300, np.inf, np.nan])
    gradient, curvature = newton(found, False, u)
    assert gradient[:2] == pytest.approx([0.0, 0.0])
    assert gradient[3:5] == pytest.approx([found.at(30.0)] * 2, rel=1e-3)
    assert np.isfinite(curvature[:5]).all()
