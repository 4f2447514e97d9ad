"""Reports: terminal, one-file HTML, JSON, matplotlib displays. This room draws; `evaluation` computes."""

from rareclass._lazy import lazy_names

_NAMES = {
    "BrierCurveDisplay": "displays.costs",
    "ConfusionDisplay": "displays.decided",
    "CostCurveDisplay": "displays.costs",
    "DecisionCurveDisplay": "displays.costs",
    "GainLiftDisplay": "displays.ranking",
    "PrecisionRecallDisplay": "displays.ranking",
    "ReliabilityDisplay": "displays.probabilities",
    "RocDisplay": "displays.ranking",
    "ScoreDensityDisplay": "displays.probabilities",
    "ThresholdCostDisplay": "displays.costs",
    "ThresholdStabilityDisplay": "displays.decided",
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
