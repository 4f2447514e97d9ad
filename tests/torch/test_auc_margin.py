"""The AUC margin objective against the min-max problem that it solves in closed form."""

import pytest

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from tests.torch import brute  # noqa: E402

from rareclass.torch import AUCMarginObjective  # noqa: E402

Z = torch.tensor([0.3, -0.1, 0.7, 0.2, -0.6, 0.1], dtype=torch.float64)
Y = torch.tensor([0, 1, 1, 0, 0, 0])


@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_the_value_is_that_of_the_min_max_problem_on_a_grid(margin):
    objective = AUCMarginObjective(margin, bounded=False)
    assert objective(Z, Y).item() == pytest.approx(brute.auc_margin_risk(Z, Y, margin).item(), abs=1e-7)
    assert objective.a == pytest.approx(0.3)
    assert objective.b == pytest.approx(0.0)
    assert objective.alpha == pytest.approx(max(0.0, margin - 0.3))


def test_classes_that_are_a_margin_apart_are_not_pushed_further():
    z = torch.tensor([2.0, 2.0, 0.0], requires_grad=True)
    loss = AUCMarginObjective(1.0, bounded=False)(z, torch.tensor([1, 1, 0]))
    assert loss.item() == 0
    assert torch.autograd.grad(loss, z)[0].tolist() == [0, 0, 0]


def test_a_margin_must_be_positive():
    with pytest.raises(InputError, match="margin"):
        AUCMarginObjective(0.0)
