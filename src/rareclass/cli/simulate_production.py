"""`rareclass simulate-production`: months of train, serve, watch and retrain on simulated payments."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.progress import progress_bar

MONTHS = "Months of 30 days to simulate, at least 1."


def command(
    out: Annotated[str, typer.Option("--out", help="Folder for what happened.")] = "rareclass-production",
    months: Annotated[int, typer.Option("--months", help=MONTHS)] = 12,
    seed: o.Seed = 0,
    overwrite: o.Overwrite = False,
    threads: o.Threads = None,
    json: o.Json = False,
) -> int:
    """Train, serve, log, watch, retrain and promote on payments that drift, beside a model left alone."""
    from rareclass._json import to_json
    from rareclass.production.simulation import simulate_production

    with progress_bar("training") as progress:
        found = simulate_production(
            out, months=months, seed=seed, overwrite=overwrite, n_jobs=threads, progress=progress
        )
    if json:
        typer.echo(to_json(found))
    else:
        cost = found["cost"]
        typer.echo(
            f"Cost {cost['retrained']:,.0f} with retraining, {cost['frozen']:,.0f} with the first model left alone "
            f"({cost['retrained'] / cost['frozen'] - 1:+.1%}); {len(found['promotions'])} promotions, "
            f"{len(found['alarms'])} alarms, {len(found['changes'])} true changes."
        )
    typer.echo(f"Open {out}/report.html", err=True)
    return 0
