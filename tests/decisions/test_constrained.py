"""An objective among the points that constraints allow."""

import numpy as np
import pytest

from rareclass.decisions import AlertBudget, CostMatrix, Maximize, PrecisionAtLeast, RecallAtLeast, best_threshold
from rareclass.errors import InfeasibleError


def test_constraints_that_exclude_each_other_are_told_apart_from_impossible_ones():
    y, s = [1, 0, 0, 1, 0], [5, 4, 3, 2, 1]
    with pytest.raises(InfeasibleError, match="all constraints at once"):
        best_threshold(y, s, RecallAtLeast(1.0).subject_to(PrecisionAtLeast(0.9)))
    with pytest.raises(InfeasibleError, match=r"precision of 0\.9"):
        best_threshold(y, s[::-1], RecallAtLeast(1.0).subject_to(PrecisionAtLeast(0.9)))


def test_budget_joins_an_objective():
    y, s = np.arange(100) % 7 == 0, np.arange(100) / 100
    rule = Maximize("recall").subject_to(AlertBudget(30))
    assert best_threshold(y, s, rule).alert_rate <= 0.3
    assert best_threshold(y, s, rule, costs=CostMatrix(1, 5)).expected_cost > 0
