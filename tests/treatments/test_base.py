"""What every treatment keeps to, and what a treatment of one's own gets."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.treatments.known import cells

from rareclass.decisions import CostMatrix
from rareclass.errors import InputError, TooFewEventsError
from rareclass.learners import FewEventsLogisticRegression
from rareclass.treatments.base import (
    Given,
    NoTreatment,
    TrainingSet,
    Treatment,
    class_counts,
    draw_seed,
    fit_on_training,
    positive_number,
)
from rareclass.treatments.registry import TREATMENTS, make_treatment
from rareclass.treatments.sampling import RandomUnderSampling


@pytest.mark.filterwarnings(
    "ignore:Local case-control sampling needs", "ignore:.* changed nothing", "ignore:Number of distinct"
)
@pytest.mark.parametrize("name", sorted(TREATMENTS))
def test_no_treatment_changes_the_users_arrays(name):
    X, y = cells(3000, seed=3)
    weight = np.ones(y.size)
    X0, y0, w0 = X.copy(), y.copy(), weight.copy()
    treatment = make_treatment(name).with_costs(CostMatrix(fp=1, fn=9))
    codes = (0,) if name == "smoten" else ()
    treatment.prepare(X, y, sample_weight=weight, categorical_features=codes, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(X, X0)
    np.testing.assert_array_equal(y, y0)
    np.testing.assert_array_equal(weight, w0)


def test_rows_are_given_with_their_weights_and_say_which_they_are():
    X, y = cells(100)
    weight = np.arange(100.0) + 1
    given = Given(X, y, weight)
    rows = np.array([3, 1, 3])
    some = given.training("some", rows=rows, shift=-1.0)
    np.testing.assert_array_equal(some.X, X[rows])
    np.testing.assert_array_equal(some.y, y[rows])
    np.testing.assert_array_equal(some.sample_weight, weight[rows])
    assert (some.rows is rows, some.shift, some.note) == (True, -1.0, "some")
    whole = given.training("all")
    assert (whole.X is X, whole.y is y, whole.sample_weight is weight, whole.rows) == (True, True, True, None)
    other = given.training("weighted", sample_weight=2 * weight)
    np.testing.assert_array_equal(other.sample_weight, 2 * weight)
    np.testing.assert_array_equal(Given(X, y).plain_weight, np.ones(100))
    assert Given(X, y).weights_of(rows) is None


def test_a_treatment_that_knows_no_costs_and_no_rows_stays_itself():
    treatment = RandomUnderSampling(3)
    assert treatment.with_costs(CostMatrix(fp=1, fn=9)) is treatment
    assert treatment.take(np.arange(3)) is treatment


def test_the_label_tells_the_settings_that_are_not_the_defaults():
    assert [RandomUnderSampling(v).label for v in ("auto", 5)] == [
        "random_under",
        "random_under(negatives_per_event=5)",
    ]


@pytest.mark.parametrize("name", sorted(TREATMENTS))
def test_a_description_holds_the_name_and_every_setting(name):
    treatment = make_treatment(name)
    assert treatment.describe()["name"] == treatment.name


@dataclass(frozen=True)
class Halved(Treatment):
    """A treatment of one's own: every other row."""

    name: ClassVar[str] = "halved"
    restoration: ClassVar[str] = "nothing to undo"

    def _prepare(self, given, rng):
        return given.training("every other row", rows=np.arange(0, given.y.size, 2))


def test_a_treatment_of_ones_own_needs_one_method():
    X, y = cells(3000)
    training = Halved().prepare(X, y, sample_weight=[2] * 3000, rng=np.random.default_rng(0))
    assert training.sample_weight.dtype == np.float64
    seeds = []

    def make(seed):
        seeds.append(seed)
        return LogisticRegression()

    fitted = Halved().fit_learner(make, training, rng=np.random.default_rng(5))
    by_hand = LogisticRegression().fit(X[::2], y[::2], sample_weight=np.full(1500, 2.0))
    np.testing.assert_array_equal(fitted.coef_, by_hand.coef_)
    assert seeds == [draw_seed(np.random.default_rng(5))]


def test_a_pilot_is_added_to_what_the_learner_says():
    X, y = cells(3000)
    pilot = LogisticRegression().fit(X, y)
    training = TrainingSet(X, y, pilot=pilot)
    found = NoTreatment().fit_learner(lambda seed: LogisticRegression(), training, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found.decision_function(X), 2 * pilot.decision_function(X), rtol=1e-9)


def test_offsets_go_to_learners_that_take_them_and_the_others_are_refused_with_a_way_out():
    X, y = cells(3000)
    training = TrainingSet(X, y, offset=np.full(3000, 2.0))
    told = fit_on_training(FewEventsLogisticRegression(), training, "mine")
    plain = FewEventsLogisticRegression().fit(X, y)
    # the offset is left out at prediction
    np.testing.assert_allclose(told.decision_function(X), plain.decision_function(X) - 2.0, atol=0.05)
    with pytest.raises(InputError, match="GaussianNB takes no offsets, which the treatment 'mine' needs"):
        fit_on_training(GaussianNB(), training, "mine")


def test_counts_need_both_classes_and_numbers_have_to_be_above_zero():
    assert class_counts(np.array([True, False, False])) == (1, 2)
    for y in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        with pytest.raises(TooFewEventsError, match="both are needed"):
            class_counts(y)
    assert positive_number(2.5, "ratio") == 2.5
    for value in (0, -1, float("nan"), float("inf"), "2.5"):
        with pytest.raises(InputError, match="`ratio` must be a number above 0"):
            positive_number(value, "ratio")
