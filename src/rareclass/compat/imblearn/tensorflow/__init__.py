"""Balanced batches."""

from rareclass.batches import balanced_batch_generator

__all__ = ["balanced_batch_generator"]
