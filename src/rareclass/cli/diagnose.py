"""`rareclass diagnose`: what a data set holds and what its number of events allows."""

from dataclasses import replace

import typer

from rareclass.cli import options as o
from rareclass.cli.spoken import spoken


def command(table: o.TableOptions, file: o.FileOptions, json: o.Json = False) -> int:
    """Say what a data set holds, what its events allow, and what to do first."""
    from rareclass._json import to_json
    from rareclass.advisor.diagnosis import diagnose
    from rareclass.cli.problem import problem_of

    problem = problem_of(table, file=file)
    found = diagnose(
        problem.features,
        problem.y,
        pos_label=problem.pos_label,
        categorical=problem.categorical,
        sample_weight=problem.counts,
    )
    found = replace(found, notes=[spoken(note) for note in (*problem.notes, *found.notes)])
    if json:
        typer.echo(to_json(found.to_dict()))
        return 0
    from rareclass.report.diagnosis import render_diagnosis

    render_diagnosis(found.to_dict())
    return 0
