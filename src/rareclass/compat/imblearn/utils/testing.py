"""All estimators of this package."""

from rareclass.compat.helpers import all_estimators

__all__ = ["all_estimators"]
