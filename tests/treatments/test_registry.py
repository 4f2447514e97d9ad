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
    make_treatment,
    treatment_from_dict,
)
from rareclass.treatments.registry import TREATMENTS


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
