"""`rareclass retrain`: a challenger for the champion of a registry, promoted only if it is better."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken

IF_DRIFTED = "State file of rareclass monitor: do nothing unless it says drift."
TIME = "Column of times; without it the rows are in the order of time."
HISTORY = "What to learn from: auto, growing, weighted, window, or rederived (level and threshold alone)."

AGAIN = "Judge another challenger even where hardly any events are new since the last one."


def command(
    registry: o.Registry,
    table: o.Table,
    file: o.FileOptions,
    time: Annotated[str | None, o.option("--time", TIME)] = None,
    if_drifted: Annotated[str | None, o.option("--if-drifted", IF_DRIFTED)] = None,
    history: Annotated[str, typer.Option("--history", help=HISTORY)] = "auto",
    again: Annotated[bool, typer.Option("--again", help=AGAIN)] = False,
    target: o.Target = None,
    groups: Annotated[str | None, o.option("--groups", "Column of entities that stay together.")] = None,
    weights: o.Weights = None,
    cost_columns: o.CostColumns = None,
    threads: o.Threads = None,
    json: o.Json = False,
) -> int:
    """Train anew by the champion's recipe, judge on the newest quarter, and promote or refuse.

    Exit code 0: promoted, or no drift. 1: refused, or more labels are needed. 2: not usable.
    """
    import dataclasses
    import os

    from rareclass._json import to_json
    from rareclass.data.problem import Roles
    from rareclass.lifecycle.registry import Registry
    from rareclass.lifecycle.retraining import PROMOTED, retrain, why_not_now

    o.refuse_missing(registry)
    held = Registry(registry)
    why_not = None if if_drifted is None else why_not_now(held, if_drifted)
    if why_not is not None:
        typer.echo(to_json({"outcome": "not needed", "sentence": why_not}) if json else why_not)
        return 0
    found = retrain(
        held,
        table,
        target=target,
        roles=Roles(time=time, groups=groups, weights=weights, cost_columns=o.cost_columns(cost_columns)),
        history=history,
        how=file.format(),
        again=again,
        n_jobs=threads if threads is not None else (os.cpu_count() or 1),
    )
    for note in found.notes:
        typer.echo(f"note: {spoken(note)}", err=True)
    if json:
        typer.echo(to_json(dataclasses.asdict(found)))
    else:
        typer.echo(spoken(found.sentence))
        done = f"{found.version} took over from {found.before}." if found.outcome == PROMOTED else ""
        typer.echo(done or f"{found.before} stays the champion.")
    return 0 if found.outcome == PROMOTED else 1
