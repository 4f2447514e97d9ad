"""Minimum cost: the Bayes rule, its regret on data whose truth is known, and costs by row."""

import numpy as np
import pytest

from rareclass.calibration import choose_calibration
from rareclass.data.binormal import simulate_scores
from rareclass.decisions import CostMatrix, Decision, MinimumCost, RowCosts, best_threshold
from rareclass.errors import CostError, InputError
from rareclass.kernels.logits import logit
from rareclass.metrics.curve import ThresholdCurve

COSTS = CostMatrix(fp=1, fn=99)


@pytest.fixture(scope="module")
def sample():
    return simulate_scores(20_000, 0.01, separation=2.0, seed=0)


def test_threshold_is_that_of_the_costs_whatever_the_rows(sample):
    chosen = best_threshold(sample.y, sample.probability, MinimumCost(COSTS))
    assert chosen.threshold == 0.01
    assert chosen.interval == (0.01, 0.01)


def test_reported_cost_is_that_of_the_rows(sample):
    chosen = best_threshold(sample.y, sample.probability, MinimumCost(COSTS))
    flagged = sample.probability >= 0.01
    assert chosen.expected_cost == pytest.approx(np.where(flagged, ~sample.y, 99 * sample.y).mean())


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(InputError, match="calibrated probabilities"):
        best_threshold([0, 1], [-1.0, 3.0], MinimumCost(COSTS))
    assert best_threshold([0, 1], [-1.0, 3.0], MinimumCost(COSTS, search="empirical")).threshold == 3.0


def test_equal_row_costs_decide_like_class_costs(sample):
    p = sample.probability
    rows = RowCosts(fp=np.ones(p.size), fn=99.0)
    by_row, by_class = (best_threshold(sample.y, p, MinimumCost(c)) for c in (rows, COSTS))
    assert np.array_equal(by_row.apply(p, rows), by_class.apply(p))
    assert by_row.expected_cost == pytest.approx(by_class.expected_cost)
    assert by_row.threshold == pytest.approx(0.01)


def test_row_costs_save_against_one_threshold_for_all(sample):
    rng = np.random.default_rng(0)
    costs = RowCosts(fp=1.0, fn=rng.lognormal(4, 1.5, sample.y.size))
    own = best_threshold(sample.y, sample.probability, MinimumCost(costs))
    one = best_threshold(sample.y, sample.probability, MinimumCost(costs, search="empirical"))
    expected = [
        np.mean(sample.probability * costs.fn * ~f + (1 - sample.probability) * costs.fp * f)
        for f in (own.apply(sample.probability, costs), one.apply(sample.probability))
    ]
    assert expected[0] < expected[1]


def test_costs_by_row_must_come_with_the_rows(sample):
    costs = RowCosts(fp=1.0, fn=np.full(sample.y.size, 9.0))
    chosen = best_threshold(sample.y, sample.probability, MinimumCost(costs))
    assert chosen.per_row
    with pytest.raises(CostError, match="pass those of these rows as `costs`"):
        chosen.apply(sample.probability)
    with pytest.raises(CostError, match="rows, the data"):
        chosen.apply(sample.probability[:5], costs)
    with pytest.raises(CostError, match="no effect"):
        best_threshold(sample.y, sample.probability, MinimumCost(COSTS)).apply([0.1], RowCosts(1.0, [2.0]))


def test_costs_by_row_work_on_a_curve_with_typical_rates(sample):
    costs = RowCosts(fp=1.0, fn=np.full(sample.y.size, 99.0))
    chosen = MinimumCost(costs).choose(ThresholdCurve.from_predictions(sample.y, sample.probability))
    assert chosen.per_row
    assert chosen.threshold == pytest.approx(0.01)
    assert chosen.apply([0.5, 0.5], {"fp": [1.0, 1.0], "fn": [0.5, 2.0]}).tolist() == [False, True]


def test_costs_must_be_given_once_and_by_row():
    with pytest.raises(CostError, match="needs costs"):
        best_threshold([0, 1], [0.1, 0.2], MinimumCost(None))
    rows = RowCosts(1.0, [2.0, 3.0])
    with pytest.raises(CostError, match="twice"):
        best_threshold([0, 1], [0.1, 0.2], MinimumCost(rows), costs=rows)
    given = best_threshold([0, 1], [0.1, 0.2], MinimumCost(None), costs=RowCosts(1.0, [2.0, 9.0]))
    assert given.alert_rate == 0.5


def test_saved_row_decision_asks_for_costs():
    rows = RowCosts(1.0, [2.0, 9.0])
    saved = Decision.from_dict(best_threshold([0, 1], [0.1, 0.2], MinimumCost(rows)).to_dict())
    assert saved.per_row
    assert saved.apply([0.1, 0.2], rows).tolist() == [False, True]


def test_moved_prevalence_equals_shifted_probabilities(sample):
    from rareclass.calibration import prior_shift

    curve = ThresholdCurve.from_predictions(sample.y, sample.probability)
    chosen = MinimumCost(COSTS).choose(curve)
    moved = chosen.at_prevalence(0.05, curve=curve)
    shifted = prior_shift(sample.probability, sample.y.mean(), 0.05)
    assert np.array_equal(moved.apply(sample.probability), shifted >= COSTS.threshold)
    w = np.where(sample.y, 0.05 / sample.y.mean(), 0.95 / (1 - sample.y.mean()))
    flagged = moved.apply(sample.probability)
    assert moved.expected_cost == pytest.approx(np.average(np.where(flagged, ~sample.y, 99 * sample.y), weights=w))
    assert moved.prevalence == 0.05
    assert moved.at_prevalence(float(sample.y.mean())).threshold == pytest.approx(0.01)


def test_moved_prevalence_reaches_decisions_by_row(sample):
    from rareclass.calibration import prior_shift

    costs = RowCosts(fp=1.0, fn=np.random.default_rng(0).uniform(5, 500, sample.y.size))
    chosen = best_threshold(sample.y, sample.probability, MinimumCost(costs))
    moved = Decision.from_dict(chosen.at_prevalence(0.002).to_dict())
    shifted = prior_shift(sample.probability, sample.y.mean(), 0.002)
    assert np.array_equal(moved.apply(sample.probability, costs), shifted >= costs.threshold)


def test_other_costs_need_no_refit(sample):
    curve = ThresholdCurve.from_predictions(sample.y, sample.probability)
    moved = MinimumCost(COSTS).choose(curve).at_costs({"fp": 1, "fn": 9}, curve=curve)
    assert moved.threshold == pytest.approx(0.1)
    assert moved.to_dict() == MinimumCost(CostMatrix(1, 9)).choose(curve).to_dict()


def test_constraint_on_the_cheapest_decision_takes_the_cheapest_allowed_point(sample):
    from rareclass.decisions import AlertBudget

    p, y = sample.probability, sample.y
    free = best_threshold(y, p, MinimumCost(COSTS))
    bound = best_threshold(y, p, MinimumCost(COSTS).subject_to(AlertBudget(200)))
    assert bound.threshold > free.threshold
    assert np.count_nonzero(bound.apply(p)) == 200
    loose = best_threshold(y, p, MinimumCost(COSTS).subject_to(AlertBudget(15_000)))
    assert np.array_equal(loose.apply(p), free.apply(p))


@pytest.mark.parametrize(("prevalence", "slope", "shift"), [(0.001, 1.7, 3.0), (0.01, 1.0, 0.0), (0.01, 0.5, -2.0)])
def test_median_regret_of_the_bayes_rule_stays_below_two_percent(prevalence, slope, shift):
    """Small version of benchmarks/decisions.py: 9 simulations with 100 events, calibrated on the same rows."""
    ratios = [1, 10, 100, 1000, 10_000, 100_000]
    regret = np.empty((9, len(ratios)))
    how = {"separation": 2.0, "events": 100, "slope": slope, "shift": shift}
    for k in range(9):
        s = simulate_scores(int(100 / prevalence), prevalence, seed=k, **how)
        fitted = choose_calibration(logit(np.clip(s.stated, 1e-300, 1 - 1e-16)), s.y)
        grid = np.linspace(-9, 11, 4001)
        p = fitted.predict(slope * (logit(prevalence) + 2.0 * grid - 2.0) + shift)
        for j, ratio in enumerate(ratios):
            flagged = p >= CostMatrix(fp=1, fn=ratio).threshold
            cut = grid[np.argmax(flagged)] if flagged.any() else np.inf
            best = s.best_cost(fp=1, fn=ratio)[1]
            regret[k, j] = s.expected_cost(cut, fp=1, fn=ratio) / best - 1
    assert np.median(regret, axis=0).max() <= 0.02


def test_what_costs_by_row_bring_is_that_of_each_rows_own_decision():
    rng = np.random.default_rng(8)
    p = rng.beta(0.5, 6, 3_000)
    y = rng.random(p.size) < p
    weight = np.where(y, 3.0, rng.uniform(0.5, 2, p.size))
    costs = RowCosts(fp=rng.uniform(1, 3, p.size), fn=rng.uniform(1, 900, p.size))
    rule = MinimumCost(costs)
    found = rule.decided_on(y, p, weight, costs)
    flagged = p * costs.fn > (1 - p) * costs.fp
    spent = np.where(flagged, np.where(y, 0, costs.fp), np.where(y, costs.fn, 0))
    assert found.expected_cost == pytest.approx(np.average(spent, weights=weight), rel=1e-12)
    assert found.alert_rate == pytest.approx(np.average(flagged, weights=weight), rel=1e-12)
    assert found.recall == pytest.approx(np.average(flagged[y], weights=weight[y]), rel=1e-12)
    typical = rule.choose(ThresholdCurve.from_predictions(y, p, sample_weight=weight))
    assert (found.threshold, found.why) == (typical.threshold, typical.why)
    assert found.expected_cost < typical.expected_cost
    whole = MinimumCost(CostMatrix(fp=2, fn=450))
    assert whole.decided_on(y, p, weight, whole.costs) == whole.choose(
        ThresholdCurve.from_predictions(y, p, sample_weight=weight)
    )
