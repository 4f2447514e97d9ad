"""Black-box probes: what a function does with labels at random, other test rows, columns of noise and copies.

Each probe changes one thing that an honest evaluation does not notice. A function that fails on one is named; the
others go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np

from rareclass._types import Flags, Rows
from rareclass.data.grouping import merge_groups
from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding
from rareclass.metrics.ranking import roc_auc_score
from rareclass.sampler.containers import is_frame, take

EVENTS, ROWS = 80, 800
"""Of the part of the rows that probes use. A choice by test labels shows in few rows as well as in many."""
LOOKS = ((4, 1.0, 8.0), (12, 2.0, 5.0), (24, 0.0, 0.0))
"""Runs after which the answer is looked at, and the standard errors below or above which it is clear."""
SURE = 4.0
"""Standard errors above chance: one honest evaluation in thirty thousand."""
NOISE_COLUMNS = 100


@dataclass
class Asked:
    """A function under test, its rows, and what was found of it so far.

    Examples
    --------
    >>> asked = Asked(lambda a: a / 0)
    >>> asked.call("halving", 1) is None
    True
    >>> asked.found[0].evidence
    'halving: ZeroDivisionError: division by zero'
    """

    function: Callable
    found: list[Finding] = field(default_factory=list)
    calls: int = 0
    answered: int = 0

    def call(self, probe: str, *given: object, **named: object) -> Any:
        """What the function returns, or None where it fails, which is noted."""
        self.calls += 1
        try:
            answer = self.function(*given, **named)
        except Exception as error:  # whatever the code of the user raises
            said = (str(error).strip().splitlines() or [""])[0][:200]
            self.found.append(finding("probe-failed", f"{probe}: {type(error).__name__}: {said}"))
            return None
        self.answered += 1
        return answer

    def add(self, code: str, evidence: str) -> None:
        self.found.append(finding(code, evidence))


def probe_rows(event: Flags, units: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Rows that the probes use, in their order: up to `EVENTS` events, others up to `ROWS`, whole units."""
    unit = np.arange(event.size) if units is None else units
    order = rng.permutation(np.unique(unit))
    has_event = np.zeros(int(unit.max()) + 1, dtype=bool)
    np.logical_or.at(has_event, unit, event)
    size = np.bincount(unit, minlength=has_event.size)
    rich, plain = order[has_event[order]], order[~has_event[order]]
    first = rich[np.cumsum(size[rich]) <= ROWS // 2][:EVENTS]
    rest = plain[np.cumsum(size[plain]) <= ROWS - size[first].sum()]
    return np.flatnonzero(np.isin(unit, np.concatenate([first, rest])))


def units_of(same: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Numbers of what must stay together: twins among equal rows, and groups."""
    return same if groups is None else np.asarray(merge_groups(same, groups))


def relabelled(event: Flags, unit: np.ndarray, rng: np.random.Generator) -> Flags:
    """Labels at random, one for each unit, about as many events as before."""
    out = np.zeros(event.size, dtype=bool)
    size = np.bincount(unit)
    order = rng.permutation(size.size)
    chosen = order[np.cumsum(size[order]) <= event.sum()]
    out[np.isin(unit, chosen)] = True
    return out


def rows_of(X: Rows, rows: np.ndarray) -> Rows:
    """These rows in their container, numbered anew where they have an index."""
    part = take(X, rows)
    return part.reset_index(drop=True) if hasattr(part, "iloc") else part


def with_columns(X: Rows, values: np.ndarray, name: str) -> Rows:
    """Rows with further columns of numbers or texts, (n, k), in their container."""
    if not is_frame(X):
        return np.column_stack([np.asarray(X), values])
    frame = nw.from_native(X, eager_only=True)
    added = {f"{name}{j}": values[:, j].tolist() for j in range(values.shape[1])}
    more = nw.from_dict(added, backend=frame.implementation)
    if frame.implementation is nw.Implementation.PANDAS:
        more = nw.from_native(more.to_native().set_index(X.index))
    return nw.concat([frame, more], how="horizontal").to_native()


def chance_gap(event: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """ROC AUC above chance, and its standard error where scores mean nothing; NaN without both classes."""
    events, others = int(event.sum()), int((~event).sum())
    if events == 0 or others == 0:
        return float("nan"), float("nan")
    n, ties = event.size, np.unique(score, return_counts=True)[1].astype(np.float64)
    tied = float((ties**3 - ties).sum()) / (n**3 - n)
    return roc_auc_score(event, score) - 0.5, float(np.sqrt((n + 1) / (12 * events * others) * (1 - tied)))
