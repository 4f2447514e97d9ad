"""Judgement: cross-fitting, comparison of arms, paired verdicts, leakage audit."""

from rareclass._lazy import lazy_names

_HOMES = {
    "comparison": "Comparison",
    "leakage": "Finding audit",
    "out_of_fold": "cross_fit",
    "run": "compare",
    "seven_ways": "seven_ways_of",
    "trade": "TradeOff trade_off",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
