"""Balanced batches, which need Keras once they are asked for.

`dir` does not list them: imbalanced-learn's search for estimators imports each module and looks at all that it lists.
"""

from rareclass._lazy import lazy_names

_HOMES = {"rareclass.compat.keras": "BalancedBatchGenerator balanced_batch_generator"}
__getattr__, _, __all__ = lazy_names(__name__, _HOMES)
