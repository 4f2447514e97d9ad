"""matplotlib displays in the style of scikit-learn: ``PrecisionRecallDisplay.from_predictions(y_true, y_score)``.

Each holds the numbers it draws, draws them on its own or on given axes (`ax`), and keeps `ax_` and `figure_`.
"""

from rareclass._lazy import lazy_names

_NAMES = {
    "BrierCurveDisplay": "costs",
    "ConfusionDisplay": "decided",
    "CostCurveDisplay": "costs",
    "DecisionCurveDisplay": "costs",
    "GainLiftDisplay": "ranking",
    "PrecisionRecallDisplay": "ranking",
    "ReliabilityDisplay": "probabilities",
    "RocDisplay": "ranking",
    "ScoreDensityDisplay": "probabilities",
    "ThresholdCostDisplay": "costs",
    "ThresholdStabilityDisplay": "decided",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
