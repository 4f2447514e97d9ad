"""What a bundle's evidence says of its model: metrics with their limits, by the rows that they were measured on."""

import re
from collections.abc import Mapping
from typing import Any

from rareclass.evaluation import words

PARTS = {"test": "locked test part", "out_of_fold": "out of fold"}
SIZES = ("rows", "events", "weight", "prevalence")
_INTERVAL = re.compile(r"(.+)_(low|high)$")


def measured_on(evidence: Mapping[str, Any], fit: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(part, how many rows, metrics with limits) of all rows that a model was judged on.

    Parameters
    ----------
    evidence, fit : mapping
        What the comparison found, and the fit itself where there was none; plain values.
    """
    found = []
    for part, title in PARTS.items():
        held = evidence.get(part) or (fit if part == "out_of_fold" and not evidence else {})
        if not held:
            continue
        metrics = _numbers(held if part == "out_of_fold" else {**held.get("metrics", {}), **held})
        counts = held if "rows" in held else fit
        rows, events = counts.get("rows"), counts.get("events")
        size = words.sized(rows, events, counts.get("weight")) if rows else "rows not counted"
        if metrics:
            found.append((title, size, metrics))
    return found


def _numbers(held: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics with their limits, however the evidence holds them: as intervals, or number by number."""
    out: dict[str, Any] = {}
    calibration = held.get("calibration") or {}
    for key, value in {**{k: v for k, v in calibration.items() if k != "brier_skill_ceiling"}, **held}.items():
        if isinstance(value, Mapping) and "estimate" in value:
            out[key] = value
        elif words.finite(value) is not None and key not in SIZES and not _INTERVAL.match(key):
            out[key] = {"estimate": value, "low": held.get(f"{key}_low"), "high": held.get(f"{key}_high")}
    return {k: v for k, v in out.items() if words.finite(v["estimate"]) is not None}
