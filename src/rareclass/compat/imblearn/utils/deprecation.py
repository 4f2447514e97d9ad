"""Deprecation helper."""

from rareclass.compat.helpers import deprecate_parameter

__all__ = ["deprecate_parameter"]
