"""Imbalanced-learn's path to its two functions on data; what reads, splits and lists tables is `rareclass.data`."""

from rareclass.data.benchmark_sets import fetch_datasets
from rareclass.under_sampling.imbalance import make_imbalance

__all__ = ["fetch_datasets", "make_imbalance"]
