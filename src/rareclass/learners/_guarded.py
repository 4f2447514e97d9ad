"""What the guarded boosters share: guards chosen out of fold, class weights undone, honest log-odds, the alarm."""

import contextlib
from dataclasses import dataclass, replace
from inspect import get_annotations
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from rareclass import _check
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import sigmoid, softplus
from rareclass.learners._alarm import collapse_message, warn_of_collapse
from rareclass.learners._bins import apply_cuts, fit_cuts
from rareclass.learners._inner import inner_plan, sample_rows
from rareclass.learners._recalibrate import Recalibration, expected_as_observed, fade, recalibrate
from rareclass.learners.base import RareLearner, best_intercept, categorical_columns, rare_class
from rareclass.learners.quantile_logistic import QuantileLogisticRegression

Cuts = list[np.ndarray | None]

_EVENTS, _OTHERS = 500, 20_000
_ANCHOR_ROWS = 300_000
_NOT_PASSED_ON = {
    "random_state",
    "n_jobs",
    "objective",
    "class_weight",
    "scale_pos_weight",
    "is_unbalance",
    "unbalance",
}
_STAGES = (1.0, 0.5, 0.2, 0.1)
_REACH = 10.0  # nats that the trees together may move a score


@dataclass(frozen=True)
class Rows:
    """Training rows: features, Boolean target, weights and offsets (None where there are none)."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    offset: np.ndarray | None

    def take(self, rows: np.ndarray, shift: float = 0.0) -> "Rows":
        """Some of the rows, with `shift` added to their offset."""
        weight = None if self.weight is None else self.weight[rows]
        offset = None if self.offset is None else self.offset[rows]
        if shift:
            offset = np.full(rows.size, shift) if offset is None else offset + shift
        return Rows(self.X[rows], self.y[rows], weight, offset)


@dataclass(frozen=True)
class Trained:
    """A fitted library model with the cuts of its features and the start of its scores."""

    model: Any
    cuts: Cuts | None
    start: float


class GuardedBooster(RareLearner):
    """Template of the guarded boosters; an author says how its library trains and scores.

    A guard is a dictionary of the values that "auto" stands for. The guard and the number of trees are chosen by the
    out-of-fold log-loss, after recalibration, on the events and a sample of the other rows.
    """

    inside_arm = MappingProxyType({"calibrate": False, "collapse_alarm": False, "guard": "steady"})
    _TREES = "n_estimators"
    guard: Any
    event_bins: bool
    collapse_alarm: bool
    calibrate: bool
    categorical_features: Any

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        """Values of the "auto" parameters by the name of the guard; the first one is the default."""
        raise NotImplementedError

    def _train(
        self, rows: Rows, start: np.ndarray | None, parameters: dict[str, Any], codes: np.ndarray, seed: int
    ) -> Any:
        """The library's model fitted on (binned) rows, its scores starting at `start`."""
        raise NotImplementedError

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        """The library's raw scores (stages, n) after each number of trees, without the start."""
        raise NotImplementedError

    def _starts_itself(self) -> bool:
        """Whether the library starts at the prevalence where it is given no start."""
        return True

    def _given_ratio(self, y: np.ndarray, weight: np.ndarray | None) -> float:
        """Weight of a positive row over that of a negative one that the user asked the library for."""
        return 1.0

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None, eval_set: Any = None,
            **fit_options: Any) -> Self:  # fmt: skip
        """Fit to rows `X` with labels `y`.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Encoded features: NaN where missing, codes 0..K-1 in the categorical columns.
        y : array-like of shape (n,)
            Labels. ``classes_[1]`` is the positive class.
        sample_weight : array-like of shape (n,), optional
        offset : array-like of shape (n,), optional
            Known log-odds added to the score during training and not at prediction.
        eval_set : list of (X, y), optional
            Rows at the real prevalence for early stopping. The number of trees is then left to the library's early
            stopping, and the log-odds are recalibrated on the first of them.
        **fit_options
            Passed on to the library's `fit` (callbacks, evaluation metric, ...).

        Returns
        -------
        self
        """
        if "init_score" in fit_options or "base_margin" in fit_options or "baseline" in fit_options:
            raise InputError("Give known log-odds as `offset`; it is the same as init_score, base_margin or baseline.")
        if eval_set is not None and len(_check.class_values(_check.column(y, "y"))) > 2:
            raise InputError("`eval_set` needs two classes: with more, one model is fitted for each class.")
        self._options = {"eval_set": eval_set, "fit": fit_options}
        try:
            return super().fit(X, y, sample_weight, offset=offset)
        finally:
            with contextlib.suppress(AttributeError):
                del self._options

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        offset: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        ratio = self._given_ratio(y, weight)
        real = Rows(X, y, weight, offset)
        if ratio != 1.0:
            weight = np.where(y, ratio, 1.0) * (1.0 if weight is None else weight)
        rows = Rows(X, y, weight, offset)
        self._codes = categorical_columns(self.categorical_features, X.shape[1])
        guards = self._candidates(int(rare_class(y).sum()))
        found = Recalibration(0.0, 1.0, np.nan)
        self.guard_ = next(iter(guards))
        self.parameters_ = guards[self.guard_]
        evaluation = getattr(self, "_options", {}).get("eval_set")
        seen = None
        if evaluation is None:
            trial = Trial(self, rows, guards, rng)
            rows_judged = trial.index if trial.wanted else trial.index[:0]
            self.oof_rows_, self.oof_logit_ = rows_judged, np.full(rows_judged.size, np.nan)
            if trial.wanted and trial.possible:
                choice = trial.choose()
                self.guard_, self.parameters_, found = choice.guard, choice.parameters, choice.recalibration
                self.oof_logit_ = found.apply(choice.unseen) - float(np.log(ratio))
                if self.calibrate and self._plan is None:
                    seen = trial.seen(choice)
        trained = self._trained(rows, self.parameters_, int(rng.integers(2**31)), evaluation=evaluation)
        self.model_, self.cuts_, self.intercept_ = trained.model, trained.cuts, trained.start
        if evaluation is not None and self.calibrate:
            found = self._recalibrated(trained, evaluation[0], ratio)
        found = replace(found, intercept=found.intercept - float(np.log(ratio)))
        if seen is not None:
            found = self._anchored(found, trained, real, found.apply(seen))
        self.shift_, self.slope_ = found.intercept, found.slope

    def _candidates(self, events: int) -> dict[str, dict[str, Any]]:
        """The guards that differ once the user's own values are put in; only the named one where one is named."""
        known = self._guards(events)
        _check.one_of(self.guard, "guard", ("auto", *known))
        chosen: dict[str, dict[str, Any]] = {}
        for name, values in known.items():
            if self.guard not in ("auto", name):
                continue
            given = {k: values[k] if self._is_auto(k) else getattr(self, k) for k in values if not k.startswith("_")}
            given |= {k: v for k, v in values.items() if k.startswith("_")}
            if self._is_auto("learning_rate") and not self._is_auto(self._TREES):
                # a limited step times too few trees could not leave the prevalence
                given["learning_rate"] = float(np.clip(_REACH / given[self._TREES], 0.01, 0.3))
            if given["_ordered"] and not self._codes.any():
                continue
            if given not in chosen.values():
                chosen[name] = given
        first = next(iter(chosen))
        # a number of trees that the user set is a tuned model: nothing is left to choose
        return chosen if self._is_auto(self._TREES) else {first: chosen[first]}

    def library_parameters(self, events: int) -> dict[str, Any]:
        """Keywords of the wrapped library's classifier: the default guard for so many events, and the user's values.

        What stands for the loss or the weights of the classes (objective, class_weight, ...) is left out.
        """
        own = set(get_annotations(GuardedBooster)) | _NOT_PASSED_ON
        given = {k: v for k, v in self.get_params(deep=False).items() if k not in own and not self._is_auto(k)}
        guard = next(iter(self._guards(events).values()))
        return {**{k: v for k, v in guard.items() if not k.startswith("_")}, **given}

    def _is_auto(self, name: str) -> bool:
        value = getattr(self, name, None)
        return isinstance(value, str) and value == "auto"

    def _trained(self, rows: Rows, guard: dict[str, Any], seed: int, *, evaluation: Any = None) -> Trained:
        parameters = {k: v for k, v in guard.items() if not k.startswith("_")}
        codes = np.zeros_like(self._codes) if guard["_ordered"] else self._codes
        cuts = None
        if self.event_bins:
            cuts = fit_cuts(rows.X, rows.y, np.random.default_rng(seed), skip=codes)
        start = 0.0
        begin = None
        if rows.offset is not None or evaluation is not None or not self._starts_itself():
            start = best_intercept(rows.y, rows.weight, rows.offset)
            begin = start + (np.zeros(rows.y.size) if rows.offset is None else rows.offset)
        binned = Rows(rows.X if cuts is None else apply_cuts(rows.X, cuts), rows.y, rows.weight, rows.offset)
        if evaluation is not None:
            self._options["parts"] = [self._evaluation_part(part, cuts, start) for part in evaluation]
        return Trained(self._train(binned, begin, parameters, codes, seed), cuts, start)

    def _evaluation_part(self, part: Any, cuts: Cuts | None, start: float) -> tuple[np.ndarray, ...]:
        X, y = part
        X = np.asarray(X, dtype=np.float64)
        label = np.asarray(_check.column(y, "eval_set") == self.classes_[1])
        if not label.any() or label.all():
            raise TooFewEventsError(
                "A part of `eval_set` holds one class only; early stopping needs both. Give a part with events."
            )
        return X if cuts is None else apply_cuts(X, cuts), label, np.full(label.size, start)

    def _recalibrated(self, trained: Trained, part: Any, ratio: float) -> Recalibration:
        X, y = np.asarray(part[0], dtype=np.float64), _check.column(part[1], "eval_set") == self.classes_[1]
        score = self._score(trained, X, self._all_trees(trained.model))[0]
        w = np.ones(y.size)
        return recalibrate(score, y, weight=w, offset=-float(np.log(ratio)))

    def _anchored(self, found: Recalibration, trained: Trained, rows: Rows, fitted: np.ndarray) -> Recalibration:
        """The recalibration with the intercept at which the fit on all rows expects as many events as there are.

        `fitted` (folds, m) are log-odds of `oof_rows_` from inner fits that saw them, `oof_logit_` from those that did
        not. The members of a blend stay as they are: the blend puts the mean of all of them right.
        """
        rare = rare_class(rows.y)
        sign = 1.0 if rare is rows.y else -1.0
        w = np.ones(rows.y.size) if rows.weight is None else rows.weight
        offset = np.zeros(rows.y.size) if rows.offset is None else rows.offset
        fades = []
        for label in (True, False):
            mine = np.flatnonzero(rare[self.oof_rows_] == label)
            row = self.oof_rows_[mine]
            unseen = sigmoid(sign * (self.oof_logit_[mine] + offset[row]))
            seen = sigmoid(sign * (fitted[:, mine] + offset[row]))
            share = np.isfinite(seen).sum() / len(seen) / np.count_nonzero(rare == label)
            fades.append(fade(unseen, seen, weight=w[row], share=share))
        judged = sample_rows(rare, np.random.default_rng(0), others=_ANCHOR_ROWS)[0]
        score = found.apply(self._score(trained, rows.X[judged], self._all_trees(trained.model))[0]) + offset[judged]
        moved = expected_as_observed(
            sign * score, rare[judged], weight=w[judged], fades=(fades[0], fades[1]),
            events=float(w[rare].sum()), others=float(w[~rare].sum()),
        )  # fmt: skip
        return replace(found, intercept=found.intercept + sign * moved)

    def _all_trees(self, model: Any) -> list[int]:
        return [int(self.parameters_[self._TREES])]

    def _score(self, trained: Trained, X: np.ndarray, stages: list[int]) -> np.ndarray:
        binned = X if trained.cuts is None else apply_cuts(X, trained.cuts)
        return trained.start + self._raw(trained.model, binned, stages)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        trained = Trained(self.model_, self.cuts_, self.intercept_)
        return self.shift_ + self.slope_ * self._score(trained, X, self._all_trees(self.model_))[0]


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
    learner : GuardedBooster
    rows : Rows
    guards : dict of name to values
    rng : Generator
    """

    def __init__(
        self, learner: GuardedBooster, rows: Rows, guards: dict[str, dict[str, Any]], rng: np.random.Generator
    ) -> None:
        self.learner, self.guards, self.seed = learner, guards, int(rng.integers(2**31))
        rare = rare_class(rows.y)
        self.wanted = bool(learner.calibrate or learner.collapse_alarm or len(guards) > 1 or learner._plan)
        events = int(rare.sum())
        plan = learner._plan or inner_plan(
            rows.X, rows.y, rng, events=_EVENTS, others=max(_OTHERS, 5 * min(events, _EVENTS))
        )
        self.flip = rare is not rows.y
        self.index, self.shift, self.fold = plan.rows, plan.shift, plan.fold
        # with offsets the sample's shift is one of them; without, it is taken off the scores
        self.inside = self.shift if learner.takes_offset else 0.0
        self.rows = rows.take(self.index, self.inside)
        self.possible = plan.possible

    def choose(self) -> "Choice":
        """The best guard with its number of trees, its recalibration, and its inner fits."""
        learner, y = self.learner, self.rows.y
        w = np.ones(y.size) if self.rows.weight is None else self.rows.weight
        offset = np.zeros(y.size) if self.rows.offset is None else self.rows.offset
        offset = offset + (self.shift - self.inside)
        best: Choice | None = None
        lowest, default = np.inf, np.zeros(y.size)
        for name, values in self.guards.items():
            trees = int(values[learner._TREES])
            stages = [trees]
            if learner._is_auto(learner._TREES):
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

    def seen(self, choice: "Choice") -> np.ndarray:
        """Scores (folds, m) that the inner fits of a choice give the rows they were fitted on; NaN for the others."""
        score = np.full((len(choice.fits), self.fold.size), np.nan)
        stage = [int(choice.parameters[self.learner._TREES])]
        for k, trained in enumerate(choice.fits):
            rows = np.flatnonzero(self.fold != k)
            score[k, rows] = self.learner._score(trained, self.rows.X[rows], stage)[0]
        return score - (self.shift - self.inside)

    def _beats(self, losses: np.ndarray, default: np.ndarray) -> bool:
        """Better than the default by two standard errors: with few events the lowest loss is mostly luck."""
        gain = default - losses
        return float(gain.sum()) > 2 * float(gain.std()) * np.sqrt(gain.size)

    def _out_of_fold(self, values: dict[str, Any], stages: list[int]) -> tuple[np.ndarray, list[Trained]]:
        """Scores (stages, m) of rows that the inner fits did not see, and these fits."""
        score, fits = np.empty((len(stages), self.fold.size)), []
        for k in range(self.fold.max() + 1):
            seen, unseen = np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)
            fits.append(self.learner._trained(self.rows.take(seen), values, self.seed + k))
            score[:, unseen] = self.learner._score(fits[-1], self.rows.X[unseen], stages)
        return score - (self.shift - self.inside), fits

    def _alarm(self, score: np.ndarray, w: np.ndarray) -> None:
        linear = np.empty(self.fold.size)
        baseline = QuantileLogisticRegression(
            C=1.0, knots=False, categorical_features=self.learner.categorical_features, random_state=self.seed
        )
        for k in range(self.fold.max() + 1):
            seen, unseen = np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)
            part = self.rows.take(seen)
            baseline.fit(part.X, part.y, part.weight, offset=part.offset)
            linear[unseen] = baseline.decision_function(self.rows.X[unseen])
        rare, sign = (~self.rows.y, -1.0) if self.flip else (self.rows.y, 1.0)
        # rows of the larger class stand for those that were left out
        stands = w * np.where(rare, 1.0, np.exp(abs(self.shift)))
        name = type(self.learner).__name__
        warn_of_collapse(collapse_message(name, rare, sign * score, sign * linear, stands))
