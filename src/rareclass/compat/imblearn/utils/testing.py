"""All estimators of this package."""

from rareclass._dropin import all_estimators

__all__ = ["all_estimators"]
