"""Treatments by name, as the command line and `compare` know them."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from itertools import combinations
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
from rareclass.treatments.names import PCA, SAMPLERS, SPOKEN
from rareclass.treatments.negatives import LocalCaseControl, NegativeSampling, ScoreNegatives
from rareclass.treatments.resampling import RANDOM, VARIANCE, Resampling
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling, SampledNegatives
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
    **{name: Resampling(method) for name, method in SAMPLERS.items()},
    "balanced_ensemble": BalancedEnsembleTreatment(),
    "focal": LossTreatment(FocalLoss()),
    "asymmetric": LossTreatment(AsymmetricLoss()),
    "poly": LossTreatment(PolyLoss()),
    "tversky": LossTreatment(TverskyLoss()),
    "smooth_average_precision": LossTreatment(SmoothAveragePrecisionLoss()),
}


TWICE = {
    "weighs": "both weigh the classes. Name one of them.",
    "thins": "both leave out negatives until the classes are in a ratio. Name one of them.",
    "adds": "both add events until the classes are in a ratio. Name one of them.",
    "fits": "both decide how the learner is fitted. Name one of them, or compare them as two treatments.",
}


def make_treatment(treatment: str | Treatment, *, name: str = "treatment") -> Treatment:
    """A `Treatment` from its name; an instance is returned unchanged.

    Names joined by "+" are applied one after the other, from left to right: ``"score_negatives+class_weight"``. "pca"
    before a sampler lets it look for neighbours among principal components: ``"pca+smote"``. Settings may follow a
    name in brackets, as in the label of a treatment: ``"smote(ratio=0.2)"``. Capitals, hyphens and underscores are not
    told apart ("SMOTE-ENN"). `name` is what messages call the parameter.

    Raises
    ------
    InputError
        A name or a setting is unknown (the nearest known one is named), or two of the names contradict each other.

    Examples
    --------
    >>> make_treatment("random_under")
    RandomUnderSampling(negatives_per_event='auto')
    >>> make_treatment("SMOTE-ENN + class_weight").label
    'smote_enn+class_weight'
    """
    if isinstance(treatment, Treatment):
        return treatment
    if not isinstance(treatment, str):
        one_of(treatment, name, tuple(TREATMENTS))
    named, in_components = list[Treatment](), False
    for part in split_outside(treatment, "+"):
        if part == PCA:
            in_components = True
            continue
        one = _named(part, name)
        if in_components and isinstance(one, Resampling) and one.pca is None and one.method not in RANDOM:
            one = replace(one, pca=VARIANCE)
        named.append(one)
    if in_components and not any(isinstance(t, Resampling) and t.pca is not None for t in named):
        raise InputError(
            f"{treatment!r}: 'pca' only says where a sampler looks for neighbours, and none that does stands behind "
            "it. Write 'pca+smote'."
        )
    _compatible(treatment, named)
    made = named[0]
    for one in named[1:]:
        made = Combined(made, one)
    return made


def split_outside(text: str, mark: str) -> list[str]:
    """The parts of a text between marks that stand outside brackets.

    Examples
    --------
    >>> split_outside("smote(ratio=0.2)+focal(gamma=1, alpha=None)", "+")
    ['smote(ratio=0.2)', 'focal(gamma=1, alpha=None)']
    """
    return [part.strip() for part in re.split(re.escape(mark) + r"(?![^(]*\))", text)]


def listed(value: str | Sequence, name: str) -> tuple:
    """What an option lists: a sequence, or a text with commas between the names.

    Examples
    --------
    >>> listed("none, smote(ratio=0.2, k_neighbors=3)", "treatments")
    ('none', 'smote(ratio=0.2, k_neighbors=3)')
    """
    items = tuple(split_outside(value, ",")) if isinstance(value, str) else tuple(value)
    unnamed = sum(isinstance(item, str) and not item for item in items)
    if unnamed == len(items):
        raise InputError(f"`{name}` is empty. Name at least one, or use 'auto'.")
    if unnamed:
        raise InputError(f"`{name}` holds an empty name: {value!r}. Write one comma between two names, none at an end.")
    return items


def _named(text: str, parameter: str) -> Treatment:
    """The treatment that one name stands for, with the settings in brackets behind it."""
    name, bracket, said = text.partition("(")
    known = {_squeezed(n): n for n in TREATMENTS} | {_squeezed(n): known for n, known in SPOKEN.items()}
    name = known.get(_squeezed(name), name.strip())
    treatment = TREATMENTS[one_of(name, parameter, tuple(TREATMENTS))]
    if not bracket:
        return treatment
    pairs = [part.partition("=") for part in said.rstrip(") ").split(",")]
    values = {key.strip(): _value(value.strip()) for key, _, value in pairs}
    if isinstance(treatment, LossTreatment):
        return LossTreatment(loss_from_dict({"loss": treatment.name, **values}))
    for key in values:
        known_settings = tuple(f.name for f in fields(treatment))
        if key not in known_settings:
            has = f"has the settings {', '.join(known_settings)}" if known_settings else "has no settings"
            near = get_close_matches(key, known_settings, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InputError(f"The treatment {name!r} {has}; got {key!r} in {text!r}.{hint}")
    return replace(treatment, **values)


def _squeezed(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def _value(text: str) -> Any:
    """A number, None or True as such; anything else is a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return float(text) if text == "inf" else text.strip("'\"")


def _compatible(text: str, named: Sequence[Treatment]) -> None:
    """Raises where two treatments of a combination are the same, or do what only one may do."""
    for one, other in combinations(named, 2):
        if one.label == other.label:
            raise InputError(f"{text!r} names {one.label!r} twice. Name it once.")
        if one.does and one.does == other.does:
            raise InputError(f"{one.label!r} and {other.label!r} contradict each other: {TWICE[one.does]}")


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
        if "method" in values:
            return Resampling(**values)
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
