"""matplotlib displays in the style of scikit-learn: ``PrecisionRecallDisplay.from_predictions(y_true, y_score)``.

Each holds the numbers it draws, draws them on its own or on given axes (`ax`), and keeps `ax_` and `figure_`.
"""

from rareclass._lazy import lazy_names

_NAMES = {
    "BrierCurveDisplay": "brier_curve",
    "ConfusionDisplay": "confusion",
    "CostCurveDisplay": "cost_curve",
    "DecisionCurveDisplay": "decision_curve",
    "GainLiftDisplay": "gain_lift",
    "PrecisionRecallDisplay": "precision_recall",
    "ReliabilityDisplay": "reliability",
    "RocDisplay": "roc",
    "ScoreDensityDisplay": "score_density",
    "ThresholdCostDisplay": "threshold_cost",
    "ThresholdStabilityDisplay": "threshold_stability",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
