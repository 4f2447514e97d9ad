"""Monitoring of the rare class: misses, calibration and scores, with alarms whose error rate is known."""

from rareclass._lazy import lazy_names

_HOMES = {
    "audit_plan": "AuditPlan audit_power",
    "audit_rates": "AuditRates",
    "expected": "Expected expected_rates",
    "maturity": "MaturityCurve",
    "misses": "MissRateDetector",
    "monitor": "Alarm RareClassMonitor",
    "prediction_log": "Predictions read_predictions",
    "shifted_prior": "LabelShift label_shift",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
