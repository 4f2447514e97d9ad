"""`rareclass train`: one calibrated model, without a comparison."""

from typing import Annotated

import typer

from rareclass.cli import options as o


def command(
    table: o.Table,
    out: Annotated[str, typer.Option("--out", help="Folder for the bundle.", show_default=False)],
    target: o.Target = None,
    pos_label: o.PosLabel = None,
    learner: Annotated[str, typer.Option("--learner", help="Name of a learner, or auto (the blend).")] = "auto",
    treatment: Annotated[str, typer.Option("--treatment", help="Name of a treatment, or auto (none).")] = "auto",
    cost_fp: o.CostFP = None,
    cost_fn: o.CostFN = None,
    cost_columns: o.CostColumns = None,
    alert_budget: o.AlertBudgetText = None,
    min_recall: o.MinRecall = None,
    min_precision: o.MinPrecision = None,
    max_fpr: o.MaxFPR = None,
    maximize: o.Maximize = None,
    groups: o.Groups = None,
    time: o.Time = None,
    time_ordered: o.TimeOrdered = False,
    drop: o.Drop = None,
    categorical: o.Categorical = None,
    overwrite: o.Overwrite = False,
    seed: o.Seed = 0,
    threads: o.Threads = None,
) -> int:
    """Train one calibrated model and save it as a bundle."""
    import os

    from rareclass.cli.problem import problem_of
    from rareclass.workflow import train_table

    problem = problem_of(
        table, target, pos_label=pos_label, drop=drop, categorical=categorical, groups=groups, time=time,
        time_ordered=time_ordered, costs=cost_columns,
    )  # fmt: skip
    decision = o.decision_of(
        alert_budget=alert_budget, min_recall=min_recall, min_precision=min_precision, max_fpr=max_fpr,
        maximize=maximize,
    )  # fmt: skip
    bundle = train_table(
        problem, out=out, overwrite=overwrite, decision=decision, costs=o.class_costs(cost_fp, cost_fn),
        command=o.shown_command(), estimator=learner, treatment=treatment, random_state=seed,
        n_jobs=threads if threads is not None else (os.cpu_count() or 1),
    )  # fmt: skip
    typer.echo(bundle.model.summary())
    typer.echo(f"Wrote {out}/.", err=True)
    return 0
