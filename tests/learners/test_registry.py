"""Learners by name: the table, what each class says of itself, and what is made."""

import importlib

import pytest

from rareclass import learners
from rareclass.errors import InputError
from rareclass.learners.base import RareLearner
from rareclass.learners.registry import is_exhibit, make_learner
from rareclass.learners.table import LEARNERS, classes_that


@pytest.mark.parametrize("name", list(LEARNERS))
def test_every_name_makes_a_learner_that_says_what_it_is(name):
    made = make_learner(name, categorical_features=(1,), random_state=3)
    assert isinstance(made, RareLearner)
    assert LEARNERS.name_of(type(made)) == name
    assert made.title
    assert made.get_params()["categorical_features"] == (1,)
    assert set(made.inside_arm) | set(made.inside_blend) <= set(made.get_params())


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'lightgbm'.*'catboost'.*'svm'"):
        make_learner("svm")


def test_only_the_library_default_is_an_exhibit():
    assert [name for name in [*LEARNERS, "svm"] if is_exhibit(name)] == ["lightgbm_library_default"]


def test_what_learners_can_do_is_asked_of_their_classes():
    assert classes_that("takes_offset") == (
        "RareLGBMClassifier, QuantileLogisticRegression, KernelLogisticRegression, RareXGBClassifier, "
        "RareCatBoostClassifier, RareNetClassifier"
    )
    assert "LibraryDefault" not in classes_that("takes_missing")


def test_bundles_find_the_classes_where_they_once_stood():
    for module, cls in (
        ("registry", "LibraryDefaultLGBMClassifier"),
        ("logit_blend", "LogitBlend"),
        ("logit_sum", "LogitSum"),
        ("blend", "RareBlendClassifier"),
    ):
        assert isinstance(getattr(importlib.import_module(f"rareclass.learners.{module}"), cls), type)
    assert set(learners.__all__) <= set(dir(learners))
