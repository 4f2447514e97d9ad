"""Treatments: how training is altered to cope with rarity, and the way back to the real prevalence."""

from rareclass._lazy import lazy_names

_NAMES = {
    "Arm": "rareclass.fitting.arm",
    "FittedArm": "rareclass.fitting.arm",
    "make_arm": "rareclass.fitting.arm",
    "NoTreatment": "base",
    "Treatment": "base",
    "TrainingSet": "base",
    "BalancedEnsembleTreatment": "bag",
    "ClassWeights": "weights",
    "Combined": "combined",
    "CostWeights": "costs",
    "LocalCaseControl": "negatives",
    "LossTreatment": "loss",
    "NegativeSampling": "negatives",
    "RandomOverSampling": "sampling",
    "RandomUnderSampling": "sampling",
    "SampledNegatives": "sampling",
    "ScoreNegatives": "negatives",
    "SyntheticEvents": "sampling",
    "RareClassifier": "rareclass.fitting.classifier",
    "make_treatment": "registry",
    "treatment_from_dict": "registry",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
