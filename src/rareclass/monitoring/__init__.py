"""Monitoring of the rare class: misses, calibration and scores, with alarms whose error rate is known."""

from rareclass._lazy import lazy_names

_NAMES = {"Alarm": "monitor", "MissRateDetector": "misses", "RareClassMonitor": "monitor"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
