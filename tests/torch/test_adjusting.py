"""Post-hoc logit adjustment against its formula, and what it is for: balanced error."""

import math

import numpy as np
import pytest

from rareclass.errors import InputError

pytestmark = pytest.mark.deep
torch = pytest.importorskip("torch", exc_type=ImportError)
from rareclass.torch import logit_adjust  # noqa: E402


def test_two_classes_by_share_or_by_counts():
    z = torch.tensor([-4.0, 0.0, 2.0])
    expected = z - 0.5 * math.log(0.01 / 0.99)
    assert torch.allclose(logit_adjust(z, 0.01, tau=0.5), expected)
    assert torch.allclose(logit_adjust(z[:, None], [9900, 100], tau=0.5)[:, 0], expected)
    assert torch.equal(logit_adjust(z, 0.01, tau=0.0), z)


def test_several_classes():
    z = torch.zeros(2, 3)
    expected = -torch.log(torch.tensor([0.9, 0.09, 0.01])).expand(2, 3)
    assert torch.allclose(logit_adjust(z, torch.tensor([90, 9, 1])), expected)


def test_the_adjusted_decision_has_the_best_mean_recall():
    """The true log-odds of a two-Gaussian world: no other threshold has a better mean of the two recalls."""
    x, p = np.linspace(-6, 8, 4001), 0.02
    density = [np.exp(-0.5 * (x - mean) ** 2) for mean in (0.0, 2.0)]
    z = torch.as_tensor(np.log(p / (1 - p)) + np.log(density[1] / density[0]))
    flagged = (logit_adjust(z, p) > 0).numpy()
    recall = [part / part.sum() for part in density]
    found = recall[1][flagged].sum() + recall[0][~flagged].sum()
    every = [recall[1][x > t].sum() + recall[0][x <= t].sum() for t in x]
    assert found == pytest.approx(max(every))


@pytest.mark.parametrize(
    ("logits", "shares", "said"),
    [
        (torch.zeros(2), 1.0, "prevalence_or_counts"),
        (torch.zeros(2, 3), 0.1, "counts of 3 classes"),
        (torch.zeros(2, 3), [1, 2], "do not fit"),
        (torch.zeros(2), [1, 2, 3], "do not fit"),
        (torch.zeros(2, 2), [1, 0], "must be positive"),
        (torch.tensor([[1, 2]]), [9, 1], "floating tensor"),
        (np.zeros(2), 0.1, "floating tensor"),
    ],
)
def test_shares_that_do_not_fit_are_refused(logits, shares, said):
    with pytest.raises(InputError, match=said):
        logit_adjust(logits, shares)
    with pytest.raises(InputError, match="tau"):
        logit_adjust(torch.zeros(2), 0.1, tau=-1.0)
