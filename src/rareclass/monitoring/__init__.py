"""Monitoring of the rare class: what drifts, on few and late labels, with alarms whose rate is stated."""

from rareclass._lazy import lazy_names

_HOMES = {
    "alarms": "Alarm",
    "audit_plan": "AuditPlan audit_power",
    "audit_rates": "AuditRates",
    "expected": "Expected expected_rates",
    "maturity": "MaturityCurve",
    "monitor": "RareClassMonitor",
    "prediction_log": "Predictions read_predictions",
    "shifted_prior": "LabelShift label_shift",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
