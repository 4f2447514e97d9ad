"""Two stages as one learner: a small gate that lets most rows go, and a judge that is fitted on what passes it."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from rareclass import _check, _types
from rareclass.calibration import calibrator_from_dict, choose_calibration
from rareclass.cascade.gate import Placed, Promise, Scored, open_gate
from rareclass.crossfit import Folds, OutOfFold, Splits, out_of_fold, raw_logit
from rareclass.data.split import make_splits
from rareclass.decisions.costs import Costs
from rareclass.errors import CostError, ShortfallWarning, TooFewEventsError
from rareclass.fitting.arm import BLEND, Arm, FittedArm
from rareclass.fitting.blend import blend_members, blend_out_of_fold, join_arms
from rareclass.fitting.calibrate import as_counts
from rareclass.fitting.design import kind_of
from rareclass.fitting.rows import at
from rareclass.learners._context import FitContext, Rows
from rareclass.learners._inner import inner_folds
from rareclass.learners.base import RareLearner
from rareclass.learners.lgbm import RareLGBMClassifier
from rareclass.treatments.base import Treatment
from rareclass.treatments.combined import Combined
from rareclass.treatments.negatives import NegativeSampling
from rareclass.treatments.registry import make_treatment
from rareclass.treatments.sampling import SampledNegatives

LEAST_EVENTS = 12
"""Fewer events among the rows that pass are not multiplied: there is too little to interpolate between."""
LEAST_RATIO = 4
"""With fewer negatives for each event there is little to add, and cleaning drops real events (88 of 992 in r2l)."""
MOST_ROWS = 10_000
"""With more rows the search for neighbours costs more than all else, and has more than enough negatives to work on."""
SYNTHESIS = "smote_enn"
MULTIPLIED = "hist_gradient_boosting"
"""Learns from multiplied events beside the members that learn from rows as they are: boosting gained from SMOTE-ENN on
one of three sets that were tried, the other members lost on all; weights out of fold tell which is the case."""


@dataclass(eq=False, repr=False, kw_only=True)
class TwoStageLearner(RareLearner):
    """A gate on all rows, a judge on those that pass it; the log-odds of the stage that decided.

    What `CascadeClassifier` fits, on encoded rows. The event is ``classes_[1]``.

    1. The gate is fitted on all events and sampled negatives, which is undone exactly, and cross-fitted on inner folds.
    2. Its threshold is placed by these out-of-fold scores, see `Promise`; where the events cannot carry the recall, at
       the lowest event. At least as many negatives as events, and ten, pass.
    3. The judge is fitted on rows that pass out of fold, so that it sees what it will see later, and is cross-fitted on
       the same folds: its scores are brought back and calibrated on rows that pass and that it did not see.
    4. Rows that do not pass get their own event rate, smoothed by half an event.

    Parameters
    ----------
    gate : str or classifier, default="lightgbm"
        "lightgbm" is guarded LightGBM of `gate_trees` trees with eight leaves; else a learner's name or a classifier.
    judge : "auto", str or classifier, default="auto"
        "auto" is the blend, of which the gate is a member: out of fold it gets the weight that it deserves.
    gate_recall, confidence : float in (0, 1), default=0.98 and 0.95
    gate_trees : int, default=60
        What "lightgbm" may cost: each tree takes about 30 nanoseconds a row once compiled.
    gate_negatives : float, default=20
        Negatives for each event that the gate is fitted on; 20,000 altogether at least.
    judge_treatment : "auto", str or Treatment, default="auto"
        "auto" leaves the rows as they are, and gives a blend one more member that learns from them under SMOTE-ENN,
        where twelve events or more and at least four negatives for each pass (10,000 rows at most).
    judge_rows : int or None, default=40_000
        Largest number of rows that the judge is fitted on: where more pass, all events and sampled negatives, which is
        undone exactly.
    judge_cost : float, optional
        What showing one row to the judge costs, in the money of `costs`: the gate is then placed by cost, not recall.
    folds : int, default=5
        Inner folds; fewer where the events are fewer.
    costs : CostMatrix or RowCosts, optional
        Of the rows to fit on, for `judge_cost`.
    groups : array-like of shape (n,), optional
        Rows with the same number stay on one side of every inner split, and count as one where recall is bounded.
    times : array-like of shape (n,), optional
        Inner splits then go forward in time: the gate is placed on, and the judge learns from, rows that are scored by
        earlier ones. Rows before the first such split serve the gate only.
    categorical_features : sequence of int, optional
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1

    Attributes
    ----------
    gate_, judge_ : fitted classifiers
    gate_shift_, judge_shift_ : float
        Log-odds that bring their scores back to the real prevalence.
    placed_ : Placed
        Threshold of the gate and what it promises.
    calibration_ : dict
        The judge's calibration, as `Calibrator.to_dict` writes it.
    judge_note_ : str
        What the judge was fitted on.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(5 - 3 * X[:, 0]))
    >>> simple = {"gate": "logistic_regression", "judge": "logistic_regression", "judge_treatment": "none"}
    >>> model = TwoStageLearner(**simple, gate_recall=0.9, random_state=0).fit(X, y)
    >>> bool(model.passes(X).mean() < 0.5), bool(model.placed_.recall >= 0.9)
    (True, True)
    """

    title: ClassVar[str] = "Cascade"
    takes_offset = False
    takes_sides: ClassVar[bool] = True
    """Is given the groups, costs and times of its rows, see `Part.fit`."""
    inside_arm = MappingProxyType({})

    gate: Any = "lightgbm"
    judge: Any = "auto"
    gate_recall: float = 0.98
    confidence: float = 0.95
    gate_trees: int = 60
    gate_negatives: float = 20.0
    judge_treatment: str | Treatment = "auto"
    judge_rows: int | None = 40_000
    judge_cost: float | None = None
    folds: int = 5
    costs: Costs | None = None
    groups: ArrayLike | None = None
    times: ArrayLike | None = None
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None
    n_jobs: int = 1

    def with_sides(self, groups: np.ndarray, costs: Costs | None, times: np.ndarray | None = None) -> Self:
        """A clone that knows the groups, costs and times of the rows that it is to be fitted on."""
        told: Self = clone(self)
        return told.set_params(groups=groups, costs=costs, times=times)

    def forget_sides(self) -> None:
        """Drop what belongs to the rows of the fit, not to the model."""
        self.groups = self.costs = self.times = None

    def _fit(self, rows: Rows, context: FitContext) -> None:
        promise = Promise(recall=self.gate_recall, confidence=self.confidence).checked()
        seed, codes = int(context.rng.integers(2**31)), tuple(self._code_columns(rows.X.shape[1]))
        groups = None if self.groups is None else _check.column(self.groups, "groups")
        _check.same_length(X=rows.X, groups=groups)
        times = None if self.times is None else _check.column(self.times, "times")
        _check.same_length(X=rows.X, times=times)
        splits = self._splits(rows, groups, times, np.random.default_rng(seed))
        work = _Work(rows, codes, seed, _check.whole_number(self.n_jobs, "n_jobs", low=1))

        sampled = NegativeSampling(negatives_per_event=self.gate_negatives, least_negatives=20_000)
        gate = Arm(self._gate(), sampled, label="the gate")
        if splits:
            found = work.out_of_fold((gate,), splits)
            score, fold, tested = found.score[:, 0], found.fold, np.flatnonzero(found.tested)
            own = rows.take(tested)
            scored = Scored(score=score[tested], y=own.y, weight=own.weight, groups=at(groups, tested))
            self.placed_ = self._place(scored, promise)
        else:
            score, fold, self.placed_ = np.zeros(rows.y.size), np.full(rows.y.size, -1), open_gate(rows.y)
            warnings.warn(
                f"{int(rows.y.sum())} event(s), those that belong together counted once, are too few to place a gate "
                "by: every row passes.",
                ShortfallWarning,
                stacklevel=4,
            )
        whole = work.fit(gate)
        self.gate_, self.gate_shift_ = whole.learner, float(whole.shift)

        through = np.flatnonzero(score >= self.placed_.threshold)  # rows without a score, before the first test, do not
        folds = Folds(fold[through], forward=times is not None)
        self._fit_judge(work.take(through), _Passed(folds, at(groups, through), score[through]), whole)

    @property
    def evidence_(self) -> dict[str, Any]:
        """What a model's evidence says of the stages."""
        asked = {"confidence": self.confidence, "asked": None if self.judge_cost is not None else self.gate_recall}
        return {"gate": asdict(self.placed_) | asked | {"judge": self.judge_note_}}

    def _gate(self) -> Any:
        if not (isinstance(self.gate, str) and self.gate == "lightgbm"):
            return self.gate
        # plain bins: cuts around events would have to be applied to every row that is scored
        return RareLGBMClassifier(
            n_estimators=_check.whole_number(self.gate_trees, "gate_trees", low=1),
            num_leaves=8,
            learning_rate=0.1,
            event_bins=False,
            calibrate=False,
            collapse_alarm=False,
        )

    def _place(self, scored: Scored, promise: Promise) -> Placed:
        if self.judge_cost is None:
            return scored.placed_by_recall(promise)
        if self.costs is None:
            raise CostError("`judge_cost` places the gate by cost, which needs the costs of rows. Give `costs`.")
        return scored.placed_by_cost(self.costs.fn - self.costs.tp, float(self.judge_cost), promise)

    def _splits(
        self, rows: Rows, groups: np.ndarray | None, times: np.ndarray | None, rng: np.random.Generator
    ) -> Splits:
        """Inner splits (train, test), groups or copies of an event together, and forward where times are known.

        None where rows cannot be split.
        """
        parts = _check.whole_number(self.folds, "folds", low=2)
        if times is not None:
            for count in range(parts, 0, -1):
                try:
                    return make_splits(rows.y, folds=count, kind="time", times=times, groups=groups, seed=rng)
                except TooFewEventsError:  # they do not spread over so many blocks of time
                    continue
            return []
        if groups is None:
            return list(Folds(inner_folds(rows.X, rows.y, rng, folds=parts)).splits())
        kind, together = kind_of(groups)
        parts = min(parts, *(np.unique(groups[mask]).size for mask in (rows.y, ~rows.y)))
        try:
            return make_splits(rows.y, folds=parts, kind=kind, groups=together, seed=rng) if parts > 1 else []
        except TooFewEventsError:  # of one class all that there is lies in too few groups
            return []

    def _fit_judge(self, work: "_Work", passed: "_Passed", gate: FittedArm) -> None:
        """Fit the judge on rows that passed out of fold, and calibrate it on those that it did not see."""
        blend = isinstance(self.judge, str) and self.judge in ("auto", BLEND)
        arms = self._arms(work.rows.y, blend)
        each = [work.fit(arm) for arm in arms]
        rows, worth = work.rows, as_counts(work.rows.weight, work.rows.y)
        splits = passed.splits()
        possible = bool(splits) and all(rows.y[train].any() and not rows.y[train].all() for train, _ in splits)
        scores = work.out_of_fold(arms, splits).score if possible else np.full((rows.y.size, len(arms)), np.nan)
        seen = np.flatnonzero(np.isfinite(scores).all(axis=1))
        judge, unseen = each[0], scores[seen, 0]
        if blend:  # the gate has a say, too: it knows the rows that it let go
            each, scores = [*each, gate], np.column_stack([scores, passed.score])
            judge = join_arms(Arm(BLEND, arms[0].treatment), each, scores, rows.y, sample_weight=worth)
            own = at(rows.weight, seen)
            unseen = blend_out_of_fold(scores[seen], rows.y[seen], passed.folds.take(seen), sample_weight=own)
        y, method = rows.y[seen], "auto"
        if not y.any() or y.all():
            unseen, y, method = np.zeros(2), np.array([False, True]), "none"
        self.calibration_ = choose_calibration(
            unseen, y, method=method, sample_weight=at(worth, seen) if y.size == seen.size else None
        ).to_dict()
        self.judge_, self.judge_shift_ = judge.learner, float(judge.shift)
        self.judge_note_ = judge.note

    def _arms(self, y: np.ndarray, blend: bool) -> tuple[Arm, ...]:
        """What the judge is made of, for rows that passed with these labels."""
        asked, events = self.judge_treatment, int(y.sum())
        automatic = isinstance(asked, str) and asked == "auto"
        most = None if self.judge_rows is None else _check.whole_number(self.judge_rows, "judge_rows", low=2)

        def on(rows: int | None, treatment: Treatment) -> Treatment:
            return treatment if rows is None or y.size <= rows else Combined(SampledNegatives(rows=rows), treatment)

        treatment = on(most, make_treatment("none" if automatic else asked))
        if not blend:
            return (Arm(self.judge, treatment),)
        members = blend_members(treatment)
        if automatic and LEAST_EVENTS <= events <= (y.size - events) / LEAST_RATIO:
            fewer = MOST_ROWS if most is None else min(most, MOST_ROWS)
            members += (Arm(MULTIPLIED, on(fewer, make_treatment(SYNTHESIS))),)
        return members

    def passes(self, X: np.ndarray) -> np.ndarray:
        """Which encoded rows (n,) the judge sees."""
        return raw_logit(self.gate_, X) + self.gate_shift_ >= self.placed_.threshold

    def _logit(self, X: np.ndarray) -> np.ndarray:
        out = np.full(X.shape[0], self.placed_.rest)
        through = np.flatnonzero(self.passes(X))
        if through.size:
            score = raw_logit(self.judge_, X[through]) + self.judge_shift_
            out[through] = calibrator_from_dict(self.calibration_).predict_logit(score)
        return out


@dataclass(frozen=True)
class _Passed:
    """Rows that passed out of fold: by which inner split each was tested, their groups and the gate's scores, (n,)."""

    folds: Folds
    groups: np.ndarray | None
    score: np.ndarray

    def splits(self) -> Splits:
        """Splits of these rows for the judge; forward in time no group is on both sides, as for the gate."""
        found = [(train, test) for train, test in self.folds.splits() if train.size]
        if self.groups is None or not self.folds.forward:
            return found
        each = [(train[~np.isin(self.groups[train], self.groups[test])], test) for train, test in found]
        return [(train, test) for train, test in each if train.size]


@dataclass(frozen=True)
class _Work:
    """Rows on which arms are fitted, with their columns of codes, a seed and the threads of a fit."""

    rows: Rows
    codes: tuple[int, ...]
    seed: int
    n_jobs: int

    def take(self, index: np.ndarray) -> "_Work":
        return _Work(self.rows.take(index), self.codes, self.seed + 1, self.n_jobs)

    def fit(self, arm: Arm, among: np.ndarray | None = None, number: int = 0) -> Any:
        """The arm fitted on the rows `among`, all by default; `number` names the random stream."""
        rows = self.rows if among is None else self.rows.take(among)
        return arm.fit(
            rows.X,
            rows.y,
            sample_weight=rows.weight,
            categorical_features=self.codes,
            seed=np.random.SeedSequence([self.seed, number]),
            n_jobs=self.n_jobs,
        )

    def out_of_fold(self, arms: Sequence[Arm], splits: Splits) -> OutOfFold:
        """Restored log-odds (n, arms) of rows that a fit did not see."""
        number = count(1)

        def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            stream = next(number)
            return np.column_stack([self.fit(arm, train, stream).logit(self.rows.X[test]) for arm in arms])

        return out_of_fold(self.rows.y.size, splits, fit_score)
