"""Treatments by name, as the command line and `compare` know them."""

from rareclass._check import one_of
from rareclass.treatments.base import NoTreatment, Treatment
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling, SampledNegatives, SyntheticEvents
from rareclass.treatments.weights import ClassWeights

TREATMENTS: dict[str, Treatment] = {
    "none": NoTreatment(),
    "class_weight": ClassWeights(),
    "class_weight_sqrt": ClassWeights("sqrt"),
    "random_over": RandomOverSampling(),
    "random_under": RandomUnderSampling(),
    "sampled_negatives": SampledNegatives(),
    "smote": SyntheticEvents(),
}


def make_treatment(treatment: str | Treatment) -> Treatment:
    """A `Treatment` from its name; an instance is returned unchanged."""
    if isinstance(treatment, Treatment):
        return treatment
    return TREATMENTS[one_of(treatment, "treatment", tuple(TREATMENTS))]
