"""rareclass: learning from rare events.

A rare-event system is a chain of honest probabilities: whatever training did to cope with rarity is exactly undone,
decisions come after, from costs, constraints or budgets, and every number carries its uncertainty.

>>> import rareclass
>>> from rareclass.metrics import average_precision_score
>>> round(average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
0.8333
"""

from rareclass._lazy import lazy_names

__version__ = "0.1.0"

_HOMES = {
    "fitting.classifier": "RareClassifier",
    "function_sampler": "FunctionSampler",
    "": (
        "advisor artifact base calibration cascade combine crossfit data datasets decisions deploy ensemble errors "
        "evaluation fitting learners lifecycle losses metrics model_selection monitoring over_sampling pipeline "
        "report sampler scale serving treatments uncertainty under_sampling workflow"
    ),
}
__getattr__, __dir__, _ = lazy_names(__name__, _HOMES)
__all__ = ["FunctionSampler", "RareClassifier", "__version__"]
