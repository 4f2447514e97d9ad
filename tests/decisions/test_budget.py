"""Alert budgets: exactly as many as allowed, by run, period, group and entity."""

import numpy as np
import pytest

from rareclass.decisions import AlertBudget, Maximize, best_threshold, flag_best
from rareclass.decisions.ranking import Grouping
from rareclass.errors import InputError, NoOpWarning


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(0)
    day = rng.integers(0, 12, 700)
    day[day == 3] = 4  # day 4 is busy
    day[:3] = 99  # day 99 has three rows
    return day, rng.normal(size=700).round(1), rng.random(700) < 0.1, rng.integers(0, 60, 700)


def test_each_day_gets_exactly_its_budget_or_all_its_rows(days):
    day, score, y, _ = days
    chosen = best_threshold(y, score, AlertBudget(10, per="day"), periods=day)
    flagged = chosen.apply(score, periods=day)
    for d in np.unique(day):
        mine = day == d
        assert flagged[mine].sum() == min(10, mine.sum())
        if mine.sum() > 10:
            assert score[mine & flagged].min() >= score[mine & ~flagged].max()
    assert chosen.alert_rate == pytest.approx(flagged.mean())
    assert chosen.recall == pytest.approx(flagged[y].mean())
    assert chosen.precision == pytest.approx(y[flagged].mean())


def test_top_of_each_day_is_not_one_threshold(days):
    day, score, _, _ = days
    flagged = flag_best(score, 10, periods=day)
    assert score[flagged].min() < score[~flagged].max()


def test_ties_do_not_depend_on_the_order_of_rows_when_keys_are_given(days):
    day, score, _, _ = days
    keys = np.random.default_rng(1).permutation(score.size)
    flagged = flag_best(score, 5, periods=day, keys=keys)
    mixed = np.random.default_rng(2).permutation(score.size)
    assert np.array_equal(flag_best(score[mixed], 5, periods=day[mixed], keys=keys[mixed]), flagged[mixed])
    assert flag_best(np.zeros(6), 2).tolist() == [True, True, False, False, False, False]


def test_entities_count_once_by_their_best_row(days):
    day, score, y, card = days
    rule = AlertBudget(8, per="day", by_entity=True)
    flagged = best_threshold(y, score, rule, periods=day, entities=card).apply(score, periods=day, entities=card)
    for d in np.unique(day):
        mine = day == d
        cards = card[mine & flagged]
        assert len(cards) == len(set(cards)) == min(8, len(set(card[mine])))
        best = {c: score[mine & (card == c)].max() for c in set(card[mine])}
        worst_in = min(best[c] for c in cards)
        assert all(v <= worst_in for c, v in best.items() if c not in set(cards))


def test_share_of_each_group_is_rounded_down():
    groups = np.repeat(["a", "b"], [10, 5])
    flagged = AlertBudget(rate=0.3, per="group").flag(np.arange(15.0), 0.0, Grouping(periods=groups))
    assert [flagged[groups == g].sum() for g in "ab"] == [3, 1]


def test_budget_of_a_run_takes_the_best_rows_of_a_call_that_is_one_period():
    y, s = [0, 1, 0, 1], [0.4, 0.3, 0.2, 0.1]
    chosen = best_threshold(y, s, AlertBudget(2))
    assert chosen.threshold == 0.3
    for one in ("today", [7, 7, 7]):
        assert chosen.apply([0.9, 0.8, 0.7], periods=one).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "rule", [AlertBudget(40), AlertBudget(rate=0.02), AlertBudget(3, per="day", rows_per_period=150)]
)
def test_rows_one_by_one_in_batches_and_as_a_whole_are_flagged_alike(days, rule):
    rng = np.random.default_rng(1)
    y, known, new = rng.random(2000) < 0.05, rng.normal(size=2000), rng.normal(size=2000)
    chosen = best_threshold(y, known, rule, n_bootstrap=0)
    assert chosen.apply(known).sum() == 40  # the budget holds on the rows that the threshold was chosen on
    whole = chosen.apply(new)
    assert 20 < whole.sum() < 65
    for batch in (1, 40):
        parts = [chosen.apply(new[i : i + batch]) for i in range(0, new.size, batch)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_a_share_of_less_than_one_row_of_a_period_is_said():
    chosen = best_threshold(np.arange(200) % 20 == 0, np.arange(200.0), AlertBudget(rate=0.02))
    periods = np.r_[np.zeros(40), np.ones(40), np.full(120, 2)]
    with pytest.warns(NoOpWarning, match=r"less than one row in 2 of 3 period\(s\): none is flagged there"):
        flagged = chosen.apply(np.arange(200.0), periods=periods)
    assert [flagged[periods == k].sum() for k in range(3)] == [0, 0, 2]
    with pytest.warns(NoOpWarning, match="No row will be flagged"):
        best_threshold([0, 1, 0], [0.1, 0.2, 0.3], AlertBudget(rate=0.02))


def test_keys_without_periods_would_have_no_effect():
    with pytest.raises(InputError, match="`keys` settle ties within `periods`"):
        best_threshold([0, 1, 0], [0.1, 0.2, 0.3], AlertBudget(1)).apply([0.5], keys=["a"])


def test_budget_per_day_without_days_cuts_at_its_threshold():
    y, s = np.arange(100) % 10 == 0, np.arange(100) / 100
    chosen = best_threshold(y, s, AlertBudget(5, per="day", rows_per_period=50))
    assert chosen.threshold == 0.9
    assert chosen.apply([0.95, 0.5]).tolist() == [True, False]


def test_budget_per_day_must_know_the_days():
    with pytest.raises(InputError, match="pass `periods`"):
        best_threshold([0, 1, 0], [0.1, 0.2, 0.3], AlertBudget(1, per="day"))


def test_threshold_of_a_budget_by_day_is_the_median_cut():
    day, s = np.repeat([0, 1, 2], 4), np.r_[1:5, 11:15, 21:25].astype(float)
    chosen = best_threshold(np.arange(12) % 4 == 0, s, AlertBudget(2, per="day"), periods=day)
    assert chosen.threshold == 13.0
    assert chosen.value == 2.0


def test_tie_at_the_top_is_said_and_settled_by_apply():
    with pytest.warns(NoOpWarning, match="share the highest score; give `periods`"):
        chosen = best_threshold([0, 1, 0], [0.5, 0.5, 0.5], AlertBudget(2))
    assert np.isinf(chosen.threshold)
    assert "share the highest score" in chosen.why
    assert chosen.apply([0.5, 0.5, 0.5], periods=1).sum() == 2


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: AlertBudget(0), "at least 1"),
        (lambda: AlertBudget(-3), "at least 1"),
        (lambda: AlertBudget(1.5), "whole number"),
        (lambda: AlertBudget(rate=0.0), "rate"),
        (lambda: AlertBudget(rate=2.0), "rate"),
        (lambda: AlertBudget(), "either"),
        (lambda: AlertBudget(5, rate=0.1), "either"),
        (lambda: AlertBudget(5, per=""), "per"),
        (lambda: AlertBudget(5, rows_per_period=0), "rows_per_period"),
        (lambda: AlertBudget.parse("many"), "must look like"),
    ],
)
def test_budgets_that_mean_nothing_raise(make, match):
    with pytest.raises(InputError, match=match):
        make()


def test_periods_and_entities_go_where_they_belong():
    y, s = [0, 1, 0], [0.1, 0.2, 0.3]
    with pytest.raises(InputError, match="belong to AlertBudget"):
        best_threshold(y, s, Maximize("f1"), periods=[1, 1, 2])
    with pytest.raises(InputError, match="belong to alert budgets"):
        best_threshold(y, s, Maximize("f1")).apply(s, periods=[1, 1, 2])
    with pytest.raises(InputError, match="pass `entities`"):
        AlertBudget(1, by_entity=True).flag(np.ones(2), 0.0, Grouping())
    with pytest.raises(InputError, match="would have no effect"):
        AlertBudget(1).flag(np.ones(2), 0.0, Grouping(entities=[1, 2]))
    with pytest.raises(InputError, match="`periods` has 2 rows"):
        best_threshold(y, s, AlertBudget(1, per="day"), periods=[1, 2])
    with pytest.raises(InputError, match="missing values"):
        best_threshold(y, s, AlertBudget(1, per="day"), periods=[1.0, np.nan, 2.0])


def test_rules_are_told_times_only_where_a_budget_needs_them():
    hours = np.datetime64("2024-05-01T00") + np.arange(48)
    assert AlertBudget(3, per="day").with_times(hours) == AlertBudget(3, per="day", rows_per_period=24.0)
    both = Maximize("f1").subject_to(AlertBudget(3, per="hour")).with_times(hours)
    assert both.constraints[0].rows_per_period == 1.0
    for rule in (AlertBudget(3), AlertBudget(rate=0.1, per="day"), AlertBudget(3, per="day", rows_per_period=7.0)):
        assert rule.with_times(None) is rule
    with pytest.raises(InputError, match="how many rows share a shift"):
        AlertBudget(3, per="shift").with_times(None)
