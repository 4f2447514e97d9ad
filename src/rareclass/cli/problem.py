"""A problem from the shared options: a file, or a data set of the catalogue with its own settings."""

from dataclasses import replace
from pathlib import Path

from rareclass.cli.options import CostOptions, FileOptions, SplitOptions, TableOptions, cost_columns
from rareclass.cli.spoken import spoken
from rareclass.data.columns import missing_mask
from rareclass.data.problem import Problem, Roles, read_problem
from rareclass.data.target import encode_target
from rareclass.errors import InputError


def problem_of(
    table: TableOptions,
    split: SplitOptions = SplitOptions(),
    costs: CostOptions = CostOptions(),
    file: FileOptions = FileOptions(),
) -> Problem:
    """Read TABLE; a name that is no file but is catalogued brings its target, drops, groups and costs along.

    What cannot be used is told here, before anything is fitted.
    """
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
    if name != "-" and not Path(name).exists() and "/" not in name and "." not in name:
        from rareclass.data.catalogue import load_data

        entry = load_data(name)
        source, target, matrix = entry.table, entry.target if target is None else target, entry.cost_matrix
        timed = split.time is not None or split.time_ordered
        roles = roles.or_else(replace(entry.roles, groups=None) if timed else entry.roles)
    if target is None:
        raise InputError("Name the column that holds the labels: --target COLUMN.")
    given: dict[str, list[str | None]] = {
        "--groups": [split.groups],
        "--time": [split.time],
        "--weights": [table.weights],
        "--drop": [*(table.drop or ())],
    }
    twice = next((option for option, names in given.items() if target in names), None)
    if twice is not None:
        raise InputError(f"The column {target!r} is the target and cannot be named by {twice} as well.")
    problem = read_problem(source, target, roles, file.format())
    if not problem.features.column_names:
        raise InputError(f"No feature column is left: {name} holds the target and what was left out (--drop) only.")
    if all(missing_mask(column).all() for column in problem.features.columns):
        named = ", ".join(map(repr, problem.features.column_names[:5]))
        raise InputError(f"No feature holds a value: {named} are empty in every row. Add columns with values.")
    encode_target(problem.y, problem.pos_label, name=target)
    by_row = problem.costs if problem.costs is not None else matrix
    if by_row is not None:
        from rareclass.decisions.costs import as_costs

        as_costs(by_row, n=problem.y.size)
    notes = tuple(map(spoken, problem.notes))
    return replace(problem, notes=notes, name="standard input" if name == "-" else Path(name).name, costs=by_row)
