"""The advisor: what a data set allows, textbook advice beside measured advice, evidence with ids."""

from rareclass._lazy import lazy_names

_NAMES = {"Diagnosis": "diagnosis", "diagnose": "diagnosis", "EVIDENCE": "evidence", "EvidenceRow": "evidence"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
