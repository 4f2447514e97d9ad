"""What scores say of each week before its labels come: expected precision and recall, prevalence by label shift."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.monitoring.cohorts import Cohort, packed, unpacked
from rareclass.monitoring.expected import expected_rates
from rareclass.monitoring.shifted_prior import label_shift

_CELL, _END, _WEEKS = 0.05, 16.0, 160


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

    @property
    def why_off(self) -> str:
        """Why the prevalence is not told from scores; empty where it is."""
        try:
            label_shift(self.reference, np.full(20, 0.5))
        except InputError as error:
            return str(error)
        return ""

    def estimates(self) -> list[dict[str, Any]]:
        """Of each of the last 160 weeks its first day, what is expected of it, and its prevalence by label shift."""
        found = []
        for week, counts in sorted(self.counts.items()):
            if week not in self.made:
                self.made[week] = self._made(counts)
            found.append({"day": week, **self.made[week]})
        return found

    def _made(self, counts: np.ndarray) -> dict[str, Any]:
        size = counts.shape[1]
        p = np.tile(sigmoid(np.arange(size) * _CELL - _END), 2)
        rows = np.repeat(p, counts.ravel())
        alert = np.repeat(np.repeat([False, True], size), counts.ravel())
        shift = None if self.why_off else label_shift(self.reference, rows).to_dict()
        return {"expected": expected_rates(rows, alert, calibration=self.calibration).to_dict(), "label_shift": shift}

    def to_dict(self) -> list[Any]:
        return [[week, packed(v)] for week, v in self.counts.items()]

    @classmethod
    def from_dict(cls, state: list[Any], reference: Mapping[str, Any]) -> Self:
        made = cls(reference)
        made.counts = {week: unpacked(v) for week, v in state}
        return made
