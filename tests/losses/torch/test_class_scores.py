"""Class scores: torch's own cross-entropy, smoothing, ignored codes, far scores and compiled graphs."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an optional extra and is not installed", exc_type=ImportError)
modules = pytest.importorskip("rareclass.losses.torch")
class_scores = pytest.importorskip("rareclass.losses.torch.class_scores")
functional = torch.nn.functional
pytestmark = pytest.mark.deep

BUILDS = {
    "ce": lambda **o: modules.CrossEntropy(**o),
    "weighted": lambda **o: modules.WeightedCrossEntropy.from_counts((99, 30, 5), **o),
    "focal": lambda **o: modules.FocalLoss(2.0, (1.0, 2.0, 9.0), **o),
    "ldam": lambda **o: modules.LDAMLoss((99, 30, 5), scale=3.0, **o),
    "adjusted": lambda **o: modules.LogitAdjustedLoss(counts=(99, 30, 5), **o),
    "class-balanced": lambda **o: modules.ClassBalancedLoss((99, 30, 5), 0.9, modules.FocalLoss(1.0), **o),
    "poly focal": lambda **o: modules.PolyLoss(-1.0, 2.0, **o),
}
every = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())


def batch(n=50):
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(n, 3, generator=generator, dtype=torch.float64) * 3
    return z, torch.randint(0, 3, (n,), generator=generator)


def test_smoothed_cross_entropy_is_that_of_torch():
    z, y = batch()
    y[::7] = -100
    for smoothing in (0.0, 0.1):
        ours = modules.CrossEntropy(label_smoothing=smoothing, ignore_index=-100)
        wanted = functional.cross_entropy(z, y, label_smoothing=smoothing)
        torch.testing.assert_close(ours(z, y), wanted)
    weight = torch.tensor([1.0, 3.0, 9.0]).double()
    ours = modules.weighted_cross_entropy(z, y, (1, 3, 9), reduction="sum", ignore_index=-100)
    torch.testing.assert_close(ours, functional.cross_entropy(z, y, weight=weight, reduction="sum"))


@every
def test_smoothing_mixes_the_losses_of_all_classes(build):
    z, y = batch()
    loss = build(reduction="none")
    each = torch.stack([loss(z, torch.full_like(y, k)) for k in range(3)], 1)
    share = 0.88 * functional.one_hot(y, 3).double() + 0.04
    scores = z.clone().requires_grad_()
    found = build(reduction="none", label_smoothing=0.12)(scores, y)
    torch.testing.assert_close(found, (share * each).sum(1), rtol=1e-11, atol=1e-14)
    assert torch.autograd.gradcheck(lambda a: build(label_smoothing=0.12)(a, y[:6]), z[:6].clone().requires_grad_())


@every
def test_gradients_equal_differences_and_those_of_automatic_differentiation(build, monkeypatch):
    z, y = batch(7)
    loss = build(reduction="none")
    assert torch.autograd.gradcheck(lambda a: loss(a, y), z.clone().requires_grad_())
    assert torch.autograd.gradgradcheck(lambda a: loss(a, y), z.clone().requires_grad_())
    z = torch.cat([batch(60)[0], torch.tensor([[40.0, 0.0, 0.0], [800.0, -800.0, 0.0], [0.0, 0.0, 0.0]]).double()])
    y, scale = torch.arange(63) % 3, torch.rand(63).double()
    found, wanted = (z.clone().requires_grad_() for _ in range(2))
    value = loss(found, y)
    (value * scale).sum().backward()
    monkeypatch.setattr(class_scores, "traced", lambda: True)
    expected = loss(wanted, y)
    (expected * scale).sum().backward()
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(found.grad, wanted.grad, rtol=1e-11, atol=1e-14)


@every
def test_ignored_codes_have_no_loss_whatever_their_scores(build):
    z, y = batch()
    kept = torch.arange(50) % 4 != 0
    dirty, codes = z.clone(), torch.where(kept, y, 255)
    dirty[~kept] = torch.nan
    dirty.requires_grad_()
    value = build(ignore_index=255, label_smoothing=0.1)(dirty, codes)
    torch.testing.assert_close(value, build(label_smoothing=0.1)(z[kept], y[kept]))
    value.backward()
    assert (dirty.grad[~kept] == 0).all()
    assert build(ignore_index=255)(z, torch.full_like(y, 255)).item() == 0.0


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_everything_is_finite_far_out(build, dtype):
    for smoothing in (0.0, 0.1):
        z = torch.tensor([[1e4, -1e4, 0.0], [90.0, 90.0, 90.0], [-1e4, 1e4, 1e4]], dtype=dtype, requires_grad=True)
        for k in range(3):
            values = build(reduction="none", label_smoothing=smoothing)(z, torch.full((3,), k))
            (gradient,) = torch.autograd.grad(values.sum(), z)
            assert torch.isfinite(values).all()
            assert torch.isfinite(gradient).all()


@every
def test_a_class_that_nothing_stands_against_has_no_loss(build):
    z = torch.tensor([[-torch.inf, 0.3, -torch.inf]]).double().requires_grad_()
    value = build()(z, torch.tensor([1]))
    value.backward()
    assert 0 <= value.item() < 1e-300  # the kernels' exp ends at the smallest normal number
    assert (z.grad.abs() < 1e-300).all()


@every
def test_whole_graphs_compile(build):
    torch.compiler.reset()
    z, y = batch()
    loss = build(ignore_index=1, label_smoothing=0.05)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(z, y), loss(z, y))


def test_images_of_classes_are_rows_of_classes():
    z, y = torch.randn(2, 3, 4, 5).double(), torch.randint(0, 3, (2, 4, 5))
    weight = torch.rand(2, 4, 5).double()
    loss = modules.FocalLoss(2.0, (1.0, 2.0, 3.0), reduction="none")
    rows = loss(z.permute(0, 2, 3, 1).reshape(-1, 3), y.reshape(-1)).reshape(2, 4, 5)
    torch.testing.assert_close(loss(z, y), rows)
    mean = modules.FocalLoss(2.0, (1.0, 2.0, 3.0))(z, y, weight)
    torch.testing.assert_close(mean, (rows * weight).sum() / weight.sum())


def test_two_classes_by_two_scores_are_one_score():
    z = torch.linspace(-4, 4, 9).double()
    pair = torch.stack([torch.zeros_like(z), z], 1)
    for label in (0, 1):
        y = torch.full((9,), label)
        for build in (modules.FocalLoss, modules.CrossEntropy):
            torch.testing.assert_close(
                build(label_smoothing=0.1)(pair, y), build(label_smoothing=0.1)(z, y), rtol=1e-12, atol=0.0
            )


def test_balanced_weights_make_the_classes_weigh_alike():
    loss = modules.WeightedCrossEntropy.from_counts((900, 90, 10))
    np.testing.assert_allclose(np.array(loss.loss.weights) * [900, 90, 10], [1000 / 3] * 3)
