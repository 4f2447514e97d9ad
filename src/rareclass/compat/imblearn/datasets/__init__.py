"""Imbalanced data."""

from rareclass.datasets import fetch_datasets, make_imbalance

__all__ = ["fetch_datasets", "make_imbalance"]
