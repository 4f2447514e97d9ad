"""matplotlib displays in the style of scikit-learn: ``PrecisionRecallDisplay.from_predictions(y_true, y_score)``.

Each holds the numbers it draws, draws them on its own or on given axes (`ax`), and keeps `ax_` and `figure_`.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "costs": "BrierCurveDisplay CostCurveDisplay DecisionCurveDisplay ThresholdCostDisplay",
    "decided": "ConfusionDisplay ThresholdStabilityDisplay",
    "probabilities": "ReliabilityDisplay ScoreDensityDisplay",
    "ranking": "GainLiftDisplay PrecisionRecallDisplay RocDisplay",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
