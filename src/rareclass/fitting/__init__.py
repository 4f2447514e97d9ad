"""The one road from rows to a fitted, calibrated, deciding model: design, part, arm, out of fold, blend, assemble.

`RareClassifier.fit`, `compare` and `replay` all walk it.
"""

from rareclass._lazy import lazy_names

_HOMES = {"arm": "Arm FittedArm make_arm", "classifier": "RareClassifier", "model": "FittedModel"}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
