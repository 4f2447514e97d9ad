"""What scores would do at their own cut without the way back: a balanced fit may catch the events by crying wolf."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.fitting.out_of_fold import ArmScores

CAUGHT, TRUE = 0.5, 0.25
"""From this recall on, and up to this precision, a fit cries wolf at its own cut."""


@dataclass(frozen=True)
class AsFitted:
    """What the cut at 0.5 does on scores as they are fitted, before the way back: flags (m,), recall, precision."""

    flagged: np.ndarray
    recall: float
    precision: float

    @classmethod
    def of(cls, scores: ArmScores, rows: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> "AsFitted":
        """Of the out-of-fold scores of an arm, on the places `rows` (m,) of them, whose labels are `y` (m,)."""
        flagged = scores.as_fitted[rows] > 0
        mass = np.ones(y.size) if weight is None else weight
        hits, alerts = mass[flagged & y].sum(), mass[flagged].sum()
        return cls(flagged, float(hits / mass[y].sum()), float(hits / alerts) if alerts else 1.0)

    @property
    def cries_wolf(self) -> bool:
        """High recall at a terrible precision."""
        return self.recall >= CAUGHT and self.precision <= TRUE

    @property
    def said(self) -> str:
        """In words."""
        return said_of(self.recall, self.precision)


def said_of(recall: float, precision: float) -> str:
    """Recall and precision in a newcomer's words.

    Examples
    --------
    >>> said_of(0.8, 0.1)
    'catches 80% of the events, and 90% of its alerts are false'
    """
    return f"catches {recall:.0%} of the events, and {1 - precision:.0%} of its alerts are false"


def over_correction_of(scores: ArmScores, y: np.ndarray, weight: np.ndarray | None) -> dict[str, Any]:
    """Evidence that an arm cries wolf as it is fitted, and which treatment is milder; empty where it does not."""
    seen = np.flatnonzero(scores.oof.tested)
    of_seen = y[seen]
    events = int(of_seen.sum())
    milder = scores.arm.treatment.milder(events, of_seen.size - events) if 0 < events < of_seen.size else None
    if milder is None:
        return {}
    found = AsFitted.of(scores, seen, of_seen, None if weight is None else weight[seen])
    if not found.cries_wolf:
        return {}
    return {"over_corrected": {"recall": found.recall, "precision": found.precision, "milder": milder.label}}


def say_over_corrected(found: Mapping[str, Any] | None) -> str:
    """One sentence; empty where there is nothing to say."""
    if not found:
        return ""
    return (
        f"Over-corrected: before the way back the cut at 0.5 {said_of(found['recall'], found['precision'])} (out of "
        f"fold). The probabilities here are brought back; compare {found['milder']!r} to see whether a milder ratio "
        "ranks better."
    )
