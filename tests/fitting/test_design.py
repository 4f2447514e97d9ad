"""Which rows are locked away, which are cross-fitted, what is sampled, and what is said about it."""

import numpy as np
import pytest
from tests.fitting.small import design_of, points, rows_of

from rareclass.data import make_splits
from rareclass.errors import InputError, TooFewEventsError
from rareclass.fitting import design
from rareclass.fitting.design import Columns, SplitOptions, cross_fit_design, make_design
from rareclass.fitting.part import Sampling
from rareclass.fitting.rows import Beside


def keeps_apart(together, parts):
    """Whether no value of `together` stands on both sides of a split."""
    return not any(np.intersect1d(together[train], together[test]).size for train, test in parts)


def partition(parts, n):
    """Whether the tested rows are all rows, each once, and nothing that is tested was fitted."""
    tested = np.concatenate([test for _, test in parts])
    disjoint = not any(np.intersect1d(train, test).size for train, test in parts)
    return disjoint and np.array_equal(np.sort(tested), np.arange(n))


def same_parts(a, b):
    return all(np.array_equal(p[0], q[0]) and np.array_equal(p[1], q[1]) for p, q in zip(a, b, strict=True))


def test_every_row_is_tested_once_by_a_fit_that_did_not_see_it():
    X, y = points()
    made = design_of(X, y, 4)
    assert (made.split.folds, made.split.kind, made.split.test.size) == (4, "stratified", 0)
    assert partition(made.split.parts, y.size)
    assert np.ptp([y[test].sum() for _, test in made.split.parts]) <= 1


def test_equal_rows_and_groups_stay_together():
    X, y = points(400)
    X[300:] = X[:100]
    group = np.random.default_rng(0).integers(0, 60, 400)
    alone, grouped = design_of(X, y), design_of(X, y, groups=group)
    for made in (alone, grouped):
        assert made.split.kind == "group"
        assert partition(made.split.parts, 400)
        assert keeps_apart(made.rows.same, made.split.parts)
    assert keeps_apart(group, grouped.split.parts)
    assert not keeps_apart(group, alone.split.parts)


def test_there_are_never_more_folds_than_distinct_events_and_none_where_one_is_left():
    X, _ = points(100)
    y = np.arange(100) < 3
    assert design_of(X, y, 5).split.folds == 3
    X[1] = X[0]
    assert design_of(X, y, 5).split.folds == 2
    X[2] = X[0]
    assert design_of(X, y, 5).split.parts == []
    assert design_of(X, ~y, 5).split.parts == []  # nor more than distinct negatives


def test_in_time_order_only_the_past_teaches():
    X, y = points()
    times = np.random.default_rng(0).permutation(y.size)
    made = design_of(X, y, 4, times=times)
    assert made.split.forward
    for train, test in made.split.parts:
        assert times[train].max() < times[test].min()


def test_splits_of_ones_own_are_taken_as_they_are_and_looked_at():
    X, y = points()
    mine = make_splits(y, folds=3, seed=7)
    assert same_parts(design_of(X, y, mine).split.parts, mine)
    with pytest.raises(InputError, match="both fitted and tested"):
        design_of(X, y, [(np.arange(600), np.arange(10))])
    with pytest.raises(InputError, match="`cv` holds no split"):
        design_of(X, y, [])
    with pytest.raises(InputError, match="cv"):
        design_of(X, y, 1)


def test_the_same_seed_gives_the_same_design():
    X, y = points()
    rows = rows_of(X, y)
    a, b, c = (cross_fit_design(rows, 3, Sampling(None, seed)).split.parts for seed in (3, 3, 4))
    assert same_parts(a, b)
    assert not same_parts(a, c)


def test_parts_are_numbered_and_the_fit_on_all_rows_has_a_stream_of_its_own():
    X, y = points(100)
    made = design_of(X, y, 3, seed=5)
    assert [p.seed for p in made.parts()] == [(5, 0), (5, 1), (5, 2)]
    whole = made.whole()
    assert whole.seed == (5, design.LAST)
    np.testing.assert_array_equal(whole.X, X)
    assert whole.test.size == 0


def test_the_test_part_is_locked_away_before_anything_is_split():
    X, y = points(1000)
    weight = np.arange(1000.0) + 1
    made = make_design(X, y, Beside(sample_weight=weight), seed=1)
    dev, test = made.split.dev, made.split.test
    np.testing.assert_array_equal(np.sort(np.r_[dev, test]), np.arange(1000))
    assert test.size == pytest.approx(200, abs=2)
    assert y[test].sum() == pytest.approx(0.2 * y.sum(), abs=1)
    assert partition(made.split.parts, dev.size)
    np.testing.assert_array_equal(made.y, y[dev])
    np.testing.assert_array_equal(made.weight, weight[dev])
    assert (made.ranked, made.split.folds, made.last) == (True, 5, 5)
    np.testing.assert_array_equal(made.whole().X, X[dev])
    np.testing.assert_array_equal(made.parts()[0].X, X[dev][made.split.parts[0][0]])


def test_equal_rows_stay_on_one_side_unless_asked_otherwise():
    X, y = points(1000)
    X[800:] = X[:200]
    y[800:] = y[:200]
    X[799], y[799] = X[0], ~y[0]
    made = make_design(X, y, Beside())
    same, split = made.rows.same, made.split
    assert np.intersect1d(same[split.dev], same[split.test]).size == 0
    assert keeps_apart(same[split.dev], split.parts)
    assert made.duplicates == 201
    assert made.conflicting == 3
    assert "201 rows repeat an earlier one; equal rows stay on one side of every split." in made.notes
    assert "3 rows have the same features as a row with the other label." in made.notes
    leaking = make_design(X, y, Beside(), split=SplitOptions(split_duplicates=True))
    assert leaking.warnings == ["201 repeated rows may stand on both sides of a split (asked for): scores leak."]
    assert not keeps_apart(same[leaking.split.dev], leaking.split.parts)


def test_a_group_stays_on_one_side_together_with_rows_that_equal_its_own():
    X, y = points(1000)
    X[900:] = X[:100]
    group = np.arange(1000) // 10
    made = make_design(X, y, Beside(groups=group))
    together = np.where(np.arange(1000) < 900, group, group - 90)  # equal rows chain groups 0..9 and 90..99
    split = made.split
    assert split.kind == "group"
    assert np.intersect1d(together[split.dev], together[split.test]).size == 0
    assert keeps_apart(together[split.dev], split.parts)


@pytest.mark.parametrize("options", [{"beside": Beside(times=np.arange(1000)[::-1])}, {}])
def test_in_time_order_the_latest_rows_are_locked_and_labels_may_arrive_late(options):
    X, y = points(1000)
    beside = options.get("beside", Beside())
    order = np.arange(1000) if beside.times is None else np.asarray(beside.times)
    made = make_design(X, y, beside, split=SplitOptions(time_ordered=beside.times is None, gap=20))
    split = made.split
    assert split.forward
    assert order[split.dev].max() + 20 < order[split.test].min()
    for train, test in split.parts:
        assert order[split.dev][train].max() + 20 < order[split.dev][test].min()


def test_few_events_are_neither_ranked_nor_locked_away():
    X, y = points(400)
    few = y & (np.cumsum(y) <= 12)
    made = make_design(X, few, Beside())
    assert (made.ranked, made.split.test.size, made.split.dev.size) == (False, 0, 400)
    assert "Only 12 events: too few to rank models or to lock a test part away" in " ".join(made.notes)
    four = make_design(X, y & (np.cumsum(y) <= 4), Beside())
    assert "4 events allow 4 folds instead of 5." in four.notes
    assert four.split.folds == 4
    with pytest.raises(TooFewEventsError, match=r"1 event\(s\); at least 2"):
        make_design(X, np.arange(400) == 7, Beside())


def test_a_test_part_of_nothing_leaves_all_rows_for_development():
    X, y = points(400)
    made = make_design(X, y, Beside(), split=SplitOptions(test_share=0))
    assert (made.ranked, made.split.test.size, made.split.dev.size) == (True, 0, 400)


def test_folds_are_as_many_as_asked_for_or_refused():
    X, y = points(1000)
    assert make_design(X, y, Beside(), split=SplitOptions(folds=3)).split.folds == 3
    repeated = make_design(X, y, Beside(), split=SplitOptions(folds=3, repeats=2))
    assert len(repeated.split.parts) == repeated.last == 6
    n, scored = repeated.split.dev.size, repeated.split.scored
    assert partition(repeated.split.parts[:3], n)
    np.testing.assert_array_equal(np.sort(np.concatenate([t for _, t in repeated.split.parts])), np.arange(2 * n))
    np.testing.assert_array_equal(np.bincount(scored)[repeated.split.dev], 2)
    np.testing.assert_array_equal(repeated.weight, 0.5)
    assert not any(np.intersect1d(scored[a], scored[b]).size for a, b in repeated.split.parts)
    with pytest.raises(TooFewEventsError, match="Lower `folds`"):
        make_design(X, y, Beside(), split=SplitOptions(folds=900))


def test_of_a_large_table_all_events_and_some_negatives_are_fitted_unless_all_are_asked_for(monkeypatch):
    monkeypatch.setattr(design, "LARGE_TABLE", 800)
    monkeypatch.setattr(design, "FIT_ROWS", 500)
    X, y = points(1000)
    large, full = make_design(X, y, Beside(), seed=3), make_design(X, y, Beside(), seed=3, full=True)
    assert (large.sampling, full.sampling) == (Sampling(500, 3), Sampling(None, 3))
    assert (large.split.folds, full.split.folds) == (3, 5)
    assert "every fit uses all events and sampled negatives (about 500 rows)" in " ".join(large.notes)
    assert not full.notes
    for part, (train, test) in zip(large.parts(), large.split.parts, strict=True):
        assert part.y.size == 500
        assert part.y.sum() == large.y[train].sum()
        assert part.expand.size == test.size  # every row is judged


def test_fewer_rows_are_fitted_where_a_budget_holds_no_more_and_every_row_is_judged():
    X, y = points(1000)
    made = make_design(X, y, Beside(), seed=3)
    fewer = made.on_fewer_rows(300)
    assert fewer.sampling == Sampling(300, 3)
    assert [part.y.size for part in fewer.parts()] == [300] * 5
    assert fewer.notes[-1].startswith("The budget holds fits on 300 rows")
    assert sum(part.expand.size for part in fewer.parts()) == made.y.size


@pytest.mark.parametrize(("limit", "value"), [("MANY_CELLS", 1999), ("MANY_EVENTS", 20)])
def test_wide_tables_and_those_of_many_events_are_split_in_fewer_parts(monkeypatch, limit, value):
    X, y = points(1000)
    assert make_design(X, y, Beside()).split.folds == 5
    monkeypatch.setattr(design, limit, value)
    assert make_design(X, y, Beside()).split.folds == 3
    assert make_design(X, y, Beside(), full=True).split.folds == 5
    assert make_design(X, y, Beside(), split=SplitOptions(folds=4)).split.folds == 4


def test_columns_are_left_out_and_codes_are_categories():
    X, y = points(400)
    table = {"a": X[:, 0], "row": np.arange(400), "code": np.arange(400) % 3}
    made = make_design(table, y, Beside(), columns=Columns(drop=["row"], categorical=["code"]))
    assert {c.name: c.kind for c in made.rows.schema.columns} == {"a": "number", "code": "category"}
    assert made.parts()[0].categorical == (1,)


def test_a_drifting_prevalence_is_said_of_forward_splits_only():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 2))
    y = rng.random(4000) < np.linspace(0.02, 0.3, 4000)
    ahead = make_design(X, y, Beside(), split=SplitOptions(time_ordered=True))
    assert "The prevalence drifts" in ahead.warnings[0]
    assert not make_design(X, y, Beside()).warnings
    assert not make_design(X, rng.permutation(y), Beside(), split=SplitOptions(time_ordered=True)).warnings


def test_a_forward_split_keeps_groups_whole_and_says_what_that_costs():
    X, y = points(1000)
    group = np.random.default_rng(0).integers(0, 300, 1000)
    design = make_design(X, y, Beside(groups=group, times=np.arange(1000)))
    dev = design.split.dev
    for train, test in design.split.parts:
        assert np.intersect1d(group[dev[train]], group[dev[test]]).size == 0
        assert dev[train].max() < dev[test].min()
    assert np.intersect1d(group[dev], group[design.split.test]).size == 0
    assert any(w.startswith("Groups come back over time: ") for w in design.warnings)


def test_lengths_that_differ_are_refused():
    X, y = points(100)
    with pytest.raises(InputError, match="99"):
        make_design(X, y, Beside(groups=np.arange(99)))


def test_a_design_is_the_same_for_the_same_seed():
    X, y = points(1000)
    a, b, c = (make_design(X, y, Beside(), seed=seed).split for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.test, b.test)
    assert same_parts(a.parts, b.parts)
    assert not np.array_equal(a.test, c.test)


def test_rows_of_which_few_differ_are_split_like_others():
    rng = np.random.default_rng(0)
    X = (rng.random((3000, 2)) < 0.25).astype(int)
    truth = 1 / (1 + np.exp(3.5 - 1.5 * X.sum(axis=1)))
    y = rng.random(3000) < truth
    made = make_design(X, y, Beside())
    assert len(made.split.parts) == 5
    assert not keeps_apart(made.rows.same[made.split.dev], made.split.parts)
    (said,) = [note for note in made.notes if "repeat" in note]
    assert "ordinary here" in said
    whole = make_design(X, y, Beside(), split=SplitOptions(split_duplicates=True))
    assert not whole.warnings  # nothing leaks
