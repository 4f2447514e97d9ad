"""The former path of `rareclass.compat.batches`."""

from rareclass._lazy import lazy_names

_HOMES = {"rareclass.compat.batches": "BalancedBatchGenerator balanced_batch_generator"}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
