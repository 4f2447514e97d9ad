"""Versions for bug reports."""

from rareclass.compat.helpers import dependency_versions as _get_deps_info
from rareclass.compat.helpers import show_versions

__all__ = ["_get_deps_info", "show_versions"]
