"""Rules of every kind: which make sense, and what they are called."""

import pytest

from rareclass.decisions import Constrained, CostMatrix, Maximize, MinimumCost, RecallAtLeast
from rareclass.errors import InputError


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Maximize("auc"), "metric"),
        (lambda: Maximize("f_beta"), "needs `beta`"),
        (lambda: Maximize("f_beta", beta=0.0), "beta"),
        (lambda: Maximize("mcc", beta=2.0), "belongs to"),
        (lambda: Maximize(3), "name or a function"),
        (lambda: MinimumCost(CostMatrix(1, 2), search="grid"), "search"),
        (lambda: Constrained(Maximize("f1"), ()), "at least one constraint"),
        (lambda: Constrained(Maximize("f1"), Maximize("mcc")), "no bound"),
        (lambda: Constrained("f1", RecallAtLeast(0.5)), "decision rules"),
        (lambda: MinimumCost({"fp": [1.0], "fn": [2.0]}).subject_to(RecallAtLeast(0.5)), "Costs by row"),
    ],
)
def test_rules_that_make_no_sense_raise(make, match):
    with pytest.raises(InputError, match=match):
        make()
