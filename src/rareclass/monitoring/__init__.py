"""Monitoring of the rare class: misses, calibration and scores, with alarms whose error rate is known."""

from rareclass._lazy import lazy_names

_HOMES = {
    "audit_plan": "AuditPlan audit_power",
    "audit_rates": "AuditRates",
    "expected": "Expected expected_rates",
    "label_shift": "LabelShift label_shift",
    "maturity": "MaturityCurve",
    "misses": "MissRateDetector",
    "monitor": "Alarm RareClassMonitor",
    "prediction_log": "Predictions read_predictions",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
