"""Samples and folds on which learners judge themselves."""

import numpy as np
import pytest

from rareclass.learners._inner import inner_folds, inner_plan, row_keys, sample_rows


def test_equal_rows_share_a_key_with_missing_values_equal():
    keys = row_keys(np.array([[1.0, np.nan], [0.0, 2.0], [1.0, np.nan], [-0.0, 2.0]]))
    assert keys[0] == keys[2] != keys[1] == keys[3]


def test_copies_of_an_event_share_a_fold_and_events_are_spread():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.arange(300) < 12
    X[1:4] = X[0]
    fold = inner_folds(X, y, np.random.default_rng(1))
    assert len(set(fold[:4])) == 1
    np.testing.assert_array_equal(np.bincount(fold[:12]), [4, 4, 4])


def test_one_distinct_event_cannot_be_folded():
    X = np.ones((50, 2))
    assert (inner_folds(X, np.arange(50) < 3, np.random.default_rng(0)) == -1).all()
    assert not inner_plan(X, np.arange(50) < 3, np.random.default_rng(0), events=9, others=9).possible


@pytest.mark.parametrize("swapped", [False, True])
def test_the_shift_of_a_sample_is_that_of_its_log_odds(swapped):
    rng = np.random.default_rng(2)
    y = np.arange(2_000) < 100
    plan = inner_plan(rng.normal(size=(2_000, 1)), y != swapped, rng, events=50, others=400)

    def odds(part):
        return np.log(part.sum() / (~part).sum())

    assert plan.rows.size == 450
    assert plan.shift == pytest.approx(odds((y != swapped)[plan.rows]) - odds(y != swapped))
    assert {frozenset(test) for _, test in plan.folds.splits()} == {
        frozenset(np.flatnonzero(plan.fold == k)) for k in range(3)
    }


def test_a_sample_keeps_all_events_where_they_are_not_limited():
    y = np.arange(1_000) < 30
    rows, shift = sample_rows(y, np.random.default_rng(0), others=100)
    assert y[rows].sum() == 30
    assert rows.size == 130
    assert shift == pytest.approx(np.log(970 / 100))
