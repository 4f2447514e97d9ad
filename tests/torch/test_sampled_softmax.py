"""Sampled softmax against the full one: the gradient in the mean of draws, with logQ and without."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.stats import multinomial

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from torch.nn.functional import cross_entropy  # noqa: E402

from rareclass.torch import SampledSoftmaxLoss  # noqa: E402

CLASSES, ROWS, DEPTH = 60, 12, 5
GENERATOR = torch.Generator().manual_seed(0)
FEATURES = torch.randn(ROWS, DEPTH, generator=GENERATOR, dtype=torch.float64)
WEIGHT = 0.5 * torch.randn(CLASSES, DEPTH, generator=GENERATOR, dtype=torch.float64)
BIAS = 0.5 * torch.randn(CLASSES, generator=GENERATOR, dtype=torch.float64)
FREQUENCIES = np.random.default_rng(0).permutation(np.geomspace(1.0, 20.0, CLASSES))
TARGETS = torch.as_tensor(np.random.default_rng(1).choice(CLASSES, ROWS, p=FREQUENCIES / FREQUENCIES.sum()))


def gradient(of) -> torch.Tensor:
    weight, bias = WEIGHT.clone().requires_grad_(), BIAS.clone().requires_grad_()
    return torch.cat([part.ravel() for part in torch.autograd.grad(of(weight, bias), (weight, bias))])


FULL = gradient(lambda weight, bias: cross_entropy(FEATURES @ weight.T + bias, TARGETS))


def mean_gradient(num_sampled: int, draws: int, corrected: bool = True) -> torch.Tensor:
    loss = SampledSoftmaxLoss(FREQUENCIES, num_sampled, seed=3)
    if not corrected:
        loss.log_q = torch.full_like(loss.log_q, -np.log(CLASSES))  # as if classes were drawn alike
    return sum(gradient(lambda weight, bias: loss(FEATURES, TARGETS, weight, bias)) for _ in range(draws)) / draws


def distance(found: torch.Tensor) -> float:
    return float((found - FULL).norm() / FULL.norm())


def expected_gradient(num_sampled: int, monkeypatch) -> torch.Tensor:
    """The gradient's expectation with five classes, summed over all that can be drawn."""
    q = np.array([0.05, 0.1, 0.15, 0.3, 0.4])
    loss, total = SampledSoftmaxLoss(q, num_sampled), 0.0
    for drawn in combinations_with_replacement(range(5), num_sampled):
        counts = np.bincount(drawn, minlength=5)
        chance = multinomial.pmf(counts, num_sampled, q)
        monkeypatch.setattr(loss, "_draw", lambda drawn=drawn: torch.tensor(drawn))
        weight = WEIGHT[:5].clone().requires_grad_()
        total = total + chance * torch.autograd.grad(loss(FEATURES, TARGETS % 5, weight), weight)[0]
    return total


def test_the_expected_gradient_tends_to_that_of_the_full_softmax(monkeypatch):
    """Exactly, without drawing: from 3 classes drawn to 6 and to 12, the distance shrinks by nearly 2 each time."""
    weight = WEIGHT[:5].clone().requires_grad_()
    full = torch.autograd.grad(cross_entropy(FEATURES @ weight.T, TARGETS % 5), weight)[0]
    far = [float((expected_gradient(s, monkeypatch) - full).norm() / full.norm()) for s in (3, 6, 12)]
    assert far[1] < far[0] / 1.6
    assert far[2] < far[1] / 1.6
    assert far[2] < 0.05


def test_without_the_correction_it_tends_elsewhere():
    assert distance(mean_gradient(80, 300, corrected=False)) > 0.3
    assert distance(mean_gradient(1000, 60, corrected=False)) > 0.3
    assert distance(mean_gradient(1000, 60)) < 0.03


def test_the_sum_over_classes_is_right_in_expectation():
    """exp(loss) is the sum over exp(own score): its mean over 3,000 draws, to 4.5 standard errors a row."""
    loss = SampledSoftmaxLoss(FREQUENCIES, 10, reduction="none", seed=1)
    found = torch.stack([torch.exp(loss(FEATURES, TARGETS, WEIGHT, BIAS)) for _ in range(3_000)])
    expected = torch.exp(cross_entropy(FEATURES @ WEIGHT.T + BIAS, TARGETS, reduction="none"))
    error = found.std(dim=0) / len(found) ** 0.5
    assert bool(((found.mean(dim=0) - expected).abs() < 4.5 * error).all())


def test_reductions_training_and_state():
    each, total, mean = (SampledSoftmaxLoss(FREQUENCIES, 7, reduction=r) for r in ("none", "sum", "mean"))
    values = each(FEATURES, TARGETS, WEIGHT)
    assert values.shape == (ROWS,)
    assert total(FEATURES, TARGETS, WEIGHT).item() == pytest.approx(values.sum().item())
    assert mean(FEATURES, TARGETS, WEIGHT).item() == pytest.approx(values.mean().item())
    assert not torch.equal(each(FEATURES, TARGETS, WEIGHT), values)  # other classes are drawn
    resumed = SampledSoftmaxLoss(FREQUENCIES, 7, reduction="none")
    resumed.load_state_dict(each.state_dict())
    third = each(FEATURES, TARGETS, WEIGHT)
    assert torch.equal(resumed(FEATURES, TARGETS, WEIGHT), third)
    each.eval()
    assert torch.equal(each(FEATURES, TARGETS, WEIGHT), each(FEATURES, TARGETS, WEIGHT))


def test_sparse_gradients_touch_only_the_classes_drawn():
    table = torch.nn.Embedding(CLASSES, DEPTH, sparse=True, dtype=torch.float64)
    SampledSoftmaxLoss(FREQUENCIES, 7, sparse=True)(FEATURES, TARGETS, table.weight).backward()
    assert table.weight.grad.is_sparse
    touched = set(table.weight.grad.coalesce().indices()[0].tolist())
    assert set(TARGETS.tolist()) <= touched
    assert len(touched) <= ROWS + 7
    torch.optim.SparseAdam([table.weight]).step()


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="2 of 3 are not"):
        SampledSoftmaxLoss([1.0, 0.0, -1.0], 2)
    with pytest.raises(InputError, match="num_sampled"):
        SampledSoftmaxLoss([1.0], 0)
    loss = SampledSoftmaxLoss(FREQUENCIES, 7)
    for arguments, said in (
        ((FEATURES, TARGETS, WEIGHT[:5]), "weight"),
        ((FEATURES, TARGETS[:3], WEIGHT), "targets \\(3,\\)"),
        ((FEATURES, TARGETS, WEIGHT, BIAS[:5]), "bias \\(5,\\)"),
        ((FEATURES, TARGETS + 60, WEIGHT), "0..59"),
        ((FEATURES, TARGETS.double(), WEIGHT), "whole numbers"),
        ((FEATURES[:0], TARGETS[:0], WEIGHT), "no rows"),
    ):
        with pytest.raises(InputError, match=said):
            loss(*arguments)
