"""Versions for bug reports."""

from rareclass._dropin import dependency_versions as _get_deps_info
from rareclass._dropin import show_versions

__all__ = ["_get_deps_info", "show_versions"]
