"""A loss of one's own inside the guard: as an objective on the scale of log-odds, and the way back from its scores."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.learners._context import Rows
from rareclass.learners.objectives import BoosterObjective, Loss, usable_loss
from rareclass.losses.base import BatchLoss, RowLoss
from rareclass.losses.registry import LOSSES, full_name, loss_from_dict

_FLOOR = 10.0  # nats below the start: where a loss silences its negatives, their log-odds are not identified
_STEP = 1e-4


def own_loss(loss: Any, rows: Rows) -> Loss:
    """The loss that a user means by an object, its dictionary or its name, short or full.

    Counts that a named loss asks for are those of the rows.
    """
    if not isinstance(loss, str):
        return usable_loss(loss)
    loss = full_name(loss)
    counts = (int((~rows.y).sum()), int(rows.y.sum()))
    asks = any(field.name == "counts" for field in dataclasses.fields(LOSSES[loss]))  # type: ignore[arg-type]
    return LOSSES.build(loss, {"counts": counts} if asks else {})


def plain_loss(loss: Loss) -> Any:
    """The dictionary of a loss of `rareclass.losses`, which a bundle accepts; another loss as it is."""
    return loss.to_dict() if LOSSES.name_of(type(loss)) is not None else loss


class ScaledObjective(BoosterObjective):
    """A loss as objective on scores u that are log-odds to first order around the start.

    The loss's own score is ``zero + unit * u``. There the slope of its link and its mean curvature are those of
    cross-entropy at the start, so that every limit of a guard (penalty, smallest Hessian, longest step, learning rate)
    means what it means for cross-entropy.

    Parameters
    ----------
    loss : RowLoss or BatchLoss
    start : float
        Score u at which training starts: the log-odds of the prevalence.
    curvature_ratio : float
        What gradient and curvature are divided by.
    zero, unit : float
        Line from u to the loss's own score.
    floor : float or None
        Lowest log-odds; None where the link is finite.
    """

    def __init__(
        self, loss: Loss, start: float, curvature_ratio: float, *, zero: float, unit: float, floor: float | None
    ) -> None:
        super().__init__(loss, start, curvature_ratio)
        self.zero, self.unit, self.floor = zero, unit, floor
        self._form = loss.form if isinstance(loss, RowLoss) else None  # made once: CatBoost asks for every 1,000 rows
        self._divided = np.array([[1 / (curvature_ratio * unit)], [1 / curvature_ratio]])

    def _newton(
        self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        line = self.zero + self.unit * z
        if self._form is None:
            found = np.stack(self.loss.newton(y, line, weight, dtype))
        else:
            found = np.empty((2, line.size), dtype=dtype)
            self._form.newton(y, line, found)
            if weight is not None:
                found *= weight
        found *= self._divided
        return found[0], found[1]

    def log_odds(self, score: np.ndarray) -> np.ndarray:
        """Log-odds that scores u with their start mean; for batch losses the scores as they are."""
        if self.needs_calibration:
            return score
        line = self.zero + self.unit * np.ravel(score)  # scores of several stages would read as those of classes
        found = self.loss.link_logit(line).reshape(np.shape(score))  # type: ignore[union-attr]
        return found if self.floor is None else np.maximum(found, self.floor)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers beside the loss: all that scoring needs."""
        line = {"zero": self.zero, "unit": self.unit, "floor": self.floor}
        return {"loss": plain_loss(self.loss), "start": self.start, "curvature_ratio": self.curvature_ratio, **line}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "ScaledObjective":
        """The objective that `to_dict` described."""
        loss = saved["loss"]
        return cls(**{**saved, "loss": loss_from_dict(loss) if isinstance(loss, Mapping) else loss})


def scaled_objective(loss: Loss, rows: Rows, start: float) -> ScaledObjective:
    """The loss bound to training rows whose log-odds are `start`.

    Raises
    ------
    InputError
        The link is flat or endless where training would start.
    """
    prevalence = float(sigmoid(start))
    if not isinstance(loss, RowLoss):
        _, curvature = loss.newton(rows.y, np.full(rows.y.size, start), rows.weight, np.float64)
        ratio = float(curvature.sum() / rows.weights.sum()) / (prevalence * (1 - prevalence))
        return ScaledObjective(loss, start, ratio, zero=0.0, unit=1.0, floor=None)
    centre = loss.start(prevalence)
    low, high = (0.0, 2 * _STEP) if loss.is_shift else loss.link_logit(np.array([centre - _STEP, centre + _STEP]))
    slope = float(high - low) / (2 * _STEP)
    if not 0 < slope < np.inf:
        raise InputError(f"The link of {loss!r} does not rise at the prevalence of these rows; choose another loss.")
    silent = np.isneginf(loss.link_logit(np.array([centre - 3 * _FLOOR / slope]))[0])
    return ScaledObjective(
        loss,
        start,
        loss.curvature_ratio(prevalence),
        zero=centre - start / slope,
        unit=1 / slope,
        floor=start - _FLOOR if silent else None,
    )


def stop_metric(objective: BoosterObjective, asked: Any) -> Any:
    """What early stopping goes by beside a loss of one's own: one of our kinds, or a function of the user's.

    Raises
    ------
    InputError
        A metric of the library by name, which would take the loss's scores for log-odds or probabilities.
    """
    if callable(asked) or hasattr(asked, "evaluate"):
        return asked
    if asked is None:
        return "average_precision" if isinstance(objective.loss, BatchLoss) else "log_loss"
    if asked in ("average_precision", "log_loss"):
        return asked
    raise InputError(
        f"Beside a loss of one's own `eval_metric` is 'log_loss' (of the probabilities), 'average_precision' or a "
        f"function of the scores; got {asked!r}."
    )
