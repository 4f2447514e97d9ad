"""Docstring helpers."""

from rareclass.compat.helpers import Substitution
from rareclass.compat.helpers import n_jobs_docstring as _n_jobs_docstring
from rareclass.compat.helpers import random_state_docstring as _random_state_docstring

__all__ = ["Substitution", "_n_jobs_docstring", "_random_state_docstring"]
