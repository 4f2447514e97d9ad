"""`rareclass compare`: the truth about a data set in one command, and a deployable model."""

from dataclasses import replace
from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.progress import progress_bar
from rareclass.cli.spoken import spoken
from rareclass.treatments.names import HELP

DUPLICATES = "Let equal rows stand on both sides of a split."
BUDGET = "Work, in seconds of the reference machine, that decides beforehand what runs; default 45s."
LIMIT = "Time on this machine's clock after which no further arm starts."
TRADE = "Weigh treatments of one learner, and the cascade, by money, latency and size; needs costs."
PRESET = "seven-way: none, over, under, SMOTE, weights, weights + threshold and a cost matrix, side by side."
TEXTBOOK = "Also textbook: what the textbook's flowchart by ratio leads this table to."
OUT = "Folder for results.json, report.html, oof.parquet and the champion."


def command(
    table: o.TableOptions,
    file: o.FileOptions,
    costs: o.CostOptions,
    rule: o.RuleOptions,
    split: o.SplitOptions,
    keep: o.KeepOptions,
    reasons: o.ReasonOptions,
    gap: Annotated[float, typer.Option("--gap", help="Rows (or time units) between training and testing.")] = 0,
    learners: Annotated[str, typer.Option("--learners", help="Comma-separated names, or auto.")] = "auto",
    treatments: Annotated[str, typer.Option("--treatments", help=f"Comma-separated {HELP} {TEXTBOOK}")] = "auto",
    folds: Annotated[int | None, o.option("--folds", "Folds; default 5, or 3 for large tables.")] = None,
    slices: o.Slices = None,
    repeats: Annotated[int, typer.Option("--repeats", help="Repetitions of the folds.")] = 1,
    test_share: Annotated[float, typer.Option("--test-share", help="Share of rows locked away.")] = 0.2,
    budget: Annotated[str | None, o.option("--budget", BUDGET)] = None,
    time_limit: Annotated[str | None, o.option("--time-limit", LIMIT)] = None,
    full: Annotated[bool, typer.Option("--full", help="Fit on all rows of large tables.")] = False,
    split_duplicates: Annotated[bool, typer.Option("--split-duplicates", help=DUPLICATES)] = False,
    trade_off: Annotated[bool, typer.Option("--trade-off", help=TRADE)] = False,
    preset: Annotated[str | None, o.option("--preset", PRESET)] = None,
    out: Annotated[str | None, o.option("--out", OUT)] = None,
    overwrite: o.Overwrite = False,
    seed: o.Seed = 0,
    threads: o.Threads = None,
    json: o.Json = False,
) -> int:
    """Compare learners and treatments honestly; leave a report and a deployable model."""
    from rareclass._json import to_json
    from rareclass.cli.problem import problem_of
    from rareclass.workflow import compared_table

    rules = reasons.rules()
    problem = problem_of(table, split, costs, file)
    with progress_bar("comparing") as progress:
        _, results = compared_table(
            problem,
            out=out,
            overwrite=overwrite,
            kept=keep.kept(),
            reasons=rules,
            command=o.shown_command(),
            trade_off=trade_off,
            preset=preset,
            decision=rule.rule(),
            costs=costs.matrix(),
            learners=learners,
            treatments=treatments,
            folds=folds,
            slices=slices,
            repeats=repeats,
            test_share=test_share,
            budget=None if budget is None else o.seconds(budget),
            time_limit=None if time_limit is None else o.seconds(time_limit, "--time-limit"),
            full=full,
            split_duplicates=split_duplicates,
            gap=gap,
            random_state=seed,
            n_jobs=threads,
            progress=progress,
        )
    results = replace(results, data=replace(results.data, notes=[*map(spoken, results.data.notes)]))
    if json:
        typer.echo(to_json(results))
        return 0
    from rareclass.report.terminal import render_terminal

    render_terminal(results)
    if out is not None:
        typer.echo(f"Wrote {out}/ (report.html, results.json, oof.parquet, champion/).", err=True)
    return 0
