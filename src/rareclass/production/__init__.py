"""A year in production, simulated: train, serve, log, watch, retrain, judge, promote."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"simulation": "simulate_production"})
