"""A loss as a treatment: the learner is fitted on it, and its link brings the scores back."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.learners._guarded import GuardedBooster
from rareclass.learners.loss_booster import LossBoosterClassifier, is_ours
from rareclass.learners.objectives import usable_loss
from rareclass.losses.base import BatchLoss
from rareclass.losses.focal import FocalLoss
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, draw_seed, fit_on_training


@dataclass(frozen=True)
class LossTreatment(Treatment):
    """Fit a booster on a loss of `rareclass.losses` instead of on cross-entropy.

    When to use: to see whether a loss helps on your data. When not: learners other than LightGBM, XGBoost and CatBoost
    (which takes row losses only).

    Parameters
    ----------
    loss : RowLoss, BatchLoss, or object with value, gradient, hessian and link; default ``FocalLoss(2.0)``
        Row losses are brought back exactly (for the population minimiser) by their link. Batch losses (Tversky,
        pairwise, average precision) mean no probability: their scores become one by the calibration that follows.

    Raises
    ------
    InputError
        The learner takes no loss of one's own, or the loss has no link (when it is fitted).

    Examples
    --------
    >>> LossTreatment(FocalLoss(1.0)).name
    'focal'
    """

    loss: Any = field(default_factory=FocalLoss)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The loss's class in lower case, without the word loss."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self.loss).__name__).lower()
        return words.removesuffix("_loss").removesuffix("loss").rstrip("_")

    @property
    def label(self) -> str:
        """The name, with the loss's parameters where they are not its defaults."""
        with contextlib.suppress(TypeError):  # a loss that has no defaults
            if repr(type(self.loss)()) == repr(self.loss):
                return self.name
        return f"{self.name}({repr(self.loss).partition('(')[2]}" if is_ours(self.loss) else self.name

    @property
    def restoration(self) -> str:  # type: ignore[override]
        if isinstance(self.loss, BatchLoss):
            return "not by a formula: the scores of this loss become probabilities by out-of-fold calibration"
        return "the loss's link from score to probability, then calibrated out of fold"

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        events, _ = class_counts(given.y)
        loss = usable_loss(self.loss)
        note = f"fitted on {given.y.size:,} rows with {events:,} events by {loss!r}"
        return given.training(note, exact=not loss.needs_calibration)

    def fit_learner(self, make: Callable[[int], Any], training: TrainingSet, *, rng: np.random.Generator) -> Any:
        model = booster_with_loss(make(draw_seed(rng)), self.loss, events=class_counts(training.y)[0])
        return fit_on_training(model, training, self.name)

    def describe(self) -> dict[str, Any]:
        loss = usable_loss(self.loss)
        return {"name": self.name, "loss": loss.to_dict() if is_ours(loss) else {"loss": type(self.loss).__name__}}


def booster_with_loss(learner: Any, loss: Any, *, events: int) -> LossBoosterClassifier:
    """The unfitted booster that a learner means, with `loss` as its objective and the learner's guards.

    Raises
    ------
    InputError
        The learner has no loss of one's own.
    """
    name = type(learner).__name__
    loss = usable_loss(loss)
    if is_ours(loss):
        loss = loss.to_dict()  # plain values, which a bundle accepts
    given = learner.get_params() if hasattr(learner, "get_params") else {}
    common = {
        "categorical_features": given.pop("categorical_features", None),
        "random_state": given.pop("random_state", None),
        "n_jobs": given.pop("n_jobs", None) or 1,
    }
    if isinstance(learner, GuardedBooster) and learner.loss_library is not None:
        given = learner.get_params()
        return LossBoosterClassifier(
            loss,
            library=learner.loss_library,
            parameters=learner.library_parameters(events),
            event_bins=bool(given["event_bins"]),
            **common,
        )
    if name == "LGBMClassifier":
        return LossBoosterClassifier(loss, parameters=_set_only(given, "objective", "class_weight"), **common)
    if name == "XGBClassifier":
        return LossBoosterClassifier(loss, library="xgboost", parameters=_set_only(given, "objective"), **common)
    if name == "CatBoostClassifier":
        parameters = _set_only(given, "objective", "loss_function")
        return LossBoosterClassifier(loss, library="catboost", parameters=parameters, **common)
    raise InputError(
        f"{name} cannot be fitted on a loss of one's own. RareLGBMClassifier ('lightgbm'), RareXGBClassifier "
        "('xgboost'), RareCatBoostClassifier ('catboost') and the classifiers of these libraries can."
    )


def _set_only(given: dict[str, Any], *left_out: str) -> dict[str, Any]:
    return {k: v for k, v in given.items() if v is not None and k not in left_out}
