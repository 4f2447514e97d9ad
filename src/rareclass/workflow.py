"""The verbs of the command line as functions: diagnose, compare, train, predict, evaluate, report.

The only place that joins evaluation, report and artifact.
"""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import __version__, _check
from rareclass.artifact.atomic import atomic_directory, atomic_file, refuse_existing
from rareclass.artifact.bundle import Bundle, library_versions, reference_of
from rareclass.artifact.seen import rows_seen, seen_before
from rareclass.data.problem import Problem, Roles, column_values, cost_numbers, read_problem
from rareclass.data.read import read_table
from rareclass.data.target import encode_target
from rareclass.decisions.budget import AlertBudget
from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.periods import periods_of
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InputError, ReadError, SchemaError
from rareclass.evaluation.columns import column_findings
from rareclass.evaluation.comparison import Comparison
from rareclass.evaluation.results import Results
from rareclass.fitting.rows import at

RESULTS, REPORT, OOF, CHAMPION = "results.json", "report.html", "oof.parquet", "champion"


def compare_table(
    problem: Problem,
    *,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    command: str = "",
    **options: Any,
) -> Comparison:
    """Compare on a problem; with `out`, write the run folder (results.json, report.html, oof.parquet, champion/)."""
    from rareclass.evaluation.run import compare

    if out is not None:
        refuse_existing(Path(out).absolute(), overwrite=overwrite)
    costs = options.pop("costs", None)
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
        costs=problem.costs if costs is None else costs,
        **options,
    )
    if out is not None:
        write_run(comparison, out, problem, overwrite=overwrite, command=command)
    return comparison


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
        data=replace(found.data, target=problem.target, notes=[*problem.notes, *moves, *found.data.notes]),
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
    command: str = "",
    truth: Sequence[str] = (),
) -> None:
    """Write the run folder; it appears whole or not at all."""
    import pyarrow.parquet as pq

    from rareclass.report.html import render_html
    from rareclass.report.json import dump_results

    results = results_of(comparison, problem, command=command, truth=truth)
    with atomic_directory(out, overwrite=overwrite) as folder:
        dump_results(results.to_dict(), folder / RESULTS)
        (folder / REPORT).write_text(render_html(results), encoding="utf-8")
        pq.write_table(comparison.oof_table(), folder / OOF)
        (folder / CHAMPION).mkdir()
        champion_bundle(comparison, target=problem.target, results=results).write_into(folder / CHAMPION)


def champion_bundle(comparison: Comparison, *, target: str, results: Results) -> Bundle:
    """The champion as a bundle, with its evidence, score reference and recipe."""
    best, test = comparison[comparison.champion], results.test
    model, rows, dev = comparison.best_model_, comparison.design.rows, comparison.design.split.dev
    evidence = {
        "out_of_fold": best.judgement.metrics | {"calibration": best.judgement.calibration},
        "test": None if test is None else {k: getattr(test, k) for k in ("rows", "events", "metrics", "calibration")},
        "findings": [f.to_dict() for f in results.findings],
        "verdict": best.verdict.word,
        "reason": comparison.champion_reason,
    }
    recipe = {
        "arm": comparison.champion,
        "seed": results.design.seed,
        "folds": results.design.folds,
        "split": results.design.split,
        "command": results.command,
        "sketch": rows_seen(model.model_, rows.table.take(dev), rows.y[dev]),
        **{k: getattr(results.data, k) for k in ("fingerprint", "rows", "events", "pos_label")},
    }
    return Bundle(
        model,
        name=comparison.champion,
        target=target,
        evidence=evidence,
        reference=reference_of(model.model_, at(rows.weight, dev)),
        recipe=recipe,
    )


def train_table(
    problem: Problem,
    *,
    out: str | os.PathLike,
    overwrite: bool = False,
    decision: DecisionRule | None = None,
    costs: CostMatrix | None = None,
    command: str = "",
    **options: Any,
) -> Bundle:
    """Fit one `RareClassifier` on a problem and save it as a bundle, without a comparison.

    The columns are audited first; what was found stands in the bundle's evidence.
    """
    from rareclass.fitting.classifier import RareClassifier

    refuse_existing(Path(out).absolute(), overwrite=overwrite)
    y = encode_target(problem.y, problem.pos_label, name=problem.target)[0]
    findings = column_findings(problem.features, y, categorical=problem.categorical, weight=problem.counts)
    model = RareClassifier(decision=decision, pos_label=problem.pos_label, categorical=problem.categorical, **options)
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
        costs=problem.costs if costs is None else costs,
    )
    if not hasattr(model, "model_"):
        raise InputError(
            f"The target {problem.target!r} holds {len(model.classes_)} classes; name the event with --pos-label."
        )
    fit = model.model_
    recipe = {
        "arm": fit.arm.name,
        "seed": model.random_state,
        "fingerprint": fit.schema.fingerprint(problem.features),
        "rows": int(fit.oof_y.size),
        "events": int(fit.oof_y.sum()),
        "command": command,
        "sketch": rows_seen(fit, problem.features.take(fit.oof_row), fit.oof_y),
        "pos_label": str(fit.pos_label),
    }
    bundle = Bundle(
        model,
        name=fit.arm.name,
        target=problem.target,
        evidence={"out_of_fold": fit.evidence, "test": None, "findings": [f.to_dict() for f in findings]},
        reference=reference_of(fit, at(problem.counts, fit.oof_row)),
        recipe=recipe,
    )
    bundle.save(out, overwrite=overwrite)
    return bundle


@dataclass(frozen=True)
class Prediction:
    """Probabilities, labels and what was odd about the rows."""

    table: pa.Table
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class PeriodColumns:
    """Columns that say the period of each row to an alert budget, and settle ties within it."""

    time: str | None = None  # of dates, cut into the hours, days, weeks or months of the budget
    period: str | None = None  # of labels
    one_period: bool = False  # the whole table
    key: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Option to column."""
        named = {"--time": self.time, "--period": self.period, "--key": self.key}
        return {option: name for option, name in named.items() if name is not None}

    def grouping(self, table: pa.Table, rule: DecisionRule) -> Grouping:
        """The periods and keys of the rows of a table."""
        if sum((self.time is not None, self.period is not None, self.one_period)) > 1:
            raise InputError("Give one of --time, --period and --one-period: a row is of one period.")
        columns = {name: _column(table, name, f"{option} column") for option, name in self.columns.items()}
        periods: Any = "table" if self.one_period else None
        if self.period is not None:
            periods = column_values(columns[self.period])
        elif self.time is not None:
            per = getattr(rule, "per", None)
            if per is None or per == "run":
                raise InputError(
                    "--time cuts a table into the hours, days, weeks or months of an alert budget such as 100/day; "
                    f"this bundle decides by {rule.phrase()}. Leave it out, or name a column with --period."
                )
            periods = periods_of(columns[self.time], per)
        return Grouping(periods, keys=None if self.key is None else column_values(columns[self.key]))


def predict_table(
    bundle: Bundle, source: Any, *, cost_columns: dict[str, str] | None = None, periods: PeriodColumns = PeriodColumns()
) -> Prediction:
    """Score a table with a bundle: its probability, the decision, and counts of what was new."""
    from rareclass.serving.scoring import score

    table = read_table(source)
    model = bundle.model
    costs = None
    if cost_columns:
        found = {k: _column(table, name, "cost column") for k, name in cost_columns.items()}
        costs = {k: cost_numbers(found[k], name) for k, name in cost_columns.items()}
    grouping = periods.grouping(table, model.decision_.rule)
    scored = score(bundle, table, costs=costs, grouping=grouping)
    notes = [
        f"Column {name!r}: {count:,} value(s) that were never seen in training, treated as unknown."
        for name, count in scored.unknown.items()
        if count
    ]
    known = {c.name for c in model.model_.schema.columns} | {bundle.target}
    extra = sorted(set(table.column_names) - known - {*(cost_columns or {}).values(), *periods.columns.values()})
    if extra:
        notes.append(f"{len(extra)} column(s) are not used by the model: {', '.join(extra[:8])}.")
    if isinstance(model.decision_.rule, AlertBudget) and grouping.periods is None:
        notes.append(
            f"The budget is kept by the stored threshold, {model.decision_.threshold:.4g}, which flags "
            f"{int(scored.alert.sum()):,} of these {table.num_rows:,} rows. For {model.decision_.rule.phrase()}, say "
            "the period of each: --time, --period or --one-period."
        )
    out = pa.table(
        {
            "row": np.arange(table.num_rows),
            "probability": scored.probability,
            "alert": scored.alert,
            "label": pa.array([str(v) for v in scored.label]),
        }
    )
    return Prediction(out, notes)


def _column(table: pa.Table, name: str, what: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise SchemaError(f"There is no {what} {name!r} in the table.")
    return table[name]


def write_table(table: pa.Table, path: str | os.PathLike) -> None:
    """Write a table as csv or parquet, by the ending of the name; whole or not at all."""
    import pyarrow.csv
    import pyarrow.parquet

    with atomic_file(path) as work:
        if str(path).endswith((".parquet", ".pq")):
            pyarrow.parquet.write_table(table, work)
        else:
            pyarrow.csv.write_csv(table, work)


def evaluate_table(
    bundle: Bundle,
    source: Any,
    *,
    target: str | None = None,
    costs: Any = None,
    cost_columns: dict[str, str] | None = None,
    weights: str | None = None,
) -> dict[str, Any]:
    """Judge a bundle on labelled rows that it never saw: metrics with intervals, calibration, decision.

    Where rows look as if it had seen them, the findings say so. `weights` names a column of row weights; a sample with
    its column ``keep_probability`` is weighted by itself.
    """
    from rareclass.decisions.costs import as_costs
    from rareclass.evaluation.judge import Judged, judge, judgement_record

    name = target if target is not None else bundle.target
    if name is None:
        raise InputError("The bundle does not know its target. Name the column with --target.")
    problem = read_problem(source, name, Roles(cost_columns=cost_columns, weights=weights))
    model = bundle.model
    missing = sum(v is None or v != v for v in problem.y)
    if missing:
        raise InputError(f"The target {name!r} holds {missing} missing value(s). Remove these rows.")
    label = model.model_.pos_label
    y = _check.is_label(problem.y, label)
    if not y.any() or y.all():
        raise InputError(
            f"The table holds {int(y.sum())} of {y.size} rows of class {label!r}; both classes are needed."
        )
    given = problem.costs if problem.costs is not None else costs
    rows = Judged(y=y, weight=problem.counts, costs=None if given is None else as_costs(given, n=y.size))
    judged = judge(rows, model.positive_logit(problem.features), model.decision_)
    said = judgement_record(rows, judged).to_dict()
    found = [f.to_dict() for f in seen_before(bundle, problem.features, y)]
    return {
        "bundle": bundle.name,
        "findings": found,
        "notes": list(problem.notes),
        **{k: v for k, v in said.items() if k != "arm"},
    }


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


Progress = Callable[[str, int, int], None]


DEMO_COSTS = {"fp": 10.0, "fn": 500.0}


def run_demo(
    out: str | os.PathLike,
    *,
    rows: int = 40_000,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[Results, list[str]]:
    """Compare on simulated card transactions and check the champion against the truth that only a simulator knows.

    Returns
    -------
    results : Results
        As in `results.json`; the run folder is written to `out`.
    truth : list of str
        What the truth says about the champion on fresh transactions, in sentences.
    """
    from rareclass.data.simulate import simulate_transactions
    from rareclass.decisions.costs import CostMatrix
    from rareclass.kernels.logits import sigmoid
    from rareclass.metrics.ranking import average_precision_score

    whole = simulate_transactions(2 * rows, prevalence=0.01, seed=seed)
    order = np.random.default_rng(seed).permutation(2 * rows)
    known, fresh = np.sort(order[:rows]), np.sort(order[rows:])
    problem = read_problem(whole.table.take(known), whole.target, Roles(groups=whole.group, drop=[whole.time]))
    problem = replace(problem, name="simulated card transactions")
    costs = CostMatrix(**DEMO_COSTS)
    comparison = compare_table(problem, costs=costs, random_state=seed, n_jobs=n_jobs, progress=progress, budget=60.0)
    model = comparison.best_model_
    logit = model.positive_logit(whole.table.take(fresh))
    p, true = sigmoid(logit), whole.probability[fresh]

    def cost(flagged: np.ndarray) -> float:
        return float(np.where(flagged, costs.fp * (1 - true), costs.fn * true).mean())

    ours, best, none = cost(model.decision_.apply(p)), cost(true >= costs.threshold), cost(np.zeros(p.size, bool))
    truth = [
        f"On {rows:,} fresh transactions, where the simulator knows the true probability of each:",
        f"  mean probability {p.mean():.4f}, true mean {true.mean():.4f}",
        f"  average precision {average_precision_score(whole.y[fresh], logit):.3f}, best possible "
        f"{whole.best_average_precision:.3f}",
        f"  cost per transaction {ours:.3f}, best possible {best:.3f}, doing nothing {none:.3f}",
    ]
    write_run(comparison, out, problem, overwrite=True, command="rareclass demo", truth=truth)
    return results_of(comparison, problem, command="rareclass demo", truth=truth), truth
