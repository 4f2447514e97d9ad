"""A problem from the shared options: a file, or a data set of the catalogue with its own settings."""

from dataclasses import replace
from pathlib import Path

from rareclass.cli.options import CostOptions, SplitOptions, TableOptions, cost_columns
from rareclass.data.problem import Problem, Roles, read_problem
from rareclass.errors import InputError


def problem_of(
    table: TableOptions, split: SplitOptions = SplitOptions(), costs: CostOptions = CostOptions()
) -> Problem:
    """Read TABLE; a name that is no file but is catalogued brings its target, drops, groups and costs along."""
    roles = Roles(
        pos_label=table.pos_label,
        drop=table.drop or (),
        groups=split.groups,
        weights=table.weights,
        time=split.time,
        time_ordered=split.time_ordered,
        cost_columns=cost_columns(costs.cost_columns),
        categorical=table.categorical or (),
    )
    name, target, matrix = table.table, table.target, None
    source = name
    if not Path(name).exists() and "/" not in name and "." not in name:
        from rareclass.data.catalogue import load_data

        entry = load_data(name)
        source, target, matrix = entry.table, entry.target if target is None else target, entry.cost_matrix
        timed = split.time is not None or split.time_ordered
        roles = roles.or_else(replace(entry.roles, groups=None) if timed else entry.roles)
    if target is None:
        raise InputError("Name the column that holds the labels: --target COLUMN.")
    problem = read_problem(source, target, roles)
    return replace(problem, name=Path(name).name, costs=problem.costs if problem.costs is not None else matrix)
