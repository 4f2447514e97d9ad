"""Reports: terminal, one-file HTML, JSON, matplotlib displays. This room draws; `evaluation` computes."""

from rareclass._lazy import lazy_names

_NAMES = {
    "BrierCurveDisplay": "displays.brier_curve",
    "ConfusionDisplay": "displays.confusion",
    "CostCurveDisplay": "displays.cost_curve",
    "DecisionCurveDisplay": "displays.decision_curve",
    "GainLiftDisplay": "displays.gain_lift",
    "PrecisionRecallDisplay": "displays.precision_recall",
    "ReliabilityDisplay": "displays.reliability",
    "RocDisplay": "displays.roc",
    "ScoreDensityDisplay": "displays.score_density",
    "ThresholdCostDisplay": "displays.threshold_cost",
    "ThresholdStabilityDisplay": "displays.threshold_stability",
    "render_html": "html",
    "render_terminal": "terminal",
    "load_results": "json",
    "to_json": "rareclass._json",
    "to_plain": "rareclass._json",
    "dump_results": "json",
    "write_text": "json",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
