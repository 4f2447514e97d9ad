"""`rareclass predict`: probabilities and decisions for a table."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken
from rareclass.errors import InputError

EXPLAIN = "Write the 4 (or so many) columns that move each row's log-odds most, as JSON."
OUT = "csv, tsv, csv.gz, parquet or Arrow file, by its ending; default: csv on stdout."


def command(
    bundle: o.Bundle,
    table: o.Table,
    periods: o.PeriodOptions,
    file: o.FileOptions,
    reasons: o.ReasonOptions,
    out: Annotated[str | None, o.option("--out", OUT)] = None,
    keep: Annotated[list[str] | None, o.option("--keep", "Column to write beside the row (repeatable).")] = None,
    explain: Annotated[int | None, o.option("--explain", EXPLAIN)] = None,
    alerts_only: Annotated[bool, typer.Option("--alerts-only", help="With --explain: reasons of alerts only.")] = False,
    overwrite: o.Overwrite = False,
    cost_columns: o.CostColumns = None,
) -> int:
    """Score a table with a bundle."""
    import contextlib
    import shutil
    import sys
    import tempfile
    from functools import partial

    from rareclass.artifact.bundle import Bundle
    from rareclass.artifact.tables import refuse_output, spooled_csv, table_writer
    from rareclass.cli.progress import progress_bar
    from rareclass.serving.scoring import Asked
    from rareclass.workflow import PeriodColumns, predict_file

    if explain is None and (alerts_only or reasons.reasons is not None):
        raise InputError("--alerts-only and --reasons say how reasons are written; add --explain.")
    if out is not None:
        refuse_output(out, [table, bundle], overwrite=overwrite)
    loaded = Bundle.load(bundle)
    with contextlib.ExitStack() as stack:
        if out is None:  # what goes to stdout is whole too, or nothing
            spool = stack.enter_context(tempfile.TemporaryFile())
            opened = partial(spooled_csv, spool)
        else:
            opened = partial(table_writer, out)
        with progress_bar("reading") as tick:
            found = predict_file(
                loaded,
                table,
                opened,
                cost_columns=o.cost_columns(cost_columns),
                periods=PeriodColumns(**vars(periods)),
                keep=keep or (),
                asked=None if explain is None else Asked(k=explain, rules=reasons.rules(), alerts_only=alerts_only),
                how=file.format(),
                tick=partial(tick, "scoring rows"),
            )
        for note in found.notes:
            typer.echo(f"note: {spoken(note)}", err=True)
        if out is not None:
            typer.echo(f"Wrote {out}: {found.rows:,} rows, {found.alerts:,} alerts.", err=True)
        else:
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout.buffer)
    return 0
