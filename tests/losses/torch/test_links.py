"""The way back: the link is where the smoothed, weighted loss has its minimum, by the loss's own gradient."""

import numpy as np
import pytest

from rareclass.errors import InputError

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
pytestmark = pytest.mark.deep

BINARY = {
    "ce": lambda **o: modules.CrossEntropy(**o),
    "weighted": lambda **o: modules.WeightedCrossEntropy(5.0, **o),
    "focal": lambda **o: modules.FocalLoss(2.0, 0.25, **o),
    "ldam": lambda **o: modules.LDAMLoss((1000, 10), scale=2.0, **o),
    "adjusted": lambda **o: modules.LogitAdjustedLoss(0.01, **o),
    "poly": lambda **o: modules.PolyLoss(1.0, **o),
}
CLASSES = {
    "ce": lambda **o: modules.CrossEntropy(**o),
    "focal": lambda **o: modules.FocalLoss(2.0, (1.0, 2.0, 9.0), **o),
    "ldam": lambda **o: modules.LDAMLoss((99, 30, 5), scale=2.0, **o),
    "adjusted": lambda **o: modules.LogitAdjustedLoss(counts=(99, 30, 5), **o),
}
OPTIONS = [{}, {"label_smoothing": 0.05}, {"pos_weight": 7.0}, {"label_smoothing": 0.02, "pos_weight": 0.5}]


def stationary(loss, z, probability):
    """Slope of the expected loss at these scores, beside its parts."""
    parts = []
    for label in (0, 1):
        scores = z.clone().requires_grad_()
        parts += torch.autograd.grad(loss(scores, torch.full_like(scores, label)), scores)
    return (1 - probability) * parts[0] + probability * parts[1], parts[1].abs()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("build", BINARY.values(), ids=BINARY.keys())
def test_the_expected_loss_is_least_where_the_link_says(build, options):
    loss = build(**options)
    z = loss.start(0.3) + torch.linspace(-1.5, 1.5, 13, dtype=torch.float64)
    probability = loss.link(z)
    inside = (probability > 0) & (probability < 1)
    assert inside.sum() >= 5
    slope, size = stationary(loss, z, probability)
    assert (slope.abs() <= 1e-12 * size)[inside].all()
    torch.testing.assert_close(torch.sigmoid(loss.log_odds(z)), probability)
    for share in (0.003, 0.3):
        start = torch.tensor([loss.start(share)], dtype=torch.float64)
        assert loss.link(start).item() == pytest.approx(share, rel=1e-8)


@pytest.mark.parametrize("smoothing", [0.0, 0.03])
@pytest.mark.parametrize("build", CLASSES.values(), ids=CLASSES.keys())
def test_class_probabilities_balance_the_gradients(build, smoothing):
    loss = build(label_smoothing=smoothing, reduction="sum")
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.5
    probability = loss.link(z)
    total = torch.zeros_like(z)
    for k in range(3):
        scores = z.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(scores, torch.full((6,), k)), scores)
        total += probability[:, [k]] * gradient
    inside = (probability > 0).all(1)
    assert inside.any()
    assert total[inside].abs().max() < 1e-12
    shares = (0.9, 0.08, 0.02)
    np.testing.assert_allclose(loss.link(loss.start(shares)[None].double())[0], shares, rtol=1e-5)


def test_what_smoothing_left_untold_is_zero_or_one():
    loss = modules.CrossEntropy(label_smoothing=0.2)
    assert loss.link(torch.tensor([-9.0, 9.0])).tolist() == [0.0, 1.0]
    assert loss.log_odds(torch.tensor([-9.0, 9.0])).tolist() == [-torch.inf, torch.inf]


def test_labels_have_links_and_starts_of_their_own():
    weight = [2.0, 1.0, 8.0]
    loss = modules.FocalLoss(2.0, pos_weight=weight)
    starts = loss.start((0.1, 0.02, 0.001), multi_label=True)
    assert starts.shape == (3,)
    np.testing.assert_allclose(loss.link(starts[None])[0], [0.1, 0.02, 0.001], rtol=1e-5)
    one = [modules.FocalLoss(2.0, pos_weight=w).start(p) for w, p in zip(weight, (0.1, 0.02, 0.001), strict=True)]
    np.testing.assert_allclose(starts, one, rtol=1e-6)


def test_whether_scores_are_of_classes_is_said_where_it_cannot_be_known():
    loss = modules.CrossEntropy()
    z = torch.randn(2, 3, 4, 5)
    with pytest.raises(InputError, match="say which"):
        loss.link(z)
    torch.testing.assert_close(loss.link(z, multi_class=True), torch.softmax(z, 1))
    torch.testing.assert_close(loss.link(z, multi_class=False), torch.sigmoid(z))
    torch.testing.assert_close(loss.link(z[:, :, 0, 0], multi_class=False), torch.sigmoid(z[:, :, 0, 0]))
    assert loss.link(z[:, :1]).shape == (2, 1, 4, 5)
    with pytest.raises(InputError, match="needs class scores"):
        loss.link(z[0, 0, 0], multi_class=True)
    with pytest.raises(InputError, match="multi_label=True"):
        loss.start((0.1, 0.02, 0.001))
    with pytest.raises(InputError, match="not finite"):
        loss.link(torch.tensor([torch.nan]))
