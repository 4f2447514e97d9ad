"""The deployed form: a fitted model as a small program of plain arrays that needs NumPy and numba only."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"scorer": "Scorer", "reasons": "Reason ReasonRules"})
