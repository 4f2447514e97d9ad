"""Retraining: a new model by the champion's recipe, judged on rows that neither has seen, promoted or refused."""

import json
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import kept_as_text, written_before
from rareclass.artifact.seen import seen_before
from rareclass.artifact.trained import UNTIL, until_of
from rareclass.data.columns import name_hint
from rareclass.data.layout import TextFormat
from rareclass.data.problem import KEEP, Problem, Roles, column_values, read_problem
from rareclass.data.sides import clean_times
from rareclass.errors import InputError, ReadError, RegistryError, SchemaError
from rareclass.lifecycle.challenge import challenge_champion
from rareclass.lifecycle.recipe import replay
from rareclass.lifecycle.registry import Registry

UNTOUCHED = 0.25
"""Share of the labelled rows, the newest, that nothing is fitted on."""
FEWEST = 10
"""Events without which nothing can be judged."""
PROMOTED, REFUSED, MORE_LABELS = "promoted", "refused", "more labels"
STATES = ("ok", "warn", "drift")


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """What came of it.

    Attributes
    ----------
    outcome : {"promoted", "refused", "more labels"}
    version : str
        Of the challenger; empty where there were too few events to fit one.
    before : str
        Version of the champion that it was judged against.
    sentence : str
    figures : dict
        Of the judgement, as the journal keeps them.
    notes : list of str
        What was read out of the table unasked, and which rows were left out.
    """

    outcome: str
    version: str
    before: str
    sentence: str
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Labelled rows with all that belongs to them, oldest first."""

    table: pa.Table
    y: np.ndarray
    sides: dict[str, np.ndarray | None]  # groups, times, weights, keep: (n,)
    costs: dict[str, np.ndarray] | None

    def take(self, index: np.ndarray) -> "_Rows":
        return _Rows(
            table=self.table.take(index),
            y=self.y[index],
            sides={k: None if v is None else v[index] for k, v in self.sides.items()},
            costs=None if self.costs is None else {k: v[index] for k, v in self.costs.items()},
        )


def retrain(
    registry: Registry,
    source: Rows,
    *,
    target: str | None = None,
    time: str | None = None,
    groups: str | None = None,
    weights: str | None = None,
    cost_columns: dict[str, str] | None = None,
    how: TextFormat = TextFormat(),
    n_jobs: int = 1,
) -> Retraining:
    """Replay the champion's recipe on the older three quarters of a table, and promote it if it is better on the rest.

    The newest quarter of the labelled rows is untouched: nothing is fitted on it, and rows from before the time up to
    which the champion was trained are no part of it. What was judged is what is deployed; it is not fitted again on
    all rows, of which nobody could say how it does. The journal keeps the outcome, a challenger that was refused too
    (`Registry.promote` takes it all the same).

    Parameters
    ----------
    registry : Registry
    source : path, frame or table
        Rows with labels; those whose label is missing are left out.
    target, time, groups, weights : str, optional
        Columns; the target is by default that of the champion. Without `time` the rows are in the order of time.
    cost_columns : dict, optional
        Costs by row: fp, fn, tp, tn to column. Costs of classes, and the rule, come from the recipe.
    how : TextFormat
        How a file of text is written, where training does not say so.
    n_jobs : int, default=1

    Raises
    ------
    RegistryError
        There is no champion, another process retrains, or the champion changed meanwhile.
    InputError
        The table does not fit the champion, or holds no rows or labels that it has not seen.
    """
    with registry.retraining():
        champion = registry.champion()
        if champion is None:
            raise RegistryError(
                f"The registry {registry.folder} has no champion to retrain. Train a model and promote it first: "
                f"rareclass promote {registry.folder} BUNDLE."
            )
        name = target if target is not None else champion.target
        if name is None:
            raise InputError("The champion does not know its target. Name the column with --target.")
        roles = Roles(weights=weights, cost_columns=cost_columns)
        as_text = kept_as_text(champion, [name, time, groups, weights, KEEP, *(cost_columns or {}).values()])
        problem = _read(source, name, roles, how, champion, as_text)
        rows, notes = _labelled(problem, time, groups)
        cut = _untouched_from(rows, champion)
        older, fresh = rows.take(np.arange(cut)), rows.take(np.arange(cut, rows.y.size))
        label = champion.model.model_.pos_label
        events, before = int(_check.is_label(fresh.y, label).sum()), champion.version
        counts = {"fitted_rows": int(older.y.size), "judged_rows": int(fresh.y.size), "judged_events": events}
        if events < FEWEST:
            said = (
                f"{fresh.y.size:,} rows that nobody was fitted on hold {events} of the at least {FEWEST} events that a "
                f"judgement needs: {FEWEST - events} more labels of events are needed."
            )
            registry.note(MORE_LABELS, before, said, counts)
            return Retraining(outcome=MORE_LABELS, version="", before=before, sentence=said, figures=counts, notes=notes)
        seen = seen_before(champion, fresh.table, _check.is_label(fresh.y, label))
        if seen:
            raise InputError(
                f"There are no new labels: {seen[0].evidence.rstrip('.')}. Add rows that are newer than those the "
                "champion was trained on; with a column of times, name it with --time here and in train."
            )
        challenger = _challenger(champion, older, n_jobs)
        outcome, sentence, figures = _judged(champion, challenger, fresh, attempt=_attempt(registry))
        figures |= counts
        version = registry.add(challenger, "retrained")
        if outcome == PROMOTED:
            registry.promote(version, sentence, over=before, figures=figures)
        else:
            registry.note(outcome, version, sentence, figures)
        return Retraining(
            outcome=outcome, version=version, before=before, sentence=sentence, figures=figures, notes=notes
        )


def _read(
    source: Rows, target: str, roles: Roles, how: TextFormat, champion: Bundle, as_text: Container[str]
) -> Problem:
    problem = read_problem(source, target, roles, how, before=written_before(champion), as_text=as_text)
    champion.model.model_.schema.check(problem.features)
    return problem


def _labelled(problem: Problem, time: str | None, groups: str | None) -> tuple[_Rows, list[str]]:
    """The rows that have a label in the order of time, and notes on the others."""
    times = None if time is None else clean_times(_column(problem.features, time, "--time"), time)
    costs = {k: np.broadcast_to(v, problem.y.size) for k, v in problem.costs.items()} if problem.costs else None
    rows = _Rows(
        table=problem.features,
        y=problem.y,
        sides={
            "groups": None if groups is None else _column(problem.features, groups, "--groups"),
            "times": times,
            "weights": problem.weights,
            "keep": problem.keep,
        },
        costs=costs,
    )
    unknown = np.array([_check.is_missing(v) for v in problem.y])
    if unknown.all():
        raise InputError(f"There are no new labels: the target {problem.target!r} holds none. Add rows with labels.")
    order = np.flatnonzero(~unknown)
    if times is not None:
        order = order[np.argsort(times[order], kind="stable")]
    left = [f"{unknown.sum():,} rows have no label yet and are left out."] if unknown.any() else []
    return rows.take(order), [*problem.notes, *left]


def _column(table: pa.Table, name: str, option: str) -> np.ndarray:
    if name not in table.column_names:
        raise SchemaError(f"There is no column {name!r} ({option}).{name_hint(name, table.column_names)}")
    return column_values(table[name])


def _untouched_from(rows: _Rows, champion: Bundle) -> int:
    """The first row of the untouched part; rows of one time are on one side."""
    cut = rows.y.size - int(np.ceil(UNTOUCHED * rows.y.size))
    times, until = rows.sides["times"], champion.recipe.get(UNTIL)
    if times is not None:
        cut = int(np.searchsorted(times, times[cut], side="left"))
        known = None if until is None else _time(until)
        if known is not None and known.dtype.kind == times.dtype.kind:
            cut = max(cut, int(np.searchsorted(times, known, side="right")))
            if cut == rows.y.size:
                raise InputError(
                    f"There are no new labels: the champion was trained on rows up to {until}, and the newest labelled "
                    "row is no newer. Add newer rows."
                )
    if cut == 0:
        raise InputError(f"{rows.y.size} labelled rows are too few to fit on some and judge on others. Add rows.")
    return cut


def _time(said: str | float) -> np.ndarray:
    return np.asarray(np.datetime64(said, "us") if isinstance(said, str) else float(said))


def _challenger(champion: Bundle, rows: _Rows, n_jobs: int) -> Bundle:
    """The champion's recipe on these rows."""
    found = replay(
        champion,
        rows.table,
        rows.y,
        sample_weight=rows.sides["weights"],
        keep_probability=rows.sides["keep"],
        costs=rows.costs,
        groups=rows.sides["groups"],
        times=rows.sides["times"],
        n_jobs=n_jobs,
    )
    found.recipe = {k: v for k, v in found.recipe.items() if k != UNTIL} | until_of(rows.sides["times"])
    return found


def _attempt(registry: Registry) -> int:
    """The how-many-eth challenger the champion meets."""
    now = registry.champion_version
    judged = (e for e in registry.history() if e["what"] in (PROMOTED, REFUSED, MORE_LABELS) and "difference" in e["figures"])
    return 1 + sum(entry["before"] == now for entry in judged)


def _judged(champion: Bundle, challenger: Bundle, rows: _Rows, *, attempt: int) -> tuple[str, str, dict[str, Any]]:
    """The outcome, why, and its figures."""
    weight, keep = rows.sides["weights"], rows.sides["keep"]
    found = challenge_champion(
        champion,
        challenger,
        rows.table,
        rows.y,
        groups=rows.sides["groups"],
        sample_weight=weight if keep is None else (1 if weight is None else weight) / keep,
        challengers=attempt * (attempt + 1),
    )
    d = found.difference
    return (
        PROMOTED if found.promote else REFUSED,
        found.sentence,
        {"difference": {"estimate": d.estimate, "low": d.low, "high": d.high}},
    )


def monitor_state(path: str) -> str:
    """What the state file of a monitor says: "ok", "warn" or "drift".

    Raises
    ------
    ReadError
        It cannot be read, or is no state file.
    """
    try:
        found = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ReadError(f"The state file {path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, RecursionError):
        found = None
    for _ in range(3):  # in its envelope, or as `RareClassMonitor.to_dict` gives it
        if not isinstance(found, dict) or found.get("state") in STATES:
            break
        found = found.get("content", found.get("monitor"))
    if not isinstance(found, dict) or found.get("state") not in STATES:
        raise ReadError(f"{path} is no state file of a monitor; rareclass monitor writes one with --state.")
    return str(found["state"])
