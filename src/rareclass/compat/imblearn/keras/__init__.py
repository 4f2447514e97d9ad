"""Balanced batches."""

from rareclass.batches import BalancedBatchGenerator, balanced_batch_generator

__all__ = ["BalancedBatchGenerator", "balanced_batch_generator"]
