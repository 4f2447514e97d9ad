"""Reports: terminal, one-file HTML, JSON, matplotlib displays. This room draws; `evaluation` computes."""

from rareclass._lazy import lazy_names

_HOMES = {
    "displays.costs": "BrierCurveDisplay CostCurveDisplay DecisionCurveDisplay ThresholdCostDisplay",
    "displays.decided": "ConfusionDisplay ThresholdStabilityDisplay",
    "displays.probabilities": "ReliabilityDisplay ScoreDensityDisplay",
    "displays.ranking": "GainLiftDisplay PrecisionRecallDisplay RocDisplay",
    "flowcharts": "flowchart_svg",
    "html": "render_html",
    "json": "dump_results load_results write_text",
    "rareclass._json": "to_json to_plain",
    "terminal": "render_terminal",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
