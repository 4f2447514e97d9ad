"""Treatments: how training is altered to cope with rarity, and the way back to the real prevalence."""

from rareclass._lazy import lazy_names

_NAMES = {
    "Arm": "arm",
    "FittedArm": "arm",
    "make_arm": "arm",
    "NoTreatment": "base",
    "Treatment": "base",
    "TrainingSet": "base",
    "ClassWeights": "weights",
    "RandomOverSampling": "sampling",
    "RandomUnderSampling": "sampling",
    "SampledNegatives": "sampling",
    "SyntheticEvents": "sampling",
    "RareClassifier": "classifier",
    "make_treatment": "registry",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
