"""The numbers of one arm against counts by hand, and verdicts against intervals made by hand."""

import numpy as np
import pytest
from tests.fitting.small import design_of, points

from rareclass.crossfit import Folds
from rareclass.decisions import CostMatrix, MinimumCost, RecallAtLeast
from rareclass.decisions.costs import RowCosts
from rareclass.evaluation import judge as room
from rareclass.evaluation.judge import (
    Judged,
    Verdict,
    calibration_numbers,
    decide,
    decision_numbers,
    judge,
    judgement_record,
    paired_verdict,
    probability_metrics,
    score_metrics,
    verdict_sentence,
)
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics import average_precision_score, roc_auc_score
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.interval import Interval
from rareclass.uncertainty.paired import PairedInterval

HALF = MinimumCost(CostMatrix(fp=1.0, fn=1.0))


@pytest.fixture(scope="module")
def scored():
    """Events and calibrated log-odds."""
    X, y = points(800)
    return y, 1.5 * X[:, 0] - X[:, 1] - 3


def test_rows_of_a_design_come_with_what_belongs_to_them():
    X, y = points(200)
    group, weight, missed = np.arange(200) // 2, np.arange(200.0) + 1, np.arange(200.0) + 5
    design = design_of(X, y, 2, seed=3, groups=group, sample_weight=weight, costs={"fp": 1.0, "fn": missed})
    index = np.arange(50, 150)
    rows = Judged.of(design, index, level=0.9)
    np.testing.assert_array_equal(rows.y, y[index])
    np.testing.assert_array_equal(rows.weight, weight[index])
    np.testing.assert_array_equal(rows.groups, group[index])
    np.testing.assert_array_equal(rows.costs.fn, missed[index])
    assert (rows.folds, rows.level, rows.seed) == (None, 0.9, 3)
    assert set(rows.interval_options()) == {"level", "sample_weight", "groups", "random_state"}


def test_rows_in_time_order_keep_their_groups():
    X, y = points(200)
    design = design_of(X, y, 2, times=np.arange(200), groups=np.arange(200) // 2)
    np.testing.assert_array_equal(Judged.of(design, np.arange(100), level=0.95).groups, np.arange(100) // 2)


def test_taken_rows_keep_everything_that_is_theirs():
    n = 20
    rows = Judged(
        y=np.arange(n) % 4 == 0,
        weight=np.arange(1.0, n + 1),
        groups=np.arange(n) // 2,
        costs=RowCosts(fp=1.0, fn=np.arange(2.0, n + 2)),
        folds=Folds(np.arange(n) % 3, forward=True),
        level=0.8,
        seed=9,
    )
    index = np.array([7, 0, 12])
    taken = rows.take(index)
    np.testing.assert_array_equal(taken.y, rows.y[index])
    np.testing.assert_array_equal(taken.weight, index + 1.0)
    np.testing.assert_array_equal(taken.groups, index // 2)
    np.testing.assert_array_equal(taken.costs.fn, index + 2.0)
    np.testing.assert_array_equal(taken.folds.fold, index % 3)
    assert taken.folds.forward
    assert (taken.level, taken.seed) == (0.8, 9)
    bare = Judged(y=rows.y, costs=CostMatrix(fp=1, fn=9)).take(index)
    assert (bare.weight, bare.groups, bare.folds, bare.costs) == (None, None, None, CostMatrix(fp=1, fn=9))


def test_metrics_are_those_of_the_metrics_room_at_the_level_asked_for(scored):
    y, z = scored
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    wide, narrow = (score_metrics(Judged(y=y, weight=weight, level=level), z) for level in (0.99, 0.5))
    for name, metric in (("average_precision", average_precision_score), ("roc_auc", roc_auc_score)):
        assert wide[name].estimate == pytest.approx(metric(y, z, sample_weight=weight))
        assert wide[name].low < narrow[name].low < narrow[name].high < wide[name].high


def test_weights_equal_repeated_rows(scored):
    y, z = scored
    often = 1 + np.arange(y.size) % 3
    rows = np.repeat(np.arange(y.size), often)
    weighted, repeated = Judged(y=y, weight=often.astype(float)), Judged(y=y[rows])
    decision = decide(RecallAtLeast(0.7), weighted, z)
    assert decide(RecallAtLeast(0.7), repeated, z[rows]).threshold == decision.threshold
    a, b = judge(weighted, z, decision), judge(repeated, z[rows], decision)
    assert a.calibration == pytest.approx(b.calibration)
    assert a.acted["confusion"] == b.acted["confusion"]
    assert a.acted["alert_rate"] == pytest.approx(b.acted["alert_rate"])
    for name, interval in a.intervals.items():
        assert interval.estimate == pytest.approx(b.intervals[name].estimate)


def test_calibration_is_observed_over_expected_and_skill_and_only_cross_fitted_rows_have_a_ceiling(scored):
    y, z = scored
    p = sigmoid(z)
    found = calibration_numbers(Judged(y=y), z, probability_metrics(Judged(y=y), z))
    assert found["observed_to_expected"] == pytest.approx(y.sum() / p.sum())
    assert found["brier_skill"] == pytest.approx(1 - np.mean((y - p) ** 2) / np.mean((y - y.mean()) ** 2))
    assert set(found) == {"observed_to_expected", "brier_skill"}
    # a map that is monotone but wrong costs skill, and the ceiling says how much a recalibration would bring back
    rows = Judged(y=y, folds=Folds(np.arange(y.size) % 3))
    right, wrong = (calibration_numbers(rows, s, probability_metrics(rows, s)) for s in (z, 3 * z + 4))
    assert right["brier_skill_ceiling"] == pytest.approx(right["brier_skill"], abs=0.05)
    assert wrong["brier_skill"] < 0
    assert wrong["brier_skill_ceiling"] == pytest.approx(right["brier_skill_ceiling"], abs=0.02)


def by_hand(y, flagged, weight):
    return {
        "tp": weight[flagged & y].sum(),
        "fp": weight[flagged & ~y].sum(),
        "fn": weight[~flagged & y].sum(),
        "tn": weight[~flagged & ~y].sum(),
    }


def test_a_decision_is_counted_by_weight_and_priced(scored):
    y, z = scored
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    costs = CostMatrix(fp=2.0, fn=9.0, tp=1.0)
    rows = Judged(y=y, weight=weight, costs=costs)
    decision = decide(MinimumCost(costs), rows, z)
    assert decision.threshold == pytest.approx(costs.threshold)
    found = decision_numbers(decision, rows, z)
    counts = by_hand(y, sigmoid(z) >= costs.threshold, weight)
    assert found["confusion"] == pytest.approx(counts)
    tp, fp, fn = (counts[k] for k in ("tp", "fp", "fn"))
    total = weight.sum()
    assert found["alert_rate"] == pytest.approx((tp + fp) / total)
    assert found["recall"].estimate == pytest.approx(tp / (tp + fn))
    assert found["precision"].estimate == pytest.approx(tp / (tp + fp))
    assert found["expected_cost"].estimate == pytest.approx((2 * fp + 9 * fn + tp) / total)
    assert found["cost_flag_none"] == pytest.approx(9 * (tp + fn) / total)
    assert found["cost_flag_all"] == pytest.approx(((tp + fn) + 2 * (total - tp - fn)) / total)


def test_each_row_is_decided_and_priced_by_its_own_costs(scored):
    y, z = scored
    missed = np.random.default_rng(0).uniform(2, 40, y.size)
    rows = Judged(y=y, costs=RowCosts(fp=1.0, fn=missed))
    decision = decide(MinimumCost(rows.costs), rows, z)
    found = decision_numbers(decision, rows, z)
    flagged = sigmoid(z) >= 1 / (1 + missed)
    assert found["confusion"] == by_hand(y, flagged, np.ones(y.size))
    assert found["expected_cost"].estimate == pytest.approx(np.where(flagged, ~y * 1.0, y * missed).mean())
    half = np.arange(y.size // 2)
    fewer = decision_numbers(decision, rows.take(half), z[half])
    assert fewer["confusion"] == by_hand(y[half], flagged[half], np.ones(half.size))


def test_a_judgement_and_its_record_hold_the_same_numbers(scored):
    y, z = scored
    rows = Judged(y=y, costs=CostMatrix(fp=1, fn=9), folds=Folds(np.arange(y.size) % 3))
    judged = judge(rows, z, decide(MinimumCost(rows.costs), rows, z))
    assert list(judged.intervals) == [
        *("average_precision", "roc_auc", "observed_to_expected", "brier_skill"),
        *("recall", "precision", "expected_cost", "saving"),
    ]
    said = judgement_record(rows, judged, "an arm").to_dict()
    assert (said["arm"], said["rows"], said["events"]) == ("an arm", y.size, y.sum())
    assert said["prevalence"] == y.mean()
    assert said["calibration"] == judged.calibration
    for name, interval in judged.intervals.items():
        assert said["metrics"][name]["estimate"] == interval.estimate
    assert said["decision"]["confusion"] == judged.acted["confusion"]
    assert said["decision"]["recall"] == judged.acted["recall"].estimate
    without = judge(Judged(y=y), z, decide(HALF, rows, z))
    assert "expected_cost" not in without.intervals


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.001, 0.2, "helps"),
        (-0.2, -0.001, "hurts"),
        (-0.04, 0.04, "no evidence"),  # a tenth of the baseline's 0.4
        (-0.0401, 0.01, "cannot tell"),
        (-0.01, 0.0401, "cannot tell"),
        (0.0, 0.01, "no evidence"),  # zero itself is no gain
        (float("nan"), float("nan"), "cannot tell"),
    ],
)
def test_the_word_follows_from_the_interval(monkeypatch, low, high, word):
    made = PairedInterval((low + high) / 2, low, high)
    asked = []

    def difference(metric, y, score, base, **how):
        asked.append((metric, score, base, how["level"]))
        return made

    monkeypatch.setattr(room, "paired_difference", difference)
    rows = Judged(y=np.array([True, False]), level=0.9)
    verdict = paired_verdict(rows, "own", "baseline's", 0.4, ranked=True)
    assert (verdict.word, verdict.difference) == (word, made)
    assert paired_verdict(rows, "own", "baseline's", 0.4, ranked=False).word == "cannot tell"
    assert asked[0] == ("average_precision", "own", "baseline's", 0.9)


def test_a_better_ranking_helps_and_exchanged_it_hurts(scored):
    y, z = scored
    noisy = z + 4 * np.random.default_rng(0).normal(size=y.size)
    rows = Judged(y=y)
    forth = paired_verdict(rows, z, noisy, 0.4, ranked=True)
    back = paired_verdict(rows, noisy, z, 0.4, ranked=True)
    assert (forth.word, back.word) == ("helps", "hurts")
    assert forth.difference.estimate == pytest.approx(-back.difference.estimate)
    same = paired_verdict(rows, z, z, 0.4, ranked=True)
    assert same.word == "no evidence"


def said(word, low, high, ap=0.4, events=30):
    d = None if low is None else PairedInterval((low + high) / 2, low, high)
    return verdict_sentence(Verdict(d, word, ""), Interval(ap, 0.3, 0.5), "base+none", events)


def test_the_sentence_says_the_word_the_numbers_and_what_would_settle_it():
    assert said("baseline", None, None) == "The baseline: average precision 0.400 [0.300, 0.500]."
    numbers = "+0.050 [+0.020, +0.080] average precision against base+none"
    assert said("helps", 0.02, 0.08) == f"Ranks better: {numbers}."
    assert said("hurts", 0.02, 0.08) == f"Ranks worse: {numbers}."
    assert said("no evidence", 0.02, 0.08) == f"No evidence of a difference that matters: {numbers}."
    # half of the interval is 0.12 and 0.04 is wanted: a third, so nine times the events
    assert said("cannot tell", -0.1, 0.14).endswith("; about 270 events would settle a difference of 0.04.")
    assert said("cannot tell", -0.1, 0.14).startswith("Cannot tell with 30 events: +0.020 [-0.100, +0.140]")
    assert "would settle" not in said("cannot tell", -0.01, 0.01)
    # one event in a hundred is not to be told by less than 0.01
    assert said("cannot tell", -0.02, 0.02, ap=0.01).endswith("about 120 events would settle a difference of 0.01.")


def test_the_decision_is_chosen_on_calibrated_probabilities(scored):
    y, z = scored
    curve = ThresholdCurve.from_predictions(y, sigmoid(z))
    chosen = decide(RecallAtLeast(0.8), Judged(y=y), z)
    assert chosen.threshold == RecallAtLeast(0.8).choose(curve).threshold
    assert (z >= logit(chosen.threshold))[y].mean() >= 0.8
