"""What all learners share: refusals that name who can, several classes, members of a blend."""

import numpy as np
import pytest
from tests.learners.problems import bumps, make

from rareclass.errors import InputError
from rareclass.learners import (
    FewEventsLogisticRegression,
    QuantileLogisticRegression,
    RareBlendClassifier,
    RareHistGradientBoostingClassifier,
)
from rareclass.learners._context import Rows
from rareclass.learners._inner import inner_plan


def test_a_learner_without_offsets_names_those_that_take_them():
    X, y, _ = bumps(300, base=-2.0)
    with pytest.raises(InputError, match="cannot take offsets"):
        make(RareHistGradientBoostingClassifier).fit(X, y, offset=np.zeros(y.size))


def test_a_learner_without_missing_values_names_those_that_take_them():
    X = np.where(np.arange(40)[:, None] == 3, np.nan, 1.0 * np.arange(40)[:, None])
    with pytest.raises(InputError, match=r"missing values.*RareLGBMClassifier, .*QuantileLogisticRegression"):
        FewEventsLogisticRegression().fit(X, np.arange(40) > 30)


def test_several_classes_are_one_model_each_against_the_rest():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 2)), rng.integers(0, 3, size=600)
    model = QuantileLogisticRegression(C=1.0, knots=False, random_state=0).fit(X, y)
    one = QuantileLogisticRegression(C=1.0, knots=False, random_state=0).fit(X, y == 2)
    np.testing.assert_allclose(model.decision_function(X)[:, 2], one.decision_function(X), atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    with pytest.raises(InputError, match="two classes"):
        model.fit(X, y, offset=np.zeros(600))


def test_a_member_hands_its_unseen_scores_over_and_keeps_none():
    X, y, _ = bumps(1_500, base=-3.0)
    plan = inner_plan(X, y, np.random.default_rng(0), events=100, others=500)
    member = QuantileLogisticRegression(random_state=0)
    unseen = member.fit_member(Rows(X, y), plan)
    np.testing.assert_array_equal(unseen.rows, plan.rows)
    assert np.isfinite(unseen.logit).all()
    assert not hasattr(member, "oof_logit_")
    assert hasattr(member.fit(X, y), "oof_logit_")
    for other in (FewEventsLogisticRegression(), RareBlendClassifier(members=["logistic_regression"], random_state=0)):
        with pytest.raises(InputError, match="does not judge itself"):
            other.fit_member(Rows(X, y), plan)
