"""Deprecation helper."""

from rareclass._dropin import deprecate_parameter

__all__ = ["deprecate_parameter"]
