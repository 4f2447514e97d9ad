"""Splits."""

from rareclass.model_selection import InstanceHardnessCV

__all__ = ["InstanceHardnessCV"]
