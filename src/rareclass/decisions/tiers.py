"""Alert tiers: allow, review, block ..., each row in the one that is expected to cost least, within capacities."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.decisions.costs import CostMatrix, CostsLike, as_costs, by_row, costs_of_rows
from rareclass.decisions.ranking import Grouping, period_codes
from rareclass.decisions.tier import Tier, TierLines
from rareclass.decisions.tier_places import TierRows, lowest_threshold, pairs_of, places_of
from rareclass.errors import CostError, InputError, NoOpWarning

TIERS = "tiers"
"""Name of the rule of decisions by tiers, as they are saved."""


@dataclass(frozen=True)
class TierPolicy:
    """Tiers from the mildest to the most severe; a row is in the one that is expected to cost least.

    With probability p of an event, a row is expected to cost ``p * fn`` in the first tier and ``cost + (1 - p) *
    cost_fp + p * (1 - prevents) * fn`` in the others; `fn` comes from `costs`. (Where costs name tp and tn, an event
    that is stopped costs tp and any other row that is left alone tn.) Each is a line in p, so the tiers are cut where
    lines cross, in closed form. At a cut the more severe tier is taken, as ``score >= threshold`` flags.

    Capacities are limits, not quotas. From the most severe tier down, each takes, of the rows for which it is the
    cheapest of those not yet full above it, the best ``min(capacity, rows)`` of each period; the others fall to the
    cheapest tier below. No row rises to a more severe tier because a milder one is full. Under one cost matrix no
    assignment that respects capacities and raises no row is expected to cost less. With costs by row, rows are taken
    by what the tier saves on each; with a capacity on one tier that is the cheapest assignment too, with several it
    need not be.

    Entities (cards, patients, machines) count once in each tier and period; all their rows that reach the tier go with
    the best.

    Parameters
    ----------
    tiers : sequence of Tier
        Two at least. The first leaves rows alone: it has a name only.

    Raises
    ------
    InputError
        Fewer than two tiers, equal names, a first tier with a price or capacity, or capacities of several periods.

    Examples
    --------
    >>> policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])
    >>> policy.cuts({"fp": 30, "fn": 500}).round(4).tolist()
    [0.0111, 0.3125]
    >>> policy.tier([0.001, 0.1, 0.9], {"fp": 30, "fn": 500}).tolist()
    ['allow', 'review', 'block']
    """

    tiers: Sequence[Tier]

    def __post_init__(self) -> None:
        tiers = tuple(self.tiers) if isinstance(self.tiers, Sequence) else ()
        if len(tiers) < 2 or not all(isinstance(t, Tier) for t in tiers):
            raise InputError(
                'A policy needs two tiers at least, the mildest first: TierPolicy([Tier("allow"), Tier("review", '
                "cost=5, prevents=0.9)])."
            )
        object.__setattr__(self, "tiers", tiers)
        twice = next((t.name for i, t in enumerate(tiers) if t.name in self.names[:i]), None)
        if twice is not None:
            raise InputError(f"Two tiers are named {twice!r}. Give each a name of its own.")
        if tiers[0] != Tier(tiers[0].name):
            raise InputError(
                f"The first tier, {tiers[0].name!r}, leaves rows alone, so it has neither cost nor capacity and "
                "prevents nothing: give its name only, or put a tier before it."
            )
        periods = sorted({t.per for t in tiers if t.capacity is not None})
        if len(periods) > 1:
            raise InputError(
                f"Capacities are counted per {' and per '.join(periods)}; give all of them per one period."
            )

    @property
    def names(self) -> list[str]:
        """The names, mildest first."""
        return [t.name for t in self.tiers]

    @property
    def limited(self) -> list[Tier]:
        """The tiers that have a capacity."""
        return [t for t in self.tiers if t.capacity is not None]

    @property
    def per(self) -> str:
        """What a period of the capacities is."""
        return next((t.per for t in self.limited), "run")

    def phrase(self) -> str:
        """What the policy is, in words."""
        return f"the tiers {', '.join(self.names)}"

    def expected_costs(self, probability: ArrayLike, costs: CostsLike) -> np.ndarray:
        """Expected cost (tiers, n) of rows with these probabilities (n,) in each tier."""
        p = _probabilities(probability)
        return TierLines.of(self.tiers, costs_of_rows(costs, p.size)).at(p)

    def cuts(self, costs: CostsLike) -> np.ndarray:
        """Probability from which a row is in each tier but the first, or in a more severe one.

        Returns
        -------
        ndarray of shape (tiers - 1,), or (tiers - 1, n) with costs by row
            Not above 1 where a row can reach the tier. Equal cuts: rows of these costs skip the lower of the two.

        Raises
        ------
        CostError
            No row can reach a tier, or tiers are out of order; the sentence names them and says what to change.
        """
        lines = TierLines.of(self.tiers, as_costs(costs))
        lines.refuse_unreached()
        crossing = lines.crossings()  # a row is in tier k or above where one of these is cheaper than all before k
        return np.stack([crossing[:k, k:].max(axis=0).min(axis=0) for k in range(1, len(self.tiers))])

    def cut(
        self,
        probability: ArrayLike,
        costs: CostsLike,
        *,
        sample_weight: ArrayLike | None = None,
        periods: ArrayLike | None = None,
        entities: ArrayLike | None = None,
        rows_per_period: float | None = None,
    ) -> "TierCuts":
        """Thresholds that keep the capacities on average, for rows that come one by one.

        Parameters
        ----------
        probability : array-like of shape (n,)
            Calibrated, of rows that the model did not see: out of fold.
        costs : CostMatrix, RowCosts or mapping
        sample_weight : array-like of shape (n,), optional
            1 / the probability with which each row was drawn.
        periods : array-like of shape (n,), optional
            Period of each row; capacities hold on average over them.
        entities : array-like of shape (n,), optional
            Entity of each row, where capacities count entities.
        rows_per_period : float > 0, optional
            Instead of `periods`: rows that a period holds. Capacities per "run" need neither: the rows are one period.

        Raises
        ------
        CostError
            As `cuts`.
        InputError
            A capacity per period without `periods` or `rows_per_period`.
        """
        p = _probabilities(probability)
        own = as_costs(costs, n=p.size)
        w = _check.weights(sample_weight, p.size)
        weight = np.ones(p.size) if w is None else w
        self.cuts(own)
        size = self._rows_per_period(weight, periods, rows_per_period)
        rows = TierRows.of(self.tiers, p, own)
        first = pairs_of(periods, entities, p.size)
        thresholds = np.full(len(self.tiers) - 1, -np.inf)
        free = np.ones(p.size, dtype=bool)
        for k in reversed(range(1, len(self.tiers))):
            wanted = among = np.flatnonzero(free & rows.wants(k))
            if self.tiers[k].capacity is not None:
                room = self.tiers[k].capacity * weight.sum() / size
                pair = None if first is None else first[among]
                thresholds[k - 1] = lowest_threshold(rows.worth(k)[among], weight[among], pair, room)
                among = among[rows.worth(k)[among] >= thresholds[k - 1]]
            if rows.one_cut:
                thresholds[k - 1] = max(thresholds[k - 1], float(rows.cut[k]))
            free[among] = False
            self._say(k, size, among.size, float(p.max()), tied=bool(wanted.size) and not among.size)
        shared = own if isinstance(own, CostMatrix) else None
        return TierCuts(self, tuple(thresholds.tolist()), shared, size if self.limited else None)

    def _say(self, k: int, size: float, taken: int, highest: float, *, tied: bool) -> None:
        """Warn of a tier that takes no row, or whose capacity no period can fill."""
        name, capacity = self.tiers[k].name, self.tiers[k].capacity
        said = None
        if tied:
            said = (
                f"No row that the tiers were cut on is in tier {name!r} by its threshold: more rows share the highest "
                f"score than its capacity of {capacity} a {self.per} holds. With `periods` (and `keys`, which settle "
                "ties) it is filled exactly"
            )
        elif not taken:
            said = f"No row that the tiers were cut on is in tier {name!r}: the highest probability is {highest:.4g}"
        elif capacity is not None and capacity >= size:
            said = f"Tier {name!r} has room for {capacity} a {self.per}, which holds {size:.4g} rows: it is never full"
        if said is not None:
            warnings.warn(f"{said}. Look over its costs and its capacity, or leave it out.", NoOpWarning, stacklevel=3)

    def _rows_per_period(self, weight: np.ndarray, periods: ArrayLike | None, given: float | None) -> float:
        if given is not None:
            return _check.fraction(given, "rows_per_period", high=np.inf, closed="neither")
        if periods is not None:
            return float(weight.sum() / (period_codes(periods, weight.size).max() + 1))
        if self.per == "run":
            return float(weight.sum())
        raise InputError(
            f"Capacities per {self.per} need to know how many rows share a {self.per}: give `periods`, the {self.per} "
            "of each row (--time COLUMN on the command line), or `rows_per_period`."
        )

    def tier(
        self,
        probability: ArrayLike,
        costs: CostsLike,
        *,
        periods: ArrayLike | None = None,
        keys: ArrayLike | None = None,
        entities: ArrayLike | None = None,
    ) -> np.ndarray:
        """Name of the tier (n,) of each row, by cost and within the capacity of each period.

        Parameters
        ----------
        probability : array-like of shape (n,)
        costs : CostMatrix, RowCosts or mapping
        periods : array-like of shape (n,), optional
            Period of each row; one label for all puts the rows into one. Needed where a tier has a capacity.
        keys : array-like of shape (n,), optional
            Settle ties within periods, so that the order of rows does not matter. Without keys earlier rows win.
        entities : array-like of shape (n,), optional
            Entity of each row, where capacities count entities.
        """
        if self.limited and periods is None:
            raise InputError(
                f"Tier {self.limited[0].name!r} has a capacity per {self.per}: give `periods`, or store thresholds "
                "that keep it on average (`cut`)."
            )
        p = _probabilities(probability)
        own = costs_of_rows(costs, p.size) if by_row(costs) else as_costs(costs)
        if isinstance(own, CostMatrix):
            self.cuts(own)
        rows = TierRows.of(self.tiers, p, own)
        return self.named(places_of(self.tiers, rows, Grouping(periods, entities, keys), None))

    def named(self, places: np.ndarray) -> np.ndarray:
        """The names (n,) of places (n,), 0 the first tier."""
        return np.array(self.names)[places]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"tiers": [asdict(t) for t in self.tiers]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a policy from the values of `to_dict`; other keys are refused."""
        said = _only(state, {"tiers"}, "A policy of tiers")["tiers"]
        if not isinstance(said, Sequence) or isinstance(said, str):
            raise InputError("`tiers` must be a list of tiers.")
        known = {f.name for f in fields(Tier)} - {"_"}
        return cls([Tier(**_only(t, known, "A tier", needed={"name"})) for t in said])


@dataclass(frozen=True)
class TierCuts:
    """A policy with the thresholds that keep its capacities on average; of `TierPolicy.cut`.

    Attributes
    ----------
    policy : TierPolicy
    thresholds : tuple of float
        One for each tier but the first. With costs for all rows: the probability from which a row is in the tier; it
        is in the most severe whose threshold it reaches, and +inf means that none is. With costs by row: what the tier
        must save on a row, beyond being the cheapest; -inf where its capacity does not bind.
    costs : CostMatrix or None
        None for costs by row, which are asked for again.
    rows_per_period : float or None
        That the thresholds were chosen for; None without capacities.

    Examples
    --------
    >>> policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9, capacity=1)])
    >>> cuts = policy.cut([0.5, 0.4, 0.1, 0.001], {"fp": 10, "fn": 500})
    >>> cuts.thresholds, cuts.tier([0.45, 0.55]).tolist()
    ((0.5,), ['allow', 'review'])
    """

    policy: TierPolicy
    thresholds: tuple[float, ...]
    costs: CostMatrix | None = None
    rows_per_period: float | None = None

    def __post_init__(self) -> None:
        found = np.asarray(self.thresholds, dtype=np.float64)
        if found.shape != (len(self.policy.tiers) - 1,) or np.isnan(found).any():
            raise InputError("A policy has one threshold, a number, for each tier but the first.")

    def tier(
        self,
        probability: ArrayLike,
        costs: CostsLike | None = None,
        *,
        periods: ArrayLike | None = None,
        keys: ArrayLike | None = None,
        entities: ArrayLike | None = None,
    ) -> np.ndarray:
        """Name of the tier (n,) of each row.

        By the stored thresholds, so that rows one by one and together are in the same tiers; with `periods`, exactly
        within the capacity of each. Parameters as in `TierPolicy.tier`; `costs` are those of these rows, where the
        tiers were cut by row.
        """
        return self.policy.named(self.places(probability, costs, Grouping(periods, entities, keys)))

    def places(
        self, probability: ArrayLike, costs: CostsLike | None = None, grouping: Grouping = Grouping()
    ) -> np.ndarray:
        """Place (n,) of the tier of each row, 0 the first; see `tier`."""
        p = _probabilities(probability)
        if self.costs is not None:
            if costs is not None:
                raise CostError(
                    "These tiers are cut by one cost matrix for all rows; the costs given here would have no effect. "
                    "Leave them out, or cut anew for them (`TierPolicy.cut`)."
                )
            rows = TierRows.of(self.policy.tiers, p, self.costs)
        elif costs is None:
            raise CostError("These tiers weigh each row by its own costs; pass those of these rows as `costs`.")
        else:
            rows = TierRows.of(self.policy.tiers, p, costs_of_rows(costs, p.size))
        return places_of(self.policy.tiers, rows, grouping, np.asarray(self.thresholds))

    def said(self) -> str:
        """Where tiers begin, in a sentence."""
        tiers = self.policy.tiers
        full = ", ".join(f"{t.name} {t.capacity:,} a {t.per}" for t in tiers[1:] if t.capacity is not None)
        room = f" Capacities: {full}; stored thresholds keep them on average." if full else ""
        if self.costs is None:
            return (
                f"Each row goes to the tier ({', '.join(self.policy.names)}) that is expected to cost least by its own "
                f"costs.{room}"
            )
        begin = ", ".join(
            f"{t.name} {'never' if np.isinf(at) else f'from a probability of {at:.4g} on'}"
            for t, at in zip(tiers[1:], self.thresholds, strict=True)
        )
        return f"Each row goes to the last of these tiers that it reaches: {tiers[0].name}, {begin}.{room}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; infinite thresholds become "inf" and "-inf"."""
        return {
            **self.policy.to_dict(),
            "thresholds": [t if np.isfinite(t) else str(t) for t in self.thresholds],
            "costs": None if self.costs is None else self.costs.to_dict(),
            "rows_per_period": self.rows_per_period,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from the values of `to_dict`; other keys are refused."""
        said = _only(state, {"tiers", "thresholds", "costs", "rows_per_period"}, "Saved tiers")
        policy = TierPolicy.from_dict({"tiers": said["tiers"]})
        if not isinstance(said["thresholds"], list):
            raise InputError("`thresholds` of saved tiers must be a list of numbers.")
        numbers = [
            t if isinstance(t, int | float) else {"inf": np.inf, "-inf": -np.inf}.get(t, np.nan)
            for t in said["thresholds"]
        ]
        costs = None if said["costs"] is None else CostMatrix(**_only(said["costs"], {"fp", "fn", "tp", "tn"}, "Costs"))
        size = said["rows_per_period"]
        if size is not None:
            size = _check.fraction(size, "rows_per_period", high=np.inf, closed="neither")
        return cls(policy, tuple(map(float, numbers)), costs, size)


def _probabilities(values: ArrayLike) -> np.ndarray:
    p = _check.number_array(values, "probability")
    if p.size == 0 or p.min() < 0 or p.max() > 1:
        said = "none" if p.size == 0 else f"scores from {p.min():g} to {p.max():g}"
        raise InputError(f"Tiers are cut on calibrated probabilities in [0, 1]; got {said}.")
    return p


def _only(state: Any, known: set[str], what: str, needed: set[str] | None = None) -> dict[str, Any]:
    """The entries of a saved mapping, which must be these and no others."""
    if not isinstance(state, Mapping):
        raise InputError(f"{what} must be a mapping; got {type(state).__name__}.")
    odd = sorted(map(str, set(state) - known))
    lack = sorted((known if needed is None else needed) - set(state))
    if odd or lack:
        said = f"holds {odd[0]!r}, which is none of {', '.join(sorted(known))}" if odd else f"lacks {lack[0]!r}"
        raise InputError(f"{what} {said}.")
    return dict(state)
