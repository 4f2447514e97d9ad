"""`rareclass report`: draw the report of a run again."""

from typing import Annotated

import typer


def command(folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run.", show_default=False)]) -> int:
    """Draw the report of a run folder again from its results.json."""
    from rareclass.workflow import redraw

    typer.echo(str(redraw(folder)))
    return 0
