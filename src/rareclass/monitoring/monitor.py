"""The monitor of a deployed model: scores without labels, calibration and misses with them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import CalibrationWarning, InputError
from rareclass.kernels.intervals import count_tail
from rareclass.kernels.logits import logit
from rareclass.monitoring.misses import MissRateDetector

UNSTABLE = 0.25
"""Population stability index above which the scores have moved (the customary cut)."""


@dataclass(frozen=True)
class Alarm:
    """One alarm: what moved, how far, and what to do."""

    code: str
    sentence: str
    value: float


class RareClassMonitor:
    """Watch a deployed model for drift of the rare class.

    Parameters
    ----------
    reference : dict
        ``Bundle.reference``: counts of log-odds at training time, and how well the calibration is known.
    threshold : float in (0, 1)
        Probability at or above which rows are flagged; a missed event lies below it.
    missed, events : int, optional
        Misses among the events of the reference, for the detector; without them misses are not watched.
    level : float, default=0.999
        Level of the test on observed events: one window in a thousand alarms by chance, over the draw of the window
        and of the events that the model was calibrated on. Windows of one model share the latter.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.artifact.bundle import score_reference
    >>> z = np.random.default_rng(0).normal(-5, 1, 20_000)
    >>> m = RareClassMonitor(score_reference(z), threshold=0.1)
    >>> [a.code for a in m.scores(1 / (1 + np.exp(-(z + 1.5))))]
    ['scores-moved']
    """

    def __init__(
        self,
        reference: Mapping[str, Any],
        *,
        threshold: float,
        missed: int | None = None,
        events: int | None = None,
        level: float = 0.999,
    ):
        if not {"edges", "counts"} <= set(reference):
            raise InputError("The reference holds no score counts. Use a bundle that was written by rareclass.")
        self.reference = reference
        self.threshold = _check.fraction(threshold, "threshold")
        known = reference.get("calibration")
        self.calibration = None if known is None else CalibrationUncertainty.from_dict(known)
        self.level = _check.fraction(level, "level", closed="neither")
        before = 0 if missed is None else missed
        self.misses = None if events is None else MissRateDetector(missed=before, events=events)

    def scores(self, y_proba: ArrayLike) -> list[Alarm]:
        """Compare the scores of new rows with the reference; needs no labels.

        The population stability index over bins of log-odds; bins below 0.1 % of the reference are pooled.
        """
        p = _check.scores(y_proba, "y_proba")
        edges = np.asarray(self.reference["edges"], dtype=float)
        z = np.clip(logit(np.clip(p, 1e-9, 1 - 1e-9)), edges[0], edges[-1] - 1e-9)
        old = np.asarray(self.reference["counts"], dtype=float)
        new = np.histogram(z, edges)[0].astype(float)
        common = old >= 0.001 * old.sum()
        old = np.append(old[common], old[~common].sum()) + 0.5
        new = np.append(new[common], new[~common].sum()) + 0.5
        a, b = new / new.sum(), old / old.sum()
        index = float(((a - b) * np.log(a / b)).sum())
        # The index of equal distributions is about chi-square over the smaller sample.
        noise = 3 * (a.size - 1) * (1 / p.size + 1 / max(sum(self.reference["counts"]), 1))
        if index < max(UNSTABLE, noise):
            return []
        said = f"The scores have moved (stability index {index:.2f}); check the inputs first."
        return [Alarm("scores-moved", said, index)]

    def labels(self, y_true: ArrayLike, y_proba: ArrayLike) -> list[Alarm]:
        """Compare matured labels with the probabilities given to the same rows, in order of arrival.

        The number of events is tested against the sum of the probabilities, whose own chance is that of the
        calibration's level and slope. A reference that does not know it (of an older bundle) warns: the sum is then
        taken as exact, and chance alarms are the more frequent the fewer events the calibration rests on.
        """
        y = _check.binary_target(y_true)
        p = _check.scores(y_proba, "y_proba")
        _check.same_length(y_true=y, y_proba=p)
        alarms = []
        seen, expected = int(y.sum()), float(p.sum())
        if count_tail(seen, expected, self._events_behind(p)) < 1 - self.level:
            ratio = seen / max(expected, 1e-12)
            said = f"{seen} events where {expected:.1f} were expected: the prevalence or the calibration has moved."
            alarms.append(Alarm("calibration", said, ratio))
        if self.misses is not None:
            self.misses.update(p[y] < self.threshold)
            if self.misses.alarm:
                found = self.misses.statistic
                said = f"More events are missed than in the reference (statistic {found:.0f}): retrain."
                alarms.append(Alarm("recall-fell", said, found))
        return alarms

    def _events_behind(self, p: np.ndarray) -> float:
        """Events that the expected number of events among rows of these probabilities rests on."""
        if self.calibration is not None:
            return self.calibration.events_worth(logit(np.clip(p, 1e-15, 1 - 1e-15)))
        warnings.warn(
            "The reference does not say how well the calibration is known ('calibration': its events and the errors of "
            "level and slope), so that more than the stated share of alarms come by chance. Train and save the bundle "
            "again, or pass `calibration` to score_reference.",
            CalibrationWarning,
            stacklevel=3,
        )
        return np.inf

    def acknowledge(self) -> Self:
        """Start watching anew after an alarm was dealt with."""
        if self.misses is not None:
            self.misses.reset()
        return self
