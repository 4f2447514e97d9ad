"""What scores say of each week before its labels come: expected precision and recall, prevalence by label shift."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.kernels.logits import logit, sigmoid
from rareclass.monitoring.cohorts import Cohort, packed, unpacked
from rareclass.monitoring.expected import expected_rates
from rareclass.monitoring.shifted_prior import label_shift, why_not

_CELL, _END, _WEEKS = 0.05, 16.0, 160
FIRST, FEWEST = 8, 50
"""The first weeks whose labels have come, so many with rows, tell how the model scores events and others; once these
hold so many events, they take the place of the scores in training, which were those of other models, out of fold."""


class Weeks:
    """Counts of log-odds, of rows without and with alert, by week; estimates are made when they are asked for.

    Examples
    --------
    >>> Weeks({}).estimates()
    []
    """

    def __init__(self, reference: Mapping[str, Any]) -> None:
        self.reference = reference
        self.counts: dict[int, np.ndarray] = {}  # (2, cells) by the first day of the week
        known = reference.get("calibration")
        self.calibration = None if known is None else CalibrationUncertainty.from_dict(known)
        self.made: dict[int, dict[str, Any]] = {}
        self.known: dict[int, np.ndarray] = {}  # rows, events and events unweighted (3, bins) by week

    def add(self, cohort: Cohort) -> None:
        """Take in a day that is over."""
        z = np.clip(logit(np.clip(cohort.probability, 1e-7, 1 - 1e-7)), -_END, _END)
        size = round(2 * _END / _CELL) + 1
        cell = np.round((z + _END) / _CELL).astype(int) + size * cohort.alert
        week = cohort.day - cohort.day % 7
        self.counts[week] = self.counts.get(week, np.zeros((2, size), dtype=np.int64)) + np.bincount(
            cell, minlength=2 * size
        ).reshape(2, size)
        self.made.pop(week, None)
        while len(self.counts) > _WEEKS:
            self.counts.pop(min(self.counts))

    def learn(self, cohort: Cohort) -> None:
        """Take in a day whose labels have come."""
        week, edges = cohort.day - cohort.day % 7, self.reference.get("edges")
        full = len(self.known) == FIRST and week not in self.known
        if edges is None or "event_counts" not in self.reference or full or not cohort.labelled.any():
            return
        seen, ends = cohort.only(cohort.labelled), sigmoid(np.asarray(edges, dtype=float)[[0, -1]])
        z = logit(np.clip(seen.probability, *ends))
        event = seen.event.astype(float)
        counts = [np.histogram(z, edges, weights=w)[0] for w in (seen.weight, seen.weight * event, event)]
        self.known[week] = self.known.get(week, 0.0) + np.array(counts, dtype=float)
        self.made.clear()

    def _reference(self, week: float) -> tuple[Mapping[str, Any], np.ndarray | None]:
        """What events and others score: by the weeks before this one whose labels have come, else by training.

        Events stand beside others in the ratio of training, for which the probabilities were made. With it others
        and events of each of these weeks.
        """
        before = [v for w, v in self.known.items() if w < week]
        if not before or sum(v[2].sum() for v in before) < FEWEST:
            return self.reference, None
        rows, events, seen = np.sum(before, axis=0)
        others = np.maximum(rows - events, 0.0)
        share = sum(self.reference["event_counts"]) / sum(self.reference["counts"])
        events *= share / (1 - share) * others.sum() / events.sum()
        made = {**self.reference, "counts": others + events, "event_counts": events, "events": float(seen.sum())}
        return made, np.array([[np.maximum(v[0] - v[1], 0.0), v[2]] for v in before])

    @property
    def why_off(self) -> str:
        """Why the prevalence is not told from scores; empty where it is."""
        return why_not(self._reference(np.inf)[0])

    def estimates(self) -> list[dict[str, Any]]:
        """Of each of the last 160 weeks its first day, what is expected of it, and its prevalence by label shift."""
        found = []
        for week, counts in sorted(self.counts.items()):
            if week not in self.made:
                self.made[week] = self._made(counts, *self._reference(week))
            found.append({"day": week, **self.made[week]})
        return found

    def _made(self, counts: np.ndarray, known: Mapping[str, Any], weeks: np.ndarray | None) -> dict[str, Any]:
        size = counts.shape[1]
        p = np.tile(sigmoid(np.arange(size) * _CELL - _END), 2)
        rows = np.repeat(p, counts.ravel())
        alert = np.repeat(np.repeat([False, True], size), counts.ravel())
        shift = None if why_not(known) else label_shift(known, rows, weeks=weeks).to_dict()
        return {"expected": expected_rates(rows, alert, calibration=self.calibration).to_dict(), "label_shift": shift}

    def to_dict(self) -> dict[str, Any]:
        counts, known = ([[week, packed(v)] for week, v in kept.items()] for kept in (self.counts, self.known))
        return {"counts": counts, "known": known}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], reference: Mapping[str, Any]) -> Self:
        made = cls(reference)
        made.counts, made.known = ({week: unpacked(v) for week, v in state[name]} for name in ("counts", "known"))
        return made
