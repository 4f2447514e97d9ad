"""Histogram calibration on bins that expect the same number of events."""

from typing import Any, ClassVar, Self

import numpy as np

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.knots import KnotMap, fit_knots
from rareclass.calibration.sigmoid import SigmoidCalibration
from rareclass.kernels.logits import sigmoid


class HistogramCalibration(Calibrator):
    """Event rates of bins of the score, joined by straight lines on the log-odds.

    Coarser and steadier than isotonic regression; from about 20 events a bin. Bins are quantiles of the *expected
    events* (by the two-parameter fit), not of the rows: with rare events, equal-width bins or bins of equal numbers
    of rows put nearly all events into the last one. Neighbouring bins whose rates fall are pooled, so the ranking is
    kept.

    Parameters
    ----------
    bins : int >= 1, default=10
    pseudo_events : float > 0, default=0.5
        Events (and negatives) that the two-parameter fit is worth within each bin.

    Attributes
    ----------
    knots_ : KnotMap
        At most one knot a bin.

    Notes
    -----
    Zadrozny and Elkan (2001), ICML, "histogram binning"; the bins, the lines between them and the pooling are ours.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(-3, 1.5, 20_000)
    >>> y = rng.random(z.size) < 1 / (1 + np.exp(-(0.5 * z - 1)))
    >>> fitted = HistogramCalibration(bins=8).fit(z, y)
    >>> len(fitted.knots_.at), bool(abs(fitted.predict(z).mean() - y.mean()) < 1e-9)
    (8, True)
    """

    kind: ClassVar[str] = "histogram"
    knots_: KnotMap

    def __init__(self, *, bins: int = 10, pseudo_events: float = 0.5) -> None:
        self.bins = bins
        self.pseudo_events = pseudo_events

    def _fit(self, rows: GroupedRows) -> None:
        bins = _check.whole_number(self.bins, "bins", low=1)
        k = _check.fraction(self.pseudo_events, "pseudo_events", high=np.inf, closed="neither")
        line = SigmoidCalibration()._fit_rows(rows)
        mass = np.cumsum(rows.weight * sigmoid(line.slope_ * rows.logit + line.intercept_))
        which = np.minimum((mass / mass[-1] * bins).astype(np.int64), bins - 1)
        start = np.flatnonzero(np.r_[True, np.diff(which) > 0])
        self.knots_ = fit_knots(rows, line, start, pseudo_events=k, rounds=1)

    def _map(self, z: np.ndarray) -> np.ndarray:
        return self.knots_(z)

    def _moved(self, shift: float) -> Self:
        return self._with(knots_=self.knots_.moved(shift))

    def _state(self) -> dict[str, Any]:
        return {"bins": int(self.bins), "pseudo_events": float(self.pseudo_events), "knots": self.knots_.to_dict()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.bins, self.pseudo_events = int(state["bins"]), float(state["pseudo_events"])
        self.knots_ = KnotMap.from_dict(state["knots"])
