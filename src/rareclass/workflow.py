"""The verbs of the command line as functions: diagnose, compare, train, predict, evaluate, export, report.

The only place that joins evaluation, report and artifact.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rareclass import __version__, _check
from rareclass.artifact.atomic import atomic_directory, atomic_file, refuse_foreign
from rareclass.artifact.bundle import Bundle, library_versions
from rareclass.artifact.export import export_bundle as export_bundle
from rareclass.artifact.incoming import COST_COLUMNS, WRITTEN, kept_as_text, written_before, written_record
from rareclass.artifact.seen import seen_before
from rareclass.artifact.tables import write_table as write_table
from rareclass.artifact.trained import period_of, trained_bundle
from rareclass.data.duplicates import count_duplicates, duplicate_notes
from rareclass.data.layout import TextFormat
from rareclass.data.problem import KEEP, Problem, Roles, read_problem
from rareclass.data.schema import Schema
from rareclass.data.target import encode_target, known_events
from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.deploy.writing import Placing as Placing
from rareclass.deploy.writing import deploy_bundle as deploy_bundle
from rareclass.errors import InputError, ReadError
from rareclass.evaluation.columns import column_findings
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.results import Results
from rareclass.fitting.rows import at
from rareclass.kernels.threads import thread_count
from rareclass.scoring.reasons import ReasonRules, check_rules
from rareclass.serving.predict import PeriodColumns as PeriodColumns
from rareclass.serving.predict import Prediction as Prediction
from rareclass.serving.predict import predict_file as predict_file
from rareclass.serving.predict import predict_table as predict_table

if TYPE_CHECKING:
    from rareclass.monitoring.told import Watched
    from rareclass.monitoring.watch import Keeping, Sources

NOTHING_MORE: Mapping[str, bool] = MappingProxyType({})
RESULTS, REPORT, OOF, CHAMPION = "results.json", "report.html", "oof.parquet", "champion"


def compare_table(problem: Problem, **options: Any) -> Comparison:
    """The comparison of `compared_table`."""
    return compared_table(problem, **options)[0]


def compared_table(
    problem: Problem,
    *,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    kept: Mapping[str, bool] = NOTHING_MORE,
    reasons: ReasonRules | None = None,
    command: str = "",
    trade_off: bool = False,
    **options: Any,
) -> tuple[Comparison, Results]:
    """Compare on a problem; with `out`, write the run folder (results.json, report.html, oof.parquet, champion/).

    `kept` are options of `Bundle.save` for the champion, whose reasons are grouped and worded as `reasons` say. With
    `trade_off` the arms are those of `rareclass.evaluation.trade_off`: `learners` then names one learner, and
    `decision` may be an alert budget, at which recall is judged. With ``preset="seven-way"`` they are those of
    `rareclass.evaluation.seven_ways`. Also returns the content of `results.json`.
    """
    from rareclass.evaluation.run import compare
    from rareclass.evaluation.seven_ways import SEVEN_WAY, seven_ways_of
    from rareclass.evaluation.seven_ways import preset_options as seven_way_options
    from rareclass.evaluation.trade import preset_options, trade_off_of
    from rareclass.scoring.drivers import with_drivers

    check_rules(reasons, problem.features.column_names)
    if out is not None:
        refuse_foreign(out, overwrite=overwrite)
    preset, costs = options.pop("preset", None), options.pop("costs", None)
    costs, alerts = problem.costs if costs is None else costs, None
    if trade_off:
        options, alerts = preset_options(options, costs)
    if preset is not None:
        _check.one_of(preset, "preset", (SEVEN_WAY,))
        if trade_off:
            raise InputError("A trade-off and the preset seven-way are two comparisons. Ask for one of them.")
        options = seven_way_options(options)
    comparison = compare(
        problem.features,
        problem.y,
        groups=problem.groups,
        times=problem.times,
        sample_weight=problem.weights,
        keep_probability=problem.keep,
        pos_label=problem.pos_label,
        time_ordered=problem.time_ordered and problem.times is None,
        categorical=problem.categorical,
        costs=costs,
        **options,
    )
    comparison = with_drivers(comparison, reasons)
    if trade_off:
        comparison.trade_off = trade_off_of(comparison, alerts=alerts).record
    if preset is not None:
        comparison.seven_ways = seven_ways_of(comparison)
    if out is None:
        return comparison, results_of(comparison, problem, command=command)
    return comparison, write_run(comparison, out, problem, overwrite=overwrite, kept=kept, command=command)


def results_of(comparison: Comparison, problem: Problem, *, command: str = "", truth: Sequence[str] = ()) -> Results:
    """The content of `results.json`; `truth` is what a simulator knows of the champion, in sentences."""
    import datetime

    from rareclass.advisor.diagnosis import advise
    from rareclass.advisor.facts import drift

    found = comparison.record()
    rows, moves = comparison.design.rows, []
    if not comparison.design.split.forward:  # forward splits say it themselves
        weight = np.ones(rows.y.size) if rows.weight is None else rows.weight
        moves = list(drift(rows.table, rows.y, rows.schema, weight))
    return replace(
        found,
        data=replace(
            found.data,
            target=problem.target,
            weighted_by=problem.weighted_by or None,
            notes=[*problem.notes, *moves, *found.data.notes],
        ),
        advice=advise(found.data.events, found.data.rows),
        title=problem.name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        command=command,
        versions={"rareclass": __version__, "Python": platform.python_version(), **library_versions()},
        truth=list(truth),
    )


def write_run(
    comparison: Comparison,
    out: str | os.PathLike,
    problem: Problem,
    *,
    overwrite: bool = False,
    kept: Mapping[str, bool] = NOTHING_MORE,
    command: str = "",
    truth: Sequence[str] = (),
) -> Results:
    """Write the run folder, which appears whole or not at all; returns the content of its `results.json`."""
    import pyarrow.parquet as pq

    from rareclass.report.html import render_html
    from rareclass.report.json import dump_results
    from rareclass.scoring.drivers import with_drivers

    refuse_foreign(out, overwrite=overwrite)
    comparison = with_drivers(comparison)
    results = results_of(comparison, problem, command=command, truth=truth)
    with atomic_directory(out, overwrite=overwrite) as folder:
        dump_results(results.to_dict(), folder / RESULTS)
        (folder / REPORT).write_text(render_html(results), encoding="utf-8")
        pq.write_table(comparison.oof_table(), folder / OOF)
        (folder / CHAMPION).mkdir()
        bundle = champion_bundle(comparison, target=problem.target, results=results, read=_read_as(problem))
        bundle.write_into(folder / CHAMPION, **kept)
    return results


def _read_as(problem: Problem) -> dict[str, Any]:
    """What a recipe says of the table, so that others are read alike: how it is written, and its columns of costs."""
    costs = {COST_COLUMNS: dict(problem.cost_columns)} if problem.cost_columns else {}
    return {WRITTEN: written_record(problem.written, problem.spelt), **costs}


def champion_bundle(comparison: Comparison, *, target: str, results: Results, read: Mapping[str, Any]) -> Bundle:
    """The champion as a bundle, with its evidence, score reference and recipe; `read` says how the table was read."""
    best, test = comparison[comparison.champion], results.test
    model, rows, dev = comparison.best_model_, comparison.design.rows, comparison.design.split.dev
    table = rows.table.take(dev)
    evidence = {
        "out_of_fold": best.judgement.intervals
        | {"calibration": best.judgement.calibration}
        | {k: v for k, v in model.model_.evidence.items() if k.startswith("calibration_slope")},
        "test": None
        if test is None
        else {k: getattr(test, k) for k in ("rows", "events", "weight", "metrics", "calibration")},
        "data": {k: getattr(results.data, k) for k in ("prevalence", "weight", "weighted_by", "duplicates", "notes")},
        "findings": [f.to_dict() for f in results.findings],
        "warnings": results.warnings,
        "verdict": best.verdict.word,
        "reason": comparison.champion_reason,
    }
    recipe = {
        "arm": comparison.champion,
        "seed": results.design.seed,
        "folds": results.design.folds,
        "split": results.design.split,
        "command": results.command,
        **read,
        **period_of(at(rows.times, dev)),
        **{k: getattr(results.data, k) for k in ("fingerprint", "rows", "events", "pos_label")},
    }
    return trained_bundle(
        model,
        table,
        rows.y[dev],
        weight=at(rows.weight, dev),
        whole=table,
        recipe=recipe,
        name=comparison.champion,
        target=target,
        evidence=evidence,
        compiled=comparison.scorer,
    )


def table_notes(problem: Problem, schema: Schema) -> list[str]:
    """What there is to know about a table before it is trained on; `compare` says the same."""
    forward = problem.times is not None or problem.time_ordered
    event = encode_target(problem.y, problem.pos_label, name=problem.target)[0]
    found = count_duplicates(problem.features.select(list(schema.names)), event)
    return [*problem.notes, *schema.notes, *duplicate_notes(found, forward=forward)]


def train_table(
    problem: Problem,
    *,
    out: str | os.PathLike,
    overwrite: bool = False,
    kept: Mapping[str, bool] = NOTHING_MORE,
    reasons: ReasonRules | None = None,
    decision: DecisionRule | TierPolicy | None = None,
    costs: CostMatrix | None = None,
    command: str = "",
    cascade: bool = False,
    **options: Any,
) -> Bundle:
    """Fit one `RareClassifier` (with `cascade` a `CascadeClassifier`) on a problem and save it as a bundle.

    The columns are audited first; what was found stands in the bundle's evidence. `kept` are options of `Bundle.save`.
    """
    from rareclass.cascade.classifier import CascadeClassifier
    from rareclass.fitting.classifier import RareClassifier

    refuse_foreign(out, overwrite=overwrite)
    check_rules(reasons, problem.features.column_names)
    money: Any = problem.costs if costs is None else costs
    y = encode_target(problem.y, problem.pos_label, name=problem.target)[0]
    findings = column_findings(problem.features, y, categorical=problem.categorical, weight=problem.counts)
    kind = CascadeClassifier if cascade else RareClassifier
    model = kind(decision=decision, pos_label=problem.pos_label, categorical=problem.categorical, **options)
    times = (
        problem.times if problem.times is not None else (np.arange(problem.y.size) if problem.time_ordered else None)
    )
    model.fit(
        problem.features,
        problem.y,
        sample_weight=problem.weights,
        keep_probability=problem.keep,
        groups=problem.groups,
        times=times,
        costs=money,
    )
    fit = model.model_
    table, worth = problem.features.take(fit.oof_row), at(problem.counts, fit.oof_row)
    data = {"prevalence": float(np.average(fit.oof_y, weights=worth)), "notes": table_notes(problem, fit.schema)}
    if worth is not None:
        data |= {"weight": float(worth.sum()), "weighted_by": problem.weighted_by}
    recipe = {
        "arm": fit.arm.name,
        "seed": model.random_state,
        "fingerprint": fit.schema.fingerprint(problem.features),
        "rows": int(fit.oof_y.size),
        "events": int(fit.oof_y.sum()),
        "command": command,
        **_read_as(problem),
        "pos_label": str(fit.pos_label),
        **period_of(at(problem.times, fit.oof_row)),
    }
    bundle = trained_bundle(
        model,
        table,
        fit.oof_y,
        weight=worth,
        whole=problem.features,
        recipe=recipe,
        name=fit.arm.name,
        target=problem.target,
        evidence={
            "out_of_fold": dict(fit.evidence),
            "test": None,
            "data": data,
            "findings": [f.to_dict() for f in findings],
        },
        reasons=None if reasons is None else reasons.within(fit.schema.names),
    )
    bundle.save(out, overwrite=overwrite, **kept)
    return bundle


def evaluate_table(
    bundle: Bundle,
    source: Any,
    *,
    target: str | None = None,
    costs: Any = None,
    cost_columns: dict[str, str] | None = None,
    weights: str | None = None,
    how: TextFormat = TextFormat(),
) -> dict[str, Any]:
    """Judge a bundle on labelled rows that it never saw: metrics with intervals, calibration, decision.

    Where rows look as if it had seen them, the findings say so. `weights` names a column of row weights; a sample with
    its column ``keep_probability`` is weighted by itself.
    """
    from rareclass.decisions.costs import as_costs, by_row, costs_of_rows
    from rareclass.evaluation.judge import Judged, judge, judgement_record
    from rareclass.evaluation.slices import judge_slices

    name = target if target is not None else bundle.target
    if name is None:
        raise InputError("The bundle does not know its target. Name the column with --target.")
    as_text = kept_as_text(bundle, [name, weights, KEEP, *(cost_columns or {}).values()])
    roles = Roles(cost_columns=cost_columns, weights=weights)
    problem = read_problem(source, name, roles, how, before=written_before(bundle), as_text=as_text)
    model = bundle.model
    _check.refuse_unlabelled([_check.is_missing(v) for v in problem.y], f"The target {name!r}")
    y = known_events(problem.y, model.model_.pos_label, model.classes_.tolist(), name)
    given = problem.costs if problem.costs is not None else costs
    if given is None and model.model_.tiers is not None:
        given = model.model_.tiers.costs
    if given is not None:
        given = costs_of_rows(given, y.size) if by_row(given) else as_costs(given)
    rows = Judged(y=y, weight=problem.counts, costs=given)
    logit = bundle.scorer.logit(problem.features, threads=thread_count())
    sliced = judge_slices(rows, problem.features, logit, model.model_)
    said = judgement_record(rows, judge(rows, logit, model.decision_), slices=sliced).to_dict()
    found = [f.to_dict() for f in seen_before(bundle, problem.features, y)]
    return {
        "bundle": bundle.name,
        "findings": found,
        "notes": [*problem.notes, *_volume_note(model.model_.tiers)],
        **{k: v for k, v in said.items() if k != "arm"},
    }


def _volume_note(tiers: Any) -> list[str]:
    if tiers is None or tiers.rows_per_period is None or tiers.policy.per == "run":
        return []
    per = tiers.policy.per
    return [
        f"What each tier takes a {per} is for {tiers.rows_per_period:,.4g} rows a {per}, as in training: how many of "
        f"the rows judged here share a {per} is not known."
    ]


def monitor_log(
    bundle: Bundle,
    sources: "Sources",
    keeping: "Keeping | None" = None,
    *,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    options: Mapping[str, Any] | None = None,
) -> "Watched":
    """What `monitoring.watch.watch` finds; with `out`, its page is written there, in the place of an earlier one."""
    from rareclass.monitoring.watch import Keeping, watch
    from rareclass.report.html_monitor import refuse_other_page, render_monitor

    if out is not None and not overwrite:
        refuse_other_page(out)
    found = watch(bundle, sources, Keeping() if keeping is None else keeping, options)
    if out is not None:
        with atomic_file(Path(out)) as work:
            work.write_text(render_monitor(found), encoding="utf-8")
    return found


def redraw(folder: str | os.PathLike) -> Path:
    """Draw the report of a run folder again from its results.json."""
    from rareclass.report.html import render_html
    from rareclass.report.json import load_results

    path = Path(folder) / RESULTS
    if not path.is_file():
        raise ReadError(f"{folder} holds no run: {RESULTS} is missing.")
    html = render_html(load_results(path))
    with atomic_file(Path(folder) / REPORT) as work:
        work.write_text(html, encoding="utf-8")
    return Path(folder) / REPORT
