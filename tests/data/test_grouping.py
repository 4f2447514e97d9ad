"""Dealing groups to folds: the greedy rule, and folds that keep groups whole."""

import numpy as np
import pytest

from rareclass.data.grouping import balanced_folds, deal, share_mask


def test_each_item_goes_to_the_part_that_holds_least_the_lower_number_first():
    loads = [(0, 0), (0, 1), (0, 2)]
    assert deal(np.array([5, 4, 3, 3, 1]), loads) == [0, 1, 2, 2, 1]
    assert sorted(loads) == [(5, 0), (5, 1), (6, 2)]


def test_it_is_the_greedy_rule():
    rng = np.random.default_rng(0)
    weight = -np.sort(-rng.integers(1, 50, 200))
    held, slow = np.zeros(7, dtype=int), []
    for w in weight:
        slow.append(int(np.argmin(held)))
        held[slow[-1]] += w
    assert deal(weight, [(0, f) for f in range(7)]) == slow


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_keep_groups_whole_and_balance_events_then_rows(folds):
    rng = np.random.default_rng(folds)
    group = rng.integers(0, 300, 3000)
    event = rng.random(3000) < 0.05
    fold = balanced_folds(event, group, folds, rng)
    assert all(np.unique(fold[group == g]).size == 1 for g in np.unique(group))
    most = int(np.bincount(group[event]).max())
    events = np.bincount(fold[event], minlength=folds)
    assert events.max() - events.min() <= most


def test_the_test_share_keeps_groups_whole():
    rng = np.random.default_rng(1)
    group, event = rng.integers(0, 200, 2000), rng.random(2000) < 0.1
    mask = share_mask(event, group, 0.25, rng)
    assert all(np.unique(mask[group == g]).size == 1 for g in np.unique(group))
    assert abs(mask.mean() - 0.25) < 0.02
    assert abs(event[mask].sum() / event.sum() - 0.25) < 0.03
