"""`rareclass train`: one calibrated model, without a comparison."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken
from rareclass.treatments.names import HELP


def command(
    table: o.TableOptions,
    file: o.FileOptions,
    out: Annotated[str, o.option("--out", "Folder for the bundle.")],
    costs: o.CostOptions,
    rule: o.RuleOptions,
    split: o.SplitOptions,
    keep: o.KeepOptions,
    reasons: o.ReasonOptions,
    stages: o.CascadeOptions,
    learner: Annotated[str, typer.Option("--learner", help="Name of a learner, or auto (the blend).")] = "auto",
    treatment: Annotated[str, typer.Option("--treatment", help=f"One of these {HELP}")] = "auto",
    slices: o.Slices = None,
    overwrite: o.Overwrite = False,
    seed: o.Seed = 0,
    threads: o.Threads = None,
) -> int:
    """Train one calibrated model and save it as a bundle."""
    import os

    from rareclass.cli.problem import problem_of
    from rareclass.evaluation.results import Finding
    from rareclass.report.terminal import say_findings
    from rareclass.workflow import train_table

    rules = reasons.rules()
    problem = problem_of(table, split, costs, file)
    bundle = train_table(
        problem,
        out=out,
        overwrite=overwrite,
        kept=keep.kept(),
        reasons=rules,
        decision=rule.rule(),
        costs=costs.matrix(),
        command=o.shown_command(),
        **stages.asked(learner, treatment),
        slices=slices,
        random_state=seed,
        n_jobs=threads if threads is not None else (os.cpu_count() or 1),
    )
    say_findings([Finding.from_dict(f) for f in bundle.evidence["findings"]])
    for note in bundle.evidence["data"]["notes"]:
        typer.echo(f"note: {spoken(note)}", err=True)
    typer.echo(bundle.model.summary())
    typer.echo(f"Wrote {out}/.", err=True)
    return 0
