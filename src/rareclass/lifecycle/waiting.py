"""When the champion is worth another challenger: once enough of the rows that judge are new since the last one.

Each challenger that is judged makes the next one's level stricter, so a scheduler that tries every night while an
alarm stands would spend on yesterday's rows what tomorrow's are to be judged by.
"""

from typing import Any

import numpy as np

from rareclass.artifact.trained import PERIOD, period_of
from rareclass.lifecycle.labelled_rows import LabelledRows
from rareclass.lifecycle.registry import Registry
from rareclass.uncertainty.paired import IDENTICAL

NEWEST, TABLE_EVENTS = "newest", "table_events"
RENEWED = 0.5
"""Share of the judging events that must be new, where no smaller number of labels was asked for."""


def reach_of(rows: LabelledRows) -> dict[str, Any]:
    """How far a table of labelled rows reaches, as the journal keeps it for the next attempt."""
    ends = period_of(rows.times).get(PERIOD, (None, None))
    return {NEWEST: ends[1], TABLE_EVENTS: rows.events}


def rows_after(moment: str | float, times: np.ndarray) -> int | None:
    """Where the rows begin that are later than a moment of a journal; None where their times are of another kind."""
    known = np.asarray(np.datetime64(moment, "us") if isinstance(moment, str) else float(moment))
    return int(np.searchsorted(times, known, side="right")) if known.dtype.kind == times.dtype.kind else None


def challengers_met(registry: Registry) -> list[dict[str, Any]]:
    """The entries of the journal in which the champion met a challenger that could have taken over, oldest first.

    One that decided as the champion on all judged rows does not count: whatever their labels and the level, it could
    not have. Nor does an attempt with too few events to be judged.
    """
    now = registry.champion_version
    met = ((entry, entry["figures"].get("difference")) for entry in registry.history() if entry["before"] == now)
    return [entry for entry, found in met if found is not None and found["method"] != IDENTICAL]


def why_wait(registry: Registry, rows: LabelledRows) -> tuple[str, int] | None:
    """Why another challenger would be judged by the rows of the last one, and how many new events are missing.

    None where there was none, where its labels came, or where half of the events that judged it are renewed.
    """
    # journals of former versions do not say how far the rows of an attempt reached
    met = [entry for entry in challengers_met(registry) if TABLE_EVENTS in entry["figures"]]
    if not met:
        return None
    last = met[-1]["figures"]
    asked = int(np.ceil(RENEWED * last["events"]))
    if last["labels_needed"]:
        asked = min(asked, int(last["labels_needed"]))
    new = _new_events(rows, last)
    if new >= asked:
        return None
    return (
        f"The last challenger, {met[-1]['version']}, was judged by {last['events']:,} events, of which too few are new "
        f"yet: {new:,} came since, and {asked - new:,} more are waited for. Each further look makes the next one's "
        "level stricter; --again looks all the same.",
        asked - new,
    )


def _new_events(rows: LabelledRows, last: dict[str, Any]) -> int:
    """Events later than the rows of the last attempt; by their number, where no times say which are."""
    if last[NEWEST] is not None and rows.times is not None:
        begin = rows_after(last[NEWEST], rows.times)
        if begin is not None:
            return int(rows.event[begin:].sum())
    return max(rows.events - int(last[TABLE_EVENTS]), 0)
