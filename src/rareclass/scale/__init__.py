"""Scale-out: the same kernels over Arrow batches."""

from rareclass._lazy import lazy_names

_NAMES = {"SampledTable": "negatives", "sample_negatives": "negatives", "count_labels": "negatives"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
