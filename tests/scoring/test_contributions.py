"""Contributions of members: sums, baselines, columns that get nothing, and members that were saved before reasons.

That every learner under every treatment sums to its log-odds stands in `test_scorer.equal_but_for_rounding`.
"""

from dataclasses import replace

import numpy as np
import pytest
from tests.kernels.test_radial_reasons import shapley
from tests.kernels.test_tree_reasons import covered, over_all_subsets
from tests.kernels.test_trees import random_trees, rows

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.trees import FlatTrees
from rareclass.learners import FewEventsLogisticRegression, KernelLogisticRegression, QuantileLogisticRegression
from rareclass.scoring.compiling import as_member
from rareclass.scoring.contributions import contributions
from rareclass.scoring.members import Blend, Linear, Sum, Trees, Votes, read_member, saved_member
from rareclass.scoring.votes import BalancedVotes


def check(member, X):
    found, logit = contributions(member, X), member.logit(X)
    assert found.shape == (X.shape[0], X.shape[1] + 1)
    assert (np.abs(found.sum(axis=1) - logit) <= 1e-10 * np.maximum(1, np.abs(logit))).all()
    assert (found[:, -1] == found[0, -1]).all()
    np.testing.assert_array_equal(found, np.vstack([contributions(member, x[None]) for x in X]))
    np.testing.assert_array_equal(found, contributions(read_member(saved_member(member), member.arrays()), X))
    assert contributions(member, X[:0]).shape == (0, X.shape[1] + 1)
    return found


def forest(seed=0, d=4, **rest):
    """Trees on the first three of `d` columns."""
    trees = covered(random_trees(seed, [9, 20, 1, 6], d=3), seed)
    return FlatTrees.from_arrays({**trees.arrays(), "n_features": np.array(d), **rest})


def shares(seed=0):
    trees = forest(seed, divisor=np.array(4.0))
    return replace(trees, value=np.where(trees.left < 0, sigmoid(3 * trees.value), 0.0))


def booster(seed=0, slope=0.8, **rest):
    return Trees(forest(seed, **rest), -3.0, slope)


MEMBERS = {
    "trees": booster(),
    "single": booster(single=np.array(True)),
    "votes": Votes(shares(), 0.01, -1.0, 1.2),
    "balanced votes": BalancedVotes((shares(),), False, np.array([0.1, -3.0]), 0.7, 0.02),
    "balanced boosters": BalancedVotes((forest(1), forest(2)), True, np.array([0.0, -2.0]), 1.0, 0.0),
    "sum": Sum([booster(), booster(3)], [1.0, 0.5]),
    "blend": Blend(
        members=[booster(), Votes(shares(), 0.01, -1.0, 1.2), booster(4, slope=50.0)],
        shift=np.array([0.0, -1.0, 3.0]),
        intercept=np.array([0.1, 0.0, -0.2]),
        slope=np.array([1.1, 0.0, 0.7]),
        weight=np.array([0.5, 0.2, 0.3]),
        limit=40.0,
    ),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_rows_sum_to_the_log_odds_and_unread_columns_get_exactly_zero(name):
    found = check(MEMBERS[name], rows(1, 60))
    assert (found[:, 3] == 0).all()
    assert (np.abs(found[:, :3]).sum(axis=1) > 0).mean() > 0.8


def test_boosters_give_the_shapley_values_of_their_log_odds():
    X = rows(2, 20)
    wanted = np.array([over_all_subsets(booster().trees, x) for x in X]) * 0.8 + [0, 0, 0, 0, -3.0]
    np.testing.assert_allclose(contributions(booster(), X), wanted, atol=1e-12)


def test_a_forest_scales_all_votes_of_a_row_alike():
    """Within the secant's bounds a forest's contributions are its votes' Shapley values times one positive number."""
    member, X = MEMBERS["votes"], rows(3, 60)
    votes, found = member.trees.contributions(X), contributions(member, X)[:, :-1]
    ratio = found.sum(axis=1) / votes.sum(axis=1)
    np.testing.assert_allclose(found, ratio[:, None] * votes, atol=1e-9)
    assert (ratio > 0).all()


def test_a_blend_is_the_weighted_sum_of_its_members_within_the_limit():
    member, X = replace(MEMBERS["blend"], limit=1e6), rows(4, 30)
    each = [contributions(part, X)[:, :-1] for part in member.members]
    wanted = sum(w * s * c for w, s, c in zip(member.weight, member.slope, each, strict=True))
    np.testing.assert_allclose(contributions(member, X)[:, :-1], wanted, atol=1e-12)


def numbers(n=400):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=n), np.exp(2 * rng.normal(size=n)), rng.integers(0, 3, n), np.ones(n)])
    y = X[:, 0] + (X[:, 2] == 1) + rng.logistic(size=n) > 2.5
    return X, y, rng.integers(1, 5, n).astype(float)


def test_values_whose_part_is_infinite_take_a_blend_to_its_limit():
    X = np.array([[1.7e308, 0.5], [-1.7e308, 0.5]])
    whole = Blend(
        members=[Linear(np.array([20.0, 1.0]), -3.0, np.array([0.0, 0.1]))],
        shift=np.zeros(1),
        intercept=np.zeros(1),
        slope=np.ones(1),
        weight=np.ones(1),
        limit=40.0,
    )
    np.testing.assert_allclose(whole.logit(X), [40.0, -40.0])
    found = contributions(whole, X)
    np.testing.assert_allclose(found, [[42.9, 0.0, -2.9], [-37.1, 0.0, -2.9]], atol=1e-9)


@pytest.mark.filterwarnings("ignore::rareclass.errors.DroppedWarning")
def test_linear_models_give_each_column_its_part_less_the_weighted_mean_of_training():
    X, y, weight = numbers()
    model = FewEventsLogisticRegression().fit(X, y, sample_weight=weight)
    found = check(as_member(model), X)
    wanted = model.coef_[0] * (X - np.average(X, axis=0, weights=weight))
    np.testing.assert_allclose(found[:, :-1], wanted, atol=1e-12)
    assert (found[:, 3] == 0).all()


@pytest.mark.parametrize("knots", [True, False])
def test_quantile_models_too_with_missing_values_and_unknown_codes(knots):
    X, y, weight = numbers()
    X[::7, 0] = np.nan
    X[::11, 2] = np.nan
    model = QuantileLogisticRegression(C=1.0, knots=knots, categorical_features=[2], random_state=0)
    member = as_member(model.fit(X, y, sample_weight=weight))
    found = check(member, X)
    np.testing.assert_allclose(np.average(found[:, :-1], axis=0, weights=weight), 0.0, atol=1e-12)
    # a column alone moves its own part only, and by as much as the log-odds
    other = X.copy()
    other[:, 0], other[:, 2] = np.nan, 99.0
    moved = check(member, other)
    np.testing.assert_array_equal(moved[:, [1, 3]], found[:, [1, 3]])
    assert (np.ptp(moved, axis=0)[[0, 2]] == 0).all()
    assert (moved[0, [0, 2]] != 0).all()


def test_kernel_machines_give_shapley_values_against_a_typical_row_of_the_common_class():
    X, y, _ = numbers()
    X[np.flatnonzero(y)[::3], 0] = np.nan
    X[::11, 2] = np.nan
    model = KernelLogisticRegression(penalty=1.0, landmarks=60, categorical_features=[2], random_state=0).fit(X, y)
    member, common = as_member(model), X[~y]
    found = check(member, X)
    usual = np.sort(common, axis=0)[(len(common) - 1) // 2]
    usual[2] = np.bincount(common[~np.isnan(common[:, 2]), 2].astype(int)).argmax()
    assert member.logit(usual[None])[0] == pytest.approx(found[0, -1], abs=1e-12)
    for x, given in zip(X[:30], found, strict=False):
        wanted = shapley(lambda known, x=x: member.logit(np.where(np.isin(np.arange(4), known), x, usual)[None])[0], 4)
        np.testing.assert_allclose(given[:-1], wanted, atol=1e-10)
    assert (found[:, 3] == 0).all()


def test_members_saved_before_reasons_say_what_to_do():
    X, y, _ = numbers()
    X = X[:, :3]
    linear = as_member(FewEventsLogisticRegression().fit(X, y))
    quantile = as_member(QuantileLogisticRegression(C=1.0, knots=False).fit(X, y))
    for member, lacking in ((linear, "typical"), (quantile, "typical"), (booster(d=3), "cover")):
        old = {name: array for name, array in member.arrays().items() if name != lacking}
        read = read_member(saved_member(member), old)
        np.testing.assert_array_equal(read.logit(X), member.logit(X))
        with pytest.raises(InputError, match=r"before reasons existed.*replay"):
            contributions(Sum([read], [1.0]), X)


def test_parts_that_do_not_fit_and_learners_without_arrays_are_refused():
    member = Linear(np.ones(3), 0.0, np.zeros(3))
    with pytest.raises(InputError, match="typical parts"):
        read_member(saved_member(member), {**member.arrays(), "typical": np.zeros(2)})
    with pytest.raises(InputError, match="slow path"):
        contributions(object(), np.zeros((1, 3)))
