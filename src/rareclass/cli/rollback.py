"""`rareclass rollback`: the champion before this one."""

import typer

from rareclass.cli import options as o


def command(registry: o.Registry, why: o.Why = "") -> int:
    """Make the champion before the present one champion again."""
    from rareclass.lifecycle.registry import Registry

    o.refuse_missing(registry)
    found = Registry(registry)
    before = found.champion_version
    typer.echo(f"{found.rollback(why)} is the champion again, after {before}.")
    return 0
