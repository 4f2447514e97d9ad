"""Kernel logistic regression: another solver's log-odds, offsets and weights undone exactly, hard tables, the disk."""

import pickle
import tracemalloc

import numpy as np
import pytest
import skops.io
from scipy.optimize import minimize
from scipy.special import expit, ndtri
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.errors import InputError
from rareclass.kernels.radial import radial_places
from rareclass.learners import KernelLogisticRegression, QuantileLogisticRegression, RareBlendClassifier
from rareclass.learners._context import Rows
from rareclass.learners._inner import inner_plan
from rareclass.scoring.learner import read_learner

CODES = [3]


def rings(n=600, seed=0, level=0.0):
    """Events in the middle of two columns, one column of noise with gaps, one of codes; X, y, log-odds."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.lognormal(size=n), rng.normal(size=(n, 2)), rng.integers(0, 4, n)])
    z = level + 1.0 - 4.0 * np.hypot(np.log(X[:, 0]), X[:, 1]) + 1.5 * (X[:, 3] == 2)
    X[rng.random(n) < 0.2, 2] = np.nan
    return X, rng.random(n) < expit(z), z


def fitted(X, y, *given, penalty="auto", landmarks=64, offset=None):
    made = KernelLogisticRegression(
        penalty=penalty, landmarks=landmarks, categorical_features=CODES if X.shape[1] == 4 else None, random_state=0
    )
    return made.fit(X, y, *given, offset=offset)


def kernel_of(X):
    """Mean of three Gaussians of squared distances between normal scores, codes and gaps of all rows (n, n)."""
    n, distance = X.shape[0], np.zeros((X.shape[0],) * 2)
    for column in X.T[:3]:
        gone = np.isnan(column)
        place = np.zeros(n)
        place[~gone] = ndtri((rankdata(column[~gone]) - 0.5) / (~gone).sum())
        place /= max(place.std(), 0.5)
        distance += (place[:, None] - place) ** 2 + 2.0 * (gone[:, None] != gone)
    distance += 4.0 * (X[:, [3]] != X[:, 3])
    width = np.median(distance[~np.eye(n, dtype=bool)])
    return sum(np.exp(-distance / (4 * width) * 4**power) for power in range(3)) / 3


def by_scipy(X, y, weight, offset, penalty):
    """Log-odds of the rows, by a general optimiser of the penalised loss in the kernel's function space."""
    values, vectors = np.linalg.eigh(kernel_of(X))
    Z = np.column_stack([np.ones(y.size), vectors * np.sqrt(np.maximum(values, 0.0))])

    def loss(beta):
        u = Z @ beta + offset
        slope = Z.T @ (weight * (expit(u) - y))
        slope[1:] += penalty * beta[1:]
        return weight @ (np.logaddexp(0, u) - y * u) + penalty / 2 * beta[1:] @ beta[1:], slope

    best = minimize(
        loss,
        np.zeros(Z.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-8},
    )
    return Z @ best.x


@pytest.mark.parametrize("penalty", [0.03, 0.3])
@pytest.mark.parametrize("extra", ["none", "weights", "offsets"])
def test_with_all_rows_as_landmarks_it_is_what_a_general_optimiser_finds(penalty, extra):
    X, y, _ = rings(150)
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.2, 3, y.size) if extra == "weights" else np.ones(y.size)
    offset = rng.normal(size=y.size) if extra == "offsets" else np.zeros(y.size)
    model = fitted(X, y, weight, penalty=penalty, landmarks=512, offset=offset)
    wanted = by_scipy(X, y, weight, offset, penalty)
    assert model.converged_
    assert model.parts_.coef.size == y.size
    assert np.ptp(wanted) > 1
    # a direction of less than a millionth of the largest is left out, which tells 7e-4 in one row
    np.testing.assert_allclose(model.decision_function(X), wanted, rtol=0, atol=2e-3)


def test_it_finds_what_a_line_cannot_and_its_probabilities_are_right():
    X, y, _ = rings(6000, level=-1.0)
    new, truth, z = rings(20_000, seed=1, level=-1.0)
    model = fitted(X, y, landmarks=128)
    line = QuantileLogisticRegression(knots=False, categorical_features=CODES, random_state=0).fit(X, y)
    found, plain, best = (
        average_precision_score(truth, score)
        for score in (model.decision_function(new), line.decision_function(new), z)
    )
    assert found > plain + 0.7 * (best - plain)
    # four standard errors of both numbers of events: one of 16,000 honest models would fail
    error = np.sqrt(1 / y.sum() + 1 / truth.sum())
    assert abs(model.predict_proba(new)[:, 1].sum() / truth.sum() - 1) < 4 * error


def test_probabilities_sum_to_the_events():
    X, y, _ = rings()
    assert fitted(X, y).predict_proba(X)[:, 1].sum() == pytest.approx(y.sum(), rel=1e-3)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    assert weight @ fitted(X, y, weight).predict_proba(X)[:, 1] == pytest.approx(weight @ y, rel=1e-3)


def test_rows_that_are_left_out_of_a_large_table_do_not_move_the_probabilities():
    X, y, _ = rings(40_000, level=-2.0)
    assert 500 < y.sum() < 2000
    # of 10,000 of the others, one in four; their number is known to 1 %, that of the events to 4 % and both are seen
    assert fitted(X, y).predict_proba(X)[:, 1].sum() == pytest.approx(y.sum(), rel=0.05)


def test_a_constant_offset_is_taken_out_of_the_score():
    X, y, _ = rings()
    score = fitted(X, y).decision_function(X)
    for constant in (3.0, -40.0):
        other = fitted(X, y, offset=np.full(y.size, constant))
        np.testing.assert_allclose(other.decision_function(X), score - constant, rtol=0, atol=1e-9)


def test_offsets_undo_sampled_negatives():
    X, y, _ = rings(20_000, level=-1.0)
    kept = y | (np.random.default_rng(0).random(y.size) < 0.1)
    model = fitted(X[kept], y[kept], offset=np.full(int(kept.sum()), np.log(10)))
    # four standard errors of the events and of the negatives that are kept: one of 16,000 runs would fail
    error = np.sqrt(1 / y.sum() + 1 / (kept & ~y).sum())
    assert abs(model.predict_proba(X)[:, 1].sum() / y.sum() - 1) < 4 * error


def test_weights_equal_repeated_rows():
    X, y, _ = rings(150)
    once = fitted(X, y, np.full(y.size, 2.0), penalty=1.0, landmarks=512)
    twice = fitted(np.repeat(X, 2, axis=0), np.repeat(y, 2), penalty=1.0, landmarks=512)
    np.testing.assert_allclose(twice.decision_function(X), once.decision_function(X), rtol=0, atol=1e-3)
    plain = fitted(X, y, penalty=1.0, landmarks=512).decision_function(X)
    assert np.abs(once.decision_function(X) - plain).max() > 0.05


def test_the_scale_of_weights_changes_nothing_and_rows_of_weight_zero_are_absent():
    X, y, _ = rings()
    weight = np.random.default_rng(1).exponential(size=y.size)
    wanted = fitted(X, y, weight).decision_function(X)
    for scale in (1024.0, 1e-6, 1e6):
        np.testing.assert_array_equal(fitted(X, y, scale * weight).decision_function(X), wanted)
    np.testing.assert_array_equal(
        fitted(X, y, np.full(y.size, 1e6)).decision_function(X), fitted(X, y).decision_function(X)
    )
    weight[::3] = 0.0
    seen = weight > 0
    for penalty in ("auto", 0.5):
        one, other = fitted(X, y, weight, penalty=penalty), fitted(X[seen], y[seen], weight[seen], penalty=penalty)
        np.testing.assert_array_equal(one.decision_function(X), other.decision_function(X))


def test_the_rarer_class_may_be_the_negative_one():
    X, y, _ = rings()
    one, other = fitted(X, y), fitted(X, ~y)
    assert one.penalty_ == other.penalty_
    np.testing.assert_allclose(other.decision_function(X), -one.decision_function(X), rtol=0, atol=1e-6)
    large, rare, _ = rings(30_000, level=-2.0)
    # the others are sampled, and here they are the positive class
    p = fitted(large, ~rare).predict_proba(large)
    assert p[:, 0].sum() == pytest.approx(rare.sum(), rel=0.05)


def test_several_classes_are_one_model_each_against_the_rest():
    X, _, _ = rings(300)
    y = np.digitize(X[:, 1], [-0.7, 0.7])
    model = fitted(X, y, penalty=1.0, landmarks=512)
    one = fitted(X, y == 2, penalty=1.0, landmarks=512)
    np.testing.assert_allclose(model.decision_function(X)[:, 2], one.decision_function(X), atol=1e-2)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    assert (model.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("value", [np.nan, 0.0, 1e300])
@pytest.mark.parametrize("columns", [1, 3])
def test_a_table_that_tells_nothing_gives_the_share_of_events(value, columns):
    X, y = np.full((400, columns), value), np.arange(400) < 40
    p = fitted(X, y, np.where(y, 2.0, 1.0)).predict_proba(X)[:, 1]
    np.testing.assert_allclose(p, 80 / 440, rtol=1e-6)


def test_columns_without_news_change_nothing():
    X, y, _ = rings()
    plain = KernelLogisticRegression(random_state=0, landmarks=64).fit(X[:, :2], y)
    more = np.column_stack([X[:, :2], np.full(y.size, np.nan), np.full(y.size, 7.0)])
    wider = KernelLogisticRegression(random_state=0, landmarks=64).fit(more, y)
    np.testing.assert_allclose(wider.decision_function(more), plain.decision_function(X[:, :2]), rtol=0, atol=1e-9)


def test_missing_values_and_codes_tell_what_they_tell():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=2000), rng.normal(size=2000), rng.normal(size=2000), rng.integers(0, 9, 2000)])
    X[rng.random(2000) < 0.3, 0] = np.nan
    truth = np.where(np.isnan(X[:, 0]), -1.0, -3.5) + 3.0 * (X[:, 3] == 5)
    model = fitted(X, rng.random(2000) < expit(truth), landmarks=256)
    ask = np.array([[gap, 0.0, 0.0, code] for gap in (np.nan, 0.0) for code in (5.0, 2.0)])
    found, wanted = model.decision_function(ask), np.array([2.0, -1.0, -0.5, -3.5])
    assert (np.argsort(found) == np.argsort(wanted)).all()
    assert np.abs(found - wanted).max() < 1.5
    # a level that nobody saw is like none of them: between those that were
    unseen = model.decision_function([[0.0, 0.0, 0.0, 77.0], [0.0, 0.0, 0.0, np.nan], [0.0, 0.0, 0.0, -1.0]])
    assert np.ptp(unseen) == 0
    assert found[3] - 1 < unseen[0] < found[2]


def test_outliers_and_units_do_not_matter():
    X, y, _ = rings()
    X = X[:, :3]
    wanted = fitted(X, y).decision_function(X)
    far = X * [1e290, 1.0, 1e-9]
    np.testing.assert_allclose(fitted(far, y).decision_function(far), wanted, rtol=0, atol=1e-6)
    far = X.copy()
    far[np.nanargmax(X[:, 0]), 0], far[np.nanargmin(X[:, 1]), 1] = 1e300, -1e300
    np.testing.assert_allclose(fitted(far, y).decision_function(far), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("events", [[7], [7, 8]])
def test_a_single_event_and_copies_of_one_are_fitted_without_a_choice(events):
    X, _, _ = rings(300)
    X[8] = X[7]
    y = np.isin(np.arange(300), events)
    model = fitted(X, y)
    assert model.penalty_ == 1.0
    assert np.isnan(model.oof_logit_).all()
    p = model.predict_proba(X)[:, 1]
    assert p.sum() == pytest.approx(len(events), rel=1e-3)
    assert p.argmax() in events


@pytest.mark.parametrize("n", [2, 3, 9])
def test_fewer_rows_than_landmarks(n):
    X, _, _ = rings(n)
    y = np.arange(n) == 1
    model = fitted(X, y, landmarks=512)
    assert model.parts_.coef.size == n
    assert model.predict_proba(X)[:, 1].sum() == pytest.approx(1, rel=1e-3)


def test_wide_tables_do_not_fit_noise():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 300)), np.arange(60) < 8
    model = fitted(X, y)
    assert model.converged_
    new = model.predict_proba(rng.normal(size=(500, 300)))[:, 1]
    # 8 of 60 is known to 0.04; all directions are noise, so that new rows lie near the share
    assert abs(new.mean() - 8 / 60) < 0.05
    assert new.std() < 0.1


@pytest.mark.parametrize(("columns", "landmarks"), [(78, 512), (100, 400), (320, 128), (2, 512)])
def test_many_columns_have_fewer_landmarks_of_which_half_are_events(columns, landmarks):
    X, y = np.random.default_rng(0).normal(size=(900, columns)), np.arange(900) < 300
    model = KernelLogisticRegression(penalty=1.0, random_state=0).fit(X, y)
    assert model.parts_.coef.size == landmarks
    numeric, coded, *_ = model.parts_
    place, code = np.empty((columns, 900)), np.empty((0, 900), dtype=np.int64)
    radial_places(X, numeric, coded, place, code)
    marks, events = numeric.place.T, place[:, y].T
    assert (events[:, None] == marks).all(axis=2).any(axis=0).sum() == landmarks // 2


def test_offsets_that_leave_no_curvature_do_not_overflow():
    X, _, _ = rings(300)
    y = np.arange(300) < 5
    for offset in (np.full(300, 1e6), np.where(y, -900.0, 900.0), np.where(y, 900.0, -900.0)):
        assert np.isfinite(fitted(X, y, offset=offset).decision_function(X)).all()


def test_the_penalty_follows_the_signal():
    X, y, z = rings(3000)
    noise = np.random.default_rng(4).permutation(y)
    assert fitted(X, z > -1).penalty_ < fitted(X, noise).penalty_
    assert fitted(X, y, penalty=0.7).penalty_ == 0.7


def test_a_seed_gives_one_model():
    X, y, _ = rings()
    one, same = fitted(X, y), fitted(X, y)
    np.testing.assert_array_equal(one.decision_function(X), same.decision_function(X))
    other = clone(one).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.decision_function(X), one.decision_function(X))
    copied = clone(one)
    assert copied.get_params() == one.get_params()
    assert not hasattr(copied, "parts_")


def test_unseen_scores_do_not_know_the_labels_of_their_own_fold():
    X, y, _ = rings(240)  # at most 256: all rows are landmarks of the choice, whatever their labels
    plan = inner_plan(X, y, np.random.default_rng(0), events=1000, others=1000)
    first = np.flatnonzero(plan.fold == 0)
    turned = y.copy()
    turned[first] = np.roll(y[first], 1)
    assert (turned != y).sum() > 10

    def unseen(labels):
        member = KernelLogisticRegression(penalty=1.0, categorical_features=CODES, random_state=0)
        found = member.fit_member(Rows(X, labels), plan)
        np.testing.assert_array_equal(found.rows, np.arange(y.size))
        assert not hasattr(member, "oof_logit_")
        return found.logit

    one, other = unseen(y), unseen(turned)
    np.testing.assert_allclose(one[first], other[first], rtol=0, atol=1e-4)
    assert np.abs(np.delete(one, first) - np.delete(other, first)).min() > 1e-4


@pytest.mark.parametrize("penalty", ["lasso", 0.0, -1, np.inf, np.nan, None, True])
def test_a_bad_penalty_is_refused(penalty):
    X, y, _ = rings(100)
    with pytest.raises(InputError, match=r"^`penalty` must [^.]*got .*\.$"):
        fitted(X, y, penalty=penalty)


@pytest.mark.parametrize("landmarks", [1, 0, 2.5, "512", None, True])
def test_a_bad_number_of_landmarks_is_refused(landmarks):
    X, y, _ = rings(100)
    with pytest.raises(InputError, match=r"^`landmarks` must [^.]*; got .*\.$"):
        fitted(X, y, landmarks=landmarks)


def test_a_large_code_costs_no_memory():
    X, y, _ = rings()
    X[np.flatnonzero(~y)[0], 3] = 999_999_999
    tracemalloc.start()
    model = fitted(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8  # a count for each possible code: 8e9
    found, times = np.unique(X[~y, 3], return_counts=True)
    assert model.typical_[1][0] == found[times.argmax()]


def test_pickles_and_skops_files_keep_every_digit(tmp_path):
    X, y, _ = rings()
    for target in (y, np.digitize(X[:, 1], [-1, 1])):
        model = fitted(X, target, landmarks=32)
        for same in (pickle.loads(pickle.dumps(model)), read_learner(skops.io.dumps(model), tmp_path)):
            np.testing.assert_array_equal(same.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("blended", [False, True])
def test_bundles_keep_every_digit(blended, tmp_path):
    X, y, _ = rings(600)
    alone = KernelLogisticRegression(landmarks=32, random_state=0)
    learner = RareBlendClassifier(members=["kernel_logistic", "logistic_regression"], random_state=0)
    model = RareClassifier(learner if blended else alone, cv=2).fit(X, y)
    Bundle(model).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.model.predict_proba(X), model.predict_proba(X))


FAILING = {"check_sample_weight_equivalence_on_dense_data": "landmarks and inner folds are drawn by row"}


@parametrize_with_checks([KernelLogisticRegression(landmarks=32)], expected_failed_checks=lambda _: FAILING)
def test_sklearn_conventions_hold(estimator, check):
    check(estimator)
