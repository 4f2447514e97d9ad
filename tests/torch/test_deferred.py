"""Deferred re-weighting: which epochs are weighted, how, and the probabilities afterwards."""

import math

import numpy as np
import pytest

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from torch import nn  # noqa: E402

from rareclass.losses.torch import CrossEntropy, FocalLoss, LDAMLoss  # noqa: E402
from rareclass.torch import DeferredReweighting  # noqa: E402

Z = torch.tensor([[0.3, -0.2, 1.0], [0.1, 0.4, -0.5], [0.0, 0.2, 0.3], [1.0, -1.0, 0.0]], dtype=torch.float64)
CODES = torch.tensor([0, 1, 2, 0])


def test_epochs_before_the_start_are_not_weighted_and_later_ones_are_as_in_torch():
    weights = [0.2, 1.0, 1.8]
    loss = DeferredReweighting(LDAMLoss((90, 9, 2), reduction="none"), weights=weights, start=3)
    plain = LDAMLoss((90, 9, 2), reduction="none")(Z, CODES)
    for epoch in (0, 2):
        loss.set_epoch(epoch)
        assert loss(Z, CODES).item() == pytest.approx(plain.mean().item())
    loss.set_epoch(3)
    w = np.array(weights)[CODES.numpy()]
    assert loss(Z, CODES).item() == pytest.approx((w * plain.numpy()).sum() / w.sum(), rel=1e-6)
    theirs = nn.CrossEntropyLoss(weight=torch.tensor(weights, dtype=torch.float64))(Z, CODES)
    ours = DeferredReweighting(nn.CrossEntropyLoss(reduction="none"), weights=weights, start=0)(Z, CODES)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)


def test_counts_give_weights_by_the_effective_number():
    """The check values of the class-balanced loss: 0.019706127823 and 1.980293872177."""
    loss = DeferredReweighting(nn.BCEWithLogitsLoss(reduction="none"), (100_000, 100), start=0)
    assert loss.weights.tolist() == pytest.approx([0.019706127823, 1.980293872177], rel=1e-6)


def test_the_link_undoes_the_weights_at_the_minimum():
    """One logit for ten rows with one positive: at the minimum of the weighted loss the link says 0.1."""
    y = torch.tensor([1.0] + [0.0] * 9, dtype=torch.float64)
    for base in (CrossEntropy(reduction="none"), FocalLoss(2.0, reduction="none")):
        loss = DeferredReweighting(base, weights=(1.0, 7.0), start=1)
        for epoch in (0, 1):
            loss.set_epoch(epoch)
            z = torch.zeros(1, dtype=torch.float64, requires_grad=True)
            steps = torch.optim.LBFGS([z], max_iter=100, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

            def closure(steps=steps, loss=loss, z=z):
                steps.zero_grad()
                value = loss(z.expand(10), y)
                value.backward()
                return value

            steps.step(closure)
            assert loss.link(z).item() == pytest.approx(0.1, abs=1e-5)


def test_the_link_of_several_classes_divides_by_their_weights():
    loss = DeferredReweighting(CrossEntropy(reduction="none"), weights=(1.0, 2.0, 5.0), start=0)
    raw = torch.softmax(Z, dim=1) / torch.tensor([1.0, 2.0, 5.0])
    assert torch.allclose(loss.link(Z), raw / raw.sum(dim=1, keepdim=True))


def test_the_epoch_travels_with_the_state():
    loss = DeferredReweighting(nn.BCEWithLogitsLoss(reduction="none"), (10, 2), start=2)
    loss.set_epoch(2)
    other = DeferredReweighting(nn.BCEWithLogitsLoss(reduction="none"), (10, 2), start=2)
    other.load_state_dict(loss.state_dict())
    assert other.weighted


def test_what_makes_no_schedule_is_refused():
    base = nn.CrossEntropyLoss(reduction="none")
    with pytest.raises(InputError, match="not both"):
        DeferredReweighting(base, start=1)
    with pytest.raises(InputError, match="not both"):
        DeferredReweighting(base, (1, 2), weights=(1, 2), start=1)
    for bad in ((1.0, 0.0), (3.0,)):
        with pytest.raises(InputError, match="must be positive"):
            DeferredReweighting(base, weights=bad, start=1)
    with pytest.raises(InputError, match="beta"):
        DeferredReweighting(base, (1, 2), start=1, beta=1.0)
    with pytest.raises(InputError, match='reduction="none"'):
        DeferredReweighting(nn.CrossEntropyLoss(), (1, 2, 3), start=1)(Z, CODES)
    with pytest.raises(InputError, match="2 class weights, and 3 classes"):
        DeferredReweighting(base, (1, 2), start=0)(Z, CODES)
    with pytest.raises(InputError, match="says no probabilities"):
        DeferredReweighting(base, (1, 2, 3), start=0).link(Z)


@pytest.mark.parametrize("epoch", [0, 1])
def test_ignored_targets_do_not_count(epoch):
    """The mean is that of the rows that are left, as if the others had not been given."""
    loss = DeferredReweighting(CrossEntropy(reduction="none", ignore_index=-1), weights=(1.0, 9.0), start=1)
    loss.set_epoch(epoch)
    logits, targets = torch.tensor([0.3, 1.0, torch.nan]), torch.tensor([0, 1, -1])
    assert loss(logits, targets).item() == pytest.approx(loss(logits[:2], targets[:2]).item(), rel=1e-6)
    assert loss(logits, torch.full((3,), -1)).item() == 0.0


def test_weights_that_do_not_fit_the_classes_and_values_between_are_refused():
    loss = DeferredReweighting(CrossEntropy(reduction="none"), weights=(1.0, 9.0), start=0)
    with pytest.raises(InputError, match="2 class weights, and 3 classes"):
        loss(torch.zeros(4, 3), torch.tensor([0, 1, 1, 0]))
    with pytest.raises(InputError, match="none for values between"):
        loss(torch.zeros(2), torch.tensor([0.9, 0.2]))


def test_the_link_keeps_the_digits_of_far_logits():
    loss = DeferredReweighting(CrossEntropy(reduction="none"), weights=(1.0, 1e6), start=0)
    wanted = 1 / (1 + math.exp(math.log(1e6) - 20.0))
    assert loss.link(torch.tensor([20.0])).item() == pytest.approx(wanted, abs=1e-6)
