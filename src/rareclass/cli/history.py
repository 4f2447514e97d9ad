"""`rareclass history`: what was done to a registry, when, by whom and why."""

import typer

from rareclass.cli import options as o


def command(registry: o.Registry, json: o.Json = False) -> int:
    """Show what was added, promoted, refused and taken back, oldest first."""
    from rareclass._json import to_json
    from rareclass.lifecycle.registry import Registry

    o.refuse_missing(registry)
    found = Registry(registry)
    entries = found.history()
    if json:
        typer.echo(to_json(entries))
        return 0
    for entry in entries:
        typer.echo(f"{entry['when']}  {entry['version']}  {entry['what']:12} {entry['why']}".rstrip())
    champion = found.champion_version
    typer.echo("There is no champion yet." if champion is None else f"The champion is {champion}.", err=True)
    return 0
