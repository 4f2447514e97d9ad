"""The advisor: what a data set allows, textbook advice beside measured advice, evidence with ids."""

from rareclass._lazy import lazy_names

_HOMES = {
    "diagnosis": "Diagnosis diagnose",
    "evidence": "EVIDENCE EvidenceRow",
    "rareclass.evaluation.flowcharts": "Flowchart TableFacts flowchart",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
