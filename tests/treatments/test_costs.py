"""Costs as example weights are undone: by a shift, by an offset for each row, or said to be approximate."""

import numpy as np
import pytest
from tests.treatments.known import Linear, Saturated, cells, line

from rareclass import RareClassifier
from rareclass.decisions import CostMatrix, RowCosts
from rareclass.errors import CostError, InputError, TooFewEventsError
from rareclass.evaluation import compare
from rareclass.treatments import Arm, Combined, CostWeights, RandomUnderSampling, SyntheticEvents, make_treatment
from rareclass.treatments.weights import ClassWeights

GRID = np.array([[0.0], [1.0], [2.0]])


def test_class_costs_are_class_weights_with_the_ratio_of_what_is_at_stake():
    X, y = cells(20_000)
    rng = np.random.default_rng(0)
    ours = CostWeights(CostMatrix(fp=5, fn=100, tp=-20, tn=1)).prepare(X, y, rng=rng)
    theirs = ClassWeights(120 / 4).prepare(X, y, rng=rng)
    np.testing.assert_allclose(ours.sample_weight, theirs.sample_weight)
    assert ours.shift == pytest.approx(theirs.shift) == pytest.approx(-np.log(30))


def test_one_half_of_the_weighted_model_is_the_cost_threshold():
    # Elkan (2001), Theorem 1: p* = (c10 - c00) / (c10 - c00 + c01 - c11); the check value of the notes is 0.04
    costs = CostMatrix(fp=5, fn=100, tp=-20)
    training = CostWeights(costs).prepare(*cells(1000), rng=np.random.default_rng(0))
    restored = 1 / (1 + np.exp(-training.shift))
    assert restored == pytest.approx(costs.threshold) == pytest.approx(0.04)


@pytest.mark.parametrize("weighted", [False, True])
def test_costs_that_depend_on_the_features_are_undone_exactly(weighted):
    X, y = cells(40_000)
    base = np.random.default_rng(1).uniform(0.5, 2, y.size) if weighted else None
    cell = X[:, 0].astype(int)
    costs = RowCosts(fp=np.array([2.0, 1.0, 4.0])[cell], fn=np.array([30.0, 500.0, 7.0])[cell], tn=0.5)
    plain = Arm(Saturated()).fit(X, y, sample_weight=base).logit(GRID)
    fitted = Arm(Saturated(), CostWeights(costs)).fit(X, y, sample_weight=base)
    assert fitted.exact
    np.testing.assert_allclose(fitted.logit(GRID), plain, atol=1e-8)


def test_costs_by_row_leave_the_coefficients_at_the_truth():
    X, y, _ = line()
    rng = np.random.default_rng(2)
    costs = RowCosts(fp=1.0, fn=np.exp(rng.normal(2 + 0.5 * X[:, 0], 0.5)))
    beta = Arm(Linear(), CostWeights(costs)).fit(X, y).learner.beta_
    # about 2,000 events, of which the weights leave half: four standard errors
    np.testing.assert_allclose(beta, [-6.5, 1.5, -1.0], atol=4 / np.sqrt(y.sum() / 2))


def test_without_offsets_the_shift_is_right_on_average_only_and_said_to_be():
    X, y = cells(40_000)
    costs = RowCosts(fp=1.0, fn=np.array([30.0, 500.0, 7.0])[X[:, 0].astype(int)])
    training = CostWeights(costs, correction="calibration").prepare(X, y, rng=np.random.default_rng(0))
    mean = costs.fn[y].mean()
    assert training.shift == pytest.approx(-np.log(mean))
    assert training.offset is None
    assert not training.exact
    assert "not exact" in CostWeights(costs, correction="calibration").restoration


def test_rows_without_a_choice_are_left_out_and_counted():
    X, y = cells(5000)
    fn = np.full(y.size, 20.0)
    fn[:300] = 0.0
    training = CostWeights(RowCosts(fp=1.0, fn=fn)).prepare(X, y, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(training.rows, np.arange(300, y.size))
    assert "300 rows left out" in training.note
    assert np.isfinite(training.offset).all()


def test_costs_follow_the_rows_of_a_treatment_before_them():
    X, y = cells()
    costs = RowCosts(fp=np.array([2.0, 1.0, 4.0])[X[:, 0].astype(int)], fn=50.0)
    both = Combined(RandomUnderSampling(20), make_treatment("cost_weights")).with_costs(costs)
    training = both.prepare(X, y, rng=np.random.default_rng(0))
    np.testing.assert_allclose(training.offset, np.log(50.0 / costs.fp[training.rows]))
    with pytest.raises(CostError, match="behind this one"):
        Combined(SyntheticEvents(), CostWeights(costs)).prepare(
            np.column_stack([X, X]), y, rng=np.random.default_rng(0)
        )


def test_the_classifier_hands_its_costs_to_the_treatment_and_stays_calibrated():
    X, y, _ = line(30_000)
    amount = np.exp(np.random.default_rng(3).normal(3, 1, y.size))
    model = RareClassifier("logistic_regression", treatment="cost_weights", cv=3).fit(
        X, y, costs={"fp": 2.0, "fn": amount}
    )
    assert "weighted by their own costs" in model.summary()
    e = model.model_.evidence
    assert e["observed_to_expected_low"] < 1 < e["observed_to_expected_high"]
    assert e["brier_skill"] > 0


def test_compare_hands_its_costs_to_the_treatment():
    X, y, _ = line(6000, seed=4)
    amount = np.exp(np.random.default_rng(3).normal(3, 1, y.size))
    found = compare(
        X, y | (X[:, 0] > 2), learners=["logistic_regression"], treatments=["none", "cost_weights"],
        costs={"fp": 2.0, "fn": amount}, folds=3, n_jobs=1,
    )  # fmt: skip
    arm = next(r for r in found.results if r.name == "logistic_regression+cost_weights")
    assert "weighted by their own costs" in arm.scores.note
    assert 0.5 < arm.judgement.calibration["observed_to_expected"] < 2


def test_unusable_costs_are_one_sentence():
    X, y = cells(1000)
    rng = np.random.default_rng(0)
    with pytest.raises(CostError, match="needs costs"):
        make_treatment("cost_weights").prepare(X, y, rng=rng)
    with pytest.raises(CostError, match="999 rows"):
        CostWeights(RowCosts(fp=1.0, fn=np.ones(999))).prepare(X, y, rng=rng)
    with pytest.raises(InputError, match="correction"):
        CostWeights(CostMatrix(1, 2), correction="none").prepare(X, y, rng=rng)
    with pytest.raises(TooFewEventsError, match="0 events"):
        CostWeights(RowCosts(fp=1.0, fn=np.where(y, 0.0, 1.0))).prepare(X, y, rng=rng)
    from sklearn.tree import DecisionTreeClassifier

    with pytest.raises(InputError, match="takes no offsets"):
        Arm(DecisionTreeClassifier(), CostWeights(RowCosts(fp=1.0, fn=np.linspace(1, 2, y.size)))).fit(X, y)


def test_it_describes_itself_with_plain_values():
    assert CostWeights({"fp": 1, "fn": 9}).describe()["costs"] == {"fp": 1.0, "fn": 9.0, "tp": 0.0, "tn": 0.0}
    assert CostWeights(RowCosts(fp=1.0, fn=[1.0, 2.0])).describe()["costs"] == "by row"


def test_a_classifier_that_is_given_the_costs_of_the_classes_fits_the_treatment_that_asks_for_them():
    X, y = cells(3000)
    model = RareClassifier("logistic_regression", treatment="cost_weights", cv=2)
    model.fit(X, y, costs=CostMatrix(fp=1.0, fn=9.0))
    assert model.model_.arm.shift == pytest.approx(-np.log(9))
    assert model.model_.arm.arm.treatment.describe()["costs"] == CostMatrix(fp=1.0, fn=9.0).to_dict()
