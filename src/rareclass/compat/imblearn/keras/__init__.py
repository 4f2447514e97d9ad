"""Balanced batches."""

from rareclass.compat.keras import BalancedBatchGenerator, balanced_batch_generator

__all__ = ["BalancedBatchGenerator", "balanced_batch_generator"]
