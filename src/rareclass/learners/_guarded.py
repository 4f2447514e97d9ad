"""What the guarded boosters share: guards chosen out of fold, class weights undone, honest log-odds, the alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import get_annotations
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from rareclass import _check, _types
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.level import class_means, expected_as_observed
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.trees import FORMER_SCALE
from rareclass.learners._bins import apply_cuts, fit_cuts
from rareclass.learners._context import FitContext, Part, Rows, Unseen
from rareclass.learners._dialect import Dialect, Setting
from rareclass.learners._inner import sample_rows
from rareclass.learners._own_loss import ScaledObjective, own_loss, plain_loss, scaled_objective
from rareclass.learners._recalibrate import Recalibration, fade, recalibrate
from rareclass.learners._trial import Cuts, Trained, Trial
from rareclass.learners.base import Growth, RareLearner, best_intercept
from rareclass.learners.objectives import usable_loss
from rareclass.losses.base import RowLoss

_ANCHOR_ROWS = 300_000
_NOT_PASSED_ON = set("random_state n_jobs objective class_weight scale_pos_weight is_unbalance unbalance".split())
_REACH = 10.0  # nats that the trees together may move a score


class StopPart(NamedTuple):
    """Rows that stop a fit early: (binned) features, Boolean target, and the start of their scores."""

    X: np.ndarray
    y: np.ndarray
    start: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a library has to fit."""

    rows: Rows  # binned where the learner cuts features
    start: np.ndarray | None  # (n,) where the scores begin; None where the library starts itself
    parameters: dict[str, Any]  # of the library, by the guard and the user
    codes: np.ndarray  # (d,) columns to be split as categories
    seed: int
    stop: Sequence[StopPart] = ()  # parts that stop the fit early; none in inner fits, and where the user gave none
    # further keywords of the library's fit
    options: Mapping[str, Any] = field(default_factory=dict)
    objective: ScaledObjective | None = None  # a loss of one's own; None = the library's cross-entropy


class GuardedBooster(RareLearner):
    """Template of the guarded boosters; an author says how its library trains and scores.

    A guard is a dictionary of the values that "auto" stands for. The guard and the number of trees are chosen by the
    out-of-fold log-loss, after recalibration, on the events and a sample of the other rows.

    Scoring: ``log-odds = shift_ + slope_ * s`` with ``s = raw + intercept_`` of the library's raw scores on rows binned
    by `cuts_`, whatever the loss: it is trained on the scale of log-odds.
    """

    judges_itself = True
    inside_blend = MappingProxyType({"guard": "steady", "collapse_alarm": False})
    inside_arm = MappingProxyType({"calibrate": False, "collapse_alarm": False, "guard": "steady"})
    _TREES = "n_estimators"
    _BINS: ClassVar[int] = 18_000
    """Bins of all features together."""
    _TRANSLATED: ClassVar[frozenset[str]] = frozenset()
    """Parameters of the library that are honoured here and not passed on."""
    guard: Any
    event_bins: bool
    collapse_alarm: bool
    calibrate: bool
    categorical_features: ArrayLike | str | None
    # as they stand in learners that were saved before there were losses
    loss: Any = None
    loss_share: float = 0.5
    loss_: Any = None
    weight_ratio_: float = 1.0

    def _guards(self, events: int) -> dict[str, dict[str, Any]]:
        """Values of the "auto" parameters by the name of the guard; the first one is the default."""
        raise NotImplementedError

    def _train(self, task: Task) -> Any:
        """The library's fitted model."""
        raise NotImplementedError

    def _raw(self, model: Any, X: np.ndarray, stages: list[int]) -> np.ndarray:
        """The library's raw scores (stages, n) after each number of trees, without the start."""
        raise NotImplementedError

    def _dialect(self) -> Dialect:
        """The library's names, and what cannot be honoured of them."""
        return Dialect()

    def _check_values(self, settings: Mapping[str, Setting]) -> None:
        """Raise for a value that cannot be honoured although its parameter can."""

    def _clean(self, X: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Features with NaN where the user's own mark of a missing value stands; `codes` (d,) are code columns."""
        return X

    def _stages_hold(self) -> bool:
        """Whether the first trees of a model are the model with fewer trees."""
        return True

    def _most_bins(self) -> int:
        """Largest number of event bins of a feature, where the user gave none.

        On wide tables bins cost most of the seconds; 64 rank as well there.
        """
        return int(np.clip(self._BINS / getattr(self, "n_features_in_", 1), 64, 255))

    def _start(self, rows: Rows) -> float:
        """Where the scores begin: the prevalence."""
        return best_intercept(rows.y, rows.weight, rows.offset)

    def _drawn_ratio(self) -> float:
        """How many times oftener the library draws a positive row than a negative one."""
        return 1.0

    def _starts_itself(self) -> bool:
        """Whether the library starts at the prevalence where it is given no start."""
        return True

    def _given_ratio(self, rows: Rows) -> float:
        """Weight of a positive row over that of a negative one that the user asked the library for."""
        return 1.0

    @classmethod
    def growth(cls, events: int, columns: int) -> Growth:
        """What the default guard grows."""
        blank = cls()
        blank.n_features_in_ = columns
        guard = next(iter(blank._guards(events).values()))
        depth = guard.get("depth", guard.get("max_depth", 0))
        leaves = next((guard[name] for name in ("num_leaves", "max_leaf_nodes") if name in guard), 2**depth)
        share = next((guard[name] for name in ("colsample_bytree", "max_features", "rsm") if name in guard), 1.0)
        return Growth(guard[cls._TREES], leaves, blank._most_bins(), share)

    def fit(
        self,
        X: _types.Rows,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
        eval_set: Part | Sequence[Part] | None = None,
        **fit_options: Any,
    ) -> Self:
        """Fit to rows `X` with labels `y`.

        Parameters
        ----------
        X : array-like or frame of shape (n, d)
            Features: numbers, NaN where missing, codes 0..K-1 in the categorical columns. Category columns of a frame
            are coded here; categories that training did not see count as missing.
        y : array-like of shape (n,)
            Labels. ``classes_[1]`` is the positive class.
        sample_weight : array-like of shape (n,), optional
            How rows compare; their scale changes nothing, so that equal weights, whole numbers too, are none.
        offset : array-like of shape (n,), optional
            Known log-odds added to the score during training and not at prediction.
        eval_set : (X, y) or list of them, optional
            Rows at the real prevalence for early stopping. The number of trees is then left to the library's early
            stopping, and the log-odds are recalibrated on the first of them.
        **fit_options
            Passed on to the library's `fit` (callbacks, evaluation metric, ...).

        Returns
        -------
        self

        Raises
        ------
        InputError
            A parameter or keyword of the library that cannot be honoured; the sentence names it and a way out.
        """
        if "init_score" in fit_options or "base_margin" in fit_options or "baseline" in fit_options:
            raise InputError("Give known log-odds as `offset`; it is the same as init_score, base_margin or baseline.")
        if eval_set is not None and len(_check.class_values(_check.column(y, "y"))) > 2:
            raise InputError("`eval_set` needs two classes: with more, one model is fitted for each class.")
        parts = None if eval_set is None else _parts(eval_set)
        self._dialect().check_options(type(self).__name__, fit_options, judged=parts is not None)
        self._learn(X, y, sample_weight, offset, eval_set=parts, options=fit_options)
        return self

    def _fit(self, rows: Rows, context: FitContext) -> Unseen | None:
        self._check_settings(stops=context.eval_set is not None)
        codes = self._code_mask(rows.X.shape[1])
        rows = replace(rows, X=self._clean(rows.X, codes)).scaled()
        self.loss_ = plain_loss(own_loss(self.loss, rows)) if self._has_loss() else None
        if not self._takes_offset() and rows.offset is not None:
            raise InputError(f"{self.loss!r} has no link to log-odds, so it takes no offsets. Leave one of them out.")
        if self.loss_ is not None and self._drawn_ratio() != 1.0:
            raise InputError(
                "Bagging by class works with the library's own objective only. Leave `loss` out, or sample rows "
                "yourself and give them the weight 1 / keep probability."
            )
        real, ratio = rows, self._given_ratio(rows)
        self.weight_ratio_ = float(ratio)
        if ratio != 1.0:
            rows = replace(rows, weight=np.where(rows.y, ratio, 1.0) * (1.0 if rows.weight is None else rows.weight))
        guards = self._candidates(int(rows.rare.sum()), coded=bool(codes.any()))
        found = Recalibration(0.0, 1.0, np.nan)
        self.guard_ = next(iter(guards))
        self.parameters_ = guards[self.guard_]
        unseen = fitted = None
        if context.eval_set is None:
            trial = Trial(self, rows, codes, guards, context)
            judged = trial.index if trial.wanted else trial.index[:0]
            unseen = Unseen(judged, np.full(judged.size, np.nan))
            if trial.wanted and trial.possible:
                choice = trial.choose()
                self.guard_, self.parameters_, found = choice.guard, choice.parameters, choice.recalibration
                unseen = Unseen(judged, found.apply(choice.unseen) - float(np.log(ratio)))
                if self.calibrate:
                    fitted = trial.seen(choice)
        trained = self._trained(rows, self.parameters_, codes, int(context.rng.integers(2**31)), context)
        self.model_, self.cuts_, self.intercept_ = trained.model, trained.cuts, trained.start
        if context.eval_set is not None and self.calibrate:
            found = self._recalibrated(trained, context.eval_set[0], ratio)
        found = replace(found, intercept=found.intercept - float(np.log(ratio)))
        if unseen is not None and fitted is not None:
            found = self._anchored(found, trained, real, unseen, found.apply(fitted))
        self.shift_, self.slope_ = found.intercept, found.slope
        return unseen

    def _candidates(self, events: int, *, coded: bool) -> dict[str, dict[str, Any]]:
        """The guards that differ once the user's own values are put in; only the named one where one is named."""
        known, settings = self._guards(events), self._settings()
        _check.one_of(self.guard, "guard", ("auto", *known))
        chosen: dict[str, dict[str, Any]] = {}
        for name, values in known.items():
            if self.guard not in ("auto", name):
                continue
            given = {k: settings[k].value if k in settings else v for k, v in values.items()}
            if self._is_auto("learning_rate") and not self._is_auto(self._TREES):
                # a limited step times too few trees could not leave the prevalence
                given["learning_rate"] = float(np.clip(_REACH / given[self._TREES], 0.01, 0.3))
            if given["_ordered"] and not coded:
                continue
            if given not in chosen.values():
                chosen[name] = given
        first = next(iter(chosen))
        # a number of trees that the user set is a tuned model: nothing is left to choose
        return chosen if self._is_auto(self._TREES) else {first: chosen[first]}

    def _has_loss(self) -> bool:
        return self.takes_loss and self.loss is not None

    def _takes_offset(self) -> bool:
        """Whether known log-odds may be added to the scores in training."""
        return self.takes_offset and (self.loss_ is None or isinstance(usable_loss(self.loss_), RowLoss))

    def _settings(self) -> dict[str, Setting]:
        """What the user set, by the constructor's names."""
        return self._dialect().settings(self)

    def _check_settings(self, *, stops: bool) -> None:
        settings = self._settings()
        self._dialect().check(type(self).__name__, settings, binned=self.event_bins, stops=stops)
        self._check_values(settings)
        named = settings.get("objective", settings.get("loss_function"))
        if self._has_loss() and named is not None:
            raise InputError(f"`loss` and `{named.typed}` both say what is minimised; give one of them.")

    def _passed_on(self) -> dict[str, Any]:
        """What the user set and the library is to hear."""
        own = set(get_annotations(GuardedBooster)) | _NOT_PASSED_ON | self._TRANSLATED
        return {k: setting.value for k, setting in self._settings().items() if k not in own}

    def _value(self, name: str) -> Any:
        settings = self._settings()
        return settings[name].value if name in settings else super()._value(name)

    def _is_auto(self, name: str) -> bool:
        return name not in self._settings()

    def _code_mask(self, n_features: int) -> np.ndarray:
        mask = np.zeros(n_features, dtype=bool)
        mask[self._code_columns(n_features)] = True
        return mask

    def _trained(
        self, rows: Rows, guard: dict[str, Any], codes: np.ndarray, seed: int, context: FitContext | None = None
    ) -> Trained:
        """The model of one guard; with a context also stopped early where that says how."""
        parts = () if context is None or context.eval_set is None else context.eval_set
        codes = np.zeros_like(codes) if guard["_ordered"] else codes
        cuts = None
        if self.event_bins:
            cuts = fit_cuts(rows.X, rows.y, np.random.default_rng(seed), skip=codes, max_bins=self._most_bins())
        start, begin = 0.0, None
        drawn = float(np.log(self._drawn_ratio()))
        if rows.offset is not None or parts or drawn or self.loss_ is not None or not self._starts_itself():
            start = self._start(rows)
            # what is drawn by class begins, and is left, at the prevalence of the draw
            begin = start + drawn + rows.offsets
        objective = None
        if self.loss_ is not None:
            share = _check.fraction(self.loss_share, "loss_share", closed="right")
            moved = 0.0 if begin is None else float(np.average(begin, weights=rows.weights)) - start
            objective = scaled_objective(usable_loss(self.loss_), rows, start, share=share, moved=moved)
        task = Task(
            rows=rows if cuts is None else replace(rows, X=apply_cuts(rows.X, cuts)),
            start=begin,
            parameters={**self._passed_on(), **{k: v for k, v in guard.items() if not k.startswith("_")}},
            codes=codes,
            seed=seed,
            stop=[self._stop_part(part, cuts, start) for part in parts],
            options={} if context is None else context.options,
            objective=objective,
        )
        return Trained(self._train(task), cuts, start)

    def _stop_part(self, part: Part, cuts: Cuts | None, start: float) -> StopPart:
        X, label = self._part(part)
        if not label.any() or label.all():
            raise TooFewEventsError(
                "A part of `eval_set` holds one class only; early stopping needs both. Give a part with events."
            )
        return StopPart(X if cuts is None else apply_cuts(X, cuts), label, np.full(label.size, start))

    def _part(self, part: Part) -> tuple[np.ndarray, np.ndarray]:
        """Features and Boolean target of a part of `eval_set`."""
        X = validate_data(self, self._read(part[0]), reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        label = _check.column(part[1], "eval_set")
        _check.same_length(X=X, y=label)
        unknown = np.setdiff1d(_check.class_values(label, "eval_set"), self.classes_)
        if unknown.size:
            raise InputError(f"`eval_set` holds labels that `y` does not hold: {unknown.tolist()[:8]}.")
        return self._clean(np.asarray(X), self._code_mask(X.shape[1])), np.asarray(label == self.classes_[1])

    def _recalibrated(self, trained: Trained, part: Part, ratio: float) -> Recalibration:
        X, y = self._part(part)
        score = self._score(trained, X, self._all_trees(trained.model))[0]
        return recalibrate(score, y, weight=np.ones(y.size), offset=-float(np.log(ratio)))

    def _anchored(
        self, found: Recalibration, trained: Trained, rows: Rows, unseen: Unseen, fitted: np.ndarray
    ) -> Recalibration:
        """The recalibration with the intercept at which the fit on all rows expects as many events as there are.

        `fitted` (folds, m) are log-odds of the rows of `unseen` from inner fits that saw them. The scores of `unseen`
        rows, by which a blend weighs the learner, stay those of the inner fits.
        """
        rare, w, offset = rows.rare, rows.weights, rows.offsets
        sign = 1.0 if rare is rows.y else -1.0
        fades = []
        for label in (True, False):
            mine = np.flatnonzero(rare[unseen.rows] == label)
            row = unseen.rows[mine]
            known = sigmoid(sign * (fitted[:, mine] + offset[row]))
            share = np.isfinite(known).sum() / len(known) / np.count_nonzero(rare == label)
            new = sigmoid(sign * (unseen.logit[mine] + offset[row]))
            fades.append(fade(new, known, weight=w[row], share=share))
        judged = sample_rows(rare, np.random.default_rng(0), others=_ANCHOR_ROWS)[0]
        score = found.apply(self._score(trained, rows.X[judged], self._all_trees(trained.model))[0]) + offset[judged]
        events = float(w[rare].sum())
        moved = expected_as_observed(
            lambda shift: class_means(sigmoid(sign * score + shift), rare[judged], w[judged]),
            fades=(fades[0], fades[1]),
            weights=(events, float(w[~rare].sum())),
            wanted=events,
        )
        return replace(found, intercept=found.intercept + sign * moved)

    def _all_trees(self, model: Any) -> list[int]:
        return [int(self.parameters_[self._TREES])]

    def _score(self, trained: Trained, X: np.ndarray, stages: list[int]) -> np.ndarray:
        binned = X if trained.cuts is None else apply_cuts(X, trained.cuts)
        return trained.start + self._raw(trained.model, binned, stages)

    def refuse_former(self) -> None:
        """Raise `InputError` where this was saved with trees whose scores were those of the loss."""
        if getattr(self, "scale_", None) is not None:
            raise InputError(FORMER_SCALE)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        self.refuse_former()
        trained = Trained(self.model_, self.cuts_, self.intercept_)
        X = self._clean(X, self._code_mask(X.shape[1]))
        return self.shift_ + self.slope_ * self._score(trained, X, self._all_trees(self.model_))[0]


def _parts(eval_set: Any) -> list[Part]:
    """The parts of an `eval_set`; one pair counts as a list of one."""
    one = isinstance(eval_set, tuple) and len(eval_set) == 2 and not isinstance(eval_set[0], tuple)
    parts = [eval_set] if one else list(eval_set)
    if not parts or not all(isinstance(part, tuple | list) and len(part) == 2 for part in parts):
        raise InputError("`eval_set` must be (X, y) or a list of such pairs.")
    return [(part[0], part[1]) for part in parts]
