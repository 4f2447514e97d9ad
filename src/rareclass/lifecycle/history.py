"""How much of the past a challenger learns from: all, the newest half, all with old rows counting less, or its level.

Chosen by forward validation: each candidate is made from the older two thirds of the training rows and priced on the
newest third. The rows that judge the challenger have no say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.seen import seen_before
from rareclass.artifact.trained import PERIOD, period_of
from rareclass.errors import InputError, RareclassError, TooFewEventsError
from rareclass.lifecycle.challenge import better_by, difference_of
from rareclass.lifecycle.field import Field
from rareclass.lifecycle.labelled_rows import LabelledRows
from rareclass.lifecycle.recipe import replay
from rareclass.lifecycle.rederived import REDERIVED, rederived
from rareclass.lifecycle.waiting import rows_after
from rareclass.metrics.ranking import average_precision_score

GROWING, WEIGHTED, WINDOW = "growing", "weighted", "window"
HISTORIES = (GROWING, WEIGHTED, WINDOW, REDERIVED)
VALIDATED = 1 / 3
"""Share of the training rows, the newest, on which the histories are compared."""
NEWEST = 0.5
"""Share of the training rows that the window holds."""
HALF_LIFE = 1 / 4
"""Of the time that the training rows span: a row this much older counts half with weighted history."""
ONE_ERROR = 0.6827
"""Level of an interval of a standard error to either side."""
FEWEST = 10
"""Events without which nothing can be compared or judged."""
SAID = {
    GROWING: "It learned from all older rows.",
    WEIGHTED: "It learned from all older rows, old ones counting less.",
    WINDOW: "It learned from the newer half of the older rows.",
    REDERIVED: "It is the champion's own model; level and threshold alone were derived anew.",
}
FORWARD = "forward"
"""Key of a recipe: whether the times of its rows split them in the fit."""


@dataclass(frozen=True, kw_only=True)
class History:
    """What a challenger learns from.

    Attributes
    ----------
    name : {"growing", "weighted", "window", "rederived"}
    losses : dict
        What each candidate did on the validating rows: cost per row, or minus the average precision without costs;
        empty where nothing was compared.
    events : int
        Events on the validating rows.
    note : str
        Why there was no choice, or why a candidate could not be made; empty where all were compared.
    """

    name: str
    losses: Mapping[str, float] = field(default_factory=dict)
    events: int = 0
    note: str = ""


def choose_history(champion: Bundle, rows: LabelledRows, *, n_jobs: int = 1) -> History:
    """The history that does best one step ahead, on training rows alone.

    Level and threshold alone are derived anew unless another history is better by more than a standard error: where
    only these moved, the model that is known stays.
    """
    older, newer = rows.split_at(rows.newest(VALIDATED))
    if min(older.events, newer.events) < FEWEST:
        few = f"{older.events} and {newer.events} events in the older and the newer training rows"
        return History(name=GROWING, note=f"All older rows are trained on: {few} are too few to choose by.")
    made, notes = {}, []
    for name in HISTORIES:
        try:
            made[name] = challenger_of(name, champion, older, n_jobs=n_jobs, apart=newer)
        except RareclassError as error:
            notes.append(f"History {name!r} could not be tried: {error}")
    if not made:
        return History(name=GROWING, events=newer.events, note=" ".join(notes))
    losses = {name: _loss(_met(champion, found, newer)) for name, found in made.items()}
    best = min(losses, key=lambda name: losses[name])
    if best != REDERIVED and REDERIVED in made:
        met = _met(made[REDERIVED], made[best], newer)
        if better_by(met, difference_of(met, ONE_ERROR))[0] <= 0:
            best = REDERIVED
    return History(name=best, losses=losses, events=newer.events, note=" ".join(notes))


def challenger_of(
    name: str, champion: Bundle, rows: LabelledRows, *, n_jobs: int = 1, apart: LabelledRows | None = None
) -> Bundle:
    """A challenger that learned from the rows as a history says.

    Parameters
    ----------
    apart : LabelledRows, optional
        Rows that are to price the challenger: none of them may have been in the training of a champion whose model
        stays.

    Raises
    ------
    TooFewEventsError
        The history holds too few events of its own.
    """
    if _check.one_of(name, "history", HISTORIES) == REDERIVED:
        found = rederived(champion, _new_to(champion, rows.split_at(rows.newest(NEWEST))[1], apart))
    else:
        taken = history(name, rows)
        found = replay(
            champion,
            taken.table,
            taken.labels,
            sample_weight=taken.weights,
            keep_probability=taken.keep,
            costs=taken.costs,
            groups=taken.groups,
            times=taken.times if _forward(champion) else None,
            n_jobs=n_jobs,
        )
    kept = {k: v for k, v in found.recipe.items() if k != PERIOD}
    found.recipe = kept | period_of(rows.times) | {FORWARD: _forward(champion), "history": name}
    return found


def _forward(champion: Bundle) -> bool:
    """Whether its rows were split by their times when it was fitted."""
    said = champion.recipe
    return bool(said.get(FORWARD, PERIOD in said or said.get("split") == "time"))


def history(name: str, rows: LabelledRows) -> LabelledRows:
    """The rows as a history takes them."""
    if name == WINDOW:
        return rows.split_at(rows.newest(NEWEST))[1]
    if name == WEIGHTED:
        counts = 0.5 ** (_age(rows) / HALF_LIFE)
        return replace(rows, weights=counts if rows.weights is None else rows.weights * counts)
    return rows


def _age(rows: LabelledRows) -> np.ndarray:
    """Age (n,) of each row, as a share of the time that the rows span."""
    time = np.arange(rows.rows) if rows.times is None else rows.times
    span = (time[-1] - time[0]).astype(float)
    return np.asarray((time[-1] - time).astype(float) / span) if span > 0 else np.zeros(rows.rows)


def newer_than(champion: Bundle, rows: LabelledRows) -> int | None:
    """Where the rows begin that are newer than all that the champion was trained on; None where no times say so."""
    _, end = champion.recipe.get(PERIOD, (None, None))
    if end is None or rows.times is None:
        return None
    return rows_after(end, rows.times)


def _new_to(champion: Bundle, rows: LabelledRows, apart: LabelledRows | None) -> LabelledRows:
    """Those that the champion was not trained on, whose scores do not flatter it."""
    begin = newer_than(champion, rows)
    if begin is None:
        for part in (rows, apart):
            if part is not None and seen_before(champion, part.table, part.event):
                raise InputError("the champion was trained on some of the rows that its level would be derived from.")
        begin = 0
    elif apart is not None and newer_than(champion, apart):
        raise InputError("the champion was trained on some of the rows that would price it.")
    new = rows.split_at(begin)[1]
    if new.events < FEWEST:
        raise TooFewEventsError(f"{new.events} events that are new to the champion are fewer than {FEWEST}.")
    return new


def _met(first: Bundle, second: Bundle, rows: LabelledRows) -> Field:
    """Two bundles on these rows."""
    costs = None if rows.costs is None else dict(rows.costs)
    sides: dict[str, Any] = {"groups": rows.groups, "sample_weight": rows.counts}
    return Field.of((first, second), rows.table, rows.labels, costs=costs, **sides)


def _loss(rows: Field) -> float:
    """Cost per row of the challenger; minus its average precision where there are no costs."""
    if rows.costs is None:
        return -float(average_precision_score(rows.y, rows.logits[1], sample_weight=rows.weight))
    return float(np.average(rows.losses[1], weights=rows.weight))
