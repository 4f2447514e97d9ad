"""imbalanced-learn's module paths, answered by rareclass.

Only re-exports, nothing else: code that says ``import imblearn`` can say ``import rareclass.compat.imblearn as
imblearn``, and imbalanced-learn's own tests can judge this package. New code imports from `rareclass` directly.
"""

from rareclass._lazy import lazy_names
from rareclass.compat.helpers import show_versions
from rareclass.function_sampler import FunctionSampler

__version__ = "0.14.2"

_HOMES = {
    "": (
        "base combine datasets ensemble exceptions keras metrics model_selection over_sampling pipeline "
        "tensorflow under_sampling utils"
    )
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
__all__ = [*__all__, "FunctionSampler", "__version__", "show_versions"]
