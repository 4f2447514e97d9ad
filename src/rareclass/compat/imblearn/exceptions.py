"""Error helpers."""

from rareclass.compat.helpers import raise_isinstance_error

__all__ = ["raise_isinstance_error"]
