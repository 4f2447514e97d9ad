"""Whether a bundle was off from its first day: its first weeks with labels against the evidence that it keeps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import bdtr, bdtrc, chdtri, ndtri

from rareclass.kernels.residuals import EVENTS, LEVEL, ROWS
from rareclass.monitoring import watched
from rareclass.monitoring.chance import count_z
from rareclass.monitoring.monitor import RareClassMonitor

WEEKS, SAID = 8, 16
"""Weeks that are compared, and until which week it is said."""
_FEWEST, _CUT = 7, 3.0
"""Days that must be known, and by how many standard deviations a day counts as off at most."""
_FAR = 4.0
"""Standard deviations from which on it is said: looked at every day, of four figures, in less than 1 of 100 bundles."""
_FIGURES = (
    ("recall", "events", ("events", "missed")),
    ("precision", "alerts", ("labelled_alerts", "alert_events")),
    ("prevalence", "labelled rows", ("labelled", "events")),
)


def off_from_start(monitor: RareClassMonitor) -> list[str]:
    """Sentences on recall, precision, prevalence and observed over expected events that never were as in training.

    When to use: beside the alarms, which need a change that goes on: days from before it are soon usual themselves,
    and a small reference proves little against them. Days from a change on that an alarm of the rare class names do not
    count, unless it is since the first day: they were once as in training. Days may differ by more than chance.

    Examples
    --------
    >>> off_from_start(RareClassMonitor(reference={"decided": {"events": 60, "missed": 12}}, threshold=0.5))
    []
    """
    days = [row for row in monitor.history() if row.get("labelled")]
    if not days:
        return []
    begun, unit = days[0]["day"], np.timedelta64(1, "D")
    age = [float(np.asarray(row["day"] - begun) / (1 if isinstance(begun, float) else unit)) for row in days]
    if len(days) < _FEWEST or age[-1] >= 7 * SAID:
        return []
    changed = min((a.since[0] for a in monitor.alarms if a.rare_class and a.since[0] > begun), default=None)
    seen = [
        row for row, old in zip(days, age, strict=True) if old < 7 * WEEKS and (changed is None or row["day"] < changed)
    ]
    known, found = _evidence(monitor.reference), []
    all_rows = monitor.options["labels_from"] == watched.ROWS
    for name, word, (among, count) in _FIGURES:
        if name in known and (all_rows or name == "precision"):
            found += _rate(name, word, np.array([[row[count], row[among]] for row in seen]), known[name])
    if all_rows and "ratio" in known:
        found += _ratio(np.array([[row["events"], row["expected"]] for row in seen]), known["ratio"])
    return found


def _evidence(reference: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Hits and trials of the bundle's evidence, misses for recall; observed and expected events."""
    found = {}
    if "decided" in reference:
        decided = reference["decided"]
        found["recall"] = decided.get("missed", 0), decided.get("events", 0)
        found["precision"] = decided.get("alert_events", 0), decided.get("alerts", 0)
    if "residuals" in reference:
        sums = reference["residuals"]
        found["prevalence"] = sums[EVENTS], sums[ROWS]
        found["ratio"] = sums[EVENTS], sums[EVENTS] - sums[LEVEL[1]]
    return {name: (float(a), float(b)) for name, (a, b) in found.items() if b > 0}


def _rate(name: str, word: str, days: np.ndarray, known: tuple[float, float]) -> list[str]:
    """A sentence where hits among trials of the days (n, 2) are others than those known."""
    hits, trials = days[days[:, 1] > 0].sum(axis=0) if days[:, 1].any() else (0, 0)
    if trials == 0:
        return []
    share = np.clip(hits / trials, 0.5 / trials, 1 - 0.5 / trials)
    each = days[days[:, 1] > 0]
    scale = _scale((each[:, 0] - share * each[:, 1]) / np.sqrt(each[:, 1] * share * (1 - share)))
    if scale is None:
        return []
    z = count_z(round(hits / scale), round(trials / scale), known[0], known[1], 0.5)
    now, before = (1 - v if name == "recall" else v for v in (hits / trials, known[0] / known[1]))
    said = f"{now:.3g} of {trials:,.0f} {word}, and {before:.3g} of {known[1]:,.0f}"
    return [_said(name.capitalize(), said)] if abs(z) > _FAR else []


def _ratio(days: np.ndarray, known: tuple[float, float]) -> list[str]:
    """A sentence where observed and expected events of the days (n, 2) are in another ratio than those known."""
    events, expected = days.sum(axis=0)
    ratio = max(events, 0.5) / max(expected, 1e-12)
    scale = _scale((days[:, 0] - ratio * days[:, 1]) / np.sqrt(np.maximum(ratio * days[:, 1], 1e-12)))
    if scale is None or expected <= 0:
        return []
    here, both = round(events / scale), round(events / scale + known[0])
    share = expected / scale / (expected / scale + known[1])  # two Poisson counts, given their sum
    tail = min(bdtr(here, both, share), bdtrc(here - 1, both, share))
    said = f"{events:,.0f} for {expected:,.1f}, and {known[0]:,.0f} for {known[1]:,.1f}"
    return [_said("Events observed for those expected", said)] if -ndtri(max(tail, 1e-300)) > _FAR else []


def _scale(scores: Sequence[float] | np.ndarray) -> float | None:
    """Variance of the scores of days around their mean, None of too few days.

    1 where nothing speaks for more than chance, else its 90 % upper bound; between both it grows with the evidence.
    """
    z = np.asarray(scores, dtype=float)
    n = z.size - 1
    if z.size < _FEWEST:
        return None
    squares = (z - z.mean()) ** 2
    total = float(n)
    for _ in range(5):
        total = float(np.minimum(squares, _CUT**2 * max(total / n, 1.0)).sum())
    sure = chdtri(n, 0.1) / n - 1  # the mean square of independent days exceeds 1 by more once in ten times
    return float(1 + np.clip((total / n - 1) / sure, 0, 1) * max(total / chdtri(n, 0.9) - 1, 0))


def _said(what: str, figures: str) -> str:
    return (
        f"{what}: {figures} in the bundle's evidence. The first weeks were not as the evidence: rows or labels "
        "differ from those of training, or the bundle was off from its first day."
    )
