"""What a monitor cannot tell yet, and how many events until a fall of recall would show."""

from typing import Any

import numpy as np

from rareclass.monitoring.monitor import RareClassMonitor

FALL = 0.2
_WINDOW = 28
_LEAST, _DOUBT, _HEADSTART = 1.4, 5.0, 5.0


def outlook(monitor: RareClassMonitor) -> list[str]:
    """Sentences: whether labels have come, and after how many events a fall of recall by 20 points is expected to show.

    While an alarm of recall stands, nothing is foretold of it.

    Examples
    --------
    >>> outlook(RareClassMonitor(reference={"decided": {"events": 600, "missed": 120}}, threshold=0.5))[0]
    'Cannot tell yet: no day has all its labels, so that recall, precision and calibration are not judged.'
    """
    said = []
    days = [row for row in monitor.history() if row.get("labelled")]
    if not days:
        said.append(
            "Cannot tell yet: no day has all its labels, so that recall, precision and calibration are not judged."
        )
    recall = next((d for d in monitor.detectors() if d["name"] == "recall"), None)
    stands = any(a.evidence["detector"] == "recall" for a in monitor.standing)
    if recall is None or stands or recall["threshold"] is None:
        return said
    if not recall["on"]:
        return [*said, f"Cannot tell yet whether recall falls: {_lower(recall['why_off'])}"]
    usual = _usual(monitor, days)
    if usual is None:
        return said
    fallen = max(usual - FALL, usual / 2)
    need = events_to_see(usual, fallen, recall["threshold"], days=len(days))
    shows = f"A fall of recall from {usual:.0%} to {fallen:.0%} would show after about {need:,} labelled events"
    last = days[-_WINDOW:]
    rate = sum(row["events"] for row in last) / len(last) if last else 0.0
    pace = f", which is {np.ceil(need / rate):,.0f} days at {rate:.3g} a day" if rate > 0 else ""
    return [*said, f"{shows}{pace}."]


def events_to_see(usual: float, fallen: float, threshold: float, *, days: int) -> int:
    """Events after which evidence for a recall of `fallen` against `usual` is expected to reach `threshold` days.

    The expected evidence of an event is the Kullback-Leibler divergence; the statistic grows by it on a log scale.
    From the `days` judged so far the detector knows by how much days differ. The fewer these are, the more a bad day
    may be a usual one, and the less events count, by a factor found by simulation (ten events a day, none to sixty
    days).

    Examples
    --------
    >>> events_to_see(0.8, 0.6, 14_610, days=365), events_to_see(0.8, 0.6, 14_610, days=14)
    (130, 153)
    """
    hit, old = np.clip([fallen, usual], 1e-3, 1 - 1e-3)
    gain = hit * np.log(hit / old) + (1 - hit) * np.log((1 - hit) / (1 - old))
    return int(np.ceil((_LEAST + _DOUBT / (days + _HEADSTART)) * np.log(threshold) / gain))


def _usual(monitor: RareClassMonitor, days: list[dict[str, Any]]) -> float | None:
    """The recall of matured days, or of the reference where these hold fewer events."""
    known = monitor.reference.get("decided", {})
    events, missed = (sum(row[name] for row in days) for name in ("events", "missed"))
    if events < known.get("events", 0):
        events, missed = known["events"], known["missed"]
    return 1 - missed / events if events else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
