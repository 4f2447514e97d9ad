"""Which detectors a monitor has, for what it knows of its model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rareclass.monitoring.calibrated import Calibration, Prevalence
from rareclass.monitoring.detector import Detector
from rareclass.monitoring.modes import EventFeatures, NewMode
from rareclass.monitoring.moved import Inputs, Scores, Volume
from rareclass.monitoring.places import Places
from rareclass.monitoring.rates import Precision, Recall, SliceRecall

ROWS, ALERTS, AUDIT = LABELS_FROM = ("rows", "alerts", "audit")
_BIASED = (
    "Labels come of alerts only, which says nothing about the other rows: label an audit too, and give its "
    "weights (--labels-from audit --weight COLUMN)."
)


class Unjudged(Detector):
    """Stands for a detector that these labels say nothing about."""

    def __init__(self, kind: type[Detector], why_off: str) -> None:
        super().__init__()
        self.name, self.code, self.stage = kind.name, kind.code, kind.stage  # type: ignore[misc]
        self.why_off = why_off

    def evidence(self, cohort: Any) -> np.ndarray | None:
        return None


def detectors(reference: Mapping[str, Any], places: Places | None, options: Mapping[str, Any]) -> list[Detector]:
    """All detectors, also those that are off; thresholds are not yet set."""
    decided = reference.get("decided", {})
    known = np.asarray(reference["residuals"], dtype=float) if "residuals" in reference else None
    alerts = decided.get("alerts", 0)
    found: Sequence[Detector] = [
        Recall(decided.get("missed", 0), decided.get("events", 0)),
        Precision(alerts - decided.get("alert_events", 0), alerts),
        Prevalence(known),
        Calibration(known),
        NewMode(None if places is None else places.event_distances),
        EventFeatures(None if places is None else places.event_places, options["columns"]),
        SliceRecall(options["slices"]),
    ]
    unlabelled = [Scores(reference), Volume(), Inputs(places, options["columns"], bool(reference))]
    if options["labels_from"] == ROWS:
        return [*found, *unlabelled]
    judged = (Precision,) if options["labels_from"] == ALERTS else (Recall, Precision)
    return [*(d if isinstance(d, judged) else Unjudged(type(d), _BIASED) for d in found), *unlabelled]
