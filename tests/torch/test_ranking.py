"""What the ranking objectives share: gradients of batches against those of all rows, and batches that lack a class."""

import copy
from functools import partial

import numpy as np
import pytest

from rareclass.errors import InputError, ShortfallWarning

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from tests.torch import brute  # noqa: E402

from rareclass.torch import AUCMarginObjective, AveragePrecisionObjective, PartialAUCObjective  # noqa: E402
from rareclass.torch.ranking import mean_squared_hinge  # noqa: E402

ROWS, POSITIVES, PREVALENCE = 1500, 45, 0.03
OBJECTIVES = {
    "average precision": (
        partial(AveragePrecisionObjective, PREVALENCE),
        lambda h, y: brute.average_precision_risk(h, y, PREVALENCE, 1.0),
    ),
    "auc margin": (AUCMarginObjective, lambda h, y: brute_auc_gradient(h, y)),
    "partial auc": (partial(PartialAUCObjective, 58 / 1455), lambda h, y: brute.partial_auc_risk(h, y, 58, 1.0)),
    "soft partial auc": (
        partial(PartialAUCObjective, temperature=0.5),
        lambda h, y: brute.soft_partial_auc_risk(h, y, 0.5, 1.0),
    ),
}


def brute_auc_gradient(h, y):
    """The envelope of the min-max problem, differentiable: var + var + max(0, m + b - a)^2."""
    p, q = h[y == 1], h[y == 0]
    return p.var(unbiased=False) + q.var(unbiased=False) + torch.relu(1.0 + q.mean() - p.mean()) ** 2


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(7)
    y = np.repeat([1, 0], [POSITIVES, ROWS - POSITIVES])
    x = rng.standard_normal((ROWS, 4)) + 0.7 * y[:, None]
    weights = torch.tensor(rng.standard_normal(4) * 0.5, requires_grad=True)
    return torch.tensor(x), torch.tensor(y), weights


def gradient(loss, weights):
    return torch.autograd.grad(loss, weights)[0]


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("bounded", [True, False])
def test_a_batch_of_all_rows_has_the_value_and_gradient_of_the_definition(world, name, bounded):
    x, y, weights = world
    make, risk = OBJECTIVES[name]
    scores = x @ weights
    expected = risk(torch.sigmoid(scores) if bounded else scores, y)
    loss = make(bounded=bounded)(x @ weights, y)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    assert torch.allclose(gradient(loss, weights), gradient(expected, weights), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("composition", ["balanced", "as in the data"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_small_batches_tend_to_the_gradient_of_all_rows(world, name, composition):
    """In the mean of 300 batches at fixed weights, to 4 standard errors a coordinate and 4 % of the gradient's length.

    A right objective fails a coordinate at 6e-5. The 4 % are what the rows of the batch add to those remembered.
    """
    x, y, weights = world
    make, risk = OBJECTIVES[name]
    expected = gradient(risk(torch.sigmoid(x @ weights), y), weights)
    objective = make(memory=1)
    objective(x @ weights, y)
    past, rng = copy.copy(objective._past), np.random.default_rng(3)
    found = []
    for _ in range(300):
        if composition == "balanced":
            rows = np.concatenate((rng.choice(POSITIVES, 6, False), rng.choice(np.arange(POSITIVES, ROWS), 6, False)))
            objective.seen[:] = 1e6
        else:  # every seventh of these batches holds no positive
            rows = rng.choice(ROWS, 64, False)
            objective.seen[:] = 1e6 * torch.tensor([1 - PREVALENCE, PREVALENCE])
        objective._past = copy.copy(past)
        found.append(gradient(objective(x[rows] @ weights, y[rows]), weights))
    found = torch.stack(found)
    error = found.std(dim=0) / len(found) ** 0.5
    assert bool(((found.mean(dim=0) - expected).abs() < 4 * error + 0.04 * expected.norm()).all())
    assert error.norm() < 0.15 * expected.norm()  # else the test would see nothing


def test_without_memory_small_batches_are_biased(world):
    """Why the memory is there: average precision of eight rows is another thing than that of all."""
    x, y, weights = world
    expected = gradient(brute.average_precision_risk(x @ weights, y, PREVALENCE, 1.0), weights)
    objective, rng = AveragePrecisionObjective(PREVALENCE, memory=0, bounded=False), np.random.default_rng(3)
    found = []
    for _ in range(200):
        rows = np.concatenate((rng.choice(POSITIVES, 4, False), rng.choice(np.arange(POSITIVES, ROWS), 4, False)))
        found.append(gradient(objective(x[rows] @ weights, y[rows]), weights))
    assert (torch.stack(found).mean(dim=0) - expected).norm() > expected.norm()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_any_optimiser_lowers_the_risk_of_all_rows(world, name):
    x, y, start = world
    make, risk = OBJECTIVES[name]
    rng = np.random.default_rng(0)
    x = x + 1.3 * y[:, None]  # where positives hide among negatives, no spread at all is best for partial AUC
    for optimiser in (partial(torch.optim.SGD, lr=0.2), partial(torch.optim.Adam, lr=0.02)):
        weights = start.detach().clone().requires_grad_()
        objective, steps = make(), optimiser([weights])
        before = risk(torch.sigmoid(x @ weights), y).item()
        for _ in range(60):
            rows = np.concatenate((rng.choice(POSITIVES, 8, False), rng.choice(np.arange(POSITIVES, ROWS), 24, False)))
            steps.zero_grad()
            objective(x[rows] @ weights, y[rows]).backward()
            steps.step()
        assert risk(torch.sigmoid(x @ weights), y).item() < 0.98 * before


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_batch_without_positives_is_zero_until_one_was_seen_and_then_moves_the_negatives(name):
    objective = OBJECTIVES[name][0]()
    z = torch.tensor([0.3, -0.2], requires_grad=True)
    with pytest.warns(ShortfallWarning, match="No positives in batch 1 of"):
        loss = objective(z, torch.zeros(2))
    loss.backward()
    assert loss.item() == 0
    assert z.grad.tolist() == [0, 0]
    objective(torch.tensor([0.4, 0.1], requires_grad=True), torch.zeros(2))  # told once
    assert objective.undefined == 2
    objective(torch.tensor([0.1], requires_grad=True), torch.ones(1))
    z = torch.tensor([0.9, -0.2], requires_grad=True)
    objective(z, torch.zeros(2)).backward()
    assert objective.undefined == 2
    assert z.grad[0] > 0


def test_batches_without_negatives_are_defined_too():
    objective = AUCMarginObjective()
    with pytest.warns(ShortfallWarning, match="No negatives in batch 1 of AUCMarginObjective"):
        assert objective(torch.ones(3, requires_grad=True), torch.ones(3)).item() == 0


def test_validation_is_judged_by_itself_and_not_remembered():
    objective = AUCMarginObjective()
    objective(torch.tensor([0.0, 1.0], requires_grad=True), torch.tensor([0, 1]))
    z, y = torch.tensor([0.5, 2.0, 1.0]), torch.tensor([0, 1, 1])
    expected = AUCMarginObjective()(z, y)
    assert objective(z, y) == expected
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert objective(z.clone().requires_grad_(), y) == expected
    assert len(objective._past) == 1
    assert objective.seen.tolist() == [1, 1]


def test_past_scores_leave_after_memory_batches_and_on_reset():
    objective = AUCMarginObjective(memory=2)
    for level in (5.0, 0.0, 0.0):
        z = torch.tensor([level, level + 1.0], requires_grad=True)
        objective(z, torch.tensor([0, 1]))
    assert objective(z, torch.tensor([0, 1])) == AUCMarginObjective()(z, torch.tensor([0, 1]))
    objective.reset()
    assert not objective._past
    assert objective.seen.sum() == 0


def test_half_precision_and_columns_are_taken():
    y = torch.tensor([0.0, 1.0])
    for kind in (torch.float16, torch.bfloat16):
        z = torch.tensor([[0.5], [-0.5]], dtype=kind, requires_grad=True)
        loss = AUCMarginObjective()(z, y[:, None])
        loss.backward()
        assert loss.dtype == torch.float32
        assert torch.isfinite(z.grad).all()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert AUCMarginObjective()(z, y) == loss


@pytest.mark.parametrize("name", OBJECTIVES)
def test_scores_of_ten_thousand_stay_finite(name):
    for bounded in (True, False):
        z = torch.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
        loss = OBJECTIVES[name][0](bounded=bounded)(z, torch.tensor([0, 1, 1, 0]))
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(z.grad).all()


@pytest.mark.parametrize(
    ("logits", "targets", "said"),
    [
        (torch.zeros(3), torch.zeros(2), "Batch 1 of AUCMarginObjective: logits \\(3,\\) and targets \\(2,\\)"),
        (torch.zeros(3, 2), torch.zeros(3, 2), "one objective each"),
        (torch.zeros(0), torch.zeros(0), "n at least 1"),
        (torch.zeros(2), torch.tensor([0, 2]), "0 and 1 only"),
        (torch.tensor([0.0, torch.nan]), torch.tensor([0, 1]), "Batch 1 of AUCMarginObjective: 1 of 2 logits are NaN"),
    ],
)
def test_batches_that_cannot_be_judged_are_refused(logits, targets, said):
    objective = AUCMarginObjective()
    with pytest.raises(InputError, match=said):
        objective(logits.requires_grad_(), targets)
    assert not objective._past


def test_rankings_mean_no_probability_and_start_at_zero():
    objective = AUCMarginObjective()
    assert objective.start(0.001) == 0
    with pytest.raises(InputError, match="Fit a calibration"):
        objective.link(torch.zeros(1))


def test_hinge_sums_equal_the_pairs_far_from_zero():
    generator = torch.Generator().manual_seed(0)
    q, s = (1e4 + 3 * torch.randn(50, generator=generator, dtype=torch.float64) for _ in range(2))
    weight = torch.rand(50, generator=generator, dtype=torch.float64)
    expected = (weight * torch.relu(1.0 - (q[:, None] - s)) ** 2).sum(dim=1)
    assert torch.allclose(mean_squared_hinge(q, s, weight, 1.0), expected, rtol=1e-9, atol=1e-12)


def test_logits_of_whole_numbers_or_arrays_are_refused():
    objective = AUCMarginObjective()
    for logits in (torch.tensor([1, 2]), np.zeros(2)):
        with pytest.raises(InputError, match="must be a floating tensor"):
            objective(logits, torch.tensor([0, 1]))
