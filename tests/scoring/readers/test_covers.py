"""Every reader fills the covers of its trees, so that contributions equal those that the libraries give themselves."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from tests.learners.problems import make
from tests.scoring.test_trees_from import CODED, LIGHTGBM, XGBOOST, hard_rows
from tests.scoring.test_trees_from import table as table  # a fixture

from rareclass.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
    SelfPacedEnsembleClassifier,
)
from rareclass.kernels.trees import FlatTrees
from rareclass.learners import RareCatBoostClassifier, RareForestClassifier, RareLGBMClassifier, RareXGBClassifier
from rareclass.learners._bins import apply_cuts
from rareclass.scoring.readers._grown import through_bins
from rareclass.scoring.readers.ensembles import from_ensemble
from rareclass.scoring.trees_from import flat_guarded, flat_trees

SINGLE = 8 * np.finfo(np.float32).eps  # of libraries that sum in float32, relative to the largest contribution


def said(trees: FlatTrees, X: np.ndarray) -> np.ndarray:
    return np.column_stack([trees.contributions(X), np.full(len(X), trees.baseline)])


def equal(trees, X, theirs, relative=1e-12):
    assert_covered(trees, X)
    np.testing.assert_allclose(said(trees, X), theirs, rtol=0, atol=relative * np.abs(theirs).max())


def assert_covered(trees, X):
    """Covers are there, add up, survive being saved, and contributions sum to the score."""
    inner = np.flatnonzero(trees.left >= 0)
    both = trees.cover[trees.left[inner]] + trees.cover[trees.right[inner]]
    np.testing.assert_allclose(both, trees.cover[inner], rtol=1e-5, atol=1e-5 * trees.cover.max())
    assert trees.cover[trees.root].min() > 0
    found = said(trees, X)
    tolerance = SINGLE if trees.single else 1e-12
    np.testing.assert_allclose(found.sum(axis=1), trees.score(X), rtol=0, atol=tolerance * max(1, np.abs(found).max()))
    again = FlatTrees.from_arrays(trees.arrays())
    np.testing.assert_array_equal(said(again, X[:20]), found[:20])


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("options", LIGHTGBM, ids=str)
def test_lightgbm_gives_the_same_contributions(table, options, coded):
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(*table, categorical_feature=[CODED] if coded else [])
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1, **options}, data, 25)
    trees = flat_trees(booster)
    X = hard_rows(trees, coded=coded)[:300]
    equal(trees, X, booster.predict(X, pred_contrib=True))


def test_lightgbm_without_any_split(table):
    lightgbm = pytest.importorskip("lightgbm")
    known = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 3_000}
    booster = lightgbm.train(known, lightgbm.Dataset(*table), 3)
    equal(flat_trees(booster), table[0][:50], booster.predict(table[0][:50], pred_contrib=True))


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("options", XGBOOST, ids=str)
def test_xgboost_gives_the_same_contributions(table, options, coded):
    xgboost = pytest.importorskip("xgboost")
    known = {"enable_categorical": True, "feature_types": ["q"] * CODED + ["c"]} if coded else {}
    model = xgboost.XGBClassifier(n_estimators=25, n_jobs=1, **options, **known).fit(*table)
    trees = flat_trees(model)
    X = hard_rows(trees, coded=coded, infinite=False)[:300]
    matrix = xgboost.DMatrix(X, **known)
    equal(trees, X, model.get_booster().predict(matrix, pred_contribs=True).astype(np.float64), SINGLE)


def single_rows(trees):
    X = hard_rows(trees, coded=False)[:300]
    with np.errstate(over="ignore"):
        X = X.astype(np.float32).astype(np.float64)
    return np.where(np.isinf(X), np.nan, X)


@pytest.mark.parametrize("options", [{}, {"nan_mode": "Max"}, {"depth": 8}], ids=str)
def test_catboost_gives_the_same_contributions(table, options):
    """Those of its default, "Regular"; its "Exact" weighs unknown columns by their shares of all rows, not of the node.

    Leaves without rows are worth 0 to it, and empty halves of a tree are split evenly here, which comes to the same.
    """
    catboost = pytest.importorskip("catboost")
    fixed = {"iterations": 25, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    model = catboost.CatBoostClassifier(**fixed, **options).fit(*table)
    trees = flat_trees(model)
    X = single_rows(trees)
    equal(trees, X, model.get_feature_importance(catboost.Pool(X), type="ShapValues"))


@pytest.mark.parametrize("policy", ["Lossguide", "Depthwise"])
def test_catboost_trees_that_are_not_symmetric_sum_to_its_own_prediction(table, policy):
    """CatBoost 1.2's own contributions of such trees do not, by whole log-odds, so they are no yardstick."""
    catboost = pytest.importorskip("catboost")
    fixed = {"iterations": 25, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    model = catboost.CatBoostClassifier(grow_policy=policy, **fixed).fit(*table)
    trees = flat_trees(model)
    X = single_rows(trees)
    assert_covered(trees, X)
    wanted = model.predict(X, prediction_type="RawFormulaVal")
    np.testing.assert_allclose(said(trees, X).sum(axis=1), wanted, rtol=0, atol=1e-11)


PACKAGES = {RareLGBMClassifier: "lightgbm", RareXGBClassifier: "xgboost", RareCatBoostClassifier: "catboost"}


@pytest.mark.parametrize("bins", [True, False])
@pytest.mark.parametrize("kind", PACKAGES)
def test_guarded_boosters_on_bins_give_what_their_library_gives_on_the_bins(table, kind, bins):
    library = pytest.importorskip(PACKAGES[kind])
    learner = make(kind, **{kind._TREES: 20, "collapse_alarm": False, "event_bins": bins}).fit(*table)
    trees, _, _ = flat_guarded(learner)
    X = single_rows(trees)
    binned = X if learner.cuts_ is None else apply_cuts(X, learner.cuts_)
    if kind is RareLGBMClassifier:
        used = learner._all_trees(learner.model_)[0]
        theirs = learner.booster_.predict(binned, pred_contrib=True, num_iteration=used)
    elif kind is RareXGBClassifier:
        theirs = learner.model_.get_booster().predict(library.DMatrix(binned), pred_contribs=True)
    else:
        theirs = learner.model_.get_feature_importance(library.Pool(binned), type="ShapValues")
    equal(trees, X, np.asarray(theirs, dtype=np.float64), SINGLE if kind is RareXGBClassifier else 1e-12)


@pytest.mark.parametrize("coded", [[], [CODED]])
def test_hist_gradient_boosting_counts_rows(table, coded):
    model = HistGradientBoostingClassifier(max_iter=15, categorical_features=coded or None).fit(*table)
    trees = flat_trees(model)
    assert trees.cover[trees.root].max() == len(table[1])
    assert_covered(trees, hard_rows(trees, coded=bool(coded))[:200])


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier, RareForestClassifier])
def test_forests_count_weighted_rows(table, kind):
    trees = flat_trees(kind(n_estimators=8, random_state=0).fit(*table))
    X = hard_rows(trees, coded=False, infinite=False)[:100]
    assert_covered(trees, X)


ENSEMBLES = [
    BalancedBaggingClassifier(n_estimators=4, random_state=0),
    BalancedRandomForestClassifier(n_estimators=4, random_state=0),
    EasyEnsembleClassifier(n_estimators=2, random_state=0),
    RUSBoostClassifier(n_estimators=4, random_state=0),
    SelfPacedEnsembleClassifier(n_estimators=4, random_state=0),
]


@pytest.mark.parametrize("ensemble", ENSEMBLES, ids=lambda e: type(e).__name__)
def test_balanced_ensembles_count_rows(table, ensemble):
    X, y = np.nan_to_num(table[0]), table[1]
    for trees in from_ensemble(ensemble.fit(X, y)).trees:
        assert_covered(trees, X[:50])


def test_a_split_whose_children_are_exchanged_keeps_the_covers_of_its_nodes():
    stump = FlatTrees.stump(feature=0, threshold=-1.0, left=5.0, right=2.0, n_features=1)
    trees = replace(stump, cover=np.array([10.0, 3.0, 7.0]), missing_left=np.array([True, False, False]))
    moved = through_bins(trees, [np.array([0.5])])  # no bin is below -1: all numbers go right, missing ones left
    assert moved.left[0] == 2
    X = np.array([[0.0], [1.0], [np.nan]])
    np.testing.assert_allclose(said(moved, X), [[-0.9, 2.9], [-0.9, 2.9], [2.1, 2.9]])
