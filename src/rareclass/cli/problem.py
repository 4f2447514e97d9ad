"""A problem from the shared options: a file, or a data set of the catalogue with its own settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rareclass.cli.options import cost_columns
from rareclass.data.problem import Problem, read_problem
from rareclass.errors import InputError


def problem_of(table: str, target: str | None, *, pos_label: str | None = None, drop: list[str] | None = None,
               categorical: list[str] | None = None, groups: str | None = None, time: str | None = None,
               time_ordered: bool = False, costs: str | None = None) -> Problem:  # fmt: skip
    """Read TABLE; a name that is no file but is catalogued brings its target, drops, groups and costs along."""
    source: Any = table
    settings: dict[str, Any] = {
        "pos_label": pos_label, "drop": drop or [], "categorical": categorical or [], "groups": groups, "time": time,
        "time_ordered": time_ordered, "cost_columns": cost_columns(costs),
    }  # fmt: skip
    matrix = None
    if not Path(table).exists() and "/" not in table and "." not in table:
        from rareclass.data.catalogue import load_data

        entry = load_data(table)
        source, target = entry.table, target if target is not None else entry.target
        own = {"pos_label": entry.pos_label, "drop": [*entry.drop], "categorical": [*entry.categorical],
               "groups": entry.groups, "cost_columns": entry.cost_columns}  # fmt: skip
        if time is not None or time_ordered:
            own["groups"] = None
        matrix = entry.cost_matrix
        for key, value in own.items():
            if not settings.get(key) and value:
                settings[key] = value
        away = {*settings["drop"], settings["groups"], *(settings["cost_columns"] or {}).values()}
        settings["categorical"] = [c for c in settings["categorical"] if c not in away]
    if target is None:
        raise InputError("Name the column that holds the labels: --target COLUMN.")
    problem = read_problem(source, target, **settings)
    return replace(problem, name=Path(table).name, costs=problem.costs if problem.costs is not None else matrix)
