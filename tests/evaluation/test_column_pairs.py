"""Columns that separate together only are found on rows that did not choose them."""

import numpy as np
import pytest

from rareclass.evaluation.column_pairs import LEVELS, _cell_auc, columns_together
from rareclass.evaluation.column_views import of_numbers
from rareclass.metrics import roc_auc_score


def views(**columns):
    return [of_numbers(name, "", np.asarray(values, float)) for name, values in columns.items()]


def test_the_area_of_joint_cells_is_that_of_their_rates():
    rng = np.random.default_rng(0)
    cells, y = rng.integers(0, LEVELS**2, (2, 900)), rng.random((2, 900)) < 0.2

    def counts(part):
        return [np.bincount(cells[part][c], minlength=LEVELS**2)[None].astype(float) for c in (y[part], ~y[part])]

    (events,), (others,) = learnt = counts(0)
    rate = (events + events.sum() / 900) / (events + others + 1)
    assert _cell_auc(learnt, counts(1))[0] == pytest.approx(roc_auc_score(y[1], rate[cells[1]]), abs=1e-12)


def test_points_that_only_add_up_are_named_together():
    rng = np.random.default_rng(1)
    y = rng.random(4000) < 0.03
    there = {f"p{k}": rng.random(4000) < np.where(y, 0.8, 0.05) for k in range(6)}
    both = sum(there.values())
    keep = (both >= 3) == y  # the label is the sum
    found = columns_together(views(**{k: v[keep] for k, v in there.items()}), y[keep])
    (by_sum,) = [t for t in found if t.how == "by their sum"]
    assert set(by_sum.names) <= set(there)
    assert by_sum.auc == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(10))
def test_columns_of_noise_are_no_pair(seed):
    rng = np.random.default_rng(seed)
    y = np.arange(400) < 20
    assert columns_together(views(**{f"x{j}": rng.normal(size=400) for j in range(40)}), y) == []


def test_few_events_are_not_paired():
    one = np.arange(600) % 2
    y = np.arange(600) < 19
    assert columns_together(views(a=one, b=one ^ y), y) == []
    assert columns_together(views(a=one, b=one ^ (np.arange(600) < 25)), np.arange(600) < 25)
