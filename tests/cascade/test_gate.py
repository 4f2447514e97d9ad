"""The gate's promise: bounds in closed form, few events, weights, groups, costs."""

import numpy as np
import pytest

from rareclass.cascade.gate import FEWEST_NEGATIVES, Promise, Scored
from rareclass.errors import MethodError, TooFewEventsError
from rareclass.kernels.intervals import clopper_pearson
from rareclass.kernels.logits import sigmoid


def events_first(n, negatives, seed=0):
    """Scores of n events (1 to n) and of negatives far below, but for some that are at the top."""
    rng = np.random.default_rng(seed)
    score = np.concatenate([np.arange(1.0, n + 1), rng.uniform(-9, -1, negatives), np.full(n + 20, n + 1.0)])
    return Scored(score=score, y=np.arange(score.size) < n)


def test_the_threshold_is_the_highest_whose_bound_holds():
    scored = events_first(400, 5_000)
    placed = scored.placed_by_recall(Promise(recall=0.98))
    bounds = [clopper_pearson(400 - lost, 400, 0.95, side="lower")[0] for lost in range(400)]
    lost = max(k for k, bound in enumerate(bounds) if bound >= 0.98)
    assert placed.lost == lost > 0
    assert placed.recall == pytest.approx(bounds[lost]) == pytest.approx(bounds[placed.lost])
    assert placed.threshold == pytest.approx(lost + 1, abs=1e-5)
    assert placed.passed == pytest.approx((400 - lost + 420) / scored.y.size)
    assert sigmoid(np.array(placed.rest)) == pytest.approx((lost + 0.5) / (5_000 + lost + 1))


def test_events_that_cannot_carry_the_recall_are_all_kept_and_say_what_they_carry():
    placed = events_first(52, 5_000).placed_by_recall(Promise(recall=0.98))
    assert placed.lost == 0
    assert placed.recall == pytest.approx(0.05 ** (1 / 52)) == pytest.approx(Promise().most(52))
    with pytest.raises(TooFewEventsError, match=r"149 events are needed.*0\.944 is the most"):
        Promise().refuse_few(52)
    Promise().refuse_few(149)
    Promise(recall=0.944).refuse_few(52)


def test_the_bound_of_the_chosen_threshold_holds_as_often_as_it_says():
    """Choosing the highest threshold that holds costs no confidence: 95 % of 2,000 draws, less two standard errors."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(2_000):
        y = np.arange(400) < 300
        placed = Scored(score=rng.uniform(size=400) + 0.0 * y, y=y).placed_by_recall(Promise(recall=0.9))
        held += 1 - placed.threshold >= 0.9  # of events whose score is uniform
    assert held / 2_000 >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 2_000)


def test_equal_weights_are_none_and_copies_in_groups_tell_nothing_new():
    scored = events_first(200, 3_000)
    plain = scored.placed_by_recall(Promise(recall=0.95))
    weighted = Scored(score=scored.score, y=scored.y, weight=np.full(scored.y.size, 7.0))
    assert weighted.placed_by_recall(Promise(recall=0.95)) == plain
    twice = Scored(score=np.tile(scored.score, 2), y=np.tile(scored.y, 2), groups=np.tile(np.arange(scored.y.size), 2))
    found = twice.placed_by_recall(Promise(recall=0.95))
    assert (found.threshold, found.recall) == (plain.threshold, plain.recall)
    assert (found.independent, found.events) == (200, 400)


def test_a_perfect_gate_leaves_negatives_to_learn_from():
    score = np.concatenate([np.full(5, 9.0), np.linspace(-9, -1, 1_000)])
    scored = Scored(score=score, y=np.arange(score.size) < 5)
    placed = scored.placed_by_recall(Promise(recall=0.5, confidence=0.6))
    assert int(((score >= placed.threshold) & ~scored.y).sum()) == FEWEST_NEGATIVES


def test_by_cost_the_threshold_is_that_of_brute_force():
    rng = np.random.default_rng(2)
    y = rng.random(3_000) < 0.2
    score = np.round(rng.normal(size=3_000) + 2 * y, 1)  # with ties
    loss, weight = rng.uniform(1, 9, 3_000), rng.uniform(0.5, 2, 3_000)
    placed = Scored(score=score, y=y, weight=weight).placed_by_cost(loss, 0.4, Promise())
    total = {
        t: float((weight * (loss * (y & (score < t)) + 0.4 * (score >= t))).sum()) for t in np.unique(score).tolist()
    }
    assert placed.threshold == pytest.approx(min(total, key=total.get), abs=1e-6)
    assert placed.passed == pytest.approx(weight[score >= placed.threshold].sum() / weight.sum())


def test_a_look_that_no_event_is_worth_is_refused():
    with pytest.raises(MethodError, match="let every row go"):
        events_first(50, 1_000).placed_by_cost(1.0, 5.0, Promise())
