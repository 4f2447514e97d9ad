"""Probabilities that mean what they say: prior shift, calibration maps of log-odds, and the choice among them."""

from rareclass._lazy import lazy_names

_HOMES = {
    "assess": "CalibrationCheck check_calibration",
    "base": "Calibrator",
    "beta": "BetaCalibration",
    "choose": "calibrator_from_dict check_disjoint choose_calibration make_calibrator",
    "classwise": "ClasswiseCalibration",
    "conformal": "ConformalSets",
    "histogram": "HistogramCalibration",
    "identity": "IdentityCalibration",
    "intercept": "InterceptCalibration",
    "isotonic": "IsotonicCalibration",
    "prevalence": "PrevalenceEstimate estimate_prevalence estimate_prevalence_from_rates",
    "prior": "keep_rate_shift prior_shift prior_shift_logit",
    "sigmoid": "SigmoidCalibration",
    "temperature": "TemperatureCalibration",
    "uncertainty": "CalibrationUncertainty",
    "venn_abers": "VennAbersCalibration",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
