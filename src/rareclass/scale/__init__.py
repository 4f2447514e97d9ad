"""Scale-out: the same kernels over Arrow batches."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"negatives": "SampledTable count_labels sample_negatives"})
