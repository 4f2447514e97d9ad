"""How long a deployed model takes for one row, and how large it is. Measured on this machine, so never decided by."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.decisions.costs import RowCosts
from rareclass.scoring.files import packed
from rareclass.scoring.scorer import Scorer

CALLS, SLOW_CALLS = 2_000, 100
"""Rows that are timed one by one: compiled, and not."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Microseconds by the clock from one mapping to its decision, and bytes of the compiled model (None: not compiled).

    `why_not` says why it is not compiled.
    """

    p50: float
    p99: float
    size: int | None
    why_not: str = ""


def speed_of(model: Any, rows: Sequence[Mapping[str, Any]], costs: RowCosts | None = None) -> Speed:
    """Time the decisions of a fitted `RareClassifier` about single rows, each a mapping, after a warm-up.

    `costs` are those of these rows, where each is decided by its own. Whatever else the machine does lengthens
    them.
    """
    scorer = Scorer.from_model(model)
    calls = CALLS if scorer.exact else SLOW_CALLS
    own = [None if costs is None else costs.take(np.array([i])) for i in range(len(rows))]
    ready = [(rows[i % len(rows)], own[i % len(rows)]) for i in range(calls)]
    for row, cost in ready[: max(calls // 10, 1)]:
        scorer.decide(row, costs=cost)
    each = np.empty(calls)
    for i, (row, cost) in enumerate(ready):
        start = time.perf_counter_ns()
        scorer.decide(row, costs=cost)
        each[i] = time.perf_counter_ns() - start
    p50, p99 = np.quantile(each, [0.5, 0.99]) / 1000
    return Speed(p50=float(p50), p99=float(p99), size=_size(scorer) if scorer.exact else None, why_not=scorer.why_not)


def _size(scorer: Scorer) -> int:
    """Bytes of the arrays as a bundle holds them."""
    return len(packed(scorer.saved()[1]))
