"""Docstring helpers."""

from rareclass._dropin import Substitution
from rareclass._dropin import n_jobs_docstring as _n_jobs_docstring
from rareclass._dropin import random_state_docstring as _random_state_docstring

__all__ = ["Substitution", "_n_jobs_docstring", "_random_state_docstring"]
