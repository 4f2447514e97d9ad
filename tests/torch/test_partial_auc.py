"""The partial-AUC objective against all pairs, its limits, and its arguments."""

import pytest

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from tests.torch import brute  # noqa: E402

from rareclass.torch import PartialAUCObjective  # noqa: E402

Z = torch.tensor([0.3, -0.1, 0.7, 0.2, -0.6, 0.1, 0.45, -0.2, 0.0, 0.15], dtype=torch.float64)
Y = torch.tensor([0, 1, 1, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("top", [1, 3, 8])
def test_the_highest_negatives_count_and_no_others(top):
    z = Z.clone().requires_grad_()
    loss = PartialAUCObjective(top / 8, bounded=False)(z, Y)
    assert loss.item() == pytest.approx(brute.partial_auc_risk(Z, Y, top, 1.0).item())
    moved = torch.autograd.grad(loss, z)[0][Y == 0] != 0
    assert moved.sum() == top
    assert set(Z[Y == 0][moved].tolist()) == set(Z[Y == 0].sort(descending=True).values[:top].tolist())


def test_part_of_a_row_counts_in_part():
    """The share 0.3 of 8 negatives is 2.4 rows: between the means of two and of three."""
    two, three = (brute.partial_auc_risk(Z, Y, k, 1.0).item() for k in (2, 3))
    loss = PartialAUCObjective(0.3, bounded=False)(Z, Y)
    assert loss.item() == pytest.approx((2 * two + 0.4 * (3 * three - 2 * two)) / 2.4)


def test_the_soft_form_lies_between_all_pairs_and_the_worst():
    every, worst = (brute.partial_auc_risk(Z, Y, k, 1.0).item() for k in (8, 1))
    assert PartialAUCObjective(temperature=1e4, bounded=False)(Z, Y).item() == pytest.approx(every, rel=1e-3)
    assert PartialAUCObjective(temperature=1e-3, bounded=False)(Z, Y).item() == pytest.approx(worst, rel=1e-2)
    middle = PartialAUCObjective(temperature=0.5, bounded=False)(Z, Y).item()
    assert middle == pytest.approx(brute.soft_partial_auc_risk(Z, Y, 0.5, 1.0).item())


def test_the_soft_form_in_parts_is_the_whole(monkeypatch):
    whole = PartialAUCObjective(temperature=0.5)(Z, Y)
    monkeypatch.setattr("rareclass.torch.partial_auc._PAIRS", 8)
    assert PartialAUCObjective(temperature=0.5)(Z, Y).item() == pytest.approx(whole.item(), rel=1e-12)


def test_arguments_are_checked():
    assert PartialAUCObjective().max_fpr == 0.05
    with pytest.raises(InputError, match="not both"):
        PartialAUCObjective(0.1, temperature=1.0)
    for bad in ({"max_fpr": 0.0}, {"max_fpr": 1.5}, {"temperature": 0.0}, {"margin": -1.0}):
        with pytest.raises(InputError, match=next(iter(bad))):
            PartialAUCObjective(**bad)
