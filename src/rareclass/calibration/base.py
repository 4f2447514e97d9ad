"""The base of all calibrators: log-odds in, log-odds at the real prevalence out."""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.ends import Ends, find_ends
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid


@dataclass(frozen=True)
class GroupedRows:
    """Calibration rows collapsed to their distinct log-odds.

    All calibrators are functions of the rows' scores and labels only, so equal scores are pooled once. Integer
    weights are then exactly repeated rows, rows without weight are exactly absent, and the order of rows is
    irrelevant.
    """

    logit: np.ndarray  # (m,) distinct log-odds, ascending
    # events, negatives: (m,) weight of the positive and of the negative rows at each distinct log-odds
    events: np.ndarray
    negatives: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Total weight (m,) at each distinct log-odds."""
        return self.events + self.negatives

    def take(self, index: np.ndarray) -> "GroupedRows":
        """The groups at `index` (integers or a mask)."""
        return GroupedRows(self.logit[index], self.events[index], self.negatives[index])

    def bin_starts(self, bins: int) -> np.ndarray:
        """First group of each of about `bins` bins that share rows and events evenly.

        Bins follow cumulated weights, so they are the same for weights and for repeated rows.
        """
        mass = np.cumsum(self.weight / (2 * self.weight.sum()) + self.events / (2 * self.events.sum()))
        return np.flatnonzero(np.diff((mass * bins).astype(np.int64), prepend=-1) > 0)

    def coarsen(self, bins: int) -> "GroupedRows":
        """Neighbouring groups pooled into about `bins` bins at their mean log-odds; unchanged if there are fewer."""
        if self.logit.size <= bins:
            return self
        start = self.bin_starts(bins)
        weight = np.add.reduceat(self.weight, start)
        return GroupedRows(
            np.add.reduceat(self.weight * self.logit, start) / weight,
            np.add.reduceat(self.events, start),
            np.add.reduceat(self.negatives, start),
        )


def group_rows(logit: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> GroupedRows:
    """Validate calibration rows and pool equal log-odds.

    Raises
    ------
    InputError
        Scores missing, infinite or of another length than the labels; unusable weights.
    TooFewEventsError
        Only one class carries weight.
    """
    z = _check.scores(logit, "logit")
    truth = _check.binary_target(y, name="y")
    _check.same_length(logit=z, y=truth)
    weight = _check.weights(sample_weight, z.size)
    if weight is not None:
        z, truth, weight = z[weight > 0], truth[weight > 0], weight[weight > 0]
    _check.both_classes(truth, "y")
    values, place = np.unique(z + 0.0, return_inverse=True)  # -0.0 and 0.0 are one score
    sums = [
        np.bincount(place[of], None if weight is None else weight[of], minlength=values.size).astype(np.float64)
        for of in (truth, ~truth)
    ]
    return GroupedRows(values, sums[0], sums[1])


class Calibrator(ABC):
    """Maps log-odds of a model to log-odds that mean what they say, without changing the ranking.

    Sub-classes implement `_fit`, `_map` and `_state`. Fit on rows that the model did not see (out-of-fold scores):
    fitted scores of training rows are too extreme, and a calibrator learns to keep them so.

    Attributes
    ----------
    events_, rows_ : float
        Weight of the events and of all rows that it was fitted on.
    ends_ : Ends
        Where rows with a clipped probability of 0 or 1 were put.
    why_ : str
        Why `choose_calibration` chose it; empty otherwise.
    """

    kind: ClassVar[str]
    draws_ends_in: ClassVar[bool] = True
    why_: str = ""
    events_: float
    rows_: float
    ends_: Ends

    def fit(self, logit: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Self:
        """Fit on log-odds of rows that the model did not see.

        Parameters
        ----------
        logit : array-like of shape (n,)
            Log-odds (nats), finite; higher = more likely positive.
        y : array-like of shape (n,)
            Labels; both classes must occur.
        sample_weight : array-like of shape (n,), optional
            Non-negative; an integer weight is the same as that many equal rows.

        Returns
        -------
        self
        """
        return self._fit_from(group_rows(logit, y, sample_weight))

    def _fit_from(self, rows: GroupedRows) -> Self:
        """Fit on grouped rows whose ends were not drawn in yet."""
        ends = find_ends(rows.logit, rows.weight) if self.draws_ends_in else Ends()
        self._fit_rows(GroupedRows(ends(rows.logit), rows.events, rows.negatives))
        self.ends_ = ends
        return self

    def _fit_rows(self, rows: GroupedRows) -> Self:
        """Fit on grouped rows as they are."""
        self.ends_ = Ends()
        self.events_ = float(rows.events.sum())
        self.rows_ = float(rows.weight.sum())
        self._fit(rows)
        return self

    def predict_logit(self, logit: ArrayLike) -> np.ndarray:
        """Calibrated log-odds (n,) of raw log-odds (n,)."""
        self._check_fitted()
        z = _check.number_array(logit, "logit", allow_infinite=True)
        return self._map(self.ends_(z))

    def predict(self, logit: ArrayLike) -> np.ndarray:
        """Calibrated probability (n,) of the positive class, from raw log-odds (n,)."""
        return sigmoid(self.predict_logit(logit))

    def moved(self, shift: float) -> "Calibrator":
        """The same fitted map with `shift` added to all log-odds that it gives: for another prevalence.

        Raises
        ------
        InputError
            It is a Venn-Abers map, whose steps lie between 0 and 1 and have no such form.

        Examples
        --------
        >>> from rareclass.calibration import SigmoidCalibration
        >>> fitted = SigmoidCalibration().fit([-1.0, 0.0, 1.0, 2.0], [0, 1, 0, 1])
        >>> bool(abs(fitted.moved(0.5).predict_logit([3.0]) - fitted.predict_logit([3.0]) - 0.5) < 1e-12)
        True
        """
        self._check_fitted()
        return self._moved(shift)

    def _moved(self, shift: float) -> "Calibrator":
        raise InputError(f"A {self.kind} calibration cannot be moved; fit it anew.")

    def _with(self, **fitted: Any) -> Self:
        """A copy with some other fitted values."""
        new = copy.copy(self)
        vars(new).update(fitted)
        return new

    def to_dict(self) -> dict[str, Any]:
        """Plain values (JSON) from which `calibrator_from_dict` rebuilds the fitted calibrator."""
        self._check_fitted()
        shared = {"kind": self.kind, "events": self.events_, "rows": self.rows_, "why": self.why_}
        return {**shared, "ends": self.ends_.to_dict(), **self._state()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """Rebuild a fitted calibrator of this class from the values of `to_dict`."""
        if state.get("kind") != cls.kind:
            raise InputError(f"{cls.__name__} cannot be built from a calibrator of kind {state.get('kind')!r}.")
        new = cls.__new__(cls)
        try:
            new.events_, new.rows_ = float(state["events"]), float(state["rows"])
            new.why_, new.ends_ = str(state.get("why", "")), Ends.from_dict(state.get("ends"))
            new._restore(state)
        except (KeyError, TypeError) as error:
            raise InputError(f"The saved {cls.kind} calibrator is incomplete: {error}.") from None
        return new

    def _check_fitted(self) -> None:
        if not hasattr(self, "events_"):
            raise InputError(
                f"This {type(self).__name__} is not fitted yet. Call `fit` with out-of-fold log-odds first."
            )

    @abstractmethod
    def _fit(self, rows: GroupedRows) -> None:
        """Set the fitted attributes."""

    @abstractmethod
    def _map(self, z: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of validated log-odds."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """JSON-safe parameters and fitted values."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Inverse of `_state`."""

    def __repr__(self) -> str:
        if not hasattr(self, "events_"):
            return f"{type(self).__name__}()"
        values = ", ".join(f"{k}={v:.4g}" for k, v in self._state().items() if isinstance(v, float))
        return f"<{type(self).__name__}{': ' if values else ''}{values}, {self.events_:g} events>"
