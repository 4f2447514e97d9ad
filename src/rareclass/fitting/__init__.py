"""The one road from rows to a fitted, calibrated, deciding model: design, part, arm, out of fold, blend, assemble.

`RareClassifier.fit`, `compare` and `replay` all walk it.
"""

from rareclass._lazy import lazy_names

_NAMES = {"Arm": "arm", "FittedArm": "arm", "make_arm": "arm", "RareClassifier": "classifier", "FittedModel": "model"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
