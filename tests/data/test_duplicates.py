"""Duplicate rows: exact, permutation invariant, equal to brute force, the published counts of the shared sets."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rareclass.data import count_duplicates, duplicate_groups, read_table
from rareclass.data.duplicates import LEAST_CROWD, copies_are_ordinary, duplicate_notes, twins

cells = st.sampled_from([0.0, -0.0, 1.0, float("nan"), 2.5])
matrices = st.lists(st.tuples(cells, cells), min_size=1, max_size=30).map(np.array)


def brute_force(matrix):
    """Group of each row by comparing it with all earlier rows."""
    groups, seen = [], []
    for row in matrix:
        found = next((i for i, old in enumerate(seen) if np.array_equal(old, row, equal_nan=True)), None)
        if found is None:
            seen.append(row)
            found = len(seen) - 1
        groups.append(found)
    return groups


@settings(max_examples=100, deadline=None)
@given(matrix=matrices)
def test_groups_equal_brute_force(matrix):
    assert duplicate_groups(matrix).tolist() == brute_force(matrix)


@settings(max_examples=60, deadline=None)
@given(matrix=matrices, data=st.data())
def test_permuting_rows_permutes_groups(matrix, data):
    order = np.array(data.draw(st.permutations(range(len(matrix)))))
    before, after = duplicate_groups(matrix)[order], duplicate_groups(matrix[order])
    np.testing.assert_array_equal(before[:, None] == before, after[:, None] == after)


def test_tables_of_all_types_agree_with_pandas():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.integers(0, 3, 300),
            "b": rng.choice([0.5, np.nan, -1.0], 300),
            "c": rng.choice(["x", "y"], 300),
            "d": rng.random(300) < 0.5,
            "e": pd.to_datetime(rng.integers(0, 2, 300), unit="D"),
        }
    )
    groups = duplicate_groups(read_table(frame))
    assert count_duplicates(read_table(frame)).repeated == int(frame.duplicated().sum())
    np.testing.assert_array_equal(np.bincount(groups), frame.groupby(list(frame), dropna=False, sort=False).size())


def test_storage_of_a_column_does_not_matter():
    plain = pa.table({"s": ["a", None, "a", None], "x": [1, None, 1, None]})
    encoded = pa.table({"s": plain["s"].dictionary_encode(), "x": pa.array([1.0, np.nan, 1.0, None])})
    assert duplicate_groups(plain).tolist() == duplicate_groups(encoded).tolist() == [0, 1, 0, 1]


def test_matrices_of_strings_and_other_types_work():
    assert duplicate_groups(np.array([["a", "b"], ["a", "b"], ["a", "c"]])).tolist() == [0, 0, 1]
    assert duplicate_groups(np.array([[2**63], [2**63], [1]], dtype=np.uint64)).tolist() == [0, 0, 1]
    assert duplicate_groups(np.array([True, False, True])).tolist() == [0, 1, 0]


def test_a_hash_collision_does_not_merge_rows(monkeypatch):
    from rareclass.data import duplicates

    monkeypatch.setattr(duplicates, "splitmix64", lambda keys: np.zeros_like(keys))
    matrix = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])
    assert duplicates.duplicate_groups(matrix).tolist() == [0, 1, 0]


def test_counts_with_labels_of_any_number():
    found = count_duplicates([[1], [1], [1], [2], [2], [3]], ["a", "b", "a", "c", "c", "a"])
    assert (found.rows, found.distinct, found.repeated, found.largest) == (6, 3, 3, 3)
    assert (found.repeated_with_label, found.conflicting) == (2, 3)


def test_an_empty_table_has_no_duplicates():
    assert duplicate_groups(np.zeros((0, 3))).size == 0
    assert count_duplicates(np.zeros((0, 3)), []).repeated == 0


def test_copies_are_ordinary_where_few_different_rows_exist_and_not_where_some_were_recorded_twice():
    rng = np.random.default_rng(0)
    flags = rng.random((3000, 2)) < 0.25
    y = rng.random(3000) < 1 / (1 + np.exp(3.5 - 1.5 * flags.sum(axis=1)))
    assert copies_are_ordinary(duplicate_groups(flags), y)
    assert count_duplicates(flags, y).ordinary
    assert not count_duplicates(flags).ordinary
    points = rng.normal(size=(3000, 2))
    twice = np.repeat(np.arange(3000), 2)
    assert not copies_are_ordinary(duplicate_groups(points[twice]), y[twice])  # as common, but of one label each
    assert not copies_are_ordinary(duplicate_groups(points), y)
    assert copies_are_ordinary(duplicate_groups(np.ones((600, 2))), y[:600])
    assert copies_are_ordinary(
        duplicate_groups(y[:, None]), y
    )  # a column that is the label: no way to keep it together
    assert not copies_are_ordinary(np.arange(3), np.zeros(3))


def test_a_crowd_of_equal_rows_may_be_parted_and_twins_may_not():
    few = np.full(LEAST_CROWD - 1, 401)
    same = np.concatenate([np.zeros(200), np.repeat(np.arange(1, 401), 2), few, np.arange(402, 1200)]).astype(int)
    y = np.isin(np.arange(same.size), [0, 1, 200, 201, 1000])
    found = twins(same, y)
    crowd = same == 0
    assert np.unique(found[crowd]).size == crowd.sum()
    assert not np.isin(found[crowd], found[~crowd]).any()
    np.testing.assert_array_equal(found[~crowd], same[~crowd])
    counted = count_duplicates(np.empty((same.size, 0)), y, groups=same)
    assert counted.crowded == 200
    assert "but for 200 in crowds" in duplicate_notes(counted, forward=False)[0]


def test_copies_of_an_event_are_no_crowd_however_many():
    """Whoever repeats events before the split has hundreds of equal rows, all of one label."""
    same = np.concatenate([np.zeros(500), np.arange(1, 1000)]).astype(int)
    np.testing.assert_array_equal(twins(same, same == 0), same)
    mostly = (same == 0) & (np.arange(same.size) > 200)
    np.testing.assert_array_equal(twins(same, mostly), same)
