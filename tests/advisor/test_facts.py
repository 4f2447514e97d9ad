"""Facts about a table are those that were put into it, and none where there is nothing but chance."""

import numpy as np
import pyarrow as pa
import pytest

from rareclass.advisor import diagnose
from rareclass.advisor.facts import table_facts
from rareclass.data.schema import Schema


def facts(columns, y, **how):
    table = pa.table(columns)
    return table_facts(table, y, Schema.infer(table), **how)


def test_rates_that_move_along_the_rows_or_with_a_date_are_told_with_their_ends():
    n, rng = 20_000, np.random.default_rng(0)
    rate = np.linspace(0.02, 0.4, n)
    y = rng.random(n) < rate
    (said, *_) = facts({"x": rng.normal(size=n)}, y)
    first, last = y[: n // 10].mean(), y[-n // 10 :].mean()
    assert f"{first:.2%} in the first tenth, {last:.2%} in the last" in said
    order = rng.permutation(n)
    when = np.datetime64("2024-01-01") + np.arange(n) // 40
    shuffled = facts({"x": rng.normal(size=n), "when": when[order]}, y[order])
    assert not any("along the rows" in s for s in shuffled)
    assert any("moves with 'when'" in s and "--time when" in s for s in shuffled)


def test_rows_sorted_by_their_label_are_no_drift():
    y = np.arange(1000) >= 900
    (said, *_) = facts({"x": np.random.default_rng(0).normal(size=1000)}, y)
    assert "sorted by their label" in said
    assert "in 1 block(s)" in said


def test_missing_values_and_levels_that_tell_are_told():
    n, rng = 5000, np.random.default_rng(1)
    y = rng.random(n) < 0.1
    gaps = np.where(rng.random(n) < np.where(y, 0.3, 0.1), np.nan, rng.normal(size=n))
    kind = np.where(rng.random(n) < np.where(y, 0.2, 0.02), "odd", rng.choice(["a", "b"], n)).astype(object)
    kind[:2] = "once", "twice"
    said = facts({"gaps": gaps, "kind": kind, "even": rng.normal(size=n)}, y)
    share = np.isnan(gaps)
    told = f"missing for {share[y].mean():.1%} of the events and {share[~y].mean():.1%} of the other rows"
    assert any("'gaps'" in s and told in s for s in said)
    assert any(f"'kind' = 'odd': {y[kind == 'odd'].mean():.1%} events" in s for s in said)
    assert any("kind (2)" in s for s in said)
    assert not any("'even'" in s for s in said)


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_no_fact(seed):
    n, rng = 4000, np.random.default_rng(seed)
    y = rng.random(n) < 0.05
    said = facts({"x": np.where(rng.random(n) < 0.2, np.nan, 1.5), "kind": rng.choice(list("abcdef"), n)}, y)
    assert len(said) == 1
    assert said[0].startswith("The classes overlap")


def test_a_sample_is_told_in_rates_of_the_whole_table():
    n, rng = 6000, np.random.default_rng(3)
    y = rng.random(n) < 0.3
    kind = np.where(rng.random(n) < np.where(y, 0.4, 0.1), "odd", "even")
    weight = np.where(y, 1.0, 20.0)
    found = diagnose({"kind": kind}, y, sample_weight=weight)
    assert found.prevalence == pytest.approx(np.average(y, weights=weight))
    odd = kind == "odd"
    rate = np.average(y[odd], weights=weight[odd])
    assert any(f"{rate:.1%} events" in s for s in found.facts)
