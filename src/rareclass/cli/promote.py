"""`rareclass promote`: another champion for a registry."""

from typing import Annotated

import typer

from rareclass.cli import options as o

VERSION = "A version that the registry holds, or the folder of a bundle, which is added first."


def command(
    registry: o.Registry,
    version: Annotated[str, typer.Argument(metavar="VERSION", help=VERSION, show_default=False)],
    why: o.Why = "",
) -> int:
    """Make a version of a registry its champion; a first bundle starts the registry."""
    from pathlib import Path

    from rareclass.lifecycle.registry import Registry

    found = Registry(registry)
    if version not in found.versions() and Path(version).is_dir():
        version = found.add(version, why)
    elif not found.folder.exists():
        o.refuse_missing(registry)
    before = found.champion_version
    found.promote(version, why)
    was = "is the champion already" if before == version else "is the champion now"
    typer.echo(f"{version} {was}{f', after {before}' if before not in (None, version) else ''}.")
    return 0
