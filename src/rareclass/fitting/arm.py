"""An arm: a learner under a treatment, fitted on an encoded matrix, whose scores are brought back."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from rareclass.crossfit import raw_logit
from rareclass.learners._altered import FROM_BATCH_LOSS, altered
from rareclass.learners.registry import make_learner
from rareclass.treatments.base import NoTreatment, Treatment
from rareclass.treatments.registry import make_treatment

BLEND = "blend"


@dataclass(frozen=True)
class Arm:
    """A learner (name or scikit-learn classifier) and a treatment.

    Attributes
    ----------
    learner : str or classifier
        A name of `rareclass.learners`, or any scikit-learn classifier.
    treatment : Treatment
    label : str, default=""
        A name of its own.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 2))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(5 - X[:, 0]))
    >>> fitted = make_arm("logistic_regression+random_under").fit(X, y)
    >>> bool(abs(np.mean(1 / (1 + np.exp(-fitted.logit(X)))) / y.mean() - 1) < 0.2)  # the real prevalence
    True
    """

    learner: Any
    treatment: Treatment = NoTreatment()  # noqa: RUF009 - frozen and without state
    label: str = ""

    @property
    def is_blend(self) -> bool:
        """Whether it stands for the blend of arms, which is made of their scores and not fitted itself."""
        return isinstance(self.learner, str) and self.learner == BLEND

    @property
    def learner_name(self) -> str:
        return self.learner if isinstance(self.learner, str) else type(self.learner).__name__

    @property
    def name(self) -> str:
        return self.label if self.label else f"{self.learner_name}+{self.treatment.label}"

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        *,
        sample_weight: np.ndarray | None = None,
        categorical_features: tuple[int, ...] = (),
        shift: float = 0.0,
        seed: int | np.random.SeedSequence = 0,
        n_jobs: int = 1,
    ) -> "FittedArm":
        """Treat the training part, fit the learner, keep the way back.

        Parameters
        ----------
        X : ndarray of shape (n, d), float64
            Encoded features, NaN = missing.
        y : ndarray of shape (n,), bool
        sample_weight : ndarray of shape (n,), optional
        categorical_features : tuple of int
            Columns of X that hold category codes.
        shift : float, default=0.0
            Log-odds that undo how the rows given here were sampled from the table.
        seed : int or SeedSequence
        n_jobs : int, default=1
        """
        started = time.perf_counter()
        sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        rng = np.random.default_rng(sequence)
        training = self.treatment.prepare(
            X, y, sample_weight=sample_weight, categorical_features=categorical_features, rng=rng
        )
        events = int(np.count_nonzero(y))
        model = self.treatment.fit_learner(
            lambda seed: self._learner(categorical_features, events, seed, n_jobs), training, rng=rng
        )
        own = altered(model)
        treated = [] if own and isinstance(self.treatment, NoTreatment) else [self.treatment.restoration]
        return FittedArm(
            arm=self,
            learner=model,
            shift=training.shift + shift,
            undone=training.shift,
            exact=training.exact and all(way != FROM_BATCH_LOSS for _, way in own),
            note="; ".join([training.note, *(said for said, _ in own)]),
            restoration="; ".join(dict.fromkeys([*treated, *(way for _, way in own)])),
            rows=training.y.size,
            seconds=time.perf_counter() - started,
        )

    def _learner(self, categorical: tuple[int, ...], events: int, seed: int, n_jobs: int) -> Any:
        if isinstance(self.learner, str):
            model = make_learner(
                self.learner, categorical_features=categorical, events=events, random_state=seed, n_jobs=n_jobs
            )
            # what comes out of the arm is calibrated and judged by whoever asked for it, on rows left out here
            return model.set_params(**model.inside_arm)
        model = clone(self.learner)
        if "random_state" in model.get_params() and model.get_params()["random_state"] is None:
            model.set_params(random_state=seed)
        if "categorical_features" in model.get_params() and hasattr(model, "takes_offset"):
            model.set_params(categorical_features=categorical)
        return model


@dataclass(frozen=True, kw_only=True)
class FittedArm:
    """A fitted learner and the shift that brings its log-odds to the real prevalence.

    Attributes
    ----------
    arm : Arm
        What was fitted: learner and treatment as they were asked for.
    learner : fitted classifier
    shift : float
        Log-odds added to the learner's score.
    undone : float
        The part of `shift` that undoes the treatment.
    level : float
        Log-odds added besides, so that a fit on all rows expects as many events on new rows as the fits did that
        calibrate it; see `rareclass.fitting.level`.
    exact : bool
        False where the shift is only approximate (synthetic rows).
    note, restoration : str
        What was done to the training rows, and how it is undone.
    rows : int
        Rows that the learner was fitted on.
    seconds : float
        Wall time of treatment and fit.
    """

    arm: Arm
    learner: Any
    shift: float
    exact: bool
    note: str
    restoration: str
    rows: int
    seconds: float
    level: float = 0.0
    undone: float = 0.0

    @property
    def name(self) -> str:
        return self.arm.name

    def logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) at the real prevalence, not yet calibrated."""
        return raw_logit(self.learner, X) + (self.shift + self.level)


def make_arm(name: str | tuple[Any, Any]) -> Arm:
    """An arm from ``"learner+treatment"`` or a pair (learner, treatment).

    Examples
    --------
    >>> make_arm("lightgbm+smote").name, make_arm("lightgbm").name
    ('lightgbm+smote', 'lightgbm+none')
    """
    if isinstance(name, str):
        learner, _, treatment = name.partition("+")
        return Arm(learner, make_treatment(treatment if treatment else "none"))
    learner, treatment = name
    return Arm(learner, make_treatment(treatment))
