"""Where the gate of a cascade is placed: by a recall that is kept with a stated confidence, or by costs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.errors import MethodError, TooFewEventsError
from rareclass.kernels.effective import Counted, unit
from rareclass.kernels.intervals import clopper_pearson

FEWEST_NEGATIVES = 10
"""At least so many negatives, and as many as there are events, pass the gate: the second stage learns from them."""
_BELOW = 1e-9


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The recall that a gate keeps: at least `recall` with one-sided confidence `confidence`."""

    recall: float = 0.98
    confidence: float = 0.95

    def checked(self) -> "Promise":
        """Itself; `InputError` where a number is none between 0 and 1."""
        _check.fraction(self.recall, "gate_recall", closed="neither")
        _check.fraction(self.confidence, "confidence", closed="neither")
        return self

    @property
    def events_needed(self) -> int:
        """Events that can carry the promise where the gate lets none of them go: ln(1 - confidence) / ln(recall)."""
        return int(np.ceil(np.log1p(-self.confidence) / np.log(self.recall)))

    def most(self, events: float) -> float:
        """The highest recall that so many events can carry: (1 - confidence) ** (1 / events)."""
        return float((1 - self.confidence) ** (1 / events))

    def refuse_few(self, events: float) -> None:
        """Raise where no gate could keep the promise; the sentence says how many events it takes.

        Raises
        ------
        TooFewEventsError
        """
        if events < self.events_needed:
            most = np.floor(1000 * self.most(events)) / 1000
            raise TooFewEventsError(
                f"{events:g} events cannot guarantee a gate recall of {self.recall:g} with confidence "
                f"{self.confidence:g}; {self.events_needed} events are needed. Lower `gate_recall`: {most:g} is the "
                "most that these carry."
            )


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A gate that was placed by out-of-fold scores.

    Attributes
    ----------
    threshold : float
        Log-odds of the gate from which on a row passes.
    recall : float
        Lower bound of the share of events that pass, with the confidence asked for.
    passed : float
        Share of the rows that pass.
    events, lost : int
        Events it was placed by, and those of them that it lets go.
    independent : float
        What these events are worth: copies, and events of one group, tell as one.
    rest : float
        Log-odds of the event in a row that is let go.
    """

    threshold: float
    recall: float
    passed: float
    events: int
    lost: int
    independent: float
    rest: float


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Out-of-fold log-odds of the gate with labels, weights and groups of the rows, each (n,)."""

    score: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None

    @property
    def weights(self) -> np.ndarray:
        return np.ones(self.y.size) if self.weight is None else self.weight

    @property
    def independent_events(self) -> float:
        """Events by which recall can be bounded: those of a group tell as one, weighted ones as what they are worth."""
        own = self.weights[self.y]
        if self.groups is not None:
            own = np.bincount(np.unique(self.groups[self.y], return_inverse=True)[1], weights=own)
        return float(Counted.of(own).rows)

    def recall_above(self, threshold: np.ndarray, confidence: float) -> np.ndarray:
        """Lower bounds (k,) of the recall of thresholds (k,).

        For a threshold at the m-th lowest of n events the bound of Clopper and Pearson is that of its true recall (a
        beta quantile of an order statistic), so that choosing the highest one that holds costs no confidence.
        """
        order = np.argsort(self.score[self.y], kind="stable")
        below = np.concatenate([[0.0], np.cumsum(self.weights[self.y][order])])
        gone = below[np.searchsorted(self.score[self.y][order], threshold, side="left")] / below[-1]
        n = self.independent_events
        return np.atleast_1d(clopper_pearson((1 - gone) * n, np.full(gone.shape, n), confidence, side="lower")[0])

    def _enough_below(self) -> float:
        """The score that lets negatives enough through for the second stage to learn from."""
        negatives = np.sort(self.score[~self.y])[::-1]
        return float(negatives[min(max(int(self.y.sum()), FEWEST_NEGATIVES), negatives.size) - 1])

    def placed_by_recall(self, promise: Promise) -> Placed:
        """The highest threshold that keeps the promise; the lowest event where so few events cannot carry it."""
        events = np.sort(self.score[self.y])
        kept = np.flatnonzero(self.recall_above(events, promise.confidence) >= promise.recall)
        return self._placed(float(events[kept[-1] if kept.size else 0]), promise)

    def placed_by_cost(self, loss: Any, judge_cost: float, promise: Promise) -> Placed:
        """The threshold at which events let go and rows shown to the second stage cost least together.

        Parameters
        ----------
        loss : float or ndarray of shape (n,)
            What letting an event go costs more than flagging it.
        judge_cost : float
            What it costs to show the second stage a row.

        Raises
        ------
        MethodError
            It is cheapest to let every row go.
        """
        order = np.argsort(self.score, kind="stable")
        score, weight = self.score[order], self.weights[order]
        lost = np.concatenate([[0.0], np.cumsum(np.where(self.y, loss, 0.0)[order] * weight)])
        shown = np.concatenate([np.cumsum(weight[::-1])[::-1], [0.0]]) * judge_cost
        first = np.concatenate([[True], score[1:] > score[:-1], [True]])  # equal scores pass together
        best = int(np.flatnonzero(first)[np.argmin((lost + shown)[first])])
        if best == score.size:
            raise MethodError(
                f"With `judge_cost={judge_cost:g}` for each row it is cheapest to let every row go: no event is worth "
                "the look. Lower `judge_cost`, or raise the cost of a missed event."
            )
        return self._placed(float(score[best]), promise)

    def _placed(self, threshold: float, promise: Promise) -> Placed:
        at = min(threshold, self._enough_below())
        at -= _BELOW * max(1.0, abs(at))  # the gate is fitted and compiled anew: rounding must not cost an event
        through, weight, y = self.score >= at, self.weights, self.y
        gone = weight * ~through
        one = unit(weight[y])
        # half an event is added, so that no row is impossible
        share = float((gone[y].sum() + 0.5 * one) / (gone.sum() + one))
        return Placed(
            threshold=at,
            recall=float(self.recall_above(np.array([at]), promise.confidence)[0]),
            passed=float(weight[through].sum() / weight.sum()),
            events=int(y.sum()),
            lost=int((y & ~through).sum()),
            independent=self.independent_events,
            rest=float(np.log(share) - np.log1p(-share)),
        )


def open_gate(y: np.ndarray) -> Placed:
    """The gate that lets every row pass and promises nothing."""
    events = int(y.sum())
    return Placed(
        threshold=-np.finfo(np.float64).max, recall=0.0, passed=1.0, events=events, lost=0, independent=1.0, rest=-50.0
    )
