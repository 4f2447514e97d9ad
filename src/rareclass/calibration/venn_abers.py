"""Inductive Venn-Abers calibration: a pair of probabilities for each row, one of which is calibrated."""

from typing import Any, ClassVar

import numpy as np
from numba import njit

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.kernels.logits import logit as to_logit

_TIE_BREAK = 1e-9
"""Log-odds by which rows of one step are spread, so that the ranking of the scores survives."""


@njit(cache=True, nogil=True)
def _hulls(x, s):  # pragma: no cover - compiled
    """Neighbours on the lower convex hull of the points to the left (before) and to the right (after) of each."""
    m = x.shape[0]
    before = np.full(m, -1, dtype=np.int64)
    after = np.full(m, -1, dtype=np.int64)
    for i in range(1, m):
        j = i - 1
        while before[j] >= 0:
            h = before[j]
            if (s[j] - s[h]) * (x[i] - x[j]) < (s[i] - s[j]) * (x[j] - x[h]):
                break
            j = h
        before[i] = j
    for i in range(m - 2, -1, -1):
        j = i + 1
        while after[j] >= 0:
            h = after[j]
            if (s[j] - s[i]) * (x[h] - x[j]) < (s[h] - s[j]) * (x[j] - x[i]):
                break
            j = h
        after[i] = j
    return before, after


@njit(cache=True, nogil=True)
def _values(x, s, before, after, left, right, label, out):  # pragma: no cover - compiled
    """Isotonic value of one extra row of unit weight and `label`, standing between points left[k] and right[k].

    The value is the slope of the common lower tangent of the points up to `left` and those from `right` on, the
    latter moved by (1, label); Dinkelbach's steps from the slope of the extra row alone converge in a few rounds.
    """
    for k in range(out.shape[0]):
        slope = float(label)
        for _ in range(100):
            a = left[k]
            while before[a] >= 0 and s[a] - s[before[a]] > slope * (x[a] - x[before[a]]):
                a = before[a]
            b = right[k]
            while after[b] >= 0 and s[after[b]] - s[b] < slope * (x[after[b]] - x[b]):
                b = after[b]
            new = (s[b] - s[a] + label) / (x[b] - x[a] + 1.0)
            if abs(new - slope) <= 1e-15:
                break
            slope = new
        out[k] = slope


class VennAbersCalibration(Calibrator):
    """Two isotonic probabilities a row, as if it were negative and as if it were positive; valid for any model.

    One of the two is perfectly calibrated, whatever the scores, if calibration rows and new rows are exchangeable.
    Their distance shows how much the calibration rows know about such a score. `predict` merges the pair by its
    log-loss minimax rule. Needs some 100 events to be sharp; with fewer the pair is wide, which is the point.

    Attributes
    ----------
    score_ : ndarray of shape (m,)
        Distinct calibration log-odds.
    low_, high_ : ndarray of shape (2 m + 1,)
        The pair below, at, and above each of them.

    Notes
    -----
    Vovk, Petej, Fedorova (2015), "Large-scale probabilistic predictors with and without guarantees of validity",
    NeurIPS. The pairs of all possible scores are computed at `fit`, in near linear time, by tangents of convex hulls.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(-2, 1.5, 2_000)
    >>> y = rng.random(z.size) < 1 / (1 + np.exp(-z))
    >>> low, high = VennAbersCalibration().fit(z, y).predict_pair([0.0])
    >>> bool(0.3 < low[0] < high[0] < 0.7)
    True
    """

    kind: ClassVar[str] = "venn_abers"
    score_: np.ndarray
    low_: np.ndarray
    high_: np.ndarray

    def _fit(self, rows: GroupedRows) -> None:
        m = rows.logit.size
        x = np.concatenate([[0.0], np.cumsum(rows.weight)])
        s = np.concatenate([[0.0], np.cumsum(rows.events)])
        before, after = _hulls(x, s)
        place = np.arange(2 * m + 1)
        left, right = place // 2, (place + 1) // 2  # odd places stand at a score and include its rows
        self.score_ = rows.logit
        self.low_, self.high_ = np.empty(2 * m + 1), np.empty(2 * m + 1)
        _values(x, s, before, after, left, right, 0, self.low_)
        _values(x, s, before, after, left, right, 1, self.high_)

    def predict_pair(self, logit: Any) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n,) if the row were negative, and if it were positive; the first is the smaller."""
        self._check_fitted()
        place = self._place(_check.number_array(logit, "logit", allow_infinite=True))
        return self.low_[place], self.high_[place]

    def _place(self, z: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.score_, z, side="left") + np.searchsorted(self.score_, z, side="right")

    def _map(self, z: np.ndarray) -> np.ndarray:
        place = self._place(z)
        low, high = self.low_[place], self.high_[place]
        merged = to_logit(high / (1 - low + high))
        # rows of one step stay in the order of their scores; arctan keeps the spread below every gap between steps
        centre, spread = float(np.median(self.score_)), max(float(np.std(self.score_)), 1e-12)
        return merged + _TIE_BREAK * np.arctan((z - centre) / spread)

    def _state(self) -> dict[str, Any]:
        step = np.flatnonzero(
            np.r_[True, (np.diff(self.low_) != 0) | (np.diff(self.high_) != 0)]
        )  # runs of equal pairs are stored once
        return {
            "score": self.score_.tolist(),
            "step": step.tolist(),
            "low": self.low_[step].tolist(),
            "high": self.high_[step].tolist(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.score_ = np.asarray(state["score"], dtype=np.float64)
        run = np.diff(np.r_[np.asarray(state["step"], dtype=np.int64), 2 * self.score_.size + 1])
        self.low_ = np.repeat(np.asarray(state["low"], dtype=np.float64), run)
        self.high_ = np.repeat(np.asarray(state["high"], dtype=np.float64), run)
