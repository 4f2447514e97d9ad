"""Splits: partitions, whole groups, events in every part, forward in time, or one sentence why not."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rareclass.data import locked_test, make_splits, merge_groups
from rareclass.errors import InputError, RareclassError, TooFewEventsError

labels = st.lists(st.booleans(), min_size=8, max_size=80).map(np.array)


def events_at(n, events, seed=0):
    return np.random.default_rng(seed).permutation(n) < events


@settings(max_examples=80, deadline=None)
@given(y=labels, folds=st.integers(2, 5), repeats=st.integers(1, 2), seed=st.integers(0, 5))
def test_stratified_parts_partition_the_rows_and_are_even(y, folds, repeats, seed):
    assume(y.sum() >= folds and (~y).sum() >= 2)
    splits = make_splits(y, folds=folds, repeats=repeats, seed=seed)
    assert len(splits) == folds * repeats
    for repeat in range(repeats):
        tests = [test for _, test in splits[repeat * folds : (repeat + 1) * folds]]
        assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(y.size))
        sizes, events = [t.size for t in tests], [int(y[t].sum()) for t in tests]
        assert max(sizes) - min(sizes) <= 1
        assert max(events) - min(events) <= 1
        assert min(events) >= 1
    for train, test in splits:
        assert np.array_equal(np.union1d(train, test), np.arange(y.size))
        assert np.intersect1d(train, test).size == 0


@settings(max_examples=120, deadline=None)
@given(data=st.data(), y=labels, folds=st.integers(2, 4), kind=st.sampled_from(["group", "stratified"]))
def test_groups_never_cross_and_every_part_has_an_event(data, y, folds, kind):
    groups = np.array(data.draw(st.lists(st.integers(0, 15), min_size=y.size, max_size=y.size)))
    assume(0 < y.sum() < y.size)
    try:
        splits = make_splits(y, folds=folds, kind=kind, groups=groups)
    except TooFewEventsError:
        holders = np.unique(groups[y]).size
        negatives = [np.setdiff1d(np.flatnonzero(~y), np.flatnonzero(groups == g)).size for g in np.unique(groups)]
        assert holders < folds or min(negatives) < y.size
        return
    assert np.array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(y.size))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert y[test].any()
        assert y[train].any()
        assert not y[train].all()


def test_group_folds_balance_events_and_rows():
    rng = np.random.default_rng(0)
    groups = rng.exponential(400, 20_000).astype(int)
    y = rng.random(20_000) < 0.02
    splits = make_splits(y, folds=5, kind="group", groups=groups)
    events = [int(y[test].sum()) for _, test in splits]
    sizes = sorted(test.size for _, test in splits)
    assert max(events) - min(events) <= 1
    assert sizes[-1] - sizes[0] <= 1


def test_one_huge_group_lands_in_one_fold_and_the_rest_stays_even():
    groups = np.concatenate([np.zeros(3_000, int), np.arange(1, 7_001)])
    y = events_at(10_000, 200)
    splits = make_splits(y, folds=5, kind="group", groups=groups)
    huge, *others = sorted(splits, key=lambda split: -split[1].size)
    assert y[huge[1]].sum() == y[:3_000].sum()
    events = [int(y[test].sum()) for _, test in others]
    sizes = sorted(test.size for _, test in splits)
    assert max(events) - min(events) <= 1
    assert sizes[-2] - sizes[0] <= 1


@pytest.mark.parametrize("kind", ["stratified", "group"])
def test_the_same_seed_gives_the_same_splits_and_another_seed_others(kind):
    y, groups = events_at(500, 40), np.arange(500) // 2
    same = [make_splits(y, kind=kind, groups=groups, seed=1) for _ in range(2)]
    other = make_splits(y, kind=kind, groups=groups, seed=2)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(*same, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(same[0], other, strict=True))


def test_repeats_differ():
    y = events_at(500, 40)
    splits = make_splits(y, folds=5, repeats=2)
    assert not np.array_equal(splits[0][1], splits[5][1])


def test_every_event_is_equally_likely_to_be_in_each_fold():
    """1,000 splits of 6 events into 3 folds: each is in fold 0 in a third of them, within 4 standard errors."""
    y = np.arange(30) < 6
    hits = np.zeros(6)
    for seed in range(1_000):
        hits += np.isin(np.arange(6), make_splits(y, folds=3, seed=seed)[0][1])
    assert np.all(np.abs(hits / 1_000 - 1 / 3) < 4 * np.sqrt(2 / 9 / 1_000))


@pytest.mark.parametrize(
    ("y", "options", "said"),
    [
        (events_at(100, 3), {"folds": 5}, r"3 event\(s\) are too few for 5 folds.*at most 3 folds"),
        (events_at(100, 1), {"folds": 2}, r"1 event\(s\) are too few.*Collect more"),
        (np.arange(100) < 10, {"kind": "group", "groups": np.arange(100) // 5}, r"10 events lie in only 2 group"),
        (np.arange(100) < 10, {"kind": "group", "groups": np.zeros(100)}, "only 1 group"),
        (np.arange(100) < 97, {"kind": "group", "groups": np.arange(100) >= 50, "folds": 2}, "finer groups"),
        (events_at(100, 3), {"kind": "time", "times": np.arange(100)}, "forward folds"),
        (np.arange(100) < 10, {"kind": "time", "times": np.zeros(100)}, "do not spread"),
        (np.arange(100) < 10, {"kind": "time", "times": np.arange(100), "folds": 3, "gap": 1_000}, "shorter gap"),
        (
            np.arange(100) % 10 == 0,
            {"kind": "time", "times": np.arange(100), "folds": 3, "groups": np.arange(100) % 2},
            "training part .* no row .* Use finer groups",
        ),
    ],
)
def test_too_few_events_are_said_with_their_number_and_a_way_out(y, options, said):
    with pytest.raises(TooFewEventsError, match=said) as error:
        make_splits(y, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "group"}, "needs `groups`"),
        ({"kind": "time"}, "needs `times`"),
        ({"kind": "shuffle"}, "`kind` must be one of"),
        ({"folds": 1}, "`folds` must be at least 2"),
        ({"folds": 2.5}, "whole number"),
        ({"kind": "group", "groups": np.arange(99)}, "same number of rows"),
        ({"kind": "group", "groups": np.where(np.arange(100) < 2, np.nan, 1.0)}, "2 missing"),
        ({"kind": "group", "groups": ["a", None] * 50}, "50 missing"),
        ({"kind": "time", "times": np.where(np.arange(100) < 2, np.nan, 1.0)}, "2 missing"),
        ({"kind": "time", "times": pa.array([None] + [1] * 99, pa.timestamp("s"))}, "1 missing"),
        ({"kind": "time", "times": ["soon"] * 100}, "numbers or dates"),
        ({"kind": "time", "times": np.arange(100), "gap": -1}, "must not be negative"),
        ({"kind": "time", "times": np.arange(100), "gap": "a while"}, "duration such as 7d"),
        ({"kind": "time", "times": np.arange(100), "gap": "7d"}, "plain numbers"),
    ],
)
def test_unusable_arguments_get_one_sentence(options, said):
    with pytest.raises(InputError, match=said) as error:
        make_splits(events_at(100, 20), **options)
    assert "\n" not in str(error.value)


def test_one_class_only_is_refused():
    for y in (np.zeros(10, bool), np.ones(10, bool)):
        with pytest.raises(RareclassError, match="both classes"):
            make_splits(y)


# --- forward in time -----------------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(data=st.data(), y=labels, folds=st.integers(2, 4), gap=st.integers(0, 3))
def test_training_lies_strictly_before_the_test_block_less_the_gap(data, y, folds, gap):
    times = np.array(data.draw(st.lists(st.integers(0, 40), min_size=y.size, max_size=y.size)))
    assume(0 < y.sum() < y.size)
    try:
        splits = make_splits(y, folds=folds, kind="time", times=times, gap=gap)
    except TooFewEventsError:
        return
    assert len(splits) == folds
    tested = np.concatenate([test for _, test in splits])
    assert np.unique(tested).size == tested.size
    for train, test in splits:
        start = times[test].min()
        assert np.array_equal(train, np.flatnonzero(times < start - gap))
        assert y[test].any()
    starts = [times[test].min() for _, test in splits]
    ends = [times[test].max() for _, test in splits]
    assert all(end < start for end, start in zip(ends[:-1], starts[1:], strict=True))
    assert np.array_equal(np.sort(tested), np.flatnonzero(times >= starts[0]))


def test_a_gap_in_rows_leaves_out_exactly_so_many_rows():
    y = events_at(1_000, 100)
    for train, test in make_splits(y, kind="time", times=np.arange(1_000), gap=25):
        assert test.min() - train.max() == 26


@pytest.mark.parametrize("gap", ["7d", "168h", 7, np.timedelta64(7, "D"), "1w"])
def test_a_gap_in_time_can_be_said_in_many_ways(gap):
    y = events_at(1_000, 100)
    days = np.datetime64("2024-01-01") + np.arange(1_000).astype("timedelta64[h]") * 6
    wanted = make_splits(y, kind="time", times=np.arange(1_000) * 6, gap=168)
    found = make_splits(y, kind="time", times=days, gap=gap)
    texts = make_splits(y, kind="time", times=np.datetime_as_string(days.astype("M8[s]")).astype(object), gap=gap)
    for a, b, c in zip(wanted, found, texts, strict=True):
        assert np.array_equal(a[0], b[0])
        assert np.array_equal(a[1], b[1])
        assert np.array_equal(a[0], c[0])


def test_blocks_follow_events_and_rows_when_prevalence_drifts():
    n = 10_000
    y = np.random.default_rng(0).random(n) < np.linspace(0.001, 0.2, n)
    splits = make_splits(y, folds=5, kind="time", times=np.arange(n))
    assert min(int(y[test].sum()) for _, test in splits) >= 0.05 * y.sum()
    assert max(test.size for _, test in splits) < 0.4 * n
    assert y[splits[0][0]].sum() >= 5


def test_scarce_events_at_the_end_still_fall_into_every_block():
    y = np.zeros(10_000, bool)
    y[[100, 9_990, 9_992, 9_995, 9_997, 9_999]] = True
    for _, test in make_splits(y, folds=5, kind="time", times=np.arange(10_000)):
        assert y[test].sum() == 1


def test_groups_in_a_forward_split_leave_training_when_they_are_tested():
    y, groups = events_at(1_000, 100), np.arange(1_000) % 300
    for train, test in make_splits(y, folds=3, kind="time", times=np.arange(1_000), groups=groups):
        assert not set(groups[train]) & set(groups[test])


def test_rows_may_come_in_any_order_of_time():
    y, order = events_at(400, 60), np.random.default_rng(1).permutation(400)
    sorted_splits = make_splits(y, kind="time", times=np.arange(400))
    shuffled = make_splits(y[order], kind="time", times=order)
    for (_, a), (_, b) in zip(sorted_splits, shuffled, strict=True):
        assert np.array_equal(a, np.sort(order[b]))


# --- locked test part ----------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(data=st.data(), y=labels, share=st.floats(0.05, 0.9), grouped=st.booleans())
def test_the_locked_part_partitions_the_rows_and_both_parts_have_events(data, y, share, grouped):
    assume(y.sum() >= 2 and (~y).sum() >= 2)
    groups = None
    if grouped:
        groups = np.array(data.draw(st.lists(st.integers(0, 30), min_size=y.size, max_size=y.size)))
    try:
        development, test = locked_test(y, share=share, kind="group" if grouped else "stratified", groups=groups)
    except TooFewEventsError:
        assert grouped
        return
    assert np.array_equal(np.sort(np.concatenate([development, test])), np.arange(y.size))
    assert y[test].any()
    assert y[development].any()
    if groups is not None:
        assert not set(groups[development]) & set(groups[test])
    else:
        assert abs(test.size - share * y.size) <= 2


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_locked_part_has_its_share_of_events_and_rows(share):
    rng = np.random.default_rng(0)
    y, groups = rng.random(20_000) < 0.01, rng.integers(0, 4_000, 20_000)
    for options in ({}, {"kind": "group", "groups": groups}):
        _, test = locked_test(y, share=share, **options)
        assert abs(test.size / y.size - share) < 0.001
        assert abs(y[test].sum() / y.sum() - share) < 0.02


def test_a_dominating_group_goes_to_development():
    groups = np.concatenate([np.zeros(5_000, int), np.arange(1, 5_001)])
    _, test = locked_test(events_at(10_000, 300), kind="group", groups=groups)
    assert 0 not in groups[test]


def test_the_locked_part_in_time_is_the_latest():
    y = events_at(1_000, 100)
    development, test = locked_test(y, share=0.2, kind="time", times=np.arange(1_000), gap=10)
    assert np.array_equal(test, np.arange(800, 1_000))
    assert np.array_equal(development, np.arange(790))


def test_a_locked_part_without_events_says_where_the_newest_is():
    with pytest.raises(TooFewEventsError, match="the newest is 600 rows before the end"):
        locked_test(np.arange(1_000) < 401, kind="time", times=np.arange(1_000))
    with pytest.raises(InputError, match="cannot be put in order"):
        locked_test(events_at(100, 10), kind="time", times=np.zeros(100))
    with pytest.raises(TooFewEventsError, match="too few for a test part"):
        locked_test(events_at(100, 1))
    with pytest.raises(InputError, match="`share`"):
        locked_test(events_at(100, 10), share=1.0)


# --- merged groups -------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=25))
def test_merged_groups_are_the_connected_components(pairs):
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    component = list(range(len(pairs)))
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            if a[i] == a[j] or b[i] == b[j]:
                old, new = component[j], component[i]
                component = [new if c == old else c for c in component]
    merged, component = merge_groups(a, b), np.array(component)
    np.testing.assert_array_equal(merged[:, None] == merged, component[:, None] == component)
    assert merged[0] == 0
    assert np.array_equal(np.unique(merged), np.arange(merged.max() + 1))


def test_groups_of_any_type_can_be_merged():
    assert merge_groups(["x", "y", "x"], np.array([1.5, 2.5, 3.5])).tolist() == [0, 1, 0]
    assert merge_groups(pa.array(["x", "y"]), [0, 0]).tolist() == [0, 0]
    with pytest.raises(InputError, match="same number of rows"):
        merge_groups([0], [0, 1])
