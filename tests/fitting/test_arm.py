"""A learner under a treatment: what is fitted, how it is brought back, and what stays as it was asked for."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from tests.fitting.small import points

from rareclass.errors import InputError
from rareclass.fitting.arm import Arm, make_arm
from rareclass.kernels.logits import sigmoid
from rareclass.treatments import ClassWeights, NoTreatment, RandomUnderSampling, SyntheticEvents


def test_the_shifts_of_the_treatment_and_of_the_sampled_rows_are_both_added():
    X, y = points()
    fitted = Arm(LogisticRegression(), ClassWeights(5.0)).fit(X, y, shift=-0.5)
    assert fitted.shift == pytest.approx(-np.log(5.0) - 0.5)
    by_hand = LogisticRegression().fit(X, y, sample_weight=np.where(y, 5.0, 1.0) * y.size / (y.size + 4 * y.sum()))
    np.testing.assert_allclose(fitted.logit(X), by_hand.decision_function(X) + fitted.shift, rtol=1e-9)
    assert sigmoid(Arm(LogisticRegression(), ClassWeights(5.0)).fit(X, y).logit(X)).mean() == pytest.approx(
        y.mean(), rel=0.1
    )


def test_a_classifier_of_the_users_is_cloned_and_seeded_only_where_it_has_no_seed():
    X, y = points()
    loose, fixed = RandomForestClassifier(3), RandomForestClassifier(3, random_state=7)
    first, again, other = (Arm(loose).fit(X, y, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.logit(X), again.logit(X))
    assert not np.array_equal(first.logit(X), other.logit(X))
    assert Arm(fixed).fit(X, y, seed=1).learner.random_state == 7
    assert loose.random_state is None
    assert not hasattr(loose, "estimators_")
    assert first.arm.learner is loose  # as it was asked for, without a drawn seed


def test_a_seed_is_a_number_or_a_sequence():
    X, y = points()
    arm = Arm(LogisticRegression(), RandomUnderSampling(1))
    one, two = arm.fit(X, y, seed=5), arm.fit(X, y, seed=np.random.SeedSequence(5))
    np.testing.assert_array_equal(one.logit(X), two.logit(X))


def test_what_was_done_is_told():
    X, y = points()
    under = Arm(LogisticRegression(), RandomUnderSampling(1)).fit(X, y)
    assert (under.rows, under.exact) == (2 * y.sum(), True)
    assert under.restoration == RandomUnderSampling.restoration
    assert under.name == "LogisticRegression+random_under(negatives_per_event=1)"
    made = Arm(LogisticRegression(), SyntheticEvents()).fit(X, y)
    assert (made.rows, made.exact) == (2 * (~y).sum(), False)


def test_names_and_pairs_make_arms():
    assert make_arm("lightgbm") == Arm("lightgbm", NoTreatment())
    assert make_arm("random_forest+class_weight") == Arm("random_forest", ClassWeights())
    learner = LogisticRegression()
    assert make_arm((learner, ClassWeights(3.0))) == Arm(learner, ClassWeights(3.0))
    assert make_arm("blend").is_blend
    assert not make_arm((learner, "none")).is_blend
    with pytest.raises(InputError, match="none"):
        make_arm("lightgbm+magic")
    with pytest.raises(InputError, match="logistic_regression"):
        make_arm("magic").fit(*points(50))
