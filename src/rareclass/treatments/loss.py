"""A loss as a treatment: the learner is fitted on it, on the scale of log-odds."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from rareclass.errors import InputError
from rareclass.learners._altered import FROM_BATCH_LOSS, FROM_ROW_LOSS
from rareclass.learners._guarded import GuardedBooster
from rareclass.learners._own_loss import plain_loss
from rareclass.learners.objectives import usable_loss
from rareclass.learners.table import LEARNERS, classes_that
from rareclass.losses.base import BatchLoss
from rareclass.losses.focal import FocalLoss
from rareclass.losses.registry import LOSSES, short_name
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, draw_seed, fit_on_training


@dataclass(frozen=True)
class LossTreatment(Treatment):
    """Fit a booster on a loss of `rareclass.losses` instead of on cross-entropy.

    When to use: to see whether a loss helps on your data. When not: learners other than LightGBM, XGBoost and CatBoost
    (which takes row losses only).

    Parameters
    ----------
    loss : RowLoss, BatchLoss, or object with value, gradient, hessian and link; default ``FocalLoss(2.0)``
        Row losses are fitted on the scale of log-odds, half of what is minimised being cross-entropy by default
        (`loss_share` of the boosters), so that scores are log-odds (exactly, for the population minimiser). Batch
        losses (Tversky, pairwise, average precision) mean no probability: calibration makes one of their scores.

    Raises
    ------
    InputError
        The learner takes no loss of one's own, or the loss has no link (when it is fitted).

    Examples
    --------
    >>> LossTreatment(FocalLoss(1.0)).name
    'focal'
    """

    does: ClassVar[str] = "fits"
    goes_last: ClassVar[bool] = False
    loss: Any = field(default_factory=FocalLoss)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The loss's class in lower case, without the word loss."""
        return short_name(type(self.loss).__name__)

    @property
    def label(self) -> str:
        """The name, with the loss's parameters where they are not its defaults."""
        with contextlib.suppress(TypeError):  # a loss that has no defaults
            if repr(type(self.loss)()) == repr(self.loss):
                return self.name
        return f"{self.name}({repr(self.loss).partition('(')[2]}" if LOSSES.name_of(type(self.loss)) else self.name

    @property
    def restoration(self) -> str:  # type: ignore[override]
        return FROM_BATCH_LOSS if isinstance(self.loss, BatchLoss) else FROM_ROW_LOSS

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        events, _ = class_counts(given.y)
        loss = usable_loss(self.loss)
        note = f"fitted on {given.y.size:,} rows with {events:,} events by {loss!r}"
        return given.training(note, exact=not loss.needs_calibration)

    def fit_learner(self, make: Callable[[int], Any], training: TrainingSet, *, rng: np.random.Generator) -> Any:
        if training.pilot is not None:
            raise InputError(f"{self.name!r} cannot correct a pilot's log-odds. Put 'score_negatives' before it.")
        model = booster_with_loss(make(draw_seed(rng)), self.loss)
        return fit_on_training(model, training, self.name)

    def describe(self) -> dict[str, Any]:
        plain = plain_loss(usable_loss(self.loss))
        return {"name": self.name, "loss": plain if isinstance(plain, dict) else {"loss": type(self.loss).__name__}}


def booster_with_loss(learner: Any, loss: Any) -> GuardedBooster:
    """The unfitted guarded booster that a learner means, with `loss` as what it minimises.

    A classifier of LightGBM, XGBoost or CatBoost becomes the guarded one with the parameters that it was given; the arm
    judges and calibrates it.

    Raises
    ------
    InputError
        The learner takes no loss of one's own.
    """
    plain = plain_loss(usable_loss(loss))
    if getattr(learner, "takes_loss", False):
        return clone(learner).set_params(loss=plain)
    guarded = {"LGBMClassifier": "lightgbm", "XGBClassifier": "xgboost", "CatBoostClassifier": "catboost"}
    name = type(learner).__name__
    if name not in guarded:
        raise InputError(
            f"{name} cannot be fitted on a loss of one's own. {classes_that('takes_loss')} and the classifiers of "
            "these libraries can."
        )
    own = LEARNERS[guarded[name]]
    given = {k: v for k, v in learner.get_params().items() if v is not None and k not in ("objective", "loss_function")}
    return own(**own.inside_arm, event_bins=False, loss=plain).set_params(**given)
