"""A loss of one's own inside the guard: as an objective on the scale of log-odds, and what early stopping goes by."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.learners._context import Rows
from rareclass.learners.objectives import BoosterObjective, Loss, usable_loss
from rareclass.losses._emphasis import emphasis_of
from rareclass.losses.base import BatchLoss, RowLoss
from rareclass.losses.registry import LOSSES, full_name


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
    """A loss as objective on log-odds, so that every limit of a guard means what it means for cross-entropy.

    Row losses become their emphasis there (`rareclass.losses._emphasis`): at the start gradient and curvature are those
    of cross-entropy. Losses of all rows together, which mean no probability, are divided by their curvature.

    Parameters
    ----------
    loss : RowLoss or BatchLoss
    start : float
        Score at which training starts: the log-odds of the prevalence.
    curvature_ratio : float, default=1.0
        What gradient and curvature of a batch loss are divided by.
    share : float in (0, 1], default=1.0
        How much of a row loss is trained on; the rest is cross-entropy.
    moved : float, default=0.0
        Log-odds by which the scores lie above those at which the loss is meant: what a sample adds.
    """

    def __init__(
        self, loss: Loss, start: float, curvature_ratio: float = 1.0, *, share: float = 1.0, moved: float = 0.0
    ) -> None:
        super().__init__(loss, start, curvature_ratio)
        self.moved = moved
        self.emphasis = emphasis_of(loss, start, share) if isinstance(loss, RowLoss) else None

    def _newton(
        self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.emphasis is None:
            found = np.stack(self.loss.newton(y, z, weight, dtype))
            found /= self.curvature_ratio
            return found[0], found[1]
        found = np.empty((2, z.size), dtype=dtype)
        self.emphasis.newton(y, z, self.moved, found)
        if weight is not None:
            found *= weight
        return found[0], found[1]

    def calc_ders_range(self, approxes: ArrayLike, targets: ArrayLike, weights: ArrayLike | None) -> np.ndarray:
        """As of `BoosterObjective`; in one compiled call, since CatBoost comes with some 400 rows at a time."""
        if self.emphasis is None:
            return super().calc_ders_range(approxes, targets, weights)
        found = self.emphasis.ascent(np.asarray(targets), np.asarray(approxes), self.moved)
        if weights is not None:
            found *= np.asarray(weights)[:, None]
        return found

    def log_odds(self, score: np.ndarray) -> np.ndarray:
        """The scores themselves; those of batch losses become log-odds by what follows."""
        return score


def scaled_objective(loss: Loss, rows: Rows, start: float, *, share: float, moved: float) -> ScaledObjective:
    """The loss bound to training rows whose log-odds are `start`."""
    if isinstance(loss, RowLoss):
        return ScaledObjective(loss, start, share=share, moved=moved)
    prevalence = float(sigmoid(start))
    _, curvature = loss.newton(rows.y, np.full(rows.y.size, start), rows.weight, np.float64)
    ratio = float(curvature.sum() / rows.weights.sum()) / (prevalence * (1 - prevalence))
    return ScaledObjective(loss, start, ratio)


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
