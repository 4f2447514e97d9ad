"""The former path of `rareclass.compat.flat_pipeline`."""

from rareclass._lazy import lazy_names

_NAMES = dict.fromkeys(("Pipeline", "make_pipeline"), "rareclass.compat.flat_pipeline")
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
