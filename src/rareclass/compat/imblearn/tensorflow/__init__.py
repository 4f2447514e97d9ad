"""Balanced batches."""

from rareclass.compat.batches import balanced_batch_generator

__all__ = ["balanced_batch_generator"]
