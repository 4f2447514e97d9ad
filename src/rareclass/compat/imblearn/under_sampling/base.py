"""Bases of the under-samplers."""

from rareclass.under_sampling.base import BaseCleaningSampler, BaseUnderSampler

__all__ = ["BaseCleaningSampler", "BaseUnderSampler"]
