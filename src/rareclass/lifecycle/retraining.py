"""Retraining: a new model by the champion's recipe, judged on rows that neither has seen, promoted or refused."""

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rareclass import _check
from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.seen import seen_before
from rareclass.artifact.trained import PERIOD
from rareclass.data.layout import TextFormat
from rareclass.data.problem import Roles
from rareclass.errors import InputError, RegistryError
from rareclass.lifecycle.challenge import Challenge, challenge_champion
from rareclass.lifecycle.history import FEWEST, HISTORIES, SAID, History, challenger_of, choose_history, newer_than
from rareclass.lifecycle.labelled_rows import LabelledRows, labelled_rows
from rareclass.lifecycle.registry import Registry
from rareclass.lifecycle.waiting import challengers_met, reach_of, why_wait
from rareclass.monitoring.state_file import said_state

UNTOUCHED = 0.25
"""Share of the labelled rows, the newest, that nothing is fitted on."""
PROMOTED, REFUSED, MORE_LABELS = "promoted", "refused", "more labels"
_OUTCOMES = {"promote": PROMOTED, "refuse": REFUSED, "more labels": MORE_LABELS}


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """What came of it.

    Attributes
    ----------
    outcome : {"promoted", "refused", "more labels"}
    version : str
        Of the challenger; empty where there were too few events to make one, or too few since the last one.
    before : str
        Version of the champion that it was judged against.
    sentence : str
    labels_needed : int
        How many events more are needed among the rows that judge, or to be learned from, where the outcome is "more
        labels"; else 0.
    figures : dict
        Of the judgement, as the journal keeps them.
    notes : list of str
        What was read out of the table unasked, and which rows were left out.
    """

    outcome: str
    version: str
    before: str
    sentence: str
    labels_needed: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def retrain(
    registry: Registry,
    source: Rows,
    *,
    target: str | None = None,
    roles: Roles = Roles(),
    history: str = "auto",
    how: TextFormat = TextFormat(),
    again: bool = False,
    n_jobs: int = 1,
) -> Retraining:
    """Make a challenger from the older three quarters of a table, and promote it if it is better on the newest quarter.

    The challenger is the champion's recipe on these rows (learner, treatment, calibration, costs, rule), or the
    champion's own model with level and threshold alone derived anew, whatever does best one step ahead on the older
    rows. `challenge_champion` judges it on the newest quarter; where the champion was trained on rows that reach into
    it, on the newer half of the rows that are newer than those. What was judged is what is deployed; it is not fitted
    again on all rows, of which nobody could say how it does. The journal keeps the outcome, and the registry every
    challenger: `Registry.promote` takes a refused one all the same. Each further challenger of the same champion is
    judged at a stricter level; so nothing is made, and the outcome is "more labels", until half as many events as
    judged the last one, or the number that it asked for, are new.

    Parameters
    ----------
    registry : Registry
    source : path, frame or table
        Rows with labels; those whose label is missing are left out.
    target : str, optional
        Column of the labels; by default that of the champion.
    roles : Roles
        Columns of times, of groups, of weights, and of costs by row: ``Roles(time="day")``. Without times the rows are
        in the order of time; costs by row are by default those of the champion. Costs of classes come from the recipe.
    history : {"auto", "growing", "weighted", "window", "rederived"}, default="auto"
        What to learn from: all older rows, all with old ones counting less, the newer half of them, or only level and
        threshold. "auto" fits each on the older two thirds and takes the one that is best on the rest.
    how : TextFormat
        How a file of text is written, where training does not say so.
    again : bool, default=False
        Make and judge a challenger even though hardly any events are new since the last one.
    n_jobs : int, default=1

    Raises
    ------
    RegistryError
        There is no champion, another process retrains, or the champion changed meanwhile.
    InputError
        The table does not fit the champion, or holds no rows or labels that it has not seen.
    """
    _check.one_of(history, "history", ("auto", *HISTORIES))
    if registry.champion_version is None:
        raise RegistryError(
            f"The registry {registry.folder} has no champion to retrain. Train a model and promote it first: "
            f"rareclass promote {registry.folder} BUNDLE."
        )
    with registry.retraining():
        champion = registry.load(str(registry.champion_version))
        rows = labelled_rows(champion, source, target=target, roles=roles, how=how)
        older, fresh = _parts(champion, rows)
        said = _too_few(older, fresh)
        if said is not None:
            registry.note(MORE_LABELS, champion.version, said[0], _counts(older, fresh))
            return _not_yet(champion, rows, *said, figures=_counts(older, fresh))
        wait = None if again else why_wait(registry, rows)
        if wait is not None:  # of which the journal says nothing: it may be so each night
            return _not_yet(champion, rows, *wait, figures={})
        chosen = choose_history(champion, older, n_jobs=n_jobs) if history == "auto" else History(name=history)
        challenger = challenger_of(chosen.name, champion, older, n_jobs=n_jobs)
        found = _judged(champion, challenger, fresh, attempt=1 + len(challengers_met(registry)))
        outcome = _OUTCOMES[found.verdict]
        sentence = " ".join([found.sentence, *_altogether(found, rows, fresh), SAID[chosen.name]])
        figures = _figures(found, chosen) | _counts(older, fresh) | reach_of(rows)
        version = registry.add(challenger, f"retrained on {older.rows:,} rows ({chosen.name})")
        if outcome == PROMOTED:
            registry.promote(version, sentence, over=champion.version, figures=figures)
        else:
            registry.note(outcome, version, sentence, figures)
        return Retraining(
            outcome=outcome,
            version=version,
            before=champion.version,
            sentence=sentence,
            labels_needed=found.labels_needed,
            figures=figures,
            notes=[*rows.notes, *([chosen.note] if chosen.note else [])],
        )


def _not_yet(champion: Bundle, rows: LabelledRows, sentence: str, need: int, *, figures: dict[str, Any]) -> Retraining:
    return Retraining(
        outcome=MORE_LABELS,
        version="",
        before=champion.version,
        sentence=sentence,
        labels_needed=need,
        figures=figures,
        notes=list(rows.notes),
    )


def _altogether(found: Challenge, rows: LabelledRows, fresh: LabelledRows) -> list[str]:
    """How many events the whole table must hold so that as many as are needed fall among the rows that judge."""
    if not found.labels_needed:
        return []
    whole = int(np.ceil(found.events_needed * rows.events / fresh.events))
    return [
        f"As only the newest rows judge, that takes a table of about {whole:,} events; this one has {rows.events:,}."
    ]


def _parts(champion: Bundle, rows: LabelledRows) -> tuple[LabelledRows, LabelledRows]:
    """The rows to learn from, and those of the newest quarter that nobody has seen."""
    cut = rows.newest(UNTOUCHED)
    begin = newer_than(champion, rows)
    if begin == rows.rows:
        raise InputError(
            f"There are no new labels: no labelled row is newer than those that the champion was trained on, up to "
            f"{champion.recipe[PERIOD][1]}. Add newer rows."
        )
    if begin is not None:  # half of what is new teaches, half judges, where it is less than half of the table
        cut = max(cut, begin + rows.split_at(begin)[1].newest(0.5))
    if cut == 0:
        raise InputError(f"{rows.rows} labelled rows are too few to learn from some and judge by others. Add rows.")
    older, fresh = rows.split_at(cut)
    seen = seen_before(champion, fresh.table, fresh.event)
    if seen:
        raise InputError(
            f"There are no new labels: rows of the newest quarter were in the training of the champion "
            f"({seen[0].evidence}). Add newer rows; with a column of times, name it with --time here and in "
            "train."
        )
    return older, fresh


def _too_few(older: LabelledRows, fresh: LabelledRows) -> tuple[str, int] | None:
    """What is missing, in words and events; None where there are enough to learn from and to judge by."""
    for part, what in ((older, "learned from"), (fresh, "judged by")):
        if part.events < FEWEST:
            need = FEWEST - part.events
            return (
                f"The {part.rows:,} rows to be {what} hold {part.events} of the at least {FEWEST} events that are "
                f"needed: {need} more labels of events are needed there.",
                need,
            )
    return None


def _counts(older: LabelledRows, fresh: LabelledRows) -> dict[str, Any]:
    return {"fitted_rows": older.rows, "judged_rows": fresh.rows, "judged_events": fresh.events}


def _judged(champion: Bundle, challenger: Bundle, rows: LabelledRows, *, attempt: int) -> Challenge:
    return challenge_champion(
        champion,
        challenger,
        rows.table,
        rows.labels,
        costs=None if rows.costs is None else dict(rows.costs),
        groups=rows.groups,
        sample_weight=rows.counts,
        attempt=attempt,
    )


def _figures(found: Challenge, chosen: History) -> dict[str, Any]:
    """Of the judgement, as the journal keeps them."""
    said = found.to_dict()
    kept = {k: said[k] for k in ("metric", "difference", "events", "labels_needed")}
    if found.labels_needed:  # else nothing more is needed, whatever the power
        kept["events_needed"] = found.events_needed
    worse = [s["name"] for s in said["slices"] if s["worse"]]
    doubts = {g["name"]: g["verdict"] for g in said["guards"] if g["verdict"] != "ok"}
    return {**kept, "guards": doubts, "worse_slices": worse, "history": chosen.name, "histories": dict(chosen.losses)}


def why_not_now(registry: Registry, state: str | os.PathLike) -> str | None:
    """Why the state file of a monitor asks for no retraining; None where it says "drift".

    Raises
    ------
    InputError
        It is no state file, or that of another bundle than the champion.
    """
    version, said = said_state(state)
    now = registry.champion_version
    if now is not None and version != now:
        raise InputError(
            f"The state file {state} watches version {version}; the champion of {registry.folder} is {now}. Run "
            "rareclass monitor on the champion, with a state file of its own."
        )
    return None if said == "drift" else f"The monitor says {said!r}, no drift: nothing was retrained."
