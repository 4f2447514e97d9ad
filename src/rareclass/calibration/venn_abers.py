"""Inductive Venn-Abers calibration: a pair of probabilities for each row, one of which is calibrated."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.kernels.compiled import compiled
from rareclass.kernels.log_odds_maps import TIE_BREAK
from rareclass.kernels.logits import logit as to_logit


@compiled
def _hulls(x: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # pragma: no cover - compiled
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


@compiled
def _values(
    points: tuple[np.ndarray, np.ndarray],
    hulls: tuple[np.ndarray, np.ndarray],
    left: np.ndarray,
    right: np.ndarray,
    label: float,
    out: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Isotonic value of one extra row of unit weight and `label`, standing between points left[k] and right[k].

    The value is the slope of the common lower tangent of the points up to `left` and those from `right` on, the
    latter moved by (1, label); Dinkelbach's steps from the slope of the extra row alone converge in a few rounds.
    """
    x, s = points
    before, after = hulls
    for k in range(out.shape[0]):
        slope = label
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
    start_ : ndarray of shape (k,)
        Log-odds from which each pair holds; the first is -inf.
    low_, high_ : ndarray of shape (k,)
        The pairs.

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
    start_: np.ndarray
    low_: np.ndarray
    high_: np.ndarray
    centre_: float
    spread_: float

    def _fit(self, rows: GroupedRows) -> None:
        m = rows.logit.size
        x = np.concatenate([[0.0], np.cumsum(rows.weight)])
        s = np.concatenate([[0.0], np.cumsum(rows.events)])
        hulls = _hulls(x, s)
        # places of a new row: below the first score, at it, between it and the next, at that, ...
        place = np.arange(2 * m + 1)
        pairs = np.empty((2, 2 * m + 1))
        for label in (0, 1):
            _values((x, s), hulls, place // 2, (place + 1) // 2, float(label), pairs[label])
        start = np.concatenate([[-np.inf], np.ravel([rows.logit, np.nextafter(rows.logit, np.inf)], order="F")])
        new = np.r_[True, (np.diff(pairs) != 0).any(axis=0)]
        self.start_, self.low_, self.high_ = start[new], pairs[0, new], pairs[1, new]
        self.centre_ = float(np.average(rows.logit, weights=rows.weight))
        self.spread_ = max(float(np.sqrt(np.average((rows.logit - self.centre_) ** 2, weights=rows.weight))), 1e-12)

    def predict_pair(self, logit: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n,) if the row were negative, and if it were positive; the first is the smaller."""
        self._check_fitted()
        place = self._place(_check.number_array(logit, "logit", allow_infinite=True))
        return self.low_[place], self.high_[place]

    def _place(self, z: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.start_[1:], z, side="right")

    def _map(self, z: np.ndarray) -> np.ndarray:
        place = self._place(z)
        low, high = self.low_[place], self.high_[place]
        merged = to_logit(high / (1 - low + high))
        # rows of one step stay in the order of their scores
        return merged + TIE_BREAK * np.clip((z - self.centre_) / self.spread_, -1e6, 1e6)

    def _state(self) -> dict[str, Any]:
        return {
            "centre": self.centre_,
            "spread": self.spread_,
            "start": self.start_[1:].tolist(),
            "low": self.low_.tolist(),
            "high": self.high_.tolist(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.centre_, self.spread_ = float(state["centre"]), float(state["spread"])
        self.start_ = np.r_[-np.inf, np.asarray(state["start"], dtype=np.float64)]
        self.low_ = np.asarray(state["low"], dtype=np.float64)
        self.high_ = np.asarray(state["high"], dtype=np.float64)
