"""Parameters that are honoured in another way than by passing them on, against the libraries themselves."""

import numpy as np
import pytest
from tests.learners.problems import BOOSTERS, bumps, make

from rareclass.errors import InputError
from rareclass.learners import (
    RareCatBoostClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)

X, Y, _ = bumps(600, base=-3.0)
RAW = {"calibrate": False, "guard": "steady", "event_bins": False}
LIGHTGBM = {
    "n_estimators": 20,
    "learning_rate": 0.1,
    "num_leaves": 7,
    "min_child_weight": 0.1,
    "min_child_samples": 5,
    "colsample_bytree": 1.0,
    "reg_lambda": 1.0,
    "max_delta_step": 1.0,
}
XGBOOST = {
    "n_estimators": 20,
    "learning_rate": 0.1,
    "max_depth": 3,
    "min_child_weight": 0.1,
    "max_delta_step": 1.0,
    "subsample": 1.0,
    "colsample_bytree": 1.0,
    "reg_lambda": 1.0,
}
CATBOOST = {"iterations": 20, "learning_rate": 0.1, "depth": 3, "l2_leaf_reg": 1.0}


def with_marks(mark, seed=0):
    marked = X.copy()
    marked[np.random.default_rng(seed).random(X.shape) < 0.2] = mark
    return marked


def lightgbm_itself(rows, options, **fit):
    lightgbm = pytest.importorskip("lightgbm")
    return lightgbm.LGBMClassifier(**LIGHTGBM, **{"verbose": -1, "n_jobs": 1, **options}).fit(
        rows, Y.astype(int), **fit
    )


@pytest.mark.parametrize(
    "options",
    [
        {"zero_as_missing": True},
        {"use_missing": False},
        {"boost_from_average": False},
        {"boosting_type": "dart", "drop_seed": 3, "seed": 7},
        {"linear_tree": True, "linear_lambda": 1.0},
        {"boosting": "gbdt", "bagging": 0.5, "bagging_freq": 1, "bagging_seed": 5},
        {"data_sample_strategy": "goss", "bagging_seed": 5},
    ],
    ids=lambda options: next(iter(options)),
)
def test_scores_are_those_of_lightgbm(options):
    rows = with_marks(0.0)
    rows[:20, 0] = np.nan
    mine = make(RareLGBMClassifier, **RAW, **LIGHTGBM, **{"random_state": None, **options}).fit(rows, Y)
    its = lightgbm_itself(rows, options).booster_.predict(rows, raw_score=True)
    np.testing.assert_allclose(mine.decision_function(rows), its, atol=1e-9)


@pytest.mark.parametrize("kind", ["zero_as_missing", "missing"])
def test_marks_of_missing_values_are_read_before_event_bins(kind):
    cls, mark, options = {
        "zero_as_missing": (RareLGBMClassifier, 0.0, {"zero_as_missing": True}),
        "missing": (RareXGBClassifier, -999.0, {"missing": -999}),
    }[kind]
    marked = with_marks(mark)
    gaps = np.where(marked == mark, np.nan, marked)
    by_mark = make(cls, **options).fit(marked, Y)
    np.testing.assert_array_equal(by_mark.decision_function(marked), make(cls).fit(gaps, Y).decision_function(gaps))
    unread = make(cls).fit(marked, Y).predict_proba(marked)[:, 1]
    assert np.abs(by_mark.predict_proba(marked)[:, 1] - unread).max() > 0.02


@pytest.mark.parametrize(
    "options",
    [{"missing": -999.0}, {"base_score": 0.2}, {"booster": "dart", "rate_drop": 0.5, "base_score": 0.1}, {"eta": 0.3}],
    ids=lambda options: next(iter(options)),
)
def test_margins_are_those_of_xgboost(options):
    xgboost = pytest.importorskip("xgboost")
    rows = with_marks(-999.0)
    known = {k: v for k, v in XGBOOST.items() if not (k == "learning_rate" and "eta" in options)}
    # random draws differ by the seed, so that trees are dropped as a rule or not at all
    sure = {"one_drop": 1, "skip_drop": 0.0, "rate_drop": 1.0} if "rate_drop" in options else {}
    its = xgboost.XGBClassifier(
        tree_method="hist", n_jobs=1, **{"base_score": float(Y.mean()), **known, **options, **sure}
    )
    its.fit(rows, Y.astype(int))
    mine = make(RareXGBClassifier, **RAW, **known, **{**options, **sure}).fit(rows, Y)
    np.testing.assert_allclose(mine.decision_function(rows), its.predict(rows, output_margin=True), atol=2e-5)


@pytest.mark.parametrize("start", [True, False])
def test_raw_values_are_those_of_catboost(start):
    catboost = pytest.importorskip("catboost")
    options = {"bootstrap_type": "No", "random_strength": 0.0, "rsm": 1.0, "boost_from_average": start}
    its = catboost.CatBoostClassifier(**CATBOOST, **options, verbose=False, allow_writing_files=False, thread_count=1)
    its.fit(X, Y.astype(int))
    mine = make(RareCatBoostClassifier, **RAW, **CATBOOST, **options).fit(X, Y)
    np.testing.assert_allclose(
        mine.decision_function(X), its.predict(X, prediction_type="RawFormulaVal"), atol=0.02 if start else 1e-6
    )


def test_rows_drawn_by_class_leave_the_mean_right_without_calibration():
    rows, y, _ = bumps(6000)
    options = {"pos_bagging_fraction": 1.0, "neg_bagging_fraction": 0.1, "bagging_freq": 1, "calibrate": False}
    model = make(RareLGBMClassifier, guard="steady", **options).fit(rows, y)
    assert model.predict_proba(rows)[:, 1].sum() / y.sum() == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("boosting", ["dart", "rf", "goss", "linear_tree"])
@pytest.mark.parametrize("bins", [True, False])
def test_other_kinds_of_boosting_are_right_or_refused_by_name(boosting, bins):
    options = {"linear_tree": True} if boosting == "linear_tree" else {"boosting_type": boosting}
    rows, y, _ = bumps(3000)
    model = make(RareLGBMClassifier, event_bins=bins, n_jobs=1, **options)
    if boosting == "rf" or (boosting == "linear_tree" and bins):
        with pytest.raises(InputError, match=boosting):
            model.fit(rows, y)
        return
    p = model.fit(rows, y).predict_proba(rows)[:, 1]
    assert p.sum() / y.sum() == pytest.approx(1.0, abs=0.2)
    if boosting == "dart":
        # the first trees were rescaled as later ones came: only the whole model is one
        assert model.parameters_["n_estimators"] == 200


@pytest.mark.parametrize("kind", BOOSTERS[:3])
def test_early_stopping_without_rows_to_stop_on_is_one_sentence(kind):
    with pytest.raises(InputError, match=r"`early_stopping_rounds` needs rows to stop on: call fit\(X, y, eval_set="):
        make(kind, early_stopping_rounds=5).fit(X, Y)


@pytest.mark.parametrize("kind", BOOSTERS[:3])
def test_one_pair_of_rows_to_stop_on_counts_as_a_list_of_one(kind):
    other, y_other, _ = bumps(400, seed=1, base=-3.0)
    trees = {kind._TREES: 40}
    one = make(kind, early_stopping_rounds=5, **trees).fit(X, Y, eval_set=(other, y_other))
    many = make(kind, early_stopping_rounds=5, **trees).fit(X, Y, eval_set=[(other, y_other)])
    np.testing.assert_array_equal(one.decision_function(X), many.decision_function(X))
    with pytest.raises(InputError, match="`eval_set` must be"):
        make(kind).fit(X, Y, eval_set=[other])
    with pytest.raises(InputError, match="labels that `y` does not hold"):
        make(kind).fit(X, Y, eval_set=(other, np.where(y_other, "yes", "no")))


@pytest.mark.parametrize(
    ("kind", "option", "said"),
    [
        (RareLGBMClassifier, {"eval_metric": "auc"}, "give `eval_set` beside it"),
        (RareLGBMClassifier, {"callbacks": []}, "give `eval_set` beside it"),
        (RareLGBMClassifier, {"categorical_feature": [0]}, "`categorical_features` to the constructor"),
        (RareLGBMClassifier, {"init_model": "x"}, "does not take `init_model`"),
        (RareXGBClassifier, {"feature_weights": [1, 1, 1]}, "`feature_weights` to the constructor"),
        (RareXGBClassifier, {"sample_weight_eval_set": []}, "give `eval_set` beside it"),
        (RareCatBoostClassifier, {"cat_features": [0]}, "`categorical_features` to the constructor"),
        (RareCatBoostClassifier, {"use_best_model": True}, "give `eval_set` beside it"),
        (RareHistGradientBoostingClassifier, {"X_val": X, "y_val": Y}, "does not take `X_val`"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else None,
)
def test_keywords_of_fit_are_never_dropped(kind, option, said):
    with pytest.raises(InputError, match=said):
        make(kind).fit(X, Y, **option)


@pytest.mark.parametrize("option", [{"verbose": 1}, {"silent": False}, {"logging_level": "Info"}, {"verbose_eval": 1}])
def test_catboost_speaks_when_it_is_asked_to(option, capfd):
    make(RareCatBoostClassifier, iterations=2, calibrate=False, **option).fit(X, Y)
    assert "learn" in capfd.readouterr().out
    make(RareCatBoostClassifier, iterations=2, calibrate=False).fit(X, Y)
    assert not capfd.readouterr().out


def test_lightgbm_and_xgboost_speak_when_they_are_asked_to(capfd):
    make(RareLGBMClassifier, n_estimators=2, calibrate=False, verbosity=1).fit(X, Y)
    assert "[LightGBM]" in capfd.readouterr().out
    other, y_other, _ = bumps(400, seed=1, base=-3.0)
    make(RareXGBClassifier, n_estimators=2).fit(X, Y, eval_set=(other, y_other), verbose=True)
    assert "logloss" in capfd.readouterr().out


def test_constraints_by_name_of_column_are_those_by_number():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    for kind, named, numbered in (
        (RareXGBClassifier, {"monotone_constraints": {"a": 1}}, {"monotone_constraints": (1, 0, 0)}),
        (RareXGBClassifier, {"interaction_constraints": [["a", "b"]]}, {"interaction_constraints": [[0, 1]]}),
        (RareHistGradientBoostingClassifier, {"monotonic_cst": {"a": 1}}, {"monotonic_cst": [1, 0, 0]}),
        (RareCatBoostClassifier, {"monotone_constraints": {"a": 1}}, {"monotone_constraints": [1, 0, 0]}),
    ):
        trees = {kind._TREES: 10, "calibrate": False}
        by_name, by_number = make(kind, **trees, **named).fit(frame, Y), make(kind, **trees, **numbered).fit(X, Y)
        np.testing.assert_array_equal(by_name.decision_function(frame), by_number.decision_function(X))


def test_xgboost_splits_codes_natively_where_it_is_asked_to():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 12, 2000).astype(float)
    y = rng.random(2000) < np.where(np.isin(code, [1, 6, 10]), 0.4, 0.01)
    rows = np.column_stack([code, rng.normal(size=2000)])
    options = {**RAW, **XGBOOST, "n_estimators": 3, "max_depth": 1, "categorical_features": [0]}
    model = make(RareXGBClassifier, **options, enable_categorical=True, max_cat_to_onehot=1).fit(rows, y)
    # one split by sets of codes parts the three from the others; one cut of ordered codes cannot
    p = model.predict_proba(rows)[:, 1]
    assert p[np.isin(code, [1, 6, 10])].min() > p[~np.isin(code, [1, 6, 10])].max()


def test_several_classes_hear_a_seed_by_another_name():
    y = np.digitize(X[:, 0], [0.0, 1.2])
    first, second = (
        make(RareLGBMClassifier, random_state=None, seed=s, subsample=0.5, subsample_freq=1, n_estimators=5).fit(X, y)
        for s in (1, 1)
    )
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
