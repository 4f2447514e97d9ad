"""The average-precision objective against the exact loss of the NumPy room, and the form of the paper."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.losses import SmoothAveragePrecisionLoss

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from tests.torch import brute  # noqa: E402

from rareclass.torch import AveragePrecisionObjective  # noqa: E402

Z = torch.tensor([0.3, -0.1, 0.7, 0.2, -0.6, 0.1], dtype=torch.float64)
Y = torch.tensor([0, 1, 1, 0, 0, 0])


def test_one_batch_equals_the_exact_loss_of_the_package():
    z = Z.clone().requires_grad_()
    loss = AveragePrecisionObjective(margin=0.8, bounded=False)(z, Y)
    value, slope, _ = SmoothAveragePrecisionLoss(0.8)._evaluate(Y.numpy() == 1, Z.numpy(), np.ones(6))
    assert loss.item() == pytest.approx(value)
    assert torch.autograd.grad(loss, z)[0].numpy() == pytest.approx(slope)


def test_the_prevalence_decides_how_much_negatives_count():
    """Balanced batches of a rare class: the risk at the real prevalence, not at that of the batch."""
    for given, expected in ((0.01, 0.01), (None, 1 / 3)):
        loss = AveragePrecisionObjective(given, bounded=False)(Z.clone().requires_grad_(), Y)
        assert loss.item() == pytest.approx(brute.average_precision_risk(Z, Y, expected, 1.0).item())


def test_validation_uses_the_share_of_the_batch_before_any_was_seen():
    expected = brute.average_precision_risk(Z, Y, 1 / 3, 1.0)
    assert AveragePrecisionObjective(bounded=False)(Z, Y).item() == pytest.approx(expected.item())


def test_the_form_of_the_paper_by_hand():
    """u <- (1 - gamma) u + gamma g for each positive of the batch; pairs of the batch carry the gradient."""
    gamma, margin, prevalence = 0.25, 1.0, 1 / 3
    objective = AveragePrecisionObjective(prevalence, margin, bounded=False, rows=10, decay=gamma)
    u = {}
    for shift in (0.0, 0.4):
        z = (Z * (1 + shift)).requires_grad_()
        loss = objective(z, Y, indices=[4, 7, 2, 0, 1, 9])
        expected = torch.zeros(6, dtype=torch.float64)
        for row, i in ((7, 1), (2, 2)):
            own = (Z * (1 + shift)).requires_grad_()
            pair = torch.relu(margin - (own[i] - own)) ** 2
            inner = torch.stack((prevalence * pair[Y == 1].mean(), (1 - prevalence) * pair[Y == 0].mean()))
            inner = torch.stack((inner[0], inner.sum()))
            u[row] = inner.detach() if row not in u else (1 - gamma) * u[row] + gamma * inner.detach()
            slopes = torch.stack((-1 / u[row][1], u[row][0] / u[row][1] ** 2))
            expected += torch.autograd.grad((slopes * inner).sum() / 2, own)[0]
        assert torch.allclose(torch.autograd.grad(loss, z)[0], expected, rtol=1e-10, atol=1e-14)
        assert torch.allclose(objective.averages[[7, 2]], torch.stack((u[7], u[2])))
        assert loss.item() == pytest.approx(1 - np.mean([float(u[row][0] / u[row][1]) for row in (7, 2)]))
    assert int(objective.averages.isnan().all(dim=1).sum()) == 8  # the other rows were not drawn


def test_what_is_remembered_by_row_travels_with_the_state():
    objective = AveragePrecisionObjective(0.3, rows=6)
    objective(Z.clone().requires_grad_(), Y, indices=range(6))
    other = AveragePrecisionObjective(0.3, rows=6)
    other.load_state_dict(objective.state_dict())
    assert torch.equal(other.averages[1:3], objective.averages[1:3])
    assert torch.equal(other.seen, objective.seen)


def test_numbers_of_rows_are_checked():
    z = Z.clone().requires_grad_()
    with pytest.raises(InputError, match="together with `rows=`"):
        AveragePrecisionObjective()(z, Y, indices=range(6))
    with pytest.raises(InputError, match="together with `rows=`"):
        AveragePrecisionObjective(rows=6)(z, Y)
    for indices in ([0, 1], [0, 1, 2, 3, 4, 6], [-1, 1, 2, 3, 4, 5]):
        with pytest.raises(InputError, match="6 row numbers in"):
            AveragePrecisionObjective(rows=6)(z, Y, indices=indices)
    for bad in ({"prevalence": 0.0}, {"margin": 0.0}, {"decay": 0.0}, {"memory": -1}, {"rows": 0}):
        with pytest.raises(InputError, match=next(iter(bad))):
            AveragePrecisionObjective(**bad)
