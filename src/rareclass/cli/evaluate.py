"""`rareclass evaluate`: judge a bundle on labelled rows."""

from typing import Annotated

import typer

from rareclass.cli import options as o


def command(
    bundle: Annotated[str, typer.Argument(help="Folder of a bundle.", show_default=False)],
    table: o.Table,
    target: o.Target = None,
    cost_fp: o.CostFP = None,
    cost_fn: o.CostFN = None,
    cost_columns: o.CostColumns = None,
    json: o.Json = False,
) -> int:
    """Judge a bundle on labelled rows that it never saw."""
    from rareclass._json import to_json
    from rareclass.artifact.bundle import Bundle
    from rareclass.workflow import evaluate_table

    found = evaluate_table(
        Bundle.load(bundle), table, target=target, costs=o.class_costs(cost_fp, cost_fn),
        cost_columns=o.cost_columns(cost_columns),
    )  # fmt: skip
    if json:
        typer.echo(to_json(found))
        return 0
    from rareclass.report.judgement import render_judgement

    render_judgement(found)
    return 0
