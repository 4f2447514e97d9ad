"""Category columns of frames: the codes that the libraries give them, in training, prediction and `eval_set`."""

import numpy as np
import pytest
from tests.learners.problems import BOOSTERS, make

from rareclass.errors import InputError
from rareclass.learners import (
    FewEventsLogisticRegression,
    QuantileLogisticRegression,
    RareBlendClassifier,
    RareForestClassifier,
    RareLGBMClassifier,
)
from rareclass.learners._categories import known_categories, with_codes

pandas = pytest.importorskip("pandas")
rng = np.random.default_rng(0)
N = 600
KIND = rng.choice(["red", "blue", "green", "grey"], N)
AMOUNT = rng.normal(size=N)
Y = rng.random(N) < np.where(KIND == "red", 0.35, 0.03)
CODE = np.searchsorted(["blue", "green", "grey", "red"], KIND).astype(float)
QUICK = {"guard": "steady", "calibrate": False}


def frame(kind=KIND, amount=AMOUNT, categories=("blue", "green", "grey", "red")):
    return pandas.DataFrame({"amount": amount, "kind": pandas.Categorical(kind, categories=categories)})


@pytest.mark.parametrize("cls", BOOSTERS)
def test_a_frame_with_categories_is_the_matrix_of_their_codes(cls):
    options = {**QUICK, cls._TREES: 10}
    by_name = make(cls, **options).fit(frame(), Y)
    by_code = make(cls, **options, categorical_features=[1]).fit(np.column_stack([AMOUNT, CODE]), Y)
    # a frame at prediction may list its categories in another order, and fewer or more of them
    shown = frame(categories=("violet", "red", "grey", "green", "blue"))
    expected = by_code.decision_function(np.column_stack([AMOUNT, CODE]))
    np.testing.assert_array_equal(by_name.decision_function(shown), expected)
    unseen = frame(np.array(["violet", None, "red"], dtype=object), AMOUNT[:3], ("red", "violet"))
    gaps = np.column_stack([AMOUNT[:3], [np.nan, np.nan, 3.0]])
    np.testing.assert_array_equal(by_name.decision_function(unseen), by_code.decision_function(gaps))


def test_scores_are_those_of_lightgbm_on_the_frame():
    lightgbm = pytest.importorskip("lightgbm")
    options = {"n_estimators": 15, "num_leaves": 5, "min_child_samples": 5, "reg_lambda": 1.0, "learning_rate": 0.1}
    options |= {"min_child_weight": 0.1, "max_delta_step": 1.0, "colsample_bytree": 1.0}
    mine = make(RareLGBMClassifier, **QUICK, **options, event_bins=False).fit(frame(), Y)
    its = lightgbm.LGBMClassifier(**options, verbose=-1, n_jobs=1).fit(frame(), Y.astype(int))
    shown = frame(np.where(KIND == "grey", None, KIND))
    np.testing.assert_allclose(mine.decision_function(shown), its.predict(shown, raw_score=True), atol=1e-9)


@pytest.mark.parametrize("cls", BOOSTERS[:3])
def test_rows_to_stop_on_may_be_a_frame(cls):
    options = {cls._TREES: 30, "early_stopping_rounds": 5}
    other = rng.permutation(N)
    shown = frame(KIND[other], AMOUNT[other], ("red", "grey", "green", "blue"))
    by_name = make(cls, **options).fit(frame(), Y, eval_set=(shown, Y[other]))
    codes = np.column_stack([AMOUNT, CODE])
    by_code = make(cls, **options, categorical_features=[1]).fit(codes, Y, eval_set=(codes[other], Y[other]))
    np.testing.assert_array_equal(by_name.decision_function(frame()), by_code.decision_function(codes))


def test_columns_are_named_numbered_or_text():
    text = pandas.DataFrame({"amount": AMOUNT, "kind": KIND}, index=rng.permutation(N))
    coded = pandas.DataFrame({"amount": AMOUNT, "kind": CODE})
    expected = make(RareLGBMClassifier, **QUICK, categorical_features=[1]).fit(coded, Y).decision_function(coded)
    for given, columns in ((text, ["kind"]), (text, [1]), (coded, ["kind"])):
        model = make(RareLGBMClassifier, **QUICK, categorical_features=columns).fit(given, Y)
        np.testing.assert_array_equal(model.decision_function(given), expected)
    with pytest.raises(InputError, match=r"names no column of `X`: \['colour'\]"):
        make(RareLGBMClassifier, categorical_features=["colour"]).fit(text, Y)


@pytest.mark.parametrize("cls", [RareBlendClassifier, RareForestClassifier, QuantileLogisticRegression])
def test_the_other_learners_take_them_too(cls):
    some = {"members": ["hist_gradient_boosting", "logistic_regression"]} if cls is RareBlendClassifier else {}
    by_name = cls(random_state=0, **some).fit(frame(), Y)
    by_code = cls(random_state=0, categorical_features=[1], **some).fit(np.column_stack([AMOUNT, CODE]), Y)
    expected = by_code.decision_function(np.column_stack([AMOUNT, CODE]))
    np.testing.assert_array_equal(by_name.decision_function(frame()), expected)


def test_a_learner_without_categories_says_what_it_was_given():
    with pytest.raises(ValueError, match="could not convert string to float"):
        FewEventsLogisticRegression().fit(frame(), Y)


def test_several_classes_see_the_same_codes():
    y = np.where(Y, 2, (AMOUNT > 1).astype(int))
    by_name = make(RareLGBMClassifier, **QUICK, n_estimators=5).fit(frame(), y)
    codes = np.column_stack([AMOUNT, CODE])
    by_code = make(RareLGBMClassifier, **QUICK, n_estimators=5, categorical_features=[1]).fit(codes, y)
    np.testing.assert_array_equal(by_name.predict_proba(frame()), by_code.predict_proba(codes))


def test_codes_of_polars_frames_and_of_numbers():
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"x": [1.0, 2.0, 3.0], "k": ["b", "a", None]}, schema_overrides={"k": polars.Categorical})
    known = known_categories(table, [])
    assert known == [None, ["a", "b"]]
    np.testing.assert_array_equal(with_codes(table, known).to_numpy(), [[1.0, 1.0], [2.0, 0.0], [3.0, np.nan]])
    fixed = table.cast({"k": polars.Enum(["z", "b", "a"])})
    assert known_categories(fixed, []) == [None, ["z", "b", "a"]]
    numbers = pandas.DataFrame({"k": pandas.Categorical([30, 10, None, 30])}, index=[7, 3, 5, 1])
    coded = with_codes(numbers, known_categories(numbers, []))
    np.testing.assert_array_equal(coded["k"], [1.0, 0.0, np.nan, 1.0])
    assert coded.index.tolist() == [7, 3, 5, 1]
    assert known_categories(np.zeros((2, 2)), []) == []
    assert with_codes(numbers, []) is numbers
