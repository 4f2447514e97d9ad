"""Judgement: cross-fitting, comparison of arms, paired verdicts, leakage audit."""

from rareclass._lazy import lazy_names

_NAMES = {
    "Comparison": "comparison",
    "Finding": "leakage",
    "audit": "leakage",
    "compare": "run",
    "cross_fit": "out_of_fold",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
