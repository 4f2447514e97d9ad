"""What a run of the monitor found, as plain values: what its page, its JSON and other programs get."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass._json import to_plain
from rareclass.monitoring.alarms import DRIFT, Alarm


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a run found; times are texts, in UTC.

    Attributes
    ----------
    model, version, state, now : str
        `state` is "ok", "warn" or "drift"; `now` is empty before the first prediction.
    read : dict
        Predictions and labels that were new to this run, and first and last moment of the log so far.
    new, standing, alarms : list of dict
        Alarms that this run raised and that did not stand already; those that were not acknowledged, the last of each
        detector; and all of the last years.
    outlook, problems, notes : list of str
        What cannot be told yet; what was odd; what was read how.
    detectors, history : list of dict
        Of the monitor; ``slices`` among the detectors holds events and misses of each slice.
    timeline : list of dict
        Windows of days, see `timeline`.
    weeks : list of dict
        What scores expect of each week before its labels come.
    options : dict
        Of the monitor.
    undelivered : int
        Alarms that a webhook or a file did not take yet.
    """

    model: str
    version: str
    state: str
    now: str
    read: dict[str, Any]
    new: list[dict[str, Any]]
    standing: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    outlook: list[str]
    problems: list[str]
    notes: list[str]
    detectors: list[dict[str, Any]]
    history: list[dict[str, Any]]
    timeline: list[dict[str, Any]]
    weeks: list[dict[str, Any]]
    options: dict[str, Any]
    undelivered: int

    def is_new(self, alarm: Mapping[str, Any]) -> bool:
        """Whether a standing alarm was first raised in this run."""
        return any(a["code"] == alarm["code"] and _by(a) == _by(alarm) for a in self.new)

    @property
    def drifted(self) -> bool:
        return self.state == DRIFT

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        found: dict[str, Any] = to_plain(vars(self))
        return found


def _by(alarm: Mapping[str, Any]) -> str:
    return str(alarm["evidence"]["detector"])


def alarm_told(alarm: Alarm) -> dict[str, Any]:
    """An alarm as plain values with times as texts; ``since`` holds two days."""
    evidence = {k: moment_told(v) if isinstance(v, np.datetime64) else v for k, v in alarm.evidence.items()}
    since = [str(v.astype("datetime64[D]")) if isinstance(v, np.datetime64) else v for v in alarm.since]
    found: dict[str, Any] = to_plain(vars(alarm) | {"since": since, "evidence": evidence})
    return found


def day_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A day of the history with its date as a text."""
    day = row["day"]
    text = str(day.astype("datetime64[D]")) if isinstance(day, np.datetime64) else day
    found: dict[str, Any] = to_plain({**row, "day": text})
    return found


def moment_told(moment: Any) -> str:
    """A moment in RFC 3339, in UTC."""
    return f"{np.datetime64(moment, 's')}Z"
