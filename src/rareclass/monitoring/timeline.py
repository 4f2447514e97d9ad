"""The days of a monitor in windows: volume, recall, precision, prevalence and calibration with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rareclass.kernels.intervals import poisson_limits, wilson

SHORT, LONG, MANY = 7, 28, 240
"""Days of a window, and from how many days on windows are long."""


def timeline(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Windows that end on each day of a history; what a window cannot tell is None.

    Parameters
    ----------
    history : list of dict
        `RareClassMonitor.history`, with ``day`` as an ISO date or as a number.

    Returns
    -------
    list of dict
        ``day``; ``window`` (days); ``rows`` and ``alerts`` a day; ``expected_events`` a day, by the probabilities;
        ``recall``, ``precision``, ``prevalence`` and ``ratio`` (observed over expected events), each a list of
        estimate, low and high (95 %), or None.

    Examples
    --------
    >>> day = {"day": "2026-03-01", "rows": 50, "alerts": 4, "expected_events": 3.0, "labelled": 50, "events": 4}
    >>> day |= {"missed": 1, "labelled_alerts": 4, "alert_events": 3, "expected": 3.0}
    >>> found = timeline([day])[0]
    >>> found["recall"][0], [round(v, 2) for v in found["recall"][1:]]
    (0.75, [0.3, 0.95])
    """
    if not history:
        return []
    numbers = np.array([day_number(row["day"]) for row in history])
    width = SHORT if numbers[-1] - numbers[0] < MANY else LONG
    first = np.searchsorted(numbers, numbers - width, side="right")
    return [_window(history[int(first[i]) : i + 1], width) for i in range(len(history))]


def _window(days: Sequence[Mapping[str, Any]], width: int) -> dict[str, Any]:
    def total(name: str) -> float:
        return float(sum(v.get(name, 0.0) for v in days))

    found = {"day": days[-1]["day"], "window": width}
    found |= {name: total(name) / len(days) for name in ("rows", "alerts", "expected_events")}
    if "labelled" not in days[-1]:
        return found | dict.fromkeys(("recall", "precision", "prevalence", "ratio"))
    events, expected = total("events"), total("expected")
    return found | {
        "recall": _share(events - total("missed"), events),
        "precision": _share(total("alert_events"), total("labelled_alerts")),
        "prevalence": _share(events, total("labelled")),
        "ratio": None if expected <= 0 else [float(v) / expected for v in (events, *poisson_limits(events))],
    }


def day_number(day: object) -> float:
    """Days since 1970 of an ISO date; numbers as they are."""
    return float(np.datetime64(day, "D").astype(np.int64)) if isinstance(day, str) else float(day)  # type: ignore[arg-type]


def _share(hits: float, trials: float) -> list[float] | None:
    return None if trials <= 0 else [hits / trials, *map(float, wilson(hits, trials))]
