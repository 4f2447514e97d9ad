"""The column audit names what knows the label, says why, and leaves columns that know nothing alone."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import hypergeom

from rareclass.evaluation.columns import LEVEL, audit_columns, column_findings


def rows(n=3000, prevalence=0.05, seed=0):
    """Columns that know nothing, or a little, and labels."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < prevalence
    table = pa.table(
        {
            "weak": rng.normal(size=n) + y,
            "amount": rng.lognormal(size=n),
            "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "flag": rng.random(n) < 0.3,
            "kind": rng.choice(list("abcdefgh"), n),
            "count": rng.poisson(2, n),
        }
    )
    return table, y, rng


def with_leak(values):
    table, y, rng = rows()
    made = values(y, rng)
    for name, column in (made if isinstance(made, dict) else {"leak": made}).items():
        table = table.append_column(name, pa.array(column))
    return audit_columns(table, y)


def some(y, rng, share):
    return y & (rng.random(y.size) < share)


def test_columns_that_know_little_are_left_alone():
    assert column_findings(*rows()[:2]) == []


LEAKS = {
    "a copy with noise": (lambda y, rng: 100.0 * y + rng.normal(size=y.size), "column-too-good"),
    "a copy in text": (lambda y, rng: np.where(y, "it was fraud", "it was fine"), "column-too-good"),
    "both ends of a range": (lambda y, rng: np.where(y, 9.0, 1.0) * rng.choice([-1, 1], y.size), "column-too-good"),
    "a level": (lambda y, rng: np.where(some(y, rng, 0.4), "z", rng.choice(list("abc"), y.size)), "value-only"),
    "a code": (lambda y, rng: np.where(some(y, rng, 0.5), -999.0, rng.normal(size=y.size)), "value-only"),
    "an amount": (lambda y, rng: np.where(some(y, rng, 0.5), rng.lognormal(size=y.size), 0.0), "value-only"),
    "missing": (lambda y, rng: np.where(some(y, rng, 0.3), np.nan, rng.normal(size=y.size)), "missing-only"),
    "filled": (lambda y, rng: np.where(some(y, rng, 0.5), rng.normal(size=y.size), np.nan), "filled-only"),
    "a copy with errors both ways": (
        lambda y, rng: np.where(rng.random(y.size) < 0.9, y, rng.random(y.size) < 0.05) * 1,
        "value-mostly",
    ),
    "a level with errors both ways": (
        lambda y, rng: np.where(rng.random(y.size) < np.where(y, 0.8, 0.01), "closed", rng.choice(list("abc"), y.size)),
        "value-mostly",
    ),
    "filled for most events": (
        lambda y, rng: np.where(rng.random(y.size) < np.where(y, 0.8, 0.01), rng.normal(size=y.size), np.nan),
        "value-mostly",
    ),
    "a block at an end": (lambda y, rng: rng.normal(size=y.size) + 100 * some(y, rng, 0.6), "value-only"),
    "a block in a gap": (
        lambda y, rng: np.where(
            some(y, rng, 0.6), rng.uniform(-3, 3, y.size), rng.choice([-1, 1], y.size) * rng.uniform(3, 9, y.size)
        ),
        "value-only",
    ),
    "a number of the rows": (lambda y, rng: np.argsort(np.argsort(y, kind="stable")), "column-too-good"),
    "blocks of rows": (lambda y, rng: np.argsort(np.lexsort((y, rng.integers(0, 5, y.size)))), "events-in-blocks"),
    "a date": (
        lambda y, rng: [date(2024, 1, 1) + timedelta(i % 700) if e else None for i, e in enumerate(some(y, rng, 0.6))],
        "filled-only",
    ),
    "a word": (
        lambda y, rng: [
            f"the customer number {i} called" + (" confirmed" if e else "") for i, e in enumerate(some(y, rng, 0.6))
        ],
        "value-only",
    ),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_named_with_its_reason_and_a_remedy(kind):
    values, code = LEAKS[kind]
    found = with_leak(values)
    assert found.names == ("leak",)
    (finding,) = found.findings
    assert finding.code.startswith(code)
    assert "'leak'" in finding.title
    assert finding.evidence
    assert "--drop leak" in finding.remedy


def test_indicators_that_add_up_to_the_label_are_named_each_and_together():
    def modes(y, rng):
        mode = np.where(y, rng.integers(0, 4, y.size), -1)
        return {f"mode{k}": (mode == k) * 1 for k in range(3)}

    found = with_leak(modes)
    assert set(found.names) == {"mode0", "mode1", "mode2"}
    (together,) = [f for f in found.findings if f.code == "columns-add-up"]
    assert all(repr(name) in together.title for name in found.names)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("difference", "columns-together-too-good"),
        ("ratio", "columns-together-too-good"),
        ("either_or", "columns-together-too-good"),
        ("equal", "columns-together-too-good"),
    ],
)
def test_two_columns_that_know_the_label_together_are_named(how, code):
    def made(y, rng):
        before, one = rng.lognormal(5, 1, y.size), rng.integers(0, 2, y.size)
        many = rng.integers(0, 40, y.size)
        other = {
            "difference": (before, before - 2 * y + 0.2 * rng.normal(size=y.size)),
            "ratio": (before, before * np.exp(0.2 * y + 0.02 * rng.normal(size=y.size))),
            "either_or": (one, one ^ y),
            "equal": (many, np.where(y, many, (many + rng.integers(1, 40, y.size)) % 40)),
        }[how]
        return dict(zip(("before", "after"), other, strict=True))

    found = with_leak(made)
    assert set(found.names) == {"before", "after"}
    assert {f.code for f in found.findings} == {code}


WHEN = np.datetime64("2024-01-01T00:00:00")


def dates(how, y, rng):
    """Two dates, and what the events' second one is to the first."""
    when = WHEN + rng.integers(0, 365 * 86_400, y.size)
    day = when.astype("datetime64[D]")
    monday = day - (day.astype(np.int64) + 3) % 7
    days = {
        "sooner": np.where(y, rng.integers(1, 10, y.size), rng.integers(30, 60, y.size)),
        "in the middle": np.where(y, 20, rng.choice([5, 40], y.size) + rng.integers(0, 5, y.size)),
        "same day": np.where(some(y, rng, 0.7), 0, rng.choice([-1, 1], y.size) * rng.integers(1, 30, y.size)),
    }
    after = np.where(y, monday, day) if how == "monday" else when + 86_400 * days[how]
    return {"opened": when, "closed": after.astype("datetime64[s]")}


@pytest.mark.parametrize("how", ["sooner", "in the middle", "same day", "monday"])
def test_two_dates_whose_difference_knows_the_label_are_named(how):
    found = with_leak(lambda y, rng: dates(how, y, rng))
    assert set(found.names) == {"opened", "closed"}
    (finding,) = found.findings
    assert "'opened'" in finding.title
    assert "'closed'" in finding.title


def test_a_total_that_knows_more_than_its_parts_is_named_with_them():
    def made(y, rng):
        a, b = rng.normal(scale=50, size=(2, y.size))
        return {"a": a, "b": b, "total": a + b + 10.0 * y}

    found = with_leak(made)
    assert set(found.names) == {"a", "b", "total"}
    assert [f.code for f in found.findings] == ["columns-together-too-good"]


def test_dates_and_totals_that_know_a_little_are_left_alone():
    table, y, rng = rows()
    opened = WHEN + rng.integers(0, 365 * 86_400, y.size)
    paid = opened + (86_400 * rng.lognormal(2 + 0.7 * y, 1)).astype(np.int64)
    a, b = rng.lognormal(3 + 0.8 * y, 1), rng.lognormal(3, 1, y.size)
    made = {"opened": opened, "paid": paid, "a": a, "b": b, "total": a + b, "rule": some(y, rng, 0.4) | (a > 250)}
    for name, values in made.items():
        table = table.append_column(name, pa.array(values))
    assert column_findings(table, y) == []


def test_labels_that_were_shuffled_give_hardly_a_finding():
    rng = np.random.default_rng(1)
    table = rows(800, seed=2)[0]
    named = 0
    for _ in range(60):
        y = np.zeros(800, bool)
        y[rng.choice(800, 30, replace=False)] = True
        named += bool(column_findings(table, y))
    assert named <= 60 * LEVEL + 2 * np.sqrt(60 * LEVEL)


def test_values_of_events_alone_are_judged_by_the_exact_chance():
    # five events of fifty in a row, all with the value: named only where chance would not do that one time in a hundred
    table, y, _ = rows(400, 0.1, seed=4)
    leak = np.where(y & (np.cumsum(y) <= 6), "x", "y")
    chance = hypergeom.sf(5, 400, y.sum(), 6)
    named = audit_columns(pa.table({"leak": leak, "weak": table["weak"]}), y).names
    assert (chance < LEVEL / 10) == (named == ("leak",))


def test_what_a_sample_of_the_negatives_shows_is_checked_on_all_rows():
    n = 120_000
    rng = np.random.default_rng(5)
    y = rng.random(n) < 0.005
    value = np.where(some(y, rng, 0.5), 1, 0)
    value[rng.choice(np.flatnonzero(~y), 60, replace=False)] = 1  # hidden from a sample of one in six
    assert column_findings(pa.table({"often": value, "x": rng.normal(size=n)}), y) == []
    value[~y] = 0
    assert audit_columns(pa.table({"often": value, "x": rng.normal(size=n)}), y).names == ("often",)


def test_a_sampled_table_counts_its_negatives_for_what_they_stand_for():
    rng = np.random.default_rng(6)
    y = np.arange(2000) < 200
    value = np.where(y, 1, 0)
    value[100:] = 0
    value[[1500, 1501]] = 1  # two negatives beside a hundred events; each stands for fifty
    table = pa.table({"often": value, "x": rng.normal(size=2000)})
    assert audit_columns(table, y).names == ("often",)
    assert audit_columns(table, y, weight=np.where(y, 1.0, 50.0)).names == ()


def test_where_classes_lie_apart_only_the_columns_that_separate_are_named():
    table, y, rng = rows(2000, 0.1)
    apart = rng.normal(size=2000) + 4 * y
    level = np.where(y & (apart > 5), "z", rng.choice(list("abc"), 2000))
    found = audit_columns(pa.table({"apart": apart, "level": level, "weak": table["weak"]}), y)
    assert found.names == ("apart",)


@pytest.mark.parametrize("y", [np.zeros(40, bool), np.ones(40, bool), np.arange(40) < 4])
def test_too_few_rows_of_a_class_tell_nothing(y):
    assert column_findings(pa.table({"x": np.arange(40.0)}), y) == []
