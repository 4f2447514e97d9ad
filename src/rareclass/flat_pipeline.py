"""The former path of `rareclass.compat.flat_pipeline`."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"rareclass.compat.flat_pipeline": "Pipeline make_pipeline"})
