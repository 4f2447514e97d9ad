"""Negative sampling: probabilities are what they say, and the correction brings the truth back."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from rareclass.errors import InputError, NoOpWarning, ShortfallWarning
from rareclass.kernels.inclusion import keep_factor
from rareclass.under_sampling import NegativeSampler


def population(n=40_000, seed=0, intercept=-5.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 2))
    p = expit(intercept + X @ [1.2, -0.8])
    return X, (rng.random(n) < p).astype(int), p


def fit_with_offset(X, y, offset, steps=40):
    """Maximum likelihood of a logistic regression with a known offset, by Newton's method."""
    Z = np.column_stack((np.ones(len(y)), X))
    beta = np.array([-5.0, 1.2, -0.8])  # the truth: far starts need a damped step
    for _ in range(steps):
        p = expit(Z @ beta + offset)
        information = Z.T @ (Z * (p * (1 - p))[:, None])
        beta += np.linalg.solve(information, Z.T @ (y - p))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


@pytest.mark.parametrize("strategy", ["uniform", "score", "local_case_control"])
@pytest.mark.parametrize("design", ["exact", "poisson"])
def test_the_offset_brings_the_coefficients_back(strategy, design):
    X, y, p = population(n=150_000)
    sampler = NegativeSampler(3, strategy=strategy, design=design, random_state=1)
    X_res, y_res = sampler.fit_resample(X, y, scores=p)
    beta, error = fit_with_offset(X_res, y_res, sampler.offset_)
    assert np.abs((beta - [-5.0, 1.2, -0.8]) / error).max() < 4


def test_score_weights_estimate_better_than_uniform_ones():
    # Slope variance 1 + 1/k whatever the signal; uniform 1.3 times that or more at this signal (k = 1).
    X, y, p = population(n=150_000)
    errors = {}
    for strategy in ("uniform", "score"):
        sampler = NegativeSampler(1, strategy=strategy, random_state=1)
        X_res, y_res = sampler.fit_resample(X, y, scores=p)
        errors[strategy] = fit_with_offset(X_res, y_res, sampler.offset_)[1][1]
    assert errors["score"] < 0.9 * errors["uniform"]


@pytest.mark.parametrize("strategy", ["uniform", "score", "stratified"])
def test_all_positives_are_kept_and_the_number_of_negatives_is_exact(strategy):
    X, y, p = population()
    sampler = NegativeSampler(5, strategy=strategy, random_state=0)
    _, y_res = sampler.fit_resample(X, y, scores=p, strata=np.arange(len(y)) % 7)
    assert y_res.sum() == y.sum()
    assert (y_res == 0).sum() == 5 * y.sum()
    assert (sampler.inclusion_probability_[y_res == 1] == 1).all()


def test_offset_of_positives_is_that_of_negatives_like_them():
    X, y, p = population()
    sampler = NegativeSampler(5, strategy="score", random_state=0)
    _, y_res = sampler.fit_resample(X, y, scores=p)
    weight = np.maximum(p / p[y == 0].mean(), 0.1)
    keep = np.minimum(1, weight * keep_factor(weight[y == 0], 5 * y.sum()))
    np.testing.assert_allclose(sampler.offset_, -np.log(keep[sampler.sample_indices_]))
    negatives = y_res == 0
    np.testing.assert_allclose(sampler.offset_[negatives], -np.log(sampler.inclusion_probability_[negatives]))


@pytest.mark.parametrize("design", ["exact", "poisson"])
def test_rows_are_kept_with_the_probability_stated(design):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [30, 5])
    scores = rng.random(35)
    kept, stated = np.zeros(35), np.full(35, np.nan)
    runs = 1000
    for _ in range(runs):
        sampler = NegativeSampler(2, strategy="score", design=design, random_state=rng)
        sampler.fit_resample(np.zeros((35, 1)), y, scores=scores)
        kept[sampler.sample_indices_] += 1
        stated[sampler.sample_indices_] = sampler.inclusion_probability_
    error = np.sqrt(stated * (1 - stated) / runs)
    assert (np.abs(kept / runs - stated) <= 4 * error + 1e-12).all()


def test_equal_allocation_gives_small_strata_all_they_have():
    y = np.concatenate((np.zeros(100), np.zeros(50), np.zeros(4), np.ones(10))).astype(int)
    strata = np.repeat(["a", "b", "c", "a"], [100, 50, 4, 10])
    sampler = NegativeSampler(4, strategy="stratified", allocation="equal", random_state=0)
    sampler.fit_resample(np.zeros((164, 1)), y, strata=strata)
    kept = strata[sampler.sample_indices_[y[sampler.sample_indices_] == 0]]
    assert {s: int((kept == s).sum()) for s in "abc"} == {"a": 18, "b": 18, "c": 4}


def test_proportional_strata_have_their_share_exactly():
    y = np.repeat([0, 1], [1000, 10])
    strata = np.arange(1010) % 10
    sampler = NegativeSampler(10, strategy="stratified", random_state=0)
    sampler.fit_resample(np.zeros((1010, 1)), y, strata=strata)
    kept = sampler.sample_indices_
    assert np.bincount(strata[kept[y[kept] == 0]]).tolist() == [10] * 10


def test_a_pilot_finds_the_negatives_that_look_like_positives():
    X, y, p = population(n=10_000, intercept=-4.0)
    means = []
    for options in ({}, {"strategy": "score", "estimator": LogisticRegression()}):
        sampler = NegativeSampler(2, random_state=0, **options)
        _, y_res = sampler.fit_resample(X, y)
        means.append(p[sampler.sample_indices_[y_res == 0]].mean())
    assert means[1] > 2 * means[0]
    np.testing.assert_allclose(sampler.pilot_.coef_, [[1.2, -0.8]], atol=0.3)


def test_the_default_pilot_needs_no_options():
    X, y, p = population(n=1500, intercept=-3.0)
    sampler = NegativeSampler(2, strategy="score", random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert p[sampler.sample_indices_[y_res == 0]].mean() > 1.2 * p[y == 0].mean()


def test_local_case_control_needs_a_thousand_positives():
    X, y, p = population(n=5000)
    with pytest.warns(ShortfallWarning, match="needs 1,000 positives"):
        _, y_res = NegativeSampler(2, strategy="local_case_control", random_state=0).fit_resample(X, y, scores=p)
    assert y_res.sum() == y.sum()


def test_asking_for_more_negatives_than_there_are_says_so():
    with pytest.warns(NoOpWarning, match="keeps all rows"):
        _, y_res = NegativeSampler(20).fit_resample(np.zeros((10, 1)), np.repeat([0, 1], [8, 2]))
    assert len(y_res) == 10


def test_class_order_puts_negatives_first():
    X, y, _ = population(n=5000)
    _, y_res = NegativeSampler(2, order="class", random_state=0).fit_resample(X, y)
    assert np.all(np.diff(y_res) >= 0)


def test_the_positive_class_can_be_named():
    X, y = np.zeros((100, 1)), np.repeat(["fraud", "ok"], [60, 40])
    _, y_res = NegativeSampler(0.5, pos_label="fraud", random_state=0).fit_resample(X, y)
    assert (y_res == "fraud").sum() == 60
    assert (y_res == "ok").sum() == 30


@pytest.mark.parametrize(
    ("options", "given", "said"),
    [
        ({"strategy": "stratified"}, {}, "needs `strata`"),
        ({"strategy": "score"}, {"scores": np.full(100, 2.0)}, "probabilities in"),
        ({"strategy": "score"}, {"scores": np.full(7, 0.5)}, "same number of rows"),
        ({"pos_label": 5}, {}, "not among the labels"),
        ({"negatives_per_positive": 0}, {}, "negatives_per_positive"),
    ],
)
def test_bad_requests_are_refused(options, given, said):
    X, y = np.zeros((100, 1)), np.repeat([0, 1], [90, 10])
    with pytest.raises(InputError, match=said):
        NegativeSampler(**{"negatives_per_positive": 2, **options}).fit_resample(X, y, **given)


def test_three_classes_are_refused():
    with pytest.raises(InputError, match="two classes"):
        NegativeSampler().fit_resample(np.zeros((6, 1)), [0, 0, 0, 1, 1, 2])
