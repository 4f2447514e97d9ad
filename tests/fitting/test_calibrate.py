"""Out-of-fold calibration: no row is calibrated by itself."""

from itertools import pairwise

import numpy as np
import pytest
from tests.fitting.small import points

from rareclass.calibration import choose_calibration
from rareclass.crossfit import Folds
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.kernels.logits import sigmoid


@pytest.fixture(scope="module")
def scored():
    """Scores whose log-odds are off by a scale and a shift, events that follow them, and three fits."""
    X, y = points()
    return 0.5 * (1.5 * X[:, 0] - X[:, 1]) + 1, y, Folds(np.random.default_rng(2).integers(0, 3, y.size))


def left_alone_by(row, score, y, folds):
    """Which rows do not feel how much the row `row` weighs: those that are calibrated by others."""
    plain, heavier = np.ones(y.size), np.ones(y.size)
    heavier[row] = 30.0
    a, b = (cross_calibrated(score, y, folds, method="sigmoid", sample_weight=w) for w in (plain, heavier))
    return a == b


def test_a_row_has_no_part_in_its_own_calibration_and_one_in_that_of_four_fifths(scored):
    _, y, folds = scored
    for row in [*np.flatnonzero(y)[:3], *np.flatnonzero(~y)[:3]]:
        alone = left_alone_by(row, *scored)
        assert alone[row]
        # events and other rows of each fit are dealt evenly over five parts
        assert alone.mean() == pytest.approx(0.2, abs=0.01)
        assert y[alone].sum() == pytest.approx(y.sum() / 5, abs=1)
        for fit in range(3):
            assert (folds.fold[alone] == fit).sum() == pytest.approx((folds.fold == fit).sum() / 5, abs=2)


def test_a_row_that_is_tested_twice_has_no_part_in_either_calibration(scored):
    score, y, folds = scored
    again = np.random.default_rng(3).permutation(y.size)
    both = Folds(np.concatenate([folds.fold, folds.fold[again] + 3]), row=np.concatenate([np.arange(y.size), again]))
    logits, labels = np.concatenate([score, score[again] + 0.1]), np.concatenate([y, y[again]])
    for row in [*np.flatnonzero(y)[:3], *np.flatnonzero(~y)[:3]]:
        alone = left_alone_by(row, logits, labels, both)
        assert alone[both.row == row].sum() == 2
        assert alone.mean() == pytest.approx(0.2, abs=0.01)


def test_the_labels_of_a_part_do_not_reach_its_own_rows(scored):
    score, y, folds = scored
    # Labels decide how rows are dealt. An event and the next row of its fit may exchange theirs without moving anyone,
    # where both lie in the same part.
    order = np.argsort(folds.fold, kind="stable")
    pairs = [(a, b) for a, b in pairwise(order) if y[a] > y[b] and folds.fold[a] == folds.fold[b]]
    found = 0
    for a, b in pairs:
        part = left_alone_by(a, *scored)
        if part[b] and np.array_equal(part, left_alone_by(b, *scored)):
            other = y.copy()
            other[[a, b]] = y[[b, a]]
            before, after = (cross_calibrated(score, labels, folds, method="sigmoid") for labels in (y, other))
            np.testing.assert_array_equal(before[part], after[part])
            assert (before[~part] != after[~part]).all()
            found += 1
            if found == 2:
                break
    assert found == 2


def test_it_is_a_loop_over_the_parts_that_forward_folds_name(scored):
    score, y, folds = scored
    for method in ("none", "sigmoid", "isotonic"):
        found = cross_calibrated(score, y, Folds(folds.fold, forward=True), method=method)
        np.testing.assert_array_equal(found[folds.fold == 0], score[folds.fold == 0])
        for part in (1, 2):
            past, now = folds.fold < part, folds.fold == part
            map_ = choose_calibration(score[past], y[past], method=method)
            np.testing.assert_array_equal(found[now], map_.predict_logit(score[now]))


def drawn_in_order(seed, *, scales=(1.0, 1.0, 1.0), events=12):
    """Scores of three fits in time order, each off by a factor, events, folds, and the true log-odds."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-3.5, 1.2, 3 * 12 * events)
    fold = np.repeat(np.arange(3), 12 * events)
    return np.array(scales)[fold] * (truth + 3) - 3, rng.random(truth.size) < sigmoid(truth), Folds(fold, True), truth


def excess(z, truth):
    """Expected log-loss of log-odds `z` above that of the truth, in nats a row."""
    p = sigmoid(truth)
    return float(np.mean(np.logaddexp(0, z) - p * z - np.logaddexp(0, truth) + p * truth))


@pytest.mark.parametrize("scales", [(0.2, 1.0, 1.0), (2.5, 1.0, 1.0)])
def test_in_time_order_an_early_fit_of_another_scale_does_not_mislead_the_next_ones(scales):
    # The first fit's scores are nearly constant, or too sure. Harm to the next ones in 40 tables, over that of a line
    # that the events of the past alone decide, where they contradict the scores: 0.02 to 0.05 and 0.33 to 0.39
    careful = free = 0.0
    for seed in range(40):
        score, y, folds, truth = drawn_in_order(seed, scales=scales)
        found = cross_calibrated(score, y, folds)
        for part in (1, 2):
            past, now = folds.fold < part, folds.fold == part
            careful += excess(found[now], truth[now])
            free += excess(choose_calibration(score[past], y[past]).predict_logit(score[now]), truth[now])
    assert careful < 0.6 * free


def test_in_time_order_scores_that_are_right_are_hardly_touched():
    # harm by what few events say of them, over that of a free line: 0.12 to 0.16 in 40 tables, standard error 0.02
    careful = free = 0.0
    for seed in range(40):
        score, y, folds, truth = drawn_in_order(seed)
        found = {method: cross_calibrated(score, y, folds, method=method) for method in ("auto", "sigmoid")}
        careful += excess(found["auto"], truth)
        free += excess(found["sigmoid"], truth)
    assert careful < 0.3 * free


def test_in_time_order_many_events_decide_as_everywhere():
    score, y, folds, _ = drawn_in_order(0, events=1500, scales=(0.5, 0.5, 0.5))
    curve = np.where(score > -3, score, 2 * score + 3)  # a kink that no straight line mends
    found = cross_calibrated(curve, y, folds)
    for part in (1, 2):
        past, now = folds.fold < part, folds.fold == part
        chosen = choose_calibration(curve[past], y[past])
        assert chosen.kind in ("beta", "isotonic")
        np.testing.assert_array_equal(found[now], chosen.predict_logit(curve[now]))


def test_in_time_order_the_present_and_the_future_are_not_used(scored):
    score, y, folds = scored
    ahead = Folds(folds.fold, forward=True)
    before = cross_calibrated(score, y, ahead)
    other = np.where(folds.fold >= 1, np.random.default_rng(0).permutation(y), y)
    after = cross_calibrated(np.where(folds.fold == 2, 2 * score, score), other, ahead)
    np.testing.assert_array_equal(before[folds.fold <= 1], after[folds.fold <= 1])
    assert (before[folds.fold == 2] != after[folds.fold == 2]).all()


def test_rows_that_nobody_scored_are_neither_used_nor_calibrated(scored):
    score, y, folds = scored
    fold = np.where(np.arange(y.size) < 100, -1, folds.fold)
    holes = np.where(fold < 0, np.nan, score)
    found = cross_calibrated(holes, y, Folds(fold))
    np.testing.assert_array_equal(np.isnan(found), fold < 0)
    np.testing.assert_array_equal(found[100:], cross_calibrated(score[100:], y[100:], Folds(folds.fold[100:])))


def test_scores_that_are_off_become_right(scored):
    score, y, folds = scored
    p = sigmoid(cross_calibrated(score, y, folds))
    assert sigmoid(score).sum() / y.sum() > 2
    assert p.sum() == pytest.approx(y.sum(), rel=0.05)


def test_a_part_that_others_cannot_calibrate_stays_as_it_is():
    score, y = np.linspace(-1, 1, 40), np.arange(40) == 39
    found = cross_calibrated(score, y, Folds(np.zeros(40, dtype=int)), method="sigmoid")
    left = found == score
    assert left[y].all()  # the others hold no event
    assert left.sum() == 8
    np.testing.assert_array_equal(cross_calibrated(score, y, Folds(np.zeros(40, dtype=int)), method="none"), score)


def test_weights_of_ten_are_not_ten_times_as_many_events(scored):
    score, y, folds = scored
    few = y & (np.cumsum(y) <= 18)  # too few for an intercept; 180 would pay for a shape
    plain = cross_calibrated(score, few, folds)
    np.testing.assert_allclose(cross_calibrated(score, few, folds, sample_weight=np.full(y.size, 10.0)), plain)
    again = Folds(np.concatenate([folds.fold, folds.fold + 3]), row=np.tile(np.arange(y.size), 2))
    twice = cross_calibrated(np.tile(score, 2), np.tile(few, 2), again, sample_weight=np.full(2 * y.size, 0.5))
    np.testing.assert_allclose(twice[: y.size], plain)
