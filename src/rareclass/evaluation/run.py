"""The main job: many arms, identical folds, scores computed once, verdicts that may say "cannot tell"."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, RareclassError
from rareclass.evaluation.champion import Choice, choose_champion, fit_champion, judge_test
from rareclass.evaluation.columns import ColumnAudit, audit_columns
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.judge import (
    ArmResult,
    Judged,
    Verdict,
    decide,
    judge,
    judgement_record,
    paired_verdict,
    verdict_sentence,
)
from rareclass.evaluation.over_correction import over_corrected
from rareclass.evaluation.plan import Plan, asked_names, make_plan, within
from rareclass.evaluation.refit import without_columns
from rareclass.evaluation.results import SkippedRecord
from rareclass.evaluation.slices import judge_slices
from rareclass.evaluation.textbook import advised_treatment, design_facts, textbook_record
from rareclass.evaluation.work import work_of
from rareclass.fitting.arm import Arm
from rareclass.fitting.assemble import Wanted
from rareclass.fitting.blend import blend_members
from rareclass.fitting.calibrate import cross_sliced
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.design import Columns, Design, SplitOptions, make_design
from rareclass.fitting.heard import listen, listening
from rareclass.fitting.out_of_fold import ArmScores, Watch, blend_scores, folds_of, ranking_of, score_arms
from rareclass.fitting.rows import Beside, Rows, at, rule_of

FIT_ERRORS = (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""What a learner may raise where it meets more rows than in the folds."""
FIGURES = 8
"""Arms whose pictures are drawn."""
Progress = Callable[[str, int, int], None]


def compare(
    X: Any,
    y: Any,
    *,
    learners: str | Sequence = "auto",
    treatments: str | Sequence = "auto",
    decision: DecisionRule | TierPolicy | None = None,
    costs: Any = None,
    groups: Any = None,
    times: Any = None,
    time_ordered: bool = False,
    gap: Any = 0,
    sample_weight: Any = None,
    keep_probability: Any = None,
    pos_label: Any = None,
    categorical: Sequence[str] = (),
    drop: Sequence[str] = (),
    slices: str | None = None,
    folds: int | None = None,
    repeats: int = 1,
    test_share: float = 0.2,
    split_duplicates: bool = False,
    full: bool = False,
    budget: float | None = None,
    time_limit: float | None = None,
    level: float = 0.95,
    calibration: str = "auto",
    random_state: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare learners and treatments on identical folds and return the arm worth deploying.

    The columns are audited first: what they know of the label that they should not stands above all figures. A test
    part is locked away; on the rest every arm is cross-fitted. Its out-of-fold scores, computed once, serve
    calibration, thresholds, costs, intervals and paired differences. Samplers, encoders, calibrators and
    thresholds never see the rows that judge them.

    Parameters
    ----------
    X : table of shape (n, d)
        pandas, polars or Arrow frame, dict of columns, or a numeric array.
    y : array-like of shape (n,)
        Labels; the rarest class is positive unless `pos_label` says otherwise.
    learners, treatments : "auto" or sequence, default="auto"
        Names (or scikit-learn classifiers, `Treatment` objects); every pair is an arm. An `Arm` brings its treatment.
        "textbook" stands for what the textbook's flowchart by ratio advises (`rareclass.advisor.flowchart`).
        Where you name some, only they may be deployed: the baseline and the library default are shown beside them.
    decision : DecisionRule or TierPolicy, optional
        How alerts are chosen; with a policy of tiers all but the first are alerts. Default: minimum cost with `costs`;
        without costs, equal costs (probability 0.5).
    costs : CostMatrix or mapping, optional
        Money per row: numbers, or arrays (n,), named fp, fn, tp, tn.
    groups : array-like of shape (n,), optional
        Entities (customers, patients); one stays on one side of every split.
    times : array-like of shape (n,), optional
        Times: training always lies before testing. `time_ordered=True` says that the rows are in time order.
    gap : number, default=0
        Rows or time units between training and testing, for labels that arrive late.
    sample_weight : array-like of shape (n,), optional
    keep_probability : array-like of shape (n,), optional
        With which probability each row was kept, where the table is a sample: all figures are those of the whole table.
    pos_label : label, optional
    categorical, drop : sequences of column names
    slices : str, optional
        A feature whose values are slices, each calibrated by itself as in `RareClassifier`; the arms are judged so.
    folds : int, optional
        Default 5; 3 above 50,000 rows, two million values or 5,000 events; never more than there are events.
    repeats : int, default=1
        Repetitions of the cross-fitting with other splits.
    test_share : float in [0, 1), default=0.2
        Share of rows locked away for the champion.
    split_duplicates : bool, default=False
        Let exactly equal rows stand on both sides of a split, as crowds (`rareclass.data.duplicates.twins`) always do.
    full : bool, default=False
        Fit on all rows of large tables, not on all events and sampled negatives.
    budget : float, optional
        Reference seconds of the whole run, on two cores of the machine of docs/figures.md. Arms that do not fit are
        left out and listed; where not even the least does, it is fitted on fewer rows, which is undone exactly and
        said. Decided before the first fit, by the size of the table; never by the clock or the load. Default 45; what
        you name in `learners` or `treatments` then runs whatever it takes.
    time_limit : float, optional
        Seconds on this machine's clock after which no further arm starts. Which arms run then depends on the machine,
        and the result says which were cut.
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
    asked_names(learners, treatments)
    design = make_design(
        X,
        y,
        Beside(sample_weight=sample_weight, keep_probability=keep_probability, groups=groups, times=times, costs=costs),
        columns=Columns(drop=drop, categorical=categorical, slices=slices),
        split=SplitOptions(
            folds=folds,
            repeats=repeats,
            test_share=test_share,
            gap=gap,
            time_ordered=time_ordered,
            split_duplicates=split_duplicates,
        ),
        pos_label=pos_label,
        full=full,
        seed=random_state,
    )
    rule, said = _rule(decision, design.rows)
    audit = _audit(design)
    jobs = _check.whole_number(n_jobs, "n_jobs", low=1) if n_jobs is not None else (os.cpu_count() or 1)
    advised = advised_treatment(design_facts(design))
    plan = make_plan(learners, treatments, ranked=design.ranked, textbook=advised)
    work = work_of(design, full=full)
    plan, affordable = within(plan, budget, work, named_columns=bool(audit.names))
    if affordable != work:
        design = design.on_fewer_rows(affordable.fitted)
    scores, cut = _run(design, plan, time_limit=time_limit, n_jobs=jobs, progress=progress)
    folds_used = folds_of(design, scores[0])
    dev = Judged.out_of_fold(design, level=level, folds=folds_used)
    tested = np.flatnonzero(scores[0].oof.tested)
    rows = dev.take(tested)
    judged = [_judge(s, ranking_of(design, s), dev, tested, rule, calibration) for s in scores]
    each = 1 - (1 - level) / plan.rivals
    results = _with_verdicts(judged, plan.baseline, replace(rows, level=each), tested, ranked=design.ranked)

    def fit(champion: ArmResult) -> RareClassifier:
        wanted = Wanted(arm=champion.arm, calibration=calibration, rule=rule, n_jobs=jobs)
        members = members_of(scores) if champion.arm.is_blend else [champion.scores]
        return fit_champion(design, champion, members, wanted)

    with listening(), listen() as heard:
        (champion, reason, luck), model, failed = _deployed(results, rows, tested, plan, fit, ranked=design.ranked)
        last = judge_test(design, model, level=level)
        sliced = None
        if last is not None and design.slices is not None:
            sliced = judge_slices(last[0], design.rows.features.take(design.split.test), last[1], model.model_)
        findings = audit.findings + without_columns(design, rows, tested, results, champion, audit.names, n_jobs=jobs)
        findings += over_corrected(design, rows, tested, results, plan.asked, affordable, n_jobs=jobs)
        textbook = textbook_record(design, plan, cut, results, champion, rows=rows, tested=tested, rule=rule)
    shown = dict.fromkeys([champion.name, plan.baseline, *(r.name for r in results)])
    return Comparison(
        results=sorted(results, key=lambda r: -r.average_precision.estimate),
        baseline=plan.baseline,
        champion=champion.name,
        champion_reason=reason,
        champion_luck=luck,
        best_model_=model,
        design=design,
        fold=folds_used.fold,
        test=None if last is None else judgement_record(last[0], last[2], champion.name, sliced),
        figures={
            r.name: figure_data(rows, r.logit[tested], r.judgement, r.ranking[tested])
            for r in results
            if r.name in list(shown)[:FIGURES]
        },
        figures_test=None if last is None else figure_data(*last),
        not_run=[*plan.not_run, *cut],
        warnings=[*failed, *plan.warnings, *dict.fromkeys(h.text for h in heard), *([said] if said else [])],
        findings=findings,
        textbook=textbook,
        notes=[_said_of(plan.rivals, level, each)],
        asked=plan.asked,
        level=level,
        seconds=time.perf_counter() - started,
    )


def _audit(design: Design) -> ColumnAudit:
    """What the columns of the development rows know of the label that they should not."""
    rows, dev = design.rows, design.split.dev
    codes = [c.name for c in rows.schema.columns if c.kind == "category"]
    return audit_columns(
        rows.features.take(dev), rows.y[dev], categorical=codes, weight=at(rows.weight, dev), seed=design.sampling.seed
    )


def _deployed(
    results: Sequence[ArmResult],
    rows: Judged,
    tested: np.ndarray,
    plan: Plan,
    fit: Callable[[ArmResult], RareClassifier],
    *,
    ranked: bool,
) -> tuple[Choice, RareClassifier, list[str]]:
    """The champion and its model on all rows; where it cannot be fitted the next best, and what is said of that."""
    left, failed = list(results), list[str]()
    while True:
        choice = choose_champion(left, rows, tested, plan.baseline, ranked=ranked, rivals=plan.rivals, asked=plan.asked)
        try:
            return choice, fit(choice.arm), failed
        except FIT_ERRORS as error:
            left.remove(choice.arm)
            if not [r for r in left if r.name in plan.asked or not plan.asked]:
                raise
            why = f"{type(error).__name__}: {error}"
            failed.append(f"{choice.arm.name} could not be fitted on all rows ({why}); the next best is deployed.")


def _said_of(arms: int, level: float, each: float) -> str:
    return (
        f"Verdicts on {arms} arm(s) hold together at {level:.0%}: each difference is judged, and its interval given, "
        f"at {each:.4g}. Equal arms are called better or worse in at most {1 - level:.0%} of such runs."
    )


def _rule(decision: DecisionRule | TierPolicy | None, rows: Rows) -> tuple[DecisionRule, str]:
    if decision is not None:
        return rule_of(decision, rows), ""
    if rows.costs is not None:
        return MinimumCost(rows.costs), ""
    return MinimumCost(CostMatrix(fp=1.0, fn=1.0)), (
        "No costs and no rule were given: alerts are rows with a probability of at least one half, as if a missed "
        "event cost no more than a false alarm. Give costs, a budget or a floor to get a decision that means something."
    )


def _run(
    design: Design, plan: Plan, *, time_limit: float | None, n_jobs: int, progress: Progress | None
) -> tuple[list[ArmScores], list[SkippedRecord]]:
    """Cross-fit the arms of the plan, in order; and those that failed, or that a limit on the clock left out."""
    total, finished, started = len(plan.arms), 0, time.perf_counter()
    cut: list[SkippedRecord] = []

    def starts(arm: Arm) -> bool:
        if time_limit is None or arm.name in plan.always or time.perf_counter() - started < time_limit:
            return True
        cut.append(SkippedRecord(name=arm.name, reason=f"cut by the clock: the limit of {time_limit:g} s was reached"))
        return False

    def ends(arm: Arm, seconds: float) -> None:
        nonlocal finished
        finished += 1
        if progress is not None:
            progress(arm.name, finished, total)

    def fails(arm: Arm, error: Exception) -> bool:
        if arm.name == plan.baseline:
            return False
        known = isinstance(error, RareclassError)
        reason = f"its fit failed: {error}" if known else f"its fit failed with {type(error).__name__}: {error}"
        cut.append(SkippedRecord(name=arm.name, reason=reason))
        if plan.asked and {*plan.asked} <= {s.name for s in cut}:
            raise InputError(f"No arm that was asked for can be compared; {arm.name}: {reason}") from error
        return True

    fitted = [arm for arm in plan.arms if not arm.is_blend]
    scores = score_arms(design, fitted, n_jobs=n_jobs, watch=Watch(starts, ends, fails))
    scores += [
        blend_scores(design, arm, members) for arm in plan.arms if arm.is_blend and (members := members_of(scores))
    ]
    if progress is not None:
        progress("judging", total, total)
    return scores, cut


def members_of(scores: Sequence[ArmScores]) -> list[ArmScores]:
    """The members of the blend among the arms that ran."""
    by_name = {s.arm.name: s for s in scores}
    return [by_name[m.name] for m in blend_members() if m.name in by_name]


def _judge(
    scores: ArmScores, ranking: np.ndarray, dev: Judged, tested: np.ndarray, rule: DecisionRule, calibration: str
) -> ArmResult:
    """Metrics, calibration and decision of an arm, all from its out-of-fold scores; no verdict yet."""
    assert dev.folds is not None
    with listening(), listen() as heard:
        how: dict[str, Any] = {"method": calibration, "sample_weight": dev.weight, "groups": dev.groups}
        unsliced, logit = cross_sliced(scores.oof.score, dev.y, dev.folds, dev.slices, **how)
        rows, z = dev.take(tested), logit[tested]
        judgement = judge(rows, z, decide(rule, rows, z), ranking[tested])
    said = dict.fromkeys(w.text for w in [*scores.warnings, *heard])
    return ArmResult(
        scores=scores,
        logit=logit,
        unsliced=unsliced,
        ranking=ranking,
        judgement=judgement,
        verdict=Verdict(None, "", ""),
        warnings=tuple(said),
    )


def _with_verdicts(
    results: Sequence[ArmResult], baseline: str, rows: Judged, tested: np.ndarray, *, ranked: bool
) -> list[ArmResult]:
    """The arms with their verdicts beside the baseline, at the level of `rows`."""
    base = next(r for r in results if r.name == baseline)
    ap, events = base.average_precision.estimate, rows.events
    found = []
    for r in results:
        verdict = Verdict(None, "baseline", "")
        if r is not base:
            verdict = paired_verdict(rows, r.ranking[tested], base.ranking[tested], ap, ranked=ranked)
        sentence = verdict_sentence(verdict, r.average_precision, baseline, events)
        found.append(replace(r, verdict=replace(verdict, sentence=sentence)))
    return found
