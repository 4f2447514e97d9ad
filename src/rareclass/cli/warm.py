"""`rareclass warm`: the scoring kernels, compiled ahead."""

import typer


def command() -> int:
    """Compile the scoring kernels ahead, so that containers and new processes start fast."""
    from rareclass.scoring.warming import warm

    folder = warm()
    if folder is not None:
        typer.echo(f"The scoring kernels are compiled and kept in {folder}.", err=True)
    return 0
