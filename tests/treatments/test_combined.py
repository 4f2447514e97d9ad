"""Two treatments one after the other are undone together."""

import numpy as np
import pytest
from tests.treatments.known import Saturated, cells

from rareclass.errors import InputError, NoOpWarning
from rareclass.fitting.arm import Arm, make_arm
from rareclass.losses.cross_entropy import CrossEntropy
from rareclass.losses.focal import FocalLoss
from rareclass.treatments.bag import BalancedEnsembleTreatment
from rareclass.treatments.base import TrainingSet
from rareclass.treatments.combined import Combined
from rareclass.treatments.loss import LossTreatment
from rareclass.treatments.negatives import LocalCaseControl, NegativeSampling, ScoreNegatives
from rareclass.treatments.registry import make_treatment
from rareclass.treatments.resampling import SyntheticEvents
from rareclass.treatments.sampling import RandomOverSampling, RandomUnderSampling
from rareclass.treatments.weights import ClassWeights

GRID = np.array([[0.0], [1.0], [2.0]])

PAIRS = [
    (ScoreNegatives(negatives_per_event=5, least_negatives=0), ClassWeights("balanced")),
    (ScoreNegatives(negatives_per_event=10, least_negatives=0), RandomUnderSampling(5)),
    (ScoreNegatives(negatives_per_event=5, least_negatives=0), RandomOverSampling(0.5)),
    (NegativeSampling(negatives_per_event=5, least_negatives=0), ClassWeights(3.0)),
    (ClassWeights(7.0), ScoreNegatives(negatives_per_event=5, least_negatives=0)),
    (ScoreNegatives(negatives_per_event=5, least_negatives=0), BalancedEnsembleTreatment(5)),
    (LocalCaseControl(negatives_per_event=5, least_negatives=0), ClassWeights("sqrt")),
]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda t: t.name)
def test_pairs_restore_the_rate_of_each_cell(first, second):
    X, y = cells()
    plain = Arm(Saturated()).fit(X, y).logit(GRID)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    fitted = Arm(Saturated(), Combined(first, second)).fit(X, y, seed=1)
    assert fitted.exact
    assert np.all(np.abs(fitted.logit(GRID) - plain) < 4.5 / np.sqrt(0.4 * events))


def test_names_joined_by_plus_make_a_combination():
    treatment = make_treatment("score_negatives+class_weight")
    assert treatment == Combined(ScoreNegatives(), ClassWeights())
    assert treatment.name == "score_negatives+class_weight"
    assert make_arm("lightgbm+score_negatives+focal").name == "lightgbm+score_negatives+focal"
    assert [treatment.describe()[k]["name"] for k in ("first", "second")] == ["score_negatives", "class_weight"]
    assert "out of fold" in treatment.restoration


def test_rows_are_traced_through_both():
    X, y = cells(50_000)
    training = Combined(NegativeSampling(negatives_per_event=8, least_negatives=0), RandomUnderSampling(2)).prepare(
        X, y, rng=np.random.default_rng(0)
    )
    np.testing.assert_array_equal(X[training.rows], training.X)
    np.testing.assert_array_equal(y[training.rows], training.y)
    assert (~training.y).sum() == 2 * y.sum()


def test_a_synthetic_treatment_makes_the_combination_inexact_and_cannot_follow_offsets():
    X, y = cells(20_000)
    X = np.column_stack([X, np.random.default_rng(0).normal(size=y.size)])
    smote = SyntheticEvents(ratio=0.2)
    after = Combined(smote, RandomUnderSampling(2)).prepare(X, y, rng=np.random.default_rng(0))
    assert not after.exact
    with pytest.raises(InputError, match="Put it first"):
        Combined(ScoreNegatives(negatives_per_event=10, least_negatives=0), smote).prepare(
            X, y, rng=np.random.default_rng(0)
        )


def test_an_ensemble_that_fits_the_learner_must_be_second():
    X, y = cells(20_000)
    with pytest.raises(InputError, match="must be the second"):
        Combined(BalancedEnsembleTreatment(), ClassWeights()).prepare(X, y, rng=np.random.default_rng(0))


def test_a_loss_may_stand_first_and_gives_the_same_fit_as_when_it_stands_second():
    X, y = cells(20_000)
    loss, weights = LossTreatment(FocalLoss(2.0)), ClassWeights(5.0)
    first, second = (Arm("lightgbm", Combined(*pair)).fit(X, y) for pair in ((loss, weights), (weights, loss)))
    np.testing.assert_array_equal(first.logit(GRID), second.logit(GRID))
    assert first.shift == pytest.approx(-np.log(5))
    plain = Arm("lightgbm", loss).fit(X, y)
    np.testing.assert_allclose(first.logit(GRID), plain.logit(GRID), atol=0.3)  # the weights are undone
    with pytest.raises(InputError, match="both decide how the learner is fitted"):
        Combined(loss, BalancedEnsembleTreatment()).prepare(X, y, rng=np.random.default_rng(0))


def test_a_loss_refuses_a_pilot_that_it_cannot_correct():
    X, y = cells(20_000)
    training = TrainingSet(X, y, pilot=object())
    with pytest.raises(InputError, match="cannot correct a pilot's log-odds"):
        LossTreatment().fit_learner(lambda seed: None, training, rng=np.random.default_rng(0))


def test_a_second_treatment_that_has_nothing_left_to_do_is_said():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 2)), np.arange(400) < 20
    for name in ("smote+class_weight", "random_under_sampler+smote", "smote+random_under"):
        with pytest.warns(NoOpWarning, match="changes next to nothing behind"):
            make_treatment(name).prepare(X, y, rng=rng)
    both = make_treatment("class_weight+smote").prepare(X, y, rng=rng)
    assert both.shift == pytest.approx(-2 * np.log(19))  # weighed 19 times, and 19 times as many: both are undone


def test_a_combination_is_milder_where_its_parts_are_and_leaves_what_they_leave():
    both = make_treatment("smote+class_weight").milder(10, 1000)
    assert both.label == "smote(ratio=0.1)+class_weight_sqrt"
    assert make_treatment("tomek_links+none").milder(10, 1000) is None
    assert make_treatment("random_under_sampler+smote").left(1010, 10) == (20, 10)


@pytest.mark.parametrize("loss", [CrossEntropy(), FocalLoss(2.0)], ids=lambda loss: type(loss).__name__)
def test_offsets_reach_a_row_loss_and_no_other(loss):
    X, y = cells(60_000)
    score = ScoreNegatives(negatives_per_event=5, least_negatives=0)
    fitted = Arm("lightgbm", Combined(score, LossTreatment(loss))).fit(X, y)
    plain = Arm("lightgbm", score).fit(X, y)
    np.testing.assert_allclose(fitted.logit(GRID), plain.logit(GRID), atol=0.2)
    with pytest.raises(InputError, match="takes no offsets"):
        Arm("lightgbm", Combined(score, make_treatment("tversky"))).fit(X, y)
