"""Probabilities that mean what they say: prior shift, calibration maps of log-odds, and the choice among them."""

from rareclass._lazy import lazy_names

__all__ = [
    "BetaCalibration",
    "CalibrationCheck",
    "Calibrator",
    "HistogramCalibration",
    "IdentityCalibration",
    "InterceptCalibration",
    "IsotonicCalibration",
    "SigmoidCalibration",
    "TemperatureCalibration",
    "VennAbersCalibration",
    "calibrator_from_dict",
    "check_calibration",
    "check_disjoint",
    "choose_calibration",
    "keep_rate_shift",
    "make_calibrator",
    "prior_shift",
    "prior_shift_logit",
]
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BetaCalibration": "beta",
        "CalibrationCheck": "assess",
        "Calibrator": "base",
        "HistogramCalibration": "histogram",
        "IdentityCalibration": "identity",
        "InterceptCalibration": "intercept",
        "IsotonicCalibration": "isotonic",
        "SigmoidCalibration": "sigmoid",
        "TemperatureCalibration": "temperature",
        "VennAbersCalibration": "venn_abers",
        "calibrator_from_dict": "choose",
        "check_calibration": "assess",
        "check_disjoint": "choose",
        "choose_calibration": "choose",
        "keep_rate_shift": "prior",
        "make_calibrator": "choose",
        "prior_shift": "prior",
        "prior_shift_logit": "prior",
    },
)
