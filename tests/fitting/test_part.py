"""An encoded split: what belongs to the rows follows them, and what was sampled is undone."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from tests.fitting.small import points, rows_of, worth

from rareclass.crossfit import raw_logit
from rareclass.data.schema import Schema
from rareclass.decisions.costs import CostMatrix
from rareclass.fitting.arm import Arm
from rareclass.fitting.part import Sampling, encode_part
from rareclass.fitting.rows import Beside, Rows, Target
from rareclass.kernels.logits import sigmoid
from rareclass.treatments import ClassWeights, CostWeights, RandomUnderSampling

EVERYTHING = Sampling()
LOGISTIC = Arm(LogisticRegression())


def halves(n):
    return np.arange(0, n, 2), np.arange(1, n, 2)


def test_weights_follow_their_rows():
    X, y = points()
    weight = np.random.default_rng(1).uniform(0.5, 3, y.size)
    train, test = halves(y.size)
    part = encode_part(rows_of(X, y, sample_weight=weight), EVERYTHING, train, test, number=0)
    by_hand = LogisticRegression().fit(X[train], y[train], sample_weight=worth(weight[train], y[train]))
    np.testing.assert_allclose(part.score(part.fit(LOGISTIC)), by_hand.decision_function(X[test]), rtol=1e-9)


def test_costs_by_row_follow_their_rows_but_do_not_stay_in_the_specification():
    X, y = points()
    missed = np.random.default_rng(1).uniform(2, 20, y.size)
    train, test = halves(y.size)
    arm = Arm(LogisticRegression(), CostWeights(correction="calibration"))
    part = encode_part(rows_of(X, y, costs={"fp": 1.0, "fn": missed}), EVERYTHING, train, test, number=0)
    np.testing.assert_array_equal(part.costs.fn, missed[train])
    fitted = part.fit(arm)
    assert fitted.arm == arm
    assert fitted.arm.treatment.costs is None
    weight = np.where(y, missed, 1.0)[train]
    by_hand = LogisticRegression().fit(X[train], y[train], sample_weight=weight / weight.mean())
    np.testing.assert_allclose(part.score(fitted) - fitted.shift, by_hand.decision_function(X[test]), rtol=1e-6)


def test_costs_of_all_rows_are_part_of_the_specification():
    X, y = points()
    costs = CostMatrix(fp=1, fn=9)
    part = encode_part(rows_of(X, y, costs=costs), EVERYTHING, *halves(y.size), number=0)
    assert part.fit(Arm(LogisticRegression(), CostWeights())).arm.treatment == CostWeights(costs)
    assert part.fit(LOGISTIC).arm == LOGISTIC


def test_all_events_are_fitted_and_sampled_negatives_are_undone_at_the_real_prevalence():
    X, y = points(20_000)
    train, test = halves(y.size)
    rows = rows_of(X, y, sample_weight=np.arange(1.0, y.size + 1))
    part = encode_part(rows, Sampling(4000), train, test, number=0)
    assert part.y.size == 4000
    assert part.y.sum() == y[train].sum()
    assert part.shift == pytest.approx(np.log((~part.y).sum() / (~y[train]).sum()))
    # the weights are the row numbers plus one, scaled such that the events count as the rows that they are worth
    numbers = np.arange(1.0, y.size + 1)
    scale = numbers[train] / worth(numbers[train], y[train])
    drawn = np.round(part.weight * scale[0]).astype(int) - 1
    np.testing.assert_array_equal(part.X, X[drawn])
    np.testing.assert_array_equal(part.y, y[drawn])
    assert np.isin(drawn, train).all()
    for arm in (LOGISTIC, Arm(LogisticRegression(), ClassWeights()), Arm(LogisticRegression(), RandomUnderSampling(1))):
        fitted = replace(part, weight=None).fit(arm)
        p = sigmoid(part.score(fitted))
        # counts of events on both sides: three standard errors of their log-ratio
        assert abs(np.log(p.sum() / y[test].sum())) < 3 * np.sqrt(1 / y[train].sum() + 1 / y[test].sum())


def test_what_was_sampled_and_what_was_treated_are_both_told():
    X, y = points(3000)
    part = encode_part(rows_of(X, y), Sampling(1000), *halves(y.size), number=0)
    plain, treated = part.fit(LOGISTIC), part.fit(Arm(LogisticRegression(), ClassWeights()))
    share = f"all events and {100 * np.exp(part.shift):.3g} % of the negatives drawn; "
    assert plain.note.startswith(share + "fitted on 1,000 rows")
    assert plain.restoration == "log-odds shifted by the log of the share of negatives drawn"
    assert treated.note.startswith(share + "events weighted by")
    assert treated.restoration == f"{plain.restoration}; {ClassWeights.restoration}"
    assert treated.shift == pytest.approx(part.shift + np.log(part.y.sum() / (~part.y).sum()))


def test_events_beyond_half_of_the_rows_are_sampled_too_and_the_prevalence_is_still_real():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 2))
    y = rng.random(20_000) < sigmoid(X[:, 0] - 0.5)
    train, test = halves(y.size)
    part = encode_part(rows_of(X, y), Sampling(3000), train, test, number=0)
    assert (part.y.size, part.y.sum()) == (3000, 1500)
    events, negatives = 1500 / y[train].sum(), 1500 / (~y[train]).sum()
    assert part.events_drawn == pytest.approx(events)
    assert part.shift == pytest.approx(np.log(negatives / events))
    fitted = part.fit(LOGISTIC)
    assert fitted.note.startswith(
        f"{100 * events:.3g} % of the events and {100 * negatives:.3g} % of the negatives drawn;"
    )
    assert "shares of negatives and events" in fitted.restoration
    p = sigmoid(part.score(fitted))
    assert abs(p.sum() / y[test].sum() - 1) < 3 * np.sqrt(1 / 1500 + 1 / y[test].sum())


def test_a_part_that_is_small_enough_is_taken_whole():
    X, y = points(600)
    train, test = halves(y.size)
    part = encode_part(rows_of(X, y), Sampling(train.size), train, test, number=0)
    assert part.shift == 0
    np.testing.assert_array_equal(part.X, X[train])
    assert part.fit(LOGISTIC).note == f"fitted on 300 rows with {y[train].sum()} events as they are"


def test_seed_and_number_name_what_is_drawn():
    X, y = points(3000)
    rows, split = rows_of(X, y), halves(y.size)
    first, again, other_part, other_seed = (
        encode_part(rows, Sampling(500, seed), *split, number=number).X
        for seed, number in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other_part)
    assert not np.array_equal(first, other_seed)


def test_equal_rows_are_scored_once_and_each_gets_the_score():
    X, y = points(400)
    X[200:300] = X[100:200]
    train, test = np.arange(100), np.arange(100, 400)
    part = encode_part(rows_of(X, y), EVERYTHING, train, test, number=0)
    assert part.test.shape == (200, 2)
    fitted = part.fit(LOGISTIC)
    np.testing.assert_allclose(part.score(fitted), raw_logit(fitted.learner, X[test]), rtol=1e-12)
    np.testing.assert_array_equal(part.score(fitted)[:100], part.score(fitted)[100:200])


def test_the_encoder_knows_the_rows_that_are_fitted_only():
    n = 60
    word = np.array(["a", "b", "c"])[np.arange(n) % 3]
    train, test = halves(n)
    target = Target(np.arange(n) % 4 == 0, True, (False, True))

    def encoded(word):
        table = pa.table({"word": word})
        rows = Rows.of(table, target, Beside(), Schema.infer(table))
        return encode_part(rows, EVERYTHING, train, test, number=0)

    plain = encoded(word)
    changed = word.astype(object)
    changed[test] = "never seen"
    np.testing.assert_array_equal(encoded(changed).X, plain.X)
    assert plain.categorical == encoded(changed).categorical == (0,)


def test_a_part_may_have_nothing_to_score():
    X, y = points(100)
    part = encode_part(rows_of(X, y), EVERYTHING, np.arange(100), np.arange(0), number=7)
    assert part.test.shape == (0, 2)
    assert part.seed == (0, 7)
    assert part.expand.size == 0
    assert part.fit(LOGISTIC).rows == 100
