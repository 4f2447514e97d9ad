"""Error helpers."""

from rareclass._dropin import raise_isinstance_error

__all__ = ["raise_isinstance_error"]
