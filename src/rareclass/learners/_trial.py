"""How a guarded booster chooses: guards fitted on inner folds of a sample, judged on rows that they did not see."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from rareclass.crossfit import out_of_fold
from rareclass.errors import InputError
from rareclass.kernels.logits import softplus
from rareclass.learners._alarm import collapse_message, warn_of_collapse
from rareclass.learners._context import FitContext, Rows
from rareclass.learners._inner import inner_plan
from rareclass.learners._recalibrate import Recalibration, recalibrate
from rareclass.learners.quantile_logistic import QuantileLogisticRegression

Cuts = list[np.ndarray | None]

_EVENTS, _OTHERS = 500, 20_000
_STAGES = (1.0, 0.5, 0.2, 0.1)


@dataclass(frozen=True)
class Trained:
    """A fitted library model: the cuts of its features, and the start of its scores."""

    model: Any
    cuts: Cuts | None
    start: float


class Booster(Protocol):
    """What a trial asks of a learner: a `GuardedBooster`."""

    calibrate: bool
    collapse_alarm: bool
    _TREES: ClassVar[str]

    def _takes_offset(self) -> bool:
        """Whether known log-odds may be added to the scores in training."""

    def _is_auto(self, name: str) -> bool:
        """Whether a parameter is left to the guard."""

    def _stages_hold(self) -> bool:
        """Whether the first trees of a model are the model with fewer trees."""

    def _trained(self, rows: Rows, guard: dict[str, Any], codes: np.ndarray, seed: int) -> Trained:
        """The model of one guard."""

    def _score(self, trained: Trained, X: np.ndarray, stages: list[int]) -> np.ndarray:
        """Log-odds (stages, n) after each number of trees, with the start."""


@dataclass(frozen=True)
class Choice:
    """A guard with its number of trees, the recalibration of its scores (m,) of unseen rows, and its inner fits."""

    guard: str
    parameters: dict[str, Any]
    recalibration: Recalibration
    unseen: np.ndarray
    fits: list[Trained]


class Trial:
    """Guards fitted on inner folds of a sample of the rows, and what their out-of-fold scores say.

    Parameters
    ----------
    learner : Booster
    rows : Rows
    codes : ndarray of shape (d,), Boolean
        Columns that hold codes.
    guards : dict of name to values
    context : FitContext
    """

    def __init__(
        self, learner: Booster, rows: Rows, codes: np.ndarray, guards: dict[str, dict[str, Any]], context: FitContext
    ) -> None:
        self.learner, self.codes, self.guards = learner, codes, guards
        self.seed = int(context.rng.integers(2**31))
        self.wanted = bool(learner.calibrate or learner.collapse_alarm or len(guards) > 1 or context.plan)
        most = max(_OTHERS, 5 * min(int(rows.rare.sum()), _EVENTS))
        plan = context.plan or inner_plan(rows.X, rows.y, context.rng, events=_EVENTS, others=most)
        self.flip = rows.rare is not rows.y
        self.index, self.shift, self.folds = plan.rows, plan.shift, plan.folds
        # with offsets the sample's shift is one of them; without, it is taken off the scores
        self.inside = self.shift if learner._takes_offset() else 0.0
        self.rows = rows.take(self.index, self.inside)
        self.possible = plan.possible

    def choose(self) -> Choice:
        """The best guard with its number of trees, its recalibration, and its inner fits."""
        learner, y = self.learner, self.rows.y
        w, offset = self.rows.weights, self.rows.offsets + (self.shift - self.inside)
        best: Choice | None = None
        lowest, default = np.inf, np.zeros(y.size)
        for name, values in self.guards.items():
            trees = int(values[learner._TREES])
            stages = [trees]
            if learner._is_auto(learner._TREES) and learner._stages_hold():
                stages = sorted({max(1, round(share * trees)) for share in _STAGES})
            # the default guard with all its trees comes first: what follows must beat it
            unseen, fits = self._out_of_fold(values, stages)
            for count, score in reversed(list(zip(stages, unseen, strict=True))):
                found = recalibrate(score, y, weight=w, offset=offset)
                losses = w * softplus(np.where(y, -1.0, 1.0) * (found.apply(score) + offset))
                if best is None:
                    default = losses
                if best is None or (losses.sum() < lowest and self._beats(losses, default)):
                    lowest = float(losses.sum())
                    best = Choice(name, {**values, learner._TREES: count}, found, score, fits)
        if best is None:
            raise InputError("There is no guard to choose from.")
        if learner.collapse_alarm:
            self._alarm(best.unseen, w)
        return best if learner.calibrate else replace(best, recalibration=Recalibration(0.0, 1.0, np.nan))

    def seen(self, choice: Choice) -> np.ndarray:
        """Scores (folds, m) that the inner fits of a choice give the rows they were fitted on; NaN for the others."""
        score = np.full((len(choice.fits), self.index.size), np.nan)
        stage = [int(choice.parameters[self.learner._TREES])]
        for k, (trained, (seen, _)) in enumerate(zip(choice.fits, self.folds.splits(), strict=True)):
            score[k, seen] = self.learner._score(trained, self.rows.X[seen], stage)[0]
        return score - (self.shift - self.inside)

    def _beats(self, losses: np.ndarray, default: np.ndarray) -> bool:
        """Better than the default by two standard errors: with few events the lowest loss is mostly luck."""
        gain = default - losses
        return float(gain.sum()) > 2 * float(gain.std()) * np.sqrt(gain.size)

    def _out_of_fold(self, values: dict[str, Any], stages: list[int]) -> tuple[np.ndarray, list[Trained]]:
        """Scores (stages, m) of rows that the inner fits did not see, and these fits."""
        fits: list[Trained] = []

        def fit_score(seen: np.ndarray, unseen: np.ndarray) -> np.ndarray:
            fits.append(self.learner._trained(self.rows.take(seen), values, self.codes, self.seed + len(fits)))
            return self.learner._score(fits[-1], self.rows.X[unseen], stages).T

        score = out_of_fold(self.index.size, self.folds.splits(), fit_score).score.T
        return np.ascontiguousarray(score) - (self.shift - self.inside), fits

    def _alarm(self, score: np.ndarray, w: np.ndarray) -> None:
        baseline = QuantileLogisticRegression(
            C=1.0, knots=False, categorical_features=np.flatnonzero(self.codes), random_state=self.seed
        )

        def fit_score(seen: np.ndarray, unseen: np.ndarray) -> np.ndarray:
            part = self.rows.take(seen)
            baseline.fit(part.X, part.y, part.weight, offset=part.offset)
            return baseline.decision_function(self.rows.X[unseen])

        linear = out_of_fold(self.index.size, self.folds.splits(), fit_score).score
        rare, sign = (~self.rows.y, -1.0) if self.flip else (self.rows.y, 1.0)
        # rows of the larger class stand for those that were left out
        stands = w * np.where(rare, 1.0, np.exp(abs(self.shift)))
        name = type(self.learner).__name__
        warn_of_collapse(collapse_message(name, rare, sign * score, sign * linear, stands))
