"""Treatments by name, by label and from what they say of themselves."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.evaluation.plan import make_plan
from rareclass.losses import FocalLoss
from rareclass.treatments import (
    ClassWeights,
    Combined,
    CostWeights,
    LossTreatment,
    NegativeSampling,
    NoTreatment,
    RandomUnderSampling,
    Resampling,
    make_treatment,
    treatment_from_dict,
)
from rareclass.treatments.names import HELP, OTHERS, SAMPLERS
from rareclass.treatments.registry import TREATMENTS


def test_the_names_that_the_help_shows_are_those_of_the_table():
    assert sorted([*OTHERS, *SAMPLERS]) == sorted(TREATMENTS)
    assert all(name in HELP for name in TREATMENTS)


@pytest.mark.parametrize("name", TREATMENTS)
def test_every_treatment_is_labelled_by_its_name_and_made_again_from_its_description(name):
    treatment = make_treatment(name)
    assert treatment.label == name
    saved = json.loads(json.dumps(treatment.describe(), allow_nan=False))
    assert treatment_from_dict(saved) == treatment


LABELLED = [
    (RandomUnderSampling(5), "random_under(negatives_per_event=5)"),
    (ClassWeights(7.0), "class_weight(weight=7.0)"),
    (NegativeSampling("score", pool_factor=float("inf")), "negative_sampling(strategy=score, pool_factor=inf)"),
    (LossTreatment(FocalLoss(1.0)), "focal(gamma=1.0, alpha=None)"),
    (Combined(RandomUnderSampling(5), ClassWeights("sqrt")), "random_under(negatives_per_event=5)+class_weight_sqrt"),
    (CostWeights({"fp": 1, "fn": 9}, correction="calibration"), "cost_weights(correction=calibration)"),
]


@pytest.mark.parametrize(("treatment", "label"), LABELLED)
def test_settings_are_part_of_the_label_and_of_the_description(treatment, label):
    assert treatment.label == label
    again = treatment_from_dict(json.loads(json.dumps(treatment.describe(), allow_nan=False)))
    assert again.describe() == treatment.describe()


def test_one_comparison_can_hold_a_treatment_with_several_settings():
    ratios = [RandomUnderSampling(5), RandomUnderSampling(50)]
    names = {a.name for a in make_plan(["logistic_regression"], [*ratios, "class_weight", "class_weight_sqrt"]).arms}
    assert {
        "logistic_regression+random_under(negatives_per_event=5)",
        "logistic_regression+random_under(negatives_per_event=50)",
        "logistic_regression+class_weight",
        "logistic_regression+class_weight_sqrt",
    } <= names
    with pytest.raises(InputError, match="same name"):
        make_plan(["logistic_regression"], [RandomUnderSampling(5), RandomUnderSampling(5)])


@pytest.mark.parametrize(
    "saved", [{}, {"name": "magic"}, {"name": "random_under", "rows": 3}, {"name": "x", "loss": {"loss": "Mine"}}]
)
def test_what_is_not_ours_is_refused(saved):
    with pytest.raises(InputError):
        treatment_from_dict(saved)


def test_a_treated_blend_is_said_to_be_left_out_of_a_comparison():
    plan = make_plan(["blend"], ["none", "smote"])
    assert [(skip.name, "untreated arms" in skip.reason) for skip in plan.not_run] == [("blend+smote", True)]
    assert "blend+none" in {a.name for a in plan.arms}
    assert make_plan("auto", ["none", "smote"]).not_run == []


def test_a_treatment_of_ones_own_may_hold_an_array():
    @dataclass(frozen=True)
    class Masked(NoTreatment):
        name = "masked"
        mask: np.ndarray | None = None

    assert Masked().label == "masked"
    assert Masked(np.array([1, 0])).label == "masked(mask=[1 0])"
    np.testing.assert_array_equal(Masked(np.array([1, 0])).describe()["mask"], [1, 0])


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="none"):
        make_treatment("nothing")


SPELT = [
    ("SMOTE-ENN", "smote_enn"),
    ("smoteenn", "smote_enn"),
    ("EditedNearestNeighbours", "enn"),
    ("adasyn + scale_pos_weight", "adasyn+class_weight"),
    ("smote(ratio=0.2)", "smote(ratio=0.2)"),
    ("class_weight(weight=sqrt)", "class_weight_sqrt"),
    ("random_under(negatives_per_event=5)+focal(gamma=1.0, alpha=None)",) * 2,
    ("pca+smote", "pca+smote"),
    ("pca+smote(ratio=0.2)+class_weight", "pca+smote(ratio=0.2)+class_weight"),
    ("pca+smote(pca=0.8)", "pca+smote(pca=0.8)"),
]


@pytest.mark.parametrize(("spelt", "label"), SPELT)
def test_names_are_read_as_users_spell_them_and_labels_are_names(spelt, label):
    treatment = make_treatment(spelt)
    assert treatment.label == label
    assert make_treatment(label) == treatment
    assert treatment_from_dict(json.loads(json.dumps(treatment.describe(), allow_nan=False))) == treatment


WRONG = [
    ("smotenn", "Did you mean 'smoten'"),
    ("adasin", "Did you mean 'adasyn'"),
    ("smote+smote", "names 'smote' twice"),
    ("smote+adasyn", "both add events until"),
    ("class_weight+class_weight_sqrt", "both weigh the classes"),
    ("class_weight+cost_weights", "both weigh the classes"),
    ("focal+tversky", "both decide how the learner is fitted"),
    ("focal+balanced_ensemble", "both decide how the learner is fitted"),
    ("random_under_sampler+negative_sampling", "both leave out negatives"),
    ("near_miss+smote+random_under", "'near_miss' and 'random_under' contradict each other"),
    ("pca", "Write 'pca.smote'"),
    ("smote+pca", "Write 'pca.smote'"),
    ("pca+random_over_sampler", "Write 'pca.smote'"),
    ("smote(ration=0.2)", "Did you mean 'ratio'"),
    ("smote+", "got ''"),
    (None, "got None"),
]


@pytest.mark.parametrize(("name", "said"), WRONG)
def test_unknown_contradicting_and_doubled_names_are_refused_with_a_way_out(name, said):
    with pytest.raises(InputError, match=said):
        make_treatment(name)


def test_a_treatment_is_compared_once():
    with pytest.raises(InputError, match="names 'smote_enn' twice"):
        make_plan(["logistic_regression"], "smote_enn, SMOTEENN")
    both = make_plan(["lightgbm"], "focal(gamma=1.0, alpha=0.5),adasyn+class_weight").asked
    assert both == ("lightgbm+focal(gamma=1.0, alpha=0.5)", "lightgbm+adasyn+class_weight")


def test_a_bundle_that_was_saved_before_samplers_had_names_is_read():
    saved = {"name": "smote", "method": "ADASYN", "ratio": 0.5}
    assert treatment_from_dict(saved) == Resampling("ADASYN", 0.5)


def test_what_is_wrong_comes_before_the_many_names_that_are_known():
    with pytest.raises(InputError, match=r"^Unknown `treatment`: got 'tomek'\. Did you mean 'tomek_links'\?"):
        make_treatment("smote+tomek")
    with pytest.raises(InputError, match=r"'smote' has the settings method, ratio, pca; got 'k'"):
        make_treatment("smote(k=0)")
