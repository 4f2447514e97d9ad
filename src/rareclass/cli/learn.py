"""`rareclass learn`: the learning path, listed, and one of its lessons run."""

from typing import Annotated

import typer

from rareclass.cli import options as o

NAME = Annotated[str | None, typer.Argument(help="Of a lesson; without it all are listed.", show_default=False)]
QUICK = "Less of everything: seconds instead of minutes, and wider intervals."
OUT = "Folder for its figures, which holds nothing yet; by default learn-NAME."


def command(
    name: NAME = None,
    quick: Annotated[bool, typer.Option("--quick", help=QUICK)] = False,
    out: Annotated[str | None, o.option("--out", OUT)] = None,
) -> int:
    """List the steps, experiments and projects of the learning path, or run one of them."""
    from rareclass.learning.lessons import KINDS, LESSONS, find_lesson

    if name is None:
        for kind, title in KINDS.items():
            typer.echo(f"{title}:")
            for entry in (lesson for lesson in LESSONS if lesson.kind == kind):
                typer.echo(f"  {entry.name:20s}{entry.about} ({entry.takes})")
            typer.echo("")
        typer.echo("rareclass learn NAME [--quick] [--out DIR] runs one into a folder.")
        return 0
    from rareclass.learning.running import examples_folder, run_lesson

    folder = out if out is not None else f"learn-{find_lesson(name).name}"
    entry = run_lesson(name, folder, quick=quick)
    typer.echo(f"\nWrote {folder}/. {entry.look}", err=True)
    typer.echo(f"The code, to read and to change: {examples_folder() / entry.file}", err=True)
    return 0
