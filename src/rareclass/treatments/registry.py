"""Treatments by name, as the command line and `compare` know them."""

from rareclass._check import one_of
from rareclass.losses.asymmetric import AsymmetricLoss
from rareclass.losses.average_precision import SmoothAveragePrecisionLoss
from rareclass.losses.focal import FocalLoss
from rareclass.losses.poly import PolyLoss
from rareclass.losses.tversky import TverskyLoss
from rareclass.treatments.base import NoTreatment, Treatment
from rareclass.treatments.combined import Combined
from rareclass.treatments.costs import CostWeights
from rareclass.treatments.ensemble import BalancedEnsembleTreatment
from rareclass.treatments.loss import LossTreatment
from rareclass.treatments.negatives import LocalCaseControl, NegativeSampling, ScoreNegatives
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling, SampledNegatives, SyntheticEvents
from rareclass.treatments.weights import ClassWeights

TREATMENTS: dict[str, Treatment] = {
    "none": NoTreatment(),
    "class_weight": ClassWeights(),
    "class_weight_sqrt": ClassWeights("sqrt"),
    "cost_weights": CostWeights(),
    "random_over": RandomOverSampling(),
    "random_under": RandomUnderSampling(),
    "sampled_negatives": SampledNegatives(),
    "negative_sampling": NegativeSampling(),
    "score_negatives": ScoreNegatives(),
    "local_case_control": LocalCaseControl(),
    "smote": SyntheticEvents(),
    "balanced_ensemble": BalancedEnsembleTreatment(),
    "focal": LossTreatment(FocalLoss()),
    "asymmetric": LossTreatment(AsymmetricLoss()),
    "poly": LossTreatment(PolyLoss()),
    "tversky": LossTreatment(TverskyLoss()),
    "smooth_average_precision": LossTreatment(SmoothAveragePrecisionLoss()),
}


def make_treatment(treatment: str | Treatment) -> Treatment:
    """A `Treatment` from its name; an instance is returned unchanged.

    Names joined by "+" are applied one after the other: ``"score_negatives+class_weight"``.
    """
    if isinstance(treatment, Treatment):
        return treatment
    if isinstance(treatment, str) and "+" in treatment:
        first, _, rest = treatment.partition("+")
        return Combined(make_treatment(first), make_treatment(rest))
    return TREATMENTS[one_of(treatment, "treatment", tuple(TREATMENTS))]
