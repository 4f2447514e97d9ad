"""Treatments by name, as the command line and `compare` know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rareclass._check import one_of
from rareclass.errors import InputError
from rareclass.losses.asymmetric import AsymmetricLoss
from rareclass.losses.average_precision import SmoothAveragePrecisionLoss
from rareclass.losses.focal import FocalLoss
from rareclass.losses.poly import PolyLoss
from rareclass.losses.registry import loss_from_dict
from rareclass.losses.tversky import TverskyLoss
from rareclass.treatments.bag import BalancedEnsembleTreatment
from rareclass.treatments.base import Given, NoTreatment, TrainingSet, Treatment
from rareclass.treatments.combined import Combined
from rareclass.treatments.costs import CostWeights
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

    Examples
    --------
    >>> make_treatment("random_under")
    RandomUnderSampling(negatives_per_event='auto')
    """
    if isinstance(treatment, Treatment):
        return treatment
    if isinstance(treatment, str) and "+" in treatment:
        first, _, rest = treatment.partition("+")
        return Combined(make_treatment(first), make_treatment(rest))
    return TREATMENTS[one_of(treatment, "treatment", tuple(TREATMENTS))]


@dataclass(frozen=True)
class UnknownTreatment(Treatment):
    """A treatment of the user's own, as a bundle remembers it: it has a name, and cannot be fitted anew.

    Examples
    --------
    >>> UnknownTreatment("my_weights").label
    'my_weights'
    """

    restoration: ClassVar[str] = "not known"
    saved: str = ""  # the label that it had

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.saved

    @property
    def label(self) -> str:
        return self.saved

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        raise InputError(
            f"The treatment {self.saved!r} is none of rareclass's, so it cannot be fitted anew. Fit a RareClassifier "
            "with it and save that."
        )


def treatment_from_dict(saved: Mapping[str, Any]) -> Treatment:
    """The treatment that `Treatment.describe` described; costs by row have to be given anew.

    Raises
    ------
    InputError
        The treatment is not one of rareclass, or a parameter is unknown.

    Examples
    --------
    >>> treatment_from_dict(ClassWeights(7.0).describe())
    ClassWeights(weight=7.0)
    """
    values: dict[str, Any] = {k: float(v) if v == "inf" else v for k, v in saved.items() if k != "name"}
    if {"first", "second"} <= values.keys():
        return Combined(treatment_from_dict(values["first"]), treatment_from_dict(values["second"]))
    if "loss" in values:
        return LossTreatment(loss_from_dict(values["loss"]))
    if values.get("costs") == "by row":
        values["costs"] = None
    kinds = {treatment.name: type(treatment) for treatment in TREATMENTS.values()}
    try:
        return kinds[one_of(saved.get("name"), "treatment", tuple(kinds))](**values)
    except TypeError as error:
        raise InputError(f"The treatment {saved['name']!r} cannot be built from {sorted(values)}: {error}.") from None


def saved_treatment(saved: Mapping[str, Any], label: str) -> Treatment:
    """The treatment that a bundle describes; an `UnknownTreatment` where it was none of rareclass.

    Examples
    --------
    >>> saved_treatment({"name": "my_weights"}, "my_weights")
    UnknownTreatment(saved='my_weights')
    """
    try:
        return treatment_from_dict(saved)
    except InputError:
        return UnknownTreatment(label)
