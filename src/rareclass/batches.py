"""The former path of `rareclass.compat.batches`."""

from rareclass._lazy import lazy_names

_NAMES = dict.fromkeys(("BalancedBatchGenerator", "balanced_batch_generator"), "rareclass.compat.batches")
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
