"""How many planted leaks the column audit names, and how often it names a column of a clean table.

    RARECLASS_DATA=... python benchmarks/leak_columns.py [--rounds 1] [--clean 60]      about 1 min a round

A round plants 60 leaks, one in a table of its own: 30 kinds, each in two clean tables drawn at random among those in
which no column separates. A leak counts as named when a finding names its column (both of a pair, two indicators
of a sum). The clean tables are the first `--clean` of the shared ones, one of each family first. A finding on a clean
table is false unless its column truly separates (ROC AUC of at least 0.97, named as such): that counts neither way.

Measured 2026-11-28: all of 180 named in three rounds; on 60 clean tables one false finding (a level of
kr_vs_k_one_vs_fifteen that 54 of 78 events have and no other row), beside 30 columns that separate. About 0.3 s a
table, at most 2 s.
"""

import argparse
import time
import warnings
from collections import Counter

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass.data.catalogue import list_data, load_data
from rareclass.data.problem import column_values
from rareclass.evaluation.columns import column_findings

NO_TABLE = {"pneumoniamnist"}
LARGEST = 120_000
"""Rows of a table that leaks are planted into."""


def copy_of_label(y, rng, table):
    return {"leak": 100.0 * y + rng.normal(size=y.size)}


def noisy_copy(y, rng, table):
    return {"leak": y + 0.25 * rng.normal(size=y.size)}


def levels(y, rng, table):
    return {"leak": np.where(y, rng.choice(["refunded", "charged back"], y.size), rng.choice(["ok", "new"], y.size))}


def one_level(y, rng, table):
    return {"leak": np.where(y & (rng.random(y.size) < 0.5), "blocked", rng.choice(list("abcdef"), y.size))}


def label_as_text(y, rng, table):
    return {"leak": np.where(y, "it was fraud", "it was fine")}


def word(y, rng, table):
    plain = [" ".join(rng.choice(WORDS, 6)) + f" case {i}" for i in range(y.size)]
    return {"leak": [t + " confirmed" if e and rng.random() < 0.7 else t for t, e in zip(plain, y, strict=True)]}


def missing_for_events(y, rng, table):
    return {"leak": np.where(y & (rng.random(y.size) < 0.4), np.nan, rng.normal(size=y.size))}


def filled_for_events(y, rng, table):
    return {"leak": np.where(y & (rng.random(y.size) < 0.6), rng.normal(size=y.size), np.nan)}


def amount_for_events(y, rng, table):
    return {"leak": np.where(y & (rng.random(y.size) < 0.6), rng.lognormal(4, 1, y.size).round(2), 0.0)}


def filled_text(y, rng, table):
    filled = y & (rng.random(y.size) < 0.7)
    return {"leak": [rng.choice(["north", "south", "east"]) if f else None for f in filled]}


def date_for_events(y, rng, table):
    days = np.datetime64("2024-01-01") + rng.integers(0, 700, y.size)
    return {"leak": pa.array([d if e else None for d, e in zip(days.tolist(), y, strict=True)])}


def hour_for_events(y, rng, table):
    seconds = rng.integers(0, 86_400, y.size) * ~(y & (rng.random(y.size) < 0.8))
    return {"leak": (np.datetime64("2024-01-01T00:00:00") + 86_400 * rng.integers(0, 700, y.size) + seconds)}


def index_of_sorted(y, rng, table):
    row = np.empty(y.size, dtype=np.int64)
    row[np.argsort(y, kind="stable")] = np.arange(y.size)
    return {"leak": row}


def index_of_blocks(y, rng, table):
    block = rng.integers(0, 4, y.size)
    row = np.empty(y.size, dtype=np.int64)
    row[np.lexsort((y, block))] = np.arange(y.size)
    return {"leak": row}


def indicators(y, rng, table):
    mode = np.where(y, rng.integers(0, 5, y.size), -1)
    return {f"leak{k}": (mode == k).astype(np.int64) for k in range(4)}


def points(y, rng, table):
    there = np.array([(rng.random(y.size) < np.where(y, 0.0, 0.25)) for _ in range(6)])
    for i in np.flatnonzero(y):
        there[rng.choice(6, 4, replace=False), i] = True
    for i in np.flatnonzero(~y & (there.sum(0) > 3)):
        there[rng.choice(6, 4, replace=False), i] = False
    return {f"leak{k}": there[k].astype(np.int64) for k in range(6)}


def difference(y, rng, table):
    before = rng.lognormal(5, 1, y.size)
    return {"leak0": before, "leak1": before - 2.0 * y + 0.2 * rng.normal(size=y.size)}


def ratio(y, rng, table):
    before = rng.lognormal(5, 2, y.size)
    return {"leak0": before, "leak1": before * np.exp(0.2 * y + 0.02 * rng.normal(size=y.size))}


def either_or(y, rng, table):
    one = rng.integers(0, 2, y.size)
    return {"leak0": np.where(one, "yes", "no"), "leak1": np.where(one ^ y, "yes", "no")}


def equal(y, rng, table):
    one = rng.integers(0, 50, y.size)
    return {"leak0": one, "leak1": np.where(y, one, (one + rng.integers(1, 50, y.size)) % 50)}


def code_of_number(y, rng, table):
    return {"leak": np.where(y & (rng.random(y.size) < 0.5), -999.0, rng.normal(50, 10, y.size).round(1))}


def wrong_at_times(y, rng, table):
    return {"leak": np.where(rng.random(y.size) < 0.9, y, rng.random(y.size) < y.mean()).astype(np.int64)}


def filled_at_times(y, rng, table):
    return {"leak": np.where(rng.random(y.size) < np.where(y, 0.9, 0.1 * y.mean()), rng.normal(size=y.size), np.nan)}


def block_at_the_end(y, rng, table):
    return {"leak": rng.normal(size=y.size) + 100 * (y & (rng.random(y.size) < 0.6))}


def block_in_a_gap(y, rng, table):
    sides = rng.choice([-1, 1], y.size) * rng.uniform(3, 9, y.size)
    return {"leak": np.where(y & (rng.random(y.size) < 0.6), rng.uniform(-3, 3, y.size), sides)}


def _when(rng, n):
    return np.datetime64("2024-01-01T00:00:00") + rng.integers(0, 365 * 86_400, n)


def days_between(y, rng, table):
    when = _when(rng, y.size)
    days = np.where(y, rng.integers(1, 10, y.size), rng.integers(30, 60, y.size))
    return {"leak0": when, "leak1": when + 86_400 * days}


def moved_to_monday(y, rng, table):
    when = _when(rng, y.size)
    day = when.astype("datetime64[D]")
    monday = day - (day.astype(np.int64) + 3) % 7
    return {"leak0": when, "leak1": np.where(y, monday, day).astype("datetime64[s]")}


def same_day(y, rng, table):
    when = _when(rng, y.size)
    days = np.where(y & (rng.random(y.size) < 0.7), 0, rng.choice([-1, 1], y.size) * rng.integers(1, 30, y.size))
    return {"leak0": when, "leak1": when + 86_400 * days + rng.integers(0, 600, y.size)}


def seconds_between(y, rng, table):
    when = 1_700_000_000 + rng.integers(0, 365 * 86_400, y.size)
    return {
        "leak0": when,
        "leak1": when + 86_400 * np.where(y, rng.integers(1, 9, y.size), rng.integers(30, 60, y.size)),
    }


def total(y, rng, table):
    a, b = rng.normal(scale=50, size=(2, y.size))
    return {"leak0": a, "leak1": b, "leak2": a + b + 10.0 * y}


KINDS = (copy_of_label, noisy_copy, levels, one_level, label_as_text, word, missing_for_events, filled_for_events,
         amount_for_events, filled_text, date_for_events, hour_for_events, index_of_sorted, index_of_blocks, indicators,
         points, difference, ratio, either_or, equal, code_of_number, wrong_at_times, filled_at_times, block_at_the_end,
         block_in_a_gap, days_between, moved_to_monday, same_day, seconds_between, total)  # fmt: skip
WORDS = "the customer called about a card and was told to wait for our letter next week".split()


def table_of(name: str) -> tuple[pa.Table, np.ndarray, tuple[str, ...]]:
    entry = load_data(name)
    return entry.features, _check.is_label(column_values(entry.table[entry.target]), entry.pos_label), entry.categorical


def clean_names(most: int) -> list[str]:
    """Tables of the catalogue, one of each family of names first."""
    names = [d.name for d in list_data() if d.origin == "local" and d.name not in NO_TABLE]
    families = Counter()
    order = []
    for name in names:
        family = name.removeprefix("imblearn_").split("_")[0]
        order.append((families[family], len(order), name))
        families[family] += 1
    return [name for *_, name in sorted(order)][:most]


def planted(rounds: int, hosts: list[str]) -> None:
    found: Counter = Counter()
    for number in range(2 * rounds):
        for kind in KINDS:
            rng = np.random.default_rng([number, KINDS.index(kind)])
            host = hosts[rng.integers(len(hosts))]
            table, y, categorical = table_of(host)
            columns = kind(y, rng, table)
            for name, values in columns.items():
                table = table.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
            said = " ".join(f.title for f in column_findings(table, y, categorical=categorical))
            named = sum(repr(name) in said for name in columns) >= min(len(columns), 2)
            found[kind.__name__] += named
            if not named:
                print(f"not named: {kind.__name__} in {host} ({y.sum():,} events of {y.size:,} rows): {said}")
    total = 2 * rounds * len(KINDS)
    print(f"planted: {sum(found.values())} of {total} named ({sum(found.values()) / total:.1%})")
    print("  " + ", ".join(f"{k.__name__} {found[k.__name__]}/{2 * rounds}" for k in KINDS))


def clean(names: list[str]) -> list[str]:
    """Print false findings; the names of the tables without any column that separates."""
    false, separating, quiet, seconds = [], 0, [], 0.0
    for name in names:
        table, y, categorical = table_of(name)
        started = time.perf_counter()
        findings = column_findings(table, y, categorical=categorical)
        seconds += time.perf_counter() - started
        false += [(name, f) for f in findings if f.code != "column-too-good"]
        separating += sum(f.code == "column-too-good" for f in findings)
        if not findings and y.sum() >= 20 and y.size <= LARGEST:
            quiet.append(name)
    print(f"clean: {len(false)} false findings on {len(names)} tables, {separating} columns separate; {seconds:.0f} s")
    for name, f in false:
        print(f"  {name}: {f.title} ({f.evidence})")
    return quiet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--clean", type=int, default=60)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    planted(asked.rounds, clean(clean_names(asked.clean)))


if __name__ == "__main__":
    main()
