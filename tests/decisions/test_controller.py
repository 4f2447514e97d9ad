"""A threshold that keeps a capacity: on stationary streams, after shifts, in batches of any sizes, saved and read."""

import json
import math

import numpy as np
import pytest
from scipy.stats import norm

from rareclass.decisions import ThresholdController
from rareclass.errors import InputError

ROWS, CAPACITY, GAIN = 5000, 20, 5.0
KNOWN = np.random.default_rng(0).normal(size=50_000)


def started(known=KNOWN, **options):
    return ThresholdController(known, CAPACITY, ROWS, **options)


def reference(controller, known, scores):
    """The rule written out: the share of known scores by counting, one row after the other."""
    level, step = math.log(CAPACITY / ROWS), GAIN / CAPACITY
    tail = np.array([np.mean(known >= s) for s in scores])
    out, seen, taken = [], 0, 0
    for share in tail:
        if seen == ROWS:
            seen, taken = 0, 0
        seen += 1
        level += GAIN / ROWS
        reached = math.log(share) <= level
        if reached:
            level -= step
        out.append(reached and taken < math.ceil(2.0 * CAPACITY))
        taken += out[-1]
        level = min(level, 0.0)
    return np.array(out), level


def test_it_is_the_rule_written_out():
    known = np.random.default_rng(1).integers(0, 150, 3000).astype(float)  # few distinct scores: nothing interpolated
    scores = np.random.default_rng(2).integers(0, 150, 12_000).astype(float)
    controller = started(known)
    out, level = reference(controller, known, scores)
    assert np.array_equal(controller.flag(scores), out)
    assert controller.level == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize("capacity", [5, 50])
def test_capacity_is_kept_on_stationary_streams(capacity):
    """Mean over 30 periods at most 1.05 capacities and two standard errors, in each of 10 streams."""
    for run in range(10):
        scores = np.random.default_rng([3, run]).normal(size=(30, ROWS))
        controller = ThresholdController(KNOWN, capacity, ROWS)
        count = np.array([controller.flag(day).sum() for day in scores])
        assert count.mean() <= 1.05 * capacity + 2 * count.std(ddof=1) / np.sqrt(30)
        assert count.mean() >= 0.95 * capacity
        assert count.max() <= 2 * capacity


def test_alerts_are_capacity_and_what_the_level_fell():
    controller = started()
    before = controller.level
    alerts = controller.flag(np.random.default_rng(4).normal(0.5, 1, 7 * ROWS)).sum()
    assert alerts == pytest.approx(CAPACITY * 7 + (before - controller.level) * CAPACITY / GAIN)


@pytest.mark.parametrize("shift", [0.5, 1.5, -0.5])
def test_it_recovers_within_one_period_of_a_shift(shift):
    """The period of the shift holds at most 1 + log(R) / gain capacities and noise, the one after it about one."""
    share = CAPACITY / ROWS
    ratio = share / norm.sf(norm.isf(share) + shift)  # how many fewer known scores reach the threshold that is needed
    during, after = [], []
    for run in range(15):
        rng = np.random.default_rng([5, run])
        controller = started()
        controller.flag(rng.normal(size=3 * ROWS))
        during.append(controller.flag(rng.normal(shift, 1, ROWS)).sum() / CAPACITY)
        after.append(controller.flag(rng.normal(shift, 1, ROWS)).sum() / CAPACITY)
    assert max(during) <= 2.0
    noise = 2 / np.sqrt(15 * CAPACITY * GAIN / 2)
    assert np.mean(during) <= min(max(1 + math.log(ratio) / GAIN, 1.0), 2.0) + 2 * noise
    assert np.mean(after) == pytest.approx(1.0, abs=0.05 + 2 * noise)


def test_no_period_holds_more_than_the_limit():
    controller = started(most=1.5)
    counts = [controller.flag(np.random.default_rng(day).normal(20 * day, 1, ROWS)).sum() for day in range(4)]
    assert max(counts) == 30
    controller = started(most=1.0)
    controller.flag(np.full(3, -9.0))
    assert controller.threshold < np.inf
    controller.flag(np.arange(10, 10_000, 50.0))
    assert controller.threshold == np.inf


def test_batches_of_any_sizes_are_flagged_as_row_by_row():
    scores = np.random.default_rng(6).normal(0.3, 1, 12_000)
    whole, parts, single = started(), started(), started()
    flagged = whole.flag(scores)
    cuts = np.sort(np.random.default_rng(7).integers(0, 12_000, 40))
    assert np.array_equal(np.concatenate([parts.flag(part) for part in np.split(scores, cuts)]), flagged)
    assert np.array_equal(np.concatenate([single.flag(scores[i : i + 1]) for i in range(3000)]), flagged[:3000])
    assert parts.to_dict() == whole.to_dict()


def test_the_threshold_is_where_the_next_row_is_flagged():
    controller = started()
    controller.flag(np.random.default_rng(8).normal(size=7000))
    for level in (controller.level, -9.0, -30.0):  # within the known scores, at their edge, beyond
        state = controller.to_dict() | {"level": level}
        threshold = ThresholdController.from_dict(state).threshold
        assert ThresholdController.from_dict(state).flag([threshold + 1e-9]).all()
        assert not ThresholdController.from_dict(state).flag([threshold - 1e-9]).any()


def test_it_starts_from_a_stored_threshold():
    assert started(threshold=2.0).threshold == pytest.approx(2.0, abs=0.01)
    quantile = np.quantile(KNOWN, 1 - CAPACITY / ROWS)
    assert started().threshold == pytest.approx(quantile, abs=0.02)
    heavy = np.where(KNOWN > 0, 1.0, 3.0)
    weighted = np.repeat(KNOWN, heavy.astype(int))
    assert started(sample_weight=heavy).threshold == pytest.approx(started(weighted).threshold)


def test_scores_with_ties_keep_the_capacity():
    rng = np.random.default_rng(9)
    controller = started(rng.integers(0, 5, 5000))
    count = controller.flag(rng.integers(0, 5, 30 * ROWS)).reshape(30, -1).sum(axis=1)
    assert count[1:].mean() == pytest.approx(CAPACITY, rel=0.02)  # the first raises the level to the topmost tie


def test_a_saved_controller_goes_on_alike():
    scores = np.random.default_rng(10).normal(size=9000)
    one = started()
    one.flag(scores[:4321])
    other = ThresholdController.from_dict(json.loads(json.dumps(one.to_dict())))
    assert np.array_equal(one.flag(scores[4321:]), other.flag(scores[4321:]))
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1}, {"capacity": 0}, {"rows_per_period": 1}, {"gain": 0}, {"most": 0.5}, {"scores": [2.0, 1.0]},
        {"tails": [1.0, 0.0]}, {"beyond": 0.0}, {"level": "high"}, {"level": 1.0}, {"rows": -1}, {"alerts": 0.5},
    ],
)  # fmt: skip
def test_a_saved_state_that_is_none_is_refused(change):
    state = started(np.arange(10.0)).to_dict()
    with pytest.raises(InputError):
        ThresholdController.from_dict(state | change)
    if set(change) <= set(state):
        with pytest.raises(InputError, match="no others"):
            ThresholdController.from_dict({k: v for k, v in state.items() if k not in change})


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="no limit"):
        ThresholdController(KNOWN, 100, 100)
    with pytest.raises(InputError, match="is empty"):
        ThresholdController([], 1, 100)
    with pytest.raises(InputError, match="missing"):
        started().flag([np.nan])
