"""`rareclass evaluate`: judge a bundle on labelled rows."""

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken


def command(
    bundle: o.Bundle,
    table: o.Table,
    costs: o.CostOptions,
    file: o.FileOptions,
    target: o.Target = None,
    weights: o.Weights = None,
    json: o.Json = False,
) -> int:
    """Judge a bundle on labelled rows that it never saw."""
    from rareclass._json import to_json
    from rareclass.artifact.bundle import Bundle
    from rareclass.workflow import evaluate_table

    by_row = o.cost_columns(costs.cost_columns)
    found = evaluate_table(
        Bundle.load(bundle),
        table,
        target=target,
        costs=costs.matrix(),
        cost_columns=by_row,
        weights=weights,
        how=file.format(),
    )
    found["notes"] = [spoken(note) for note in found["notes"]]
    if json:
        typer.echo(to_json(found))
        return 0
    from rareclass.report.judgement import render_judgement

    render_judgement(found)
    return 0
