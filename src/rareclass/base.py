"""Imbalanced-learn's path to the base of all resamplers; the room is `rareclass.sampler`."""

from rareclass import sampler
from rareclass.sampler import *  # noqa: F403

__all__ = sampler.__all__
