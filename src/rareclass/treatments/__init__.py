"""Treatments: how training is altered to cope with rarity, and the way back to the real prevalence."""

from rareclass._lazy import lazy_names

_NAMES = {
    "Arm": "arm",
    "FittedArm": "arm",
    "make_arm": "arm",
    "NoTreatment": "base",
    "Treatment": "base",
    "TrainingSet": "base",
    "BalancedEnsembleTreatment": "ensemble",
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
    "RareClassifier": "classifier",
    "make_treatment": "registry",
    "treatment_from_dict": "registry",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
