"""What a run of the monitor found, in words that the terminal and the page share."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rareclass.evaluation import words
from rareclass.html.reading import Reading
from rareclass.monitoring.told import Watched

TITLES = {
    "recall": "Recall",
    "precision": "Precision",
    "prevalence": "Share of events",
    "calibration": "Calibration",
    "new-mode": "Kinds of events",
    "event-features": "Features of events",
    "slices": "Recall by slice",
    "scores": "Scores",
    "volume": "Rows and alerts",
    "inputs": "Inputs",
    "expected-rates": "Expected precision and recall",
    "label-shift": "Share of events by scores",
}
"""What each detector watches; others are called by their names."""
CODES = {
    "recall-fell": "recall has fallen",
    "precision-fell": "precision has fallen",
    "new-mode": "events have changed",
    "prevalence": "the share of events has moved",
    "calibration": "the calibration has moved",
    "scores-moved": "ordinary rows score otherwise",
    "inputs-moved": "inputs have moved",
    "volume": "the volume has moved",
}
CHIPS = {"ok": "good", "warn": "doubt", "drift": "bad"}


def title(detector: str) -> str:
    """What a detector watches."""
    return TITLES.get(detector, detector)


def headline(found: Watched) -> str:
    """The answer in one sentence."""
    moved = list(dict.fromkeys(CODES.get(a["code"], a["code"]) for a in found.standing))
    if found.drifted:
        return f"Drift: {_listed(moved)}."
    if moved:
        return f"No drift of the rare class found, but {_listed(moved)}."
    if found.state == "warn":
        near = max((d for d in found.detectors if d["on"]), key=way, default=None)
        return "No alarm yet, but evidence of one builds up" + (
            "." if near is None else f": {title(near['name']).lower()}."
        )
    return "No drift found." if judged(found) else "Nothing could be judged yet."


def judged(found: Watched) -> str:
    """The last day whose labels have come; empty where there is none."""
    return next((str(row["day"]) for row in reversed(found.history) if row.get("labelled")), "")


def subject(found: Watched) -> str:
    """What was watched."""
    read = found.read
    span = f" from {_day(read['first'])} to {_day(read['last'])}" if read["first"] else ""
    until = judged(found)
    return f"{found.model} {found.version}: predictions{span}" + (f", labels judged up to {until}" if until else "")


def new_to_run(found: Watched) -> str:
    """What this run read."""
    told = (
        f"{words.counted(found.read['predictions'], 'prediction')} and {words.counted(found.read['labels'], 'label')}"
    )
    return f"New in this run: {told}."


def budget(found: Watched) -> str:
    """What the alarms promise."""
    rate = found.options["false_alarms_per_year"]
    years = f"one in {1 / rate:,.3g} years" if rate < 1 else f"{words.number(rate)} a year"
    return f"False alarms: at most {years} are expected, of all detectors together."


def began(alarm: Mapping[str, Any]) -> str:
    """When it began, in words."""
    low, high = alarm["since"]
    return f"It began on {low}." if low == high else f"It began between {low} and {high}."


def raised(alarm: Mapping[str, Any]) -> str:
    """When it was raised, and by what."""
    evidence = alarm["evidence"]
    return f"Raised on {_day(evidence['raised'])} ({evidence['detector']})."


def way(detector: Mapping[str, Any]) -> float:
    """How far evidence is on its way to an alarm, in [0, 1], on a log scale."""
    most = words.finite(detector["threshold"])
    return 0.0 if most is None else min(math.log1p(detector["statistic"]) / math.log1p(most), 1.0)


def stands(detector: Mapping[str, Any], found: Watched) -> bool:
    """Whether an alarm of this detector stands; it rests until then."""
    return any(a["evidence"]["detector"] == detector["name"] for a in found.standing)


def estimates(found: Watched) -> tuple[str, list[str]]:
    """The last week's first day, and what its scores say before labels come."""
    if not found.weeks:
        return "", []
    week = found.weeks[-1]
    said = [part["sentence"] for part in (week["expected"], week["label_shift"]) if part]
    return str(week["day"]), said


def once_in(detector: Mapping[str, Any], found: Watched) -> str:
    """How often a detector may raise a false alarm."""
    rate = detector["share"] * found.options["false_alarms_per_year"]
    return "never" if rate <= 0 else f"once in {1 / rate:,.3g} years" if rate < 1 else f"{words.number(rate)} a year"


def reading(window: Mapping[str, Any], name: str) -> Reading:
    """A figure of a window with its interval."""
    value = window.get(name)
    return Reading(*value) if isinstance(value, list) else Reading(words.finite(value))


def latest(found: Watched, name: str) -> tuple[Reading, str]:
    """The newest window that knows a figure, and its last day."""
    row = next((w for w in reversed(found.timeline) if w[name] is not None), None)
    return (Reading(None), "") if row is None else (reading(row, name), str(row["day"]))


def slices(found: Watched) -> Sequence[tuple[str, float, float, float]]:
    """Slices with events, missed and how far evidence is; most events first."""
    one = next((d for d in found.detectors if d.get("slices")), None)
    if one is None:
        return []
    known = [
        (name, v["events"], v["missed"], way({"threshold": one["threshold"], "statistic": v["statistic"]}))
        for name, v in one["slices"].items()
    ]
    return sorted(known, key=lambda row: (-row[1], row[0]))


def _day(moment: str) -> str:
    return moment[:10]


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
