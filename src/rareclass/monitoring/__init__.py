"""Monitoring of the rare class: what drifts, on few and late labels, with alarms whose rate is stated."""

from rareclass._lazy import lazy_names

_HOMES = {"alarms": "Alarm", "monitor": "RareClassMonitor", "prediction_log": "Predictions read_predictions"}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
