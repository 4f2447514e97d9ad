"""`rareclass predict`: probabilities and decisions for a table."""

from typing import Annotated

import typer

from rareclass.cli import options as o


def command(
    bundle: o.Bundle,
    table: o.Table,
    periods: o.PeriodOptions,
    out: Annotated[str | None, o.option("--out", "csv or parquet file; default: csv on stdout.")] = None,
    cost_columns: o.CostColumns = None,
) -> int:
    """Score a table with a bundle."""
    import sys

    from rareclass.artifact.bundle import Bundle
    from rareclass.workflow import PeriodColumns, predict_table, write_table

    columns = PeriodColumns(**vars(periods))
    result = predict_table(Bundle.load(bundle), table, cost_columns=o.cost_columns(cost_columns), periods=columns)
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)
    if out is None:
        import pyarrow.csv

        pyarrow.csv.write_csv(result.table, sys.stdout.buffer)
        return 0
    write_table(result.table, out)
    alerts = int(result.table["alert"].to_numpy(zero_copy_only=False).sum())
    typer.echo(f"Wrote {out}: {result.table.num_rows:,} rows, {alerts:,} alerts.", err=True)
    return 0
