"""The starting bias gives the prevalence, under every loss and for every kind of output."""

import numpy as np
import pytest

from rareclass import losses
from rareclass.errors import InputError

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
init_bias_ = pytest.importorskip("rareclass.torch").init_bias_
pytestmark = pytest.mark.deep

ONE = [
    modules.CrossEntropy(),
    modules.WeightedCrossEntropy(99.0),
    modules.FocalLoss(2.0, 0.25),
    modules.FocalLoss(2.0, pos_weight=7.0, label_smoothing=0.001),
    modules.LDAMLoss((990, 10)),
    modules.LogitAdjustedLoss(0.01),
    losses.PolyLoss(-0.5),
]


@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_the_mean_gradient_at_the_start_is_zero(loss):
    """The best constant is where the prevalence balances the pull of both classes."""
    layer = init_bias_(torch.nn.Linear(3, 1), 0.01, loss)
    module = loss if isinstance(loss, torch.nn.Module) else modules.PolyLoss(-0.5)
    z = layer.bias.detach().double().repeat(2).requires_grad_()
    negative, positive = torch.autograd.grad(module(z, torch.tensor([0, 1])), z)[0].tolist()
    assert 0.01 * positive + 0.99 * negative == pytest.approx(0.0, abs=1e-7 * abs(positive))


def test_class_shares_counts_and_labels():
    shares = [0.9, 0.09, 0.01]
    for given in (shares, (9000, 900, 100)):
        layer = init_bias_(torch.nn.Linear(2, 3), given)
        np.testing.assert_allclose(torch.softmax(layer.bias, 0).detach(), shares, rtol=1e-5)
    layer = init_bias_(torch.nn.Conv2d(2, 3, 1), shares, multi_label=True)
    np.testing.assert_allclose(torch.sigmoid(layer.bias).detach(), shares, rtol=1e-5)
    layer = init_bias_(torch.nn.Linear(2, 3), 0.02, multi_label=True)
    np.testing.assert_allclose(torch.sigmoid(layer.bias).detach(), [0.02] * 3, rtol=1e-5)
    layer = init_bias_(torch.nn.Linear(2, 2), 0.02)
    np.testing.assert_allclose(torch.softmax(layer.bias, 0).detach(), [0.98, 0.02], rtol=1e-5)
    layer = init_bias_(torch.nn.Linear(2, 1), 0.02, modules.TverskyLoss())
    assert torch.sigmoid(layer.bias).item() == pytest.approx(0.02, rel=1e-5)


@pytest.mark.parametrize(
    ("layer", "prevalence", "loss", "message"),
    [
        (torch.nn.Linear(2, 1, bias=False), 0.1, None, "has no bias"),
        (torch.nn.ReLU(), 0.1, None, "ReLU has no bias"),
        (torch.nn.Linear(2, 1), (0.9, 0.1), None, "must hold one number"),
        (torch.nn.Linear(2, 3), 0.1, None, "3 numbers"),
        (torch.nn.Linear(2, 3), (0.5, 0.5), None, "3 numbers"),
        (torch.nn.Linear(2, 3), (0.01, 0.02, 0.3), None, "multi_label=True"),
        (torch.nn.Linear(2, 1), 1.5, None, "`prevalence` must lie in"),
        (torch.nn.Linear(2, 1), 0.1, torch.nn.BCEWithLogitsLoss(), "must be a loss of this package"),
    ],
)
def test_what_does_not_fit_is_refused(layer, prevalence, loss, message):
    with pytest.raises(InputError, match=message):
        init_bias_(layer, prevalence, loss)
