"""Trees read from every library score as the library does, on missing, infinite and tiny values and at thresholds."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from tests.learners.problems import make

from rareclass.errors import InputError
from rareclass.kernels.logits import floored_logit
from rareclass.kernels.trees import FlatTrees
from rareclass.learners import (
    RareCatBoostClassifier,
    RareForestClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)
from rareclass.scoring.trees_from import flat_guarded, flat_trees

CODED = 5


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4_000, 6))
    X[:, 1] = np.round(2 * X[:, 1])
    X[:, 2] *= 1e-36
    X[:, CODED] = rng.integers(0, 50, 4_000)
    known = X[:, 0] + X[:, 2] * 1e36 + (X[:, CODED] % 3 == 0) + 0.3 * rng.normal(size=4_000)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, (known > 2.2).astype(int)


def hard_rows(trees: FlatTrees, *, coded: bool, infinite: bool = True, negative: bool = True) -> np.ndarray:
    """Rows of numbers, thresholds and their neighbours, zeros, denormals, huge values and missing ones."""
    rng = np.random.default_rng(2)
    limits = trees.threshold[np.isfinite(trees.threshold)]
    special = [0.0, -0.0, 5e-324, -5e-324, 1e-40, 1e-35, -1e-35, 2.0**53 + 2, -(2.0**60), 1e31, -1e31, 1e300, np.inf]
    pool = np.concatenate([limits, np.nextafter(limits, np.inf), np.nextafter(limits, -np.inf), special, [-np.inf]])
    if not infinite:  # XGBoost refuses what is infinite in float32
        pool = pool[np.abs(pool) < 1e38]
    X = rng.normal(size=(2_000, 6))
    kind = rng.random(X.shape)
    X = np.where(kind < 0.5, rng.choice(pool, X.shape), X)
    X[kind < 0.1] = np.nan
    if coded:
        low = -3 if negative else 0
        X[:, CODED] = rng.choice([*range(low, 70), 127, 128, 255, 256, 1_000, 2.0**31, np.nan], len(X))
    return X


def check(trees, X, expected, tolerance=0.0):
    score = trees.score(X)
    np.testing.assert_allclose(score, expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(FlatTrees.from_arrays(trees.arrays()).score(X[:200]), score[:200])


LIGHTGBM = [
    {},
    {"use_missing": False},
    {"zero_as_missing": True},
    {"boosting": "dart"},
    {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
    {"num_leaves": 120},
    {"max_cat_to_onehot": 1, "cat_smooth": 1.0},
]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("options", LIGHTGBM, ids=str)
def test_lightgbm(table, options, coded):
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(*table, categorical_feature=[CODED] if coded else [])
    known = {"objective": "binary", "verbose": -1, "num_threads": 1, **options}
    booster = lightgbm.train(known, data, 25)
    trees = flat_trees(booster)
    X = hard_rows(trees, coded=coded)
    check(trees, X, booster.predict(X, raw_score=True))
    check(flat_trees(booster, trees=7), X, booster.predict(X, raw_score=True, num_iteration=7))
    assert trees.cover[trees.root].min() > 0


def test_lightgbm_refuses_linear_trees_and_several_classes(table):
    lightgbm = pytest.importorskip("lightgbm")
    X, y = table
    linear = lightgbm.train({"linear_tree": True, "verbose": -1}, lightgbm.Dataset(X, y), 2)
    with pytest.raises(InputError, match="linear_tree"):
        flat_trees(linear)
    several = {"objective": "multiclass", "num_class": 3, "verbose": -1}
    with pytest.raises(InputError, match="several classes"):
        flat_trees(lightgbm.train(several, lightgbm.Dataset(X, np.arange(len(y)) % 3), 2))


XGBOOST = [{}, {"booster": "dart", "rate_drop": 0.5}, {"max_depth": 9}, {"base_score": 0.01}, {"num_parallel_tree": 2}]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("options", XGBOOST, ids=str)
def test_xgboost_repeats_its_float32_sums(table, options, coded):
    xgboost = pytest.importorskip("xgboost")
    known = {"enable_categorical": True, "feature_types": ["q"] * CODED + ["c"]} if coded else {}
    model = xgboost.XGBClassifier(n_estimators=25, n_jobs=1, **options, **known).fit(*table)
    trees = flat_trees(model)
    X = hard_rows(trees, coded=coded, infinite=False)
    check(trees, X, model.predict(X, output_margin=True))
    check(flat_trees(model, trees=7), X, model.predict(X, output_margin=True, iteration_range=(0, 7)))


def test_xgboost_starts_at_any_base_score(table):
    xgboost = pytest.importorskip("xgboost")
    X, y = table
    for base in np.random.default_rng(0).random(30):
        model = xgboost.XGBClassifier(n_estimators=1, base_score=base, n_jobs=1).fit(X[:300], y[:300])
        check(flat_trees(model), X, model.predict(X, output_margin=True))


@pytest.mark.parametrize("options", [{}, {"grow_policy": "Lossguide"}, {"nan_mode": "Max"}, {"depth": 8}], ids=str)
def test_catboost(table, options):
    catboost = pytest.importorskip("catboost")
    fixed = {"iterations": 25, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    model = catboost.CatBoostClassifier(**fixed, **options).fit(*table)
    trees = flat_trees(model)
    X = hard_rows(trees, coded=False)
    check(trees, X, model.predict(X, prediction_type="RawFormulaVal"), 1e-12)
    check(flat_trees(model, trees=7), X, model.predict(X, prediction_type="RawFormulaVal", ntree_end=7), 1e-12)


def test_catboost_refuses_categories(table):
    catboost = pytest.importorskip("catboost")
    X, y = table
    coded = np.where(np.isnan(X), 0, X).astype(int).astype(str).astype(object)
    fixed = {"iterations": 3, "verbose": False, "allow_writing_files": False}
    with pytest.raises(InputError, match="numbers only"):
        flat_trees(catboost.CatBoostClassifier(cat_features=[CODED], **fixed).fit(coded, y))


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 30}], ids=str)
def test_forests_of_scikit_learn(table, kind, options):
    model = kind(25, random_state=0, **options).fit(*table)
    trees = flat_trees(model)
    X = hard_rows(trees, coded=False, infinite=False)
    check(trees, X, model.predict_proba(X)[:, 1])


@pytest.mark.parametrize(
    "options", [{}, {"categorical_features": [CODED]}, {"categorical_features": [1, CODED]}], ids=str
)
def test_hist_gradient_boosting(table, options):
    X, y = table
    X = X.copy()
    X[:, 1] = 3 * np.abs(X[:, 1])  # codes with gaps
    model = HistGradientBoostingClassifier(max_iter=25, max_leaf_nodes=70, **options).fit(X, y)
    trees = flat_trees(model)
    rows = hard_rows(trees, coded=bool(options))
    if len(options.get("categorical_features", ())) == 2:
        rows[:, 1] = np.round(np.where(np.isinf(rows[:, 1]), np.nan, rows[:, 1]))
    check(trees, rows, model.decision_function(rows))


def test_other_models_are_refused(table):
    X, y = table
    with pytest.raises(InputError, match="LogisticRegression has no trees"):
        flat_trees(LogisticRegression().fit(np.nan_to_num(X), y))


GUARDED = {
    "lightgbm": (RareLGBMClassifier, {}),
    "lightgbm, no missing": (RareLGBMClassifier, {"use_missing": False}),
    "lightgbm, zero is missing": (RareLGBMClassifier, {"zero_as_missing": True}),
    "lightgbm, dart": (RareLGBMClassifier, {"boosting_type": "dart"}),
    "lightgbm, weights": (RareLGBMClassifier, {"class_weight": "balanced"}),
    "xgboost": (RareXGBClassifier, {}),
    "xgboost, zero is missing": (RareXGBClassifier, {"missing": 0.0}),
    "xgboost, a mark": (RareXGBClassifier, {"missing": 1.0}),
    "xgboost, categories": (RareXGBClassifier, {"enable_categorical": True}),
    "catboost": (RareCatBoostClassifier, {}),
    "hist": (RareHistGradientBoostingClassifier, {}),
}


@pytest.mark.parametrize("bins", [True, False])
@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize(("kind", "options"), GUARDED.values(), ids=GUARDED)
def test_guarded_boosters(table, kind, options, coded, bins):
    pytest.importorskip(
        {"RareXGBClassifier": "xgboost", "RareCatBoostClassifier": "catboost"}.get(kind.__name__, "sklearn")
    )
    count = {kind._TREES: 20, "collapse_alarm": False, "event_bins": bins}
    learner = make(kind, categorical_features=[CODED] if coded else None, **count, **options).fit(*table)
    trees, intercept, slope = flat_guarded(learner)
    X = hard_rows(trees, coded=coded, infinite=False, negative=False)
    np.testing.assert_allclose(intercept + slope * trees.score(X), learner.decision_function(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["random_forest", "extra_trees"])
def test_rare_forests(table, kind):
    learner = RareForestClassifier(n_estimators=20, kind=kind, random_state=0, max_negatives=1_000).fit(*table)
    X = hard_rows(flat_trees(learner), coded=False, infinite=False)
    votes = flat_trees(learner).score(X)
    logit = learner.intercept_ + learner.slope_ * floored_logit(votes, learner.floor_)
    np.testing.assert_allclose(logit, learner.decision_function(X), rtol=0, atol=1e-9)


def test_many_categories_share_the_last_one_as_the_learner_shares_them():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 400, 5_000).astype(float), rng.normal(size=5_000)])
    y = (X[:, 0] > 300) & (X[:, 1] > 0.5) | (X[:, 0] % 7 == 0) & (X[:, 1] > 1.5)
    learner = RareHistGradientBoostingClassifier(
        max_iter=20, categorical_features=[0], random_state=0, collapse_alarm=False
    ).fit(X, y)
    trees, intercept, slope = flat_guarded(learner)
    rows = np.column_stack([[*range(500), np.nan, 1e9], np.linspace(-1, 3, 502)])
    np.testing.assert_allclose(
        intercept + slope * trees.score(rows), learner.decision_function(rows), rtol=0, atol=1e-9
    )
