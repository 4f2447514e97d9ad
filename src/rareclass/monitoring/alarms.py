"""Alarms, the budget that detectors share, and the state ok / warn / drift."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rareclass.errors import InputError
from rareclass.monitoring.clock import from_days, in_days

OK, WARN, DRIFT = "ok", "warn", "drift"
RARE_CLASS = ("recall-fell", "precision-fell", "new-mode", "prevalence", "calibration")
"""Codes of alarms that say something about the rare class; they make the state "drift"."""
OTHERS = ("scores-moved", "inputs-moved", "volume")
"""Codes of alarms about rows of any class; they make the state "warn"."""
YEAR = 365.25
_TIMES = ("day", "raised")
NEAR = 0.1
"""Share of its threshold from which a statistic of the rare class makes the state "warn"."""

SHARES: Mapping[str, float] = {
    "recall": 0.5,
    "precision": 0.08,
    "prevalence": 0.1,
    "calibration": 0.08,
    "new-mode": 0.1,
    "event-features": 0.04,
    "slices": 0.04,
    "scores": 0.02,
    "volume": 0.02,
    "inputs": 0.02,
}
"""How the alarm budget is shared by default."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm: what moved, how far, since when, on what evidence, and what to do.

    Attributes
    ----------
    code : str
        One of `RARE_CLASS` or `OTHERS`.
    sentence : str
    value : float
        How far: the rate, ratio or share since the change.
    since : (low, high)
        First day of the change, in the caller's type of time; it lies within in about 95 % of cases.
    evidence : dict
        ``detector``, ``day`` (the last one judged) and ``raised``, in the caller's time, ``statistic``, ``threshold``,
        ``again`` (the same stood already: what it is about goes on), ``before`` and numbers of the detector's own.
    what_to_do : str
    """

    code: str
    sentence: str
    value: float
    since: tuple[Any, Any]
    evidence: dict[str, Any] = field(default_factory=dict)
    what_to_do: str = ""

    @property
    def rare_class(self) -> bool:
        """Whether it says something about the rare class."""
        return self.code in RARE_CLASS

    def to_dict(self) -> dict[str, Any]:
        """JSON values; times are days (`from_dict` takes the kind of time)."""
        evidence = self.evidence | {n: float(in_days([self.evidence[n]])[0][0]) for n in _TIMES}
        return vars(self) | {"since": in_days(list(self.since))[0].tolist(), "evidence": evidence}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any], kind: str) -> Self:
        """What `to_dict` wrote, with times of the kind of `clock.in_days`."""
        evidence = saved["evidence"] | {n: from_days(saved["evidence"][n], kind) for n in _TIMES}
        low, high = (from_days(v, kind) for v in saved["since"])
        return cls(**{**saved, "since": (low, high), "evidence": evidence})


def shares_of(given: Mapping[str, float] | None, names: list[str]) -> dict[str, float]:
    """Shares of the alarm budget by detector, summing to 1; what is not named keeps its relation to the others.

    At least half belongs to recall.
    """
    asked = dict(given or {})
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise InputError(f"`shares` names {unknown[0]!r}; detectors are {', '.join(names)}.")
    if any(not 0 <= v <= 1 for v in asked.values()) or sum(asked.values()) > 1 + 1e-9:
        raise InputError("`shares` must lie in [0, 1] and sum to at most 1.")
    rest = {n: SHARES.get(n, 0.02) for n in names if n not in asked}
    left = 1 - sum(asked.values())
    scale = left / sum(rest.values()) if rest else 0.0
    shares = {n: asked.get(n, rest.get(n, 0.0) * scale) for n in names}
    if "recall" in shares and shares["recall"] < 0.5 - 1e-9:
        raise InputError(
            f"At least half of the alarm budget belongs to recall; `shares` leaves {shares['recall']:.2f}."
        )
    return shares
