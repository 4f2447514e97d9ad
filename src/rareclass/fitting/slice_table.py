"""What is known of each slice: events, calibration before and after its shift, alerts and cost, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from rareclass._lazy import available
from rareclass._record import Record
from rareclass.calibration.slices import LEAST_EXPECTED, clumping_of
from rareclass.decisions.costs import Costs, costs_of_rows
from rareclass.decisions.decision import Decision
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.tier_rates import TierRecord, tiers_of
from rareclass.decisions.tier_rule import ByTiers
from rareclass.fitting.calibrate import as_counts
from rareclass.fitting.rows import at, costs_at
from rareclass.kernels.effective import Counted, share_limits
from rareclass.kernels.intervals import clopper_pearson
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.slices import slices_differ
from rareclass.metrics.costs import cost_columns
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.interval import confidence_interval
from rareclass.uncertainty.paired import paired_difference

MORE, FEWER, AS_EXPECTED, CANNOT_TELL = "more events", "fewer events", "as expected", "cannot tell"
VERDICTS = (MORE, FEWER, AS_EXPECTED, CANNOT_TELL)
BAND = (0.9, 1.1)
"""Observed/expected that is as good as 1."""
REST = "all other rows"


@dataclass(frozen=True, kw_only=True)
class SliceRow(Record):
    """One slice. `before` is its calibration by the whole, without a shift; verdict and p-value are about that.

    `tiers` are what each alert tier takes of it, where a model decides by tiers.
    """

    name: str
    rows: int
    events: int
    prevalence: Interval
    before: Interval
    observed_to_expected: Interval
    shift: float = 0.0
    alerts: float = 0.0
    caught: float = 0.0
    cost: Interval | None = None
    tiers: list[TierRecord] = field(default_factory=list)
    p_value: float | None = None
    verdict: str = ""


@dataclass(frozen=True, kw_only=True)
class SliceTable(Record):
    """All slices of a column, on rows that neither model nor shifts have seen.

    `heterogeneity` and `remaining` are p-values of slices that are all calibrated alike, before and after the shifts;
    `saving` is what the shifts save a row.
    """

    column: str
    slices: list[SliceRow] = field(default_factory=list)
    rest: SliceRow | None = None
    heterogeneity: float | None = None
    remaining: float | None = None
    prior_events: float | None = None
    saving: Interval | None = None
    level: float = 0.95
    weighted: bool = False  # whether all but counts of rows and events is weighted
    sentences: list[str] = field(default_factory=list)

    def to_frame(self) -> Any:
        """One row for each slice, its intervals as columns: a pandas frame where pandas is installed, else Arrow."""
        rows = [_flat(row) for row in [*self.slices, *([] if self.rest is None else [self.rest])]]
        if available("pandas") is None:
            import pandas as pd

            return pd.DataFrame(rows)
        import pyarrow as pa

        return pa.Table.from_pylist(rows)


def _flat(row: SliceRow) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in vars(row).items():
        if isinstance(value, Interval):
            out |= {name: value.estimate, f"{name}_low": value.low, f"{name}_high": value.high}
        elif name == "tiers":
            out |= {f"{what} in {t.name}": getattr(t, what) for t in row.tiers for what in ("rows", "events")}
        else:
            out[name] = value
    return out


@dataclass(frozen=True, kw_only=True)
class SlicedRows:
    """Rows that slices are judged on: their slice, the truth, and log-odds before and after the shifts."""

    number: np.ndarray  # (n,) slice of each row; -1 for the rest
    # y, before, after: (n,)
    y: np.ndarray
    before: np.ndarray
    after: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    row: np.ndarray | None = None  # which of them are the same row, tested more than once
    costs: Costs | None = None
    level: float = 0.95

    @property
    def weighted(self) -> bool:
        """Whether some rows count more than others; one that was tested more than once counts the sum of its shares."""
        if self.weight is None:
            return False
        row = np.arange(self.y.size) if self.row is None else np.unique(self.row, return_inverse=True)[1]
        return not bool(np.allclose(each := np.bincount(row, self.weight), each[0]))

    def counted(self, logit: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Observed and expected events (k + 1,) of k slices and of the rest, as many as they are worth."""
        counts = as_counts(self.weight, self.y, self.row)
        counts = np.ones(self.y.size) if counts is None else counts
        counts = counts / clumping_of(counts * (self.y - sigmoid(logit)), self.groups, self.row)
        cell = np.where(self.number < 0, k, self.number)
        observed, expected = (np.bincount(cell, counts * v, minlength=k + 1) for v in (self.y, sigmoid(logit)))
        return observed, expected

    def flagged(self, logit: np.ndarray, decision: Decision) -> np.ndarray:
        """Which rows (n,) with these log-odds the decision flags."""
        return np.asarray(decision.apply(sigmoid(logit), self.costs if decision.per_row else None))

    def priced(self, logit: np.ndarray, decision: Decision) -> "SlicedRows":
        """The same with the costs of what the decision does with rows of these log-odds: those in their tier."""
        if self.costs is None:
            return self
        return replace(self, costs=costs_of_rows(decision.priced(sigmoid(logit), self.costs), self.y.size))

    def spent(self, flagged: np.ndarray) -> np.ndarray:
        """Cost (n,) of each row, flagged or not."""
        assert self.costs is not None
        return np.asarray(cost_columns(self.costs, self.y.size).loss(self.y, flagged))

    def tiers(self, index: np.ndarray, decision: Decision) -> list[TierRecord]:
        """What each tier of the decision holds of the rows `index`; nothing where it has no tiers."""
        cuts = decision.rule.cuts if isinstance(decision.rule, ByTiers) else None
        if cuts is None or (cuts.costs is None and self.costs is None):
            return []
        costs = costs_at(self.costs, index)
        return tiers_of(cuts, self.y[index], sigmoid(self.after[index]), costs=costs, **self.how(index)).tiers

    def how(self, index: np.ndarray | None = None) -> dict[str, Any]:
        """Arguments of intervals over the rows `index`."""
        of = np.arange(self.y.size) if index is None else index
        return {"level": self.level, "sample_weight": at(self.weight, of), "groups": at(self.groups, of)}


def slice_table(
    column: str,
    names: Sequence[str],
    rows: SlicedRows,
    decision: Decision,
    *,
    shift: np.ndarray,
    prior_events: float = np.inf,
    pooled: int = 0,
) -> SliceTable:
    """Judge slices on rows that neither the model nor their shifts have seen.

    All rows without a slice are one more. Tests of all slices and of each against all others hold their level
    together and agree: no slice differs where all are not shown to (`rareclass.kernels.slices.slices_differ`).

    Parameters
    ----------
    column : str
    names : sequence of str, k
    rows : SlicedRows
    decision : Decision
    shift : ndarray of shape (k + 1,)
        Of each slice and of the rest.
    prior_events : float
        See `rareclass.kernels.slices.prior_events`.
    pooled : int
        How many values of the column belong to the rest.
    """
    k, (observed, expected) = len(names), rows.counted(rows.before, len(names))
    left = rows.counted(rows.after, k)
    cells = expected > 0
    together, each = slices_differ(observed[cells], expected[cells])
    p = dict(zip(np.flatnonzero(cells), each, strict=True))
    acted, acted_before = (rows.flagged(z, decision) for z in (rows.after, rows.before))
    priced = rows.priced(rows.after, decision)
    order = np.argsort(rows.number, kind="stable")
    starts = np.searchsorted(rows.number[order], np.arange(k + 1))
    parts = [np.sort(order[a:b]) for a, b in pairwise(starts)]
    rest = order[: starts[0]]

    def row(name: str, j: int, index: np.ndarray) -> SliceRow:
        found = _row(name, priced, index, acted, shift[j], p.get(j))
        return replace(found, tiers=rows.tiers(index, decision))

    found = [row(names[j], j, parts[j]) for j in range(k) if parts[j].size]
    table = SliceTable(
        column=column,
        slices=sorted(found, key=lambda row: (-row.events, -row.rows, row.name)),
        rest=row(REST, k, rest) if rest.size else None,
        heterogeneity=together,
        remaining=slices_differ(left[0][cells], left[1][cells])[0],
        prior_events=float(prior_events) if np.isfinite(prior_events) else None,
        saving=_saving(rows, decision, acted_before, acted),
        level=rows.level,
        weighted=rows.weighted,
    )
    table.sentences.extend([*_sentences(table, pooled), _decided(decision)])
    return table


def _row(
    name: str, rows: SlicedRows, index: np.ndarray, acted: np.ndarray, shift: float = 0.0, p: float | None = None
) -> SliceRow:
    """The slice of the rows `index`; `p` says how likely so many or so few events are by chance."""
    y, weight, how = rows.y[index], at(rows.weight, index), rows.how(index)
    weights, flagged = np.ones(y.size) if weight is None else weight, acted[index]
    share = float(np.average(y, weights=weights))
    low, high = share_limits(
        Counted.of(weights[y], weights),
        Counted.of(weights[~y], weights),
        lambda k, n: clopper_pearson(k, n, rows.level),
        clumping_of(weights * (y - share), how["groups"], at(rows.row, index)),
    )
    before, after = (
        confidence_interval("observed_to_expected", y, sigmoid(z[index]), **how) for z in (rows.before, rows.after)
    )
    cost = None
    if rows.costs is not None:
        spent = {"threshold": 0.5, "costs": costs_at(rows.costs, index), **how}
        cost = confidence_interval("expected_cost", y, flagged.astype(np.float64), **spent)
    return SliceRow(
        name=name,
        rows=_distinct(rows.row, index),
        events=_distinct(rows.row, index[y]),
        prevalence=Interval(share, float(low), float(high), rows.level, "clopper_pearson"),
        before=before,
        observed_to_expected=after,
        shift=float(shift),
        alerts=float(weights[flagged].sum()),
        caught=float(weights[flagged & y].sum()),
        cost=cost,
        p_value=p,
        verdict="" if p is None else _verdict(before, p < 1 - rows.level),
    )


def _distinct(row: np.ndarray | None, index: np.ndarray) -> int:
    """How many rows these are, where some are the same one, tested more than once."""
    return int(index.size if row is None else np.unique(row[index]).size)


def _verdict(before: Interval, surely: bool) -> str:
    """Does a slice hold more or fewer events than the whole expects, beyond chance?"""
    if surely:
        return MORE if before.estimate > 1 else FEWER
    return AS_EXPECTED if BAND[0] <= before.low and before.high <= BAND[1] else CANNOT_TELL


def _saving(rows: SlicedRows, decision: Decision, before: np.ndarray, after: np.ndarray) -> Interval | None:
    """Cost a row of what is decided without the shifts, less that of what is decided with them."""
    if rows.costs is None:
        return None
    if isinstance(decision.rule, ByTiers):  # a row may change its tier and stay an alert
        old = rows.priced(rows.before, decision).spent(before)
        new = rows.priced(rows.after, decision).spent(after)
        before, after = np.zeros(rows.y.size, dtype=bool), old != new
        costs: Any = {"fn": old, "tn": old, "fp": new, "tp": new}
    else:
        costs = rows.costs
    if (before == after).all():
        return None
    spent = {"threshold": 0.5, "costs": costs, **rows.how()}
    d = paired_difference("expected_cost", rows.y, before.astype(np.float64), after.astype(np.float64), **spent)
    return Interval(d.estimate, d.low, d.high, d.level, d.method)


def _sentences(table: SliceTable, pooled: int) -> list[str]:
    """What the table says, in words."""
    p, left, error = float(table.heterogeneity or 0), float(table.remaining or 0), 1 - table.level
    alike = "is not shown to differ" if p >= error else "differs"
    said = [f"Calibration by the whole {alike} between the slices of {table.column!r} (p {_p(p)})."]
    if p < error:
        what = "still differs" if left < error else "is not shown to differ any more"
        said.append(f"With a shift for each slice it {what} (p {_p(left)}).")
    if table.prior_events is None:
        said.append("The estimated spread of slices beyond chance is 0, so none is shifted.")
    else:
        proof, moved = (", which is no proof of any", "moved a little") if p >= error else ("", "shifted")
        said.append(
            f"The estimated spread of slices beyond chance is about {100 / np.sqrt(table.prior_events):.0f} %{proof}. "
            f"Each is {moved} by its events over those expected, drawn to the mean slice as if "
            f"{table.prior_events:.3g} more events had been seen in each."
        )
    rows = table.slices if table.rest is None else [*table.slices, table.rest]
    words = {word: sum(row.verdict == word for row in rows) for word in VERDICTS}
    counts = ", ".join(f"{word} {n}" for word, n in words.items() if n)
    others = "" if table.rest is None else f" and {REST}"
    said.append(f"By the whole, of {len(table.slices)} slice(s){others}: {counts} (all slices together, Holm).")
    if pooled:
        said.append(
            f"{pooled:,} more value(s) are among {REST}: less than {LEAST_EXPECTED:g} events are expected in each, or "
            "fewer than 3 rows were fitted."
        )
    if table.saving is not None:
        s = table.saving
        said.append(f"Slices save {s.estimate:.3g} [{s.low:.3g}, {s.high:.3g}] a row.")
    return said


def _decided(decision: Decision) -> str:
    """How the decision stands to the slices."""
    if isinstance(decision.rule, MinimumCost):
        return "One threshold in probability decides for all slices: where each is calibrated, that is its least cost."
    if isinstance(decision.rule, ByTiers):
        return "The same thresholds in probability cut the tiers of all slices; capacities are shared by them."
    return f"The decision seeks {decision.rule.phrase()} over all rows together, not within each slice."


def _p(value: float) -> str:
    return "<= 0.001" if value <= 0.001 else f"= {value:.2g}"
