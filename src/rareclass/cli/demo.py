"""`rareclass demo`: the whole walk on simulated card transactions whose truth is known."""

from typing import Annotated

import typer

from rareclass.cli import options as o
from rareclass.cli.progress import progress_bar


def command(
    out: Annotated[str, typer.Option("--out", help="Folder for the run.")] = "rareclass-demo",
    rows: Annotated[int, typer.Option("--rows", help="Transactions to simulate.")] = 40_000,
    seed: o.Seed = 0,
    threads: o.Threads = None,
) -> int:
    """Simulate card transactions, compare, decide by cost, and check the result against the known truth."""
    from rareclass.demonstration import run_demo
    from rareclass.report.terminal import render_terminal

    with progress_bar("simulating") as progress:
        results, truth = run_demo(out, rows=rows, seed=seed, n_jobs=threads, progress=progress)
    render_terminal(results)
    typer.echo("")
    for sentence in truth:
        typer.echo(sentence)
    typer.echo(f"\nOpen {out}/report.html, or score your own rows: rareclass predict {out}/champion TABLE", err=True)
    return 0
