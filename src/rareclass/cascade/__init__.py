"""Cascade: a cheap gate with a guaranteed recall, a careful second stage, alert tiers."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"classifier": "CascadeClassifier", "two_stage": "TwoStageLearner"}
)
