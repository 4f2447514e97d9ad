"""What is wrong with the splits of an evaluation: rows, copies, groups and times on both sides, and too few events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from rareclass.data.duplicates import twins
from rareclass.errors import InputError
from rareclass.evaluation.faults import finding
from rareclass.evaluation.likeness import mixtures, near_copies
from rareclass.evaluation.preprocessed import computed_from_all_rows
from rareclass.evaluation.results import Finding

FEW = 10
NEAR_SHARE = 0.02
Splits = Sequence[tuple[ArrayLike, ArrayLike]]
Said = Iterator[tuple[str, str, float]]


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The rows that an evaluation used: labels, numbers of equal rows, and what else is known of them."""

    y: np.ndarray  # (n,) Boolean
    same: np.ndarray  # (n,) as `duplicate_groups` gives them
    matrix: np.ndarray  # (n, d) encoded, NaN is missing
    names: Sequence[str]  # of its columns
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    synthetic: np.ndarray | None = None
    prevalence: float | None = None

    @cached_property
    def twins(self) -> np.ndarray:
        """Numbers (n,) of equal rows that must not be parted."""
        return twins(self.same, self.y)


def split_findings(rows: Evaluated, splits: Splits) -> list[Finding]:
    """One finding a fault, with the evidence of the split in which it is worst.

    Raises
    ------
    InputError
        A part is empty or points beyond the rows.
    """
    parts = [_checked(k, train, test, rows.y.size) for k, (train, test) in enumerate(splits)]
    worst: dict[str, list[tuple[float, int, str]]] = {}
    for k, (train, test) in enumerate(parts):
        for code, evidence, badness in _one_split(rows, train, test):
            worst.setdefault(code, []).append((badness, k, evidence))
    if parts:
        for code, evidence, badness in _across(rows, *parts[0]):
            worst.setdefault(code, []).append((badness, 0, evidence))
    if len(parts) > 1 and "few-events-tested" in worst:
        worst["averaged-folds-few-events"] = worst.pop("few-events-tested")
    return [_merged(code, said, len(parts)) for code, said in worst.items()]


def _merged(code: str, said: list[tuple[float, int, str]], parts: int) -> Finding:
    _, split, evidence = max(said)
    often = f" in split {split}; found in {len(said)} of {parts} splits" if parts > 1 else ""
    return finding(code, evidence + often)


def _checked(k: int, train: ArrayLike, test: ArrayLike, n: int) -> tuple[np.ndarray, np.ndarray]:
    both = np.asarray(train), np.asarray(test)
    for part in both:
        if part.dtype == bool and part.size != n:
            raise InputError(f"Split {k} marks {part.size} rows; there are {n}. Split the rows that are given.")
    train, test = (np.flatnonzero(p) if p.dtype == bool else p for p in both)
    if train.size == 0 or test.size == 0 or max(train.max(), test.max()) >= n or min(train.min(), test.min()) < 0:
        raise InputError(f"Split {k} is empty or points beyond the {n} rows.")
    return train, test


def _one_split(rows: Evaluated, train: np.ndarray, test: np.ndarray) -> Said:
    """Code, evidence and badness of what is wrong with one split."""
    y, of_test = rows.y, f"of {test.size:,} test rows"
    if shared := np.intersect1d(train, test).size:
        yield "rows-in-both-parts", f"{shared:,} rows", shared
    again = np.isin(rows.twins[test], rows.twins[train])
    if again.any():
        told = again[y[test]].mean() if y[test].any() else 0.0
        others = again[~y[test]].mean() if not y[test].all() else 0.0
        if told > 0.3 and told > 5 * others:
            evidence = f"{told:.0%} of the test events repeat a training row, {others:.1%} of the other test rows do"
            yield "resampled-before-split", evidence, told
        yield "duplicates-across-split", f"{int(again.sum()):,} {of_test}", again.sum()
    if rows.groups is not None and (crossing := np.intersect1d(rows.groups[train], rows.groups[test]).size):
        yield "group-across-split", f"{crossing:,} groups", crossing
    if rows.times is not None and (late := int((rows.times[train] >= rows.times[test].min()).sum())):
        yield "future-in-training", f"{late:,} of {train.size:,} training rows", late
    if rows.synthetic is not None and (made := int(rows.synthetic[test].sum())):
        yield "synthetic-rows-tested", f"{made:,} {of_test}", made
    events = int(y[test].sum())
    if events == 0:
        yield "no-event-tested", f"0 events in {test.size:,} rows", 1.0
    elif events < FEW:
        yield "few-events-tested", f"{events} events in {test.size:,} rows", -events
    rate, of_train = y[test].mean(), y[train].mean()
    if rows.prevalence is not None:
        if richer(rate, rows.prevalence, test.size):
            yield "test-part-resampled", f"{rate:.3%} against {rows.prevalence:.3%}", rate
    elif richer(rate, of_train, test.size):
        yield "prevalence-differs", f"{rate:.3%} against {of_train:.3%} in training", rate


def richer(rate: float, real: float, n: int) -> bool:
    """Whether `n` rows hold events at more than twice the real rate, and by more than chance."""
    return bool(rate > 2 * real and rate - real > 5 * np.sqrt(real * (1 - real) / n))


def _across(rows: Evaluated, train: np.ndarray, test: np.ndarray) -> Said:
    """What shows in the values of all rows; looked for in the first split."""
    used = np.union1d(train, test)
    events, others = used[rows.y[used]], used[~rows.y[used]]
    if events.size >= 20 and others.size >= 20:
        made, chance = mixtures(rows.matrix, events), mixtures(rows.matrix, others[: max(events.size, 1_000)])
        if made > 0.1 and not made <= 5 * chance:
            evidence = f"{made:.0%} of the events lie on the line between two others, {chance:.1%} of the other rows do"
            yield "resampled-before-split", evidence, made
    close = near_copies(rows.matrix, rows.same, train, test)
    if close > NEAR_SHARE:
        yield "near-duplicates-across-split", f"{close:.1%} of the other test rows", close
    for code, evidence in computed_from_all_rows(rows.matrix[used], rows.names, rows.y[used], np.isin(used, train)):
        yield code, evidence, 1.0
