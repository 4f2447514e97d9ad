"""imbalanced-learn's module paths, answered by rareclass.

Only re-exports, nothing else: code that says ``import imblearn`` can say ``import rareclass.compat.imblearn as
imblearn``, and imbalanced-learn's own tests can judge this package. New code imports from `rareclass` directly.
"""

from rareclass._lazy import lazy_names
from rareclass.compat.helpers import show_versions
from rareclass.function_sampler import FunctionSampler

__version__ = "0.14.2"

__all__ = [
    "FunctionSampler",
    "__version__",
    "base",
    "combine",
    "datasets",
    "ensemble",
    "exceptions",
    "keras",
    "metrics",
    "model_selection",
    "over_sampling",
    "pipeline",
    "show_versions",
    "tensorflow",
    "under_sampling",
    "utils",
]
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "base": "base:",
        "combine": "combine:",
        "datasets": "datasets:",
        "ensemble": "ensemble:",
        "exceptions": "exceptions:",
        "keras": "keras:",
        "metrics": "metrics:",
        "model_selection": "model_selection:",
        "over_sampling": "over_sampling:",
        "pipeline": "pipeline:",
        "tensorflow": "tensorflow:",
        "under_sampling": "under_sampling:",
        "utils": "utils:",
    },
)
