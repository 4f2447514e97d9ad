"""The main job: many arms, identical folds, scores computed once, verdicts that may say "cannot tell"."""

import os
import time
import warnings as python_warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import CostMatrix, as_costs
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InputError, RareclassWarning
from rareclass.evaluation.champion import choose_champion, fit_champion, judge_test
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.design import Design, make_design
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.fit import ArmScores, CrossFitter, blend_scores, prepare_parts
from rareclass.evaluation.judge import (
    ArmResult,
    Judged,
    calibration_numbers,
    costs_of,
    decide,
    decision_numbers,
    paired_verdict,
    score_metrics,
    verdict_sentence,
)
from rareclass.evaluation.plan import Clock, Plan, make_plan
from rareclass.treatments.arm import Arm
from rareclass.treatments.blend import is_blend
from rareclass.treatments.restore import cross_calibrated

Progress = Callable[[str, int, int], None]


def compare(
    X: Any,
    y: Any,
    *,
    learners: str | Sequence = "auto",
    treatments: str | Sequence = "auto",
    decision: DecisionRule | None = None,
    costs: Any = None,
    groups: Any = None,
    times: Any = None,
    time_ordered: bool = False,
    gap: Any = 0,
    sample_weight: Any = None,
    pos_label: Any = None,
    categorical: Sequence[str] = (),
    drop: Sequence[str] = (),
    folds: int | None = None,
    repeats: int = 1,
    test_share: float = 0.2,
    split_duplicates: bool = False,
    full: bool = False,
    budget: float = 90.0,
    level: float = 0.95,
    calibration: str = "auto",
    random_state: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare learners and treatments on identical folds and return the arm worth deploying.

    A test part is locked away; on the rest every arm is cross-fitted. Its out-of-fold scores, computed once, serve
    calibration, thresholds, costs, intervals and paired differences. Samplers, encoders, calibrators and
    thresholds never see the rows that judge them.

    Parameters
    ----------
    X : table of shape (n, d)
        pandas, polars or Arrow frame, dict of columns, or a numeric array.
    y : array-like of shape (n,)
        Labels; the rarest class is positive unless `pos_label` says otherwise.
    learners, treatments : "auto" or sequence, default="auto"
        Names (or scikit-learn classifiers, `Treatment` objects); every pair is an arm.
    decision : DecisionRule, optional
        How alerts are chosen. Default: minimum cost with `costs`; without costs, equal costs (probability 0.5).
    costs : CostMatrix or mapping, optional
        Money per row: numbers, or arrays (n,), named fp, fn, tp, tn.
    groups : array-like of shape (n,), optional
        Entities (customers, patients); one stays on one side of every split.
    times : array-like of shape (n,), optional
        Times: training always lies before testing. `time_ordered=True` says that the rows are in time order.
    gap : number, default=0
        Rows or time units between training and testing, for labels that arrive late.
    sample_weight : array-like of shape (n,), optional
    pos_label : label, optional
    categorical, drop : sequences of column names
    folds : int, optional
        Default 5; 3 above 50,000 rows; never more than there are events.
    repeats : int, default=1
        Repetitions of the cross-fitting with other splits.
    test_share : float in [0, 1), default=0.2
        Share of rows locked away for the champion.
    split_duplicates : bool, default=False
        Let exactly equal rows stand on both sides of a split.
    full : bool, default=False
        Fit on all rows of large tables, not on all events and sampled negatives.
    budget : float, default=90
        Seconds after which no further arm starts; those left out are listed.
    level : float in (0, 1), default=0.95
        Level of all intervals.
    calibration : str, default="auto"
        Name of a calibration, or "auto" by the number of events.
    random_state : int, default=0
    n_jobs : int, optional
        Threads; default all cores.
    progress : callable (what, done, total), optional

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        When the data cannot be compared as asked; the sentence says what to do.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.evaluation import compare
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1500, 3))
    >>> y = rng.random(1500) < 1 / (1 + np.exp(4 - 2 * X[:, 0]))
    >>> c = compare(X, y, learners=["logistic_regression"], treatments=["none"], n_jobs=1)
    >>> sorted(r.name for r in c.results)
    ['lightgbm+none', 'lightgbm_library_default+none', 'logistic_regression+none']
    """
    started = time.perf_counter()
    _check.fraction(test_share, "test_share", high=1.0, closed="left")
    _check.fraction(level, "level", closed="neither")
    _check.whole_number(random_state, "random_state")
    design = make_design(
        X, y, groups=groups, times=times, time_ordered=time_ordered, gap=gap, sample_weight=sample_weight,
        pos_label=pos_label, categorical=categorical, drop=drop, folds=folds, repeats=repeats, test_share=test_share,
        split_duplicates=split_duplicates, full=full, seed=random_state,
    )  # fmt: skip
    money = None if costs is None else as_costs(costs, n=design.y.size)
    rule, said = _rule(decision, money)
    jobs = _check.whole_number(n_jobs, "n_jobs", low=1) if n_jobs is not None else (os.cpu_count() or 1)
    plan = make_plan(learners, treatments, ranked=design.ranked)
    scores = _run(design, plan, costs=money, budget=budget, n_jobs=jobs, progress=progress)
    rows = Judged(
        design.dev_y(), scores[0].oof.fold, _at(design.sample_weight, design.dev), _at(design.groups, design.dev),
        costs_of(money, design.dev), design.forward, level, random_state,
    )  # fmt: skip
    tested = np.flatnonzero(scores[0].oof.tested)
    results = _judge(design, plan, rows, tested, scores, rule, calibration)
    with python_warnings.catch_warnings(record=True) as heard:
        python_warnings.simplefilter("always", RareclassWarning)
        champion, reason = choose_champion(results, rows.take(tested), tested, plan.baseline, ranked=design.ranked)
        arm = next(s.arm for s in scores if s.arm.name == champion.name)
        model = fit_champion(
            design, arm, champion, rows, rule, calibration=calibration, n_jobs=jobs, scores=scores, costs=money
        )
        test, figures_test = judge_test(design, model, champion.name, money, level=level, seed=random_state)
    plan.warnings += dict.fromkeys(str(w.message) for w in heard if issubclass(w.category, RareclassWarning))
    shown = dict.fromkeys([champion.name, plan.baseline, *(r.name for r in results)])
    figures = {
        r.name: figure_data(rows.take(tested), r.logit[tested], r.decision_metrics, r.decision)
        for r in results
        if r.name in list(shown)[:8]
    }
    if said:
        plan.warnings.append(said)
    return Comparison(
        sorted(results, key=lambda r: -r.metrics["average_precision"].estimate), plan.baseline, champion.name, reason,
        model, design, scores[0].oof.fold, test, figures, figures_test, plan.not_run, plan.warnings,
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def _at(values: np.ndarray | None, index: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[index]


def _rule(decision: DecisionRule | None, costs: Any) -> tuple[DecisionRule, str]:
    if decision is not None:
        if not isinstance(decision, DecisionRule):
            raise InputError(f"`decision` must be a rule of rareclass.decisions; got {type(decision).__name__}.")
        return decision, ""
    if costs is not None:
        return MinimumCost(costs), ""
    return MinimumCost(CostMatrix(fp=1.0, fn=1.0)), (
        "No costs and no rule were given: alerts are rows with a probability of at least one half, as if a missed "
        "event cost no more than a false alarm. Give costs, a budget or a floor to get a decision that means something."
    )


def _run(
    design: Design, plan: Plan, *, costs: Any, budget: float, n_jobs: int, progress: Progress | None
) -> list[ArmScores]:  # fmt: skip
    """Cross-fit the arms of the plan, in order, until the budget is used up."""
    clock = Clock(budget, n_jobs)
    parts = prepare_parts(design, costs)
    total, finished = len(plan.arms), 0

    def starts(arm: Arm) -> bool:
        if clock.fits(arm):
            return True
        plan.not_run.append({"name": arm.name, "reason": f"the budget of {budget:g} s was used up"})
        return False

    def ends(arm: Arm, seconds: float) -> None:
        nonlocal finished
        finished += 1
        clock.note(arm, seconds)
        if progress is not None:
            progress(arm.name, finished, total)

    fitted = [arm for arm in plan.arms if not is_blend(arm)]
    scores = CrossFitter(design, parts, n_jobs=n_jobs).run(fitted, starts=starts, ends=ends)
    if len(fitted) < total:
        scores.append(blend_scores(design, scores, next(arm for arm in plan.arms if is_blend(arm))))
    if progress is not None:
        progress("judging", total, total)
    return scores


def _judge(
    design: Design, plan: Plan, rows: Judged, tested: np.ndarray, scores: list[ArmScores], rule: DecisionRule,
    calibration: str,
) -> list[ArmResult]:  # fmt: skip
    """Metrics, calibration, decision and verdict of every arm, all from its out-of-fold scores."""
    seen = rows.take(tested)
    results = []
    for s in scores:
        with python_warnings.catch_warnings(record=True) as heard:
            python_warnings.simplefilter("always", RareclassWarning)
            logit = cross_calibrated(
                s.oof.score, rows.y, rows.fold, method=calibration, sample_weight=rows.weight, forward=rows.forward
            )
            z = logit[tested]
            chosen = decide(rule, seen, z)
            numbers = decision_numbers(chosen, seen, z)
            metrics, calibrated = score_metrics(seen, z), calibration_numbers(seen, z)
        said = [*s.warnings, *(str(w.message) for w in heard if issubclass(w.category, RareclassWarning))]
        results.append(ArmResult(
            s.arm.name, s.arm.learner_name, s.arm.treatment.label, s.oof.score, logit, metrics, calibrated, chosen,
            numbers, s.seconds, s.rows, s.exact, s.note, s.restoration, warnings=list(dict.fromkeys(said)),
        ))  # fmt: skip
    base = next(r for r in results if r.name == plan.baseline)
    base_ap = base.metrics["average_precision"].estimate
    events = int(seen.y.sum())
    for r in results:
        if r is base:
            r.verdict = "baseline"
        else:
            r.difference, r.verdict = paired_verdict(
                seen, r.logit[tested], base.logit[tested], base_ap, ranked=design.ranked, level=rows.level
            )
        r.sentence = verdict_sentence(r, plan.baseline, events)
    return results
