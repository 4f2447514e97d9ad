"""`rareclass sample`: all events and sampled negatives of tables of any size."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken


def command(
    tables: Annotated[
        list[str], typer.Argument(metavar="TABLE...", help="Files of one kind, or a folder.", show_default=False)
    ],
    out: Annotated[str, o.option("--out", "csv or parquet file.")],
    target: Annotated[str, o.option("--target", "Column that holds the labels.")],
    file: o.FileOptions,
    pos_label: o.PosLabel = None,
    negatives: Annotated[float, typer.Option("--negatives", help="Negatives kept per event.")] = 20.0,
    overwrite: o.Overwrite = False,
    seed: o.Seed = 0,
) -> int:
    """Keep all events and sampled negatives of tables that do not fit into memory."""
    from rareclass.artifact.tables import refuse_output, write_table
    from rareclass.scale.negatives import sample_negatives

    refuse_output(out, tables, overwrite=overwrite)
    sampled = sample_negatives(
        tables, target=target, pos_label=pos_label, negatives_per_event=negatives, seed=seed, how=file.format()
    )
    for note in sampled.notes:
        typer.echo(f"note: {spoken(note)}", err=True)
    write_table(sampled.table, out)
    import shlex

    label = [] if pos_label is None else ["--pos-label", pos_label]
    following = shlex.join(["rareclass", "compare", out, "--target", target, *label, "--out", "run"])
    typer.echo(
        f"Kept {sampled.table.num_rows:,} of {sampled.rows:,} rows: all {sampled.events:,} events, and negatives with "
        f"probability {sampled.keep:.6g} (column keep_probability). Wrote {out}.\n"
        "compare, train, diagnose and evaluate weight each row by 1 / keep_probability, so their numbers are those of "
        f"the whole table. Next:\n  {following}",
        err=True,
    )
    return 0
