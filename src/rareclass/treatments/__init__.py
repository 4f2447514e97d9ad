"""Treatments: how training is altered to cope with rarity, and the way back to the real prevalence."""

from rareclass._lazy import lazy_names

_HOMES = {
    "bag": "BalancedEnsembleTreatment",
    "base": "Given NoTreatment TrainingSet Treatment",
    "combined": "Combined",
    "costs": "CostWeights",
    "loss": "LossTreatment",
    "negatives": "LocalCaseControl NegativeSampling ScoreNegatives",
    "rareclass.fitting.arm": "Arm FittedArm make_arm",
    "rareclass.fitting.classifier": "RareClassifier",
    "registry": "make_treatment treatment_from_dict",
    "resampling": "Resampling SyntheticEvents",
    "sampling": "RandomOverSampling RandomUnderSampling SampledNegatives",
    "weights": "ClassWeights",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
