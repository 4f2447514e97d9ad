"""What functions under audit are given and give back: labels of the user's kind, scores, and whole evaluations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass._types import Flags, Label, Labels


@dataclass(frozen=True)
class Target:
    """The labels of the rows under audit.

    Examples
    --------
    >>> target = Target.of(["no", "yes", "no"], "yes")
    >>> target.make(np.array([True, False])).tolist(), target.scores(["no", "yes"], 2).tolist()
    (['yes', 'no'], [0.0, 1.0])
    """

    y: Any  # (n,), in the container of the user
    event: Flags  # (n,)
    positive: Label
    other: Label

    @classmethod
    def of(cls, y: Labels, pos_label: Label = None) -> "Target":
        """Labels (n,); the rarer one is the event unless `pos_label` says otherwise."""
        event = _check.both_classes(_check.binary_target(y, pos_label, "y"), "y")
        plain = np.asarray(y)
        return cls(y, event, plain[event][0], plain[~event][0])

    def make(self, event: Flags) -> Labels:
        """Labels that say `event`, in the user's container where it is a series."""
        values = np.where(event, np.array(self.positive), np.array(self.other)).astype(np.asarray(self.y).dtype)
        if hasattr(self.y, "iloc"):
            return type(self.y)(values, name=self.y.name)
        return values

    def take(self, rows: np.ndarray) -> "Target":
        """The labels of these rows."""
        y = self.y.iloc[rows].reset_index(drop=True) if hasattr(self.y, "iloc") else np.asarray(self.y)[rows]
        return Target(y, self.event[rows], self.positive, self.other)

    def read(self, truth: Any) -> Flags:
        """Which rows of a returned truth are events: those with the positive label, or with 1 in another coding."""
        values = np.asarray(truth)
        found = _check.is_label(values, self.positive)
        return found if found.any() else np.asarray(values == 1)

    def scores(self, answer: Any, n: int) -> np.ndarray | None:
        """Scores (n,) of scores, probabilities (n, 2) or labels; None where the answer is none of these."""
        if answer is None:
            return None
        values = np.asarray(answer)
        if values.ndim == 2 and values.shape[1] in (1, 2):
            values = values[:, -1]
        if values.shape != (n,):
            return None
        if values.dtype.kind in "OUSb" or np.isin(values, np.array([self.positive, self.other])).all():
            return np.asarray(_check.is_label(values, self.positive), dtype=np.float64)
        return values.astype(np.float64) if values.dtype.kind in "fiu" and np.isfinite(values).all() else None

    def outcome(self, answer: Any) -> "Outcome | None":
        """(y_true, y_score), a list of such pairs, a mapping of both, a number or one for each part; None: no such."""
        flags = None
        if isinstance(answer, Mapping):
            flags = answer.get("y_pred") if "y_score" in answer else None
            answer = (answer.get("y_true"), answer.get("y_score", answer.get("y_pred")))
        if isinstance(answer, int | float | np.number):
            return Outcome(values=(float(answer),))
        if answer is None or not isinstance(answer, Iterable):
            return None
        parts = list(answer)
        if parts and all(isinstance(v, int | float | np.number) for v in parts):
            return Outcome(values=tuple(float(v) for v in parts))
        if len(parts) == 2 and not isinstance(parts[0], tuple) and np.ndim(parts[0]) == 1:
            parts = [tuple(parts)]
        pairs = []
        for part in parts:
            if not isinstance(part, tuple | list) or len(part) != 2 or np.ndim(part[0]) != 1:
                return None
            score = self.scores(part[1], len(part[0]))
            if score is None:
                return None
            pairs.append((self.read(part[0]), score))
        flagged = None if flags is None or not pairs else self.scores(flags, pairs[0][0].size)
        return Outcome(pairs=tuple(pairs), flagged=flagged) if pairs else None


@dataclass(frozen=True)
class Outcome:
    """What an evaluation came to: truth and scores of the tested rows by part, or numbers."""

    pairs: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    values: tuple[float, ...] = ()
    flagged: np.ndarray | None = None  # decisions beside the scores, where both are given

    @property
    def pooled(self) -> tuple[np.ndarray, np.ndarray]:
        """Truth and scores of all parts."""
        return np.concatenate([t for t, _ in self.pairs]), np.concatenate([s for _, s in self.pairs])
