"""Champion against challenger on rows that neither has seen: by cost, and by guards against what cost cannot see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.special import ndtri

from rareclass import _check
from rareclass._types import PerRow, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.errors import InputError
from rareclass.lifecycle.field import Field
from rareclass.lifecycle.guards import GUARDS, Guard, guard_all
from rareclass.uncertainty.paired import IDENTICAL, PairedInterval, paired_difference, paired_loss_difference

WORTH = 0.10
"""Share of the champion's cost (or average precision) that a better challenger is to be seen by."""
POWER = 0.9
"""Probability of seeing it."""
MOST_EVENTS = 10_000_000


@dataclass(frozen=True, kw_only=True)
class SliceDifference:
    """Challenger minus champion in one slice, at a level shared among the slices; `worse` where it surely is."""

    name: str
    events: int
    difference: PairedInterval
    worse: bool


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """The outcome.

    Attributes
    ----------
    verdict : {"promote", "refuse", "more labels"}
    difference : PairedInterval
        Challenger minus champion: of the cost per row (below zero is better), or of the average precision (above zero
        is better) where there are no costs; `metric` says which.
    metric : {"cost", "average precision"}
    sentence : str
        The verdict and why, for people.
    guards : tuple of Guard
        What cost cannot see; each is "ok", "failed" or "cannot tell".
    slices : tuple of SliceDifference
    events : int
        Events that it was judged on.
    events_needed : int
        Events on which a challenger that costs a tenth less would be seen as better with 90 % probability.
    labels_needed : int
        How many events more that is, where the verdict is "more labels"; else 0.
    """

    verdict: Literal["promote", "refuse", "more labels"]
    difference: PairedInterval
    metric: str
    sentence: str
    guards: tuple[Guard, ...] = ()
    slices: tuple[SliceDifference, ...] = field(default=(), repr=False)
    events: int = 0
    events_needed: int = 0
    labels_needed: int = 0

    @property
    def promote(self) -> bool:
        """Whether the challenger may take over."""
        return self.verdict == "promote"

    @property
    def failed(self) -> tuple[Guard, ...]:
        """The guards that speak against it."""
        return tuple(g for g in self.guards if g.verdict == "failed")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            **{k: getattr(self, k) for k in ("verdict", "promote", "metric", "sentence")},
            **{k: getattr(self, k) for k in ("events", "events_needed", "labels_needed")},
            "difference": self.difference.to_dict(),
            "guards": [g.to_dict() for g in self.guards],
            "slices": [
                {"name": s.name, "events": s.events, "worse": s.worse, "difference": s.difference.to_dict()}
                for s in self.slices
            ],
        }


def challenge_champion(
    champion: Bundle,
    challenger: Bundle,
    X: Rows,
    y: PerRow,
    *,
    costs: Any = None,
    groups: PerRow | None = None,
    slices: PerRow | str | None = None,
    sample_weight: PerRow | None = None,
    level: float = 0.95,
    challengers: int = 1,
    attempt: int | None = None,
    accept: Sequence[str] = (),
) -> Challenge:
    """Whether a challenger may take over, judged on recent rows that neither bundle was trained on.

    Each bundle decides these rows as it would in service (its own threshold, tiers and slices), and the decisions are
    priced. The challenger takes over when it surely costs less, when no slice surely costs more, and when no guard
    fails. Where it is not surely better, the power statement says whether that means anything: with fewer events than
    are needed to see a tenth of the champion's cost, the verdict is "more labels".

    Parameters
    ----------
    champion, challenger : Bundle
    X : table of shape (n, d)
        Columns of both.
    y : array-like of shape (n,)
    costs : CostMatrix, RowCosts, mapping or 2 x 2 array, optional
        Default: those that the champion decides by, else the challenger's. Where neither has any, average precision is
        compared, which says nothing of thresholds.
    groups : array-like of shape (n,), optional
        Entities whose rows belong together: intervals then count groups, not rows.
    slices : str or array-like of shape (n,), optional
        A column, or the slice of each row; default: the slices that the champion knows. A slice that surely gets worse
        refuses the challenger, the error shared among the slices.
    sample_weight : array-like of shape (n,), optional
        1 / the probability with which each row was drawn.
    level : float in (0, 1), default=0.95
    challengers : int, default=1
        How many challengers the champion meets altogether: the error is divided by it, so that among many of equal
        merit the luckiest does not take over.
    attempt : int, optional
        In place of `challengers`, where they come one after another and nobody knows how many: this is the k-th. The
        error is then divided by k (k + 1), so that all together stay within it, however many come.
    accept : sequence of str, default=()
        Names of guards whose failure somebody has looked into: they are told, but refuse no more.

    Raises
    ------
    InputError
        Bundles of different events, a table that lacks a column, costs or slices of another length, one class only.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(6000, 2))
    >>> y = rng.random(6000) < 1 / (1 + np.exp(4 - 2 * X[:, 0]))
    >>> old, new = X[:3000], X[3000:]
    >>> learner = RareClassifier("logistic_regression", cv=2)
    >>> blind = Bundle(learner.fit(np.c_[old[:, 1], old[:, 1]], y[:3000], costs={"fp": 1, "fn": 20}))
    >>> learner = RareClassifier("logistic_regression", cv=2)
    >>> seeing = Bundle(learner.fit(old, y[:3000], costs={"fp": 1, "fn": 20}))
    >>> found = challenge_champion(blind, seeing, new, y[3000:])
    >>> found.verdict, found.difference.high < 0
    ('promote', True)
    """
    accepted = [_check.one_of(name, "accept", GUARDS) for name in accept]
    count = _check.whole_number(challengers, "challengers", low=1)
    among = ""
    if attempt is not None:
        if count > 1:
            raise InputError("Give `challengers`, how many there are, or `attempt`, the number of this one; not both.")
        k = _check.whole_number(attempt, "attempt", low=1)
        count = k * (k + 1)
        among = f", as challenger {k} of this champion; the next is judged more strictly"
    each = 1 - (1 - _check.fraction(level, "level", closed="neither")) / count
    rows = Field.of(
        (champion, challenger), X, y, costs=costs, groups=groups, slices=slices, sample_weight=sample_weight
    )
    guards = tuple(guard_all(rows))
    difference = difference_of(rows, each)
    parts = _by_slice(rows, each)
    needed = _events_needed(rows, difference)
    against = [g.sentence for g in guards if g.verdict == "failed" and g.name not in accepted]
    against += [_said_of_slice(s, rows) for s in parts if s.worse]
    verdict, why = _verdict(rows, difference, needed, against)
    if count > 1:
        among = f" Judged at {each:.4g}{among or f', as one of {count} challengers'}."
    return Challenge(
        verdict=verdict,
        difference=difference,
        metric="average precision" if rows.costs is None else "cost",
        sentence=f"{why} {_said(rows, difference)}{among}",
        guards=guards,
        slices=parts,
        events=rows.events,
        events_needed=needed,
        labels_needed=needed - rows.events if verdict == "more labels" else 0,
    )


def difference_of(rows: Field, level: float, of: np.ndarray | None = None) -> PairedInterval:
    """Challenger minus champion, on all rows or on some."""
    index = np.arange(rows.y.size) if of is None else of
    weight, groups = (None if v is None else v[index] for v in (rows.weight, rows.groups))
    if rows.costs is None:
        old, new = (z[index] for z in rows.logits)
        return paired_difference(
            "average_precision", rows.y[index], new, old, level=level, sample_weight=weight, groups=groups
        )
    old, new, stake = (v[index] for v in rows.losses)
    return paired_loss_difference(
        rows.y[index], new, old, stake=stake, level=level, sample_weight=weight, groups=groups
    )


def better_by(rows: Field, d: PairedInterval) -> tuple[float, float]:
    """Between what and what the challenger is better: costs less, or has the higher average precision."""
    return (d.low, d.high) if rows.costs is None else (-d.high, -d.low)


def _by_slice(rows: Field, level: float) -> tuple[SliceDifference, ...]:
    """The difference in each slice, at a level shared among them; slices where it is undefined are left out."""
    if rows.slices is None:
        return ()
    names, code = np.unique(rows.slices, return_inverse=True)
    each = 1 - (1 - level) / names.size
    found = []
    for k, name in enumerate(names):
        index = np.flatnonzero(code == k)
        if rows.costs is None and not 0 < rows.y[index].sum() < index.size:
            continue
        if rows.groups is not None and np.unique(rows.groups[index]).size < 2:
            continue
        d = difference_of(rows, each, index)
        worse = bool(d.low > 0 if rows.costs is not None else d.high < 0)
        found.append(SliceDifference(name=str(name), events=int(rows.y[index].sum()), difference=d, worse=worse))
    return tuple(found)


def _events_needed(rows: Field, d: PairedInterval) -> int:
    """Events on which a tenth of the champion's cost, or average precision, would be seen with `POWER`.

    From the reach of the interval to the side that decides, which shrinks with the root of the events.
    """
    worth = WORTH * abs(d.estimate_b)
    reach = d.high - d.estimate if rows.costs is not None else d.estimate - d.low
    if not (np.isfinite(reach) and worth > 0):
        return rows.events
    z = float(ndtri(0.5 + d.level / 2))
    return min(int(np.ceil(rows.events * (reach * (1 + float(ndtri(POWER)) / z) / worth) ** 2)), MOST_EVENTS)


def _verdict(
    rows: Field, d: PairedInterval, needed: int, against: list[str]
) -> tuple[Literal["promote", "refuse", "more labels"], str]:
    better = better_by(rows, d)
    worth = WORTH * abs(d.estimate_b)
    if against:
        return "refuse", f"The challenger is refused: {' '.join(against)}"
    if d.method == IDENTICAL:
        return "refuse", "The challenger is refused: it does on all these rows as the champion does."
    if better[0] > 0:
        return "promote", "The challenger takes over: it is surely better."
    if better[1] < 0:
        return "refuse", "The challenger is refused: it is surely worse."
    if better[1] < worth or needed <= rows.events:
        return "refuse", "The challenger is refused: it is not surely better, and not a tenth better."
    more = f"{needed - rows.events:,} more events ({needed:,} altogether)"
    return "more labels", f"These rows cannot tell: {more} would show a tenth with {POWER:.0%} probability."


def _said(rows: Field, d: PairedInterval) -> str:
    if rows.costs is None:
        return (
            f"Average precision {d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}] against the champion's "
            f"{d.estimate_b:.3f}, {rows.events:,} events; without costs decisions cannot be judged."
        )
    share = f" ({d.estimate / d.estimate_b:+.1%})" if d.estimate_b > 0 else ""
    return (
        f"Cost per row {d.estimate:+.4g} [{d.low:+.4g}, {d.high:+.4g}]{share} against the champion's "
        f"{d.estimate_b:.4g}, {rows.events:,} events."
    )


def _said_of_slice(found: SliceDifference, rows: Field) -> str:
    d, what = found.difference, "average precision" if rows.costs is None else "cost per row"
    return f"In slice {found.name!r} it is surely worse: {what} {d.estimate:+.4g} [{d.low:+.4g}, {d.high:+.4g}]."
