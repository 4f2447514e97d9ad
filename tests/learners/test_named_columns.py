"""Models of the user's own that choose columns by name, as scikit-learn's wrappers give them the frame."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import ThresholdedClassifier
from rareclass.errors import InputError
from rareclass.learners.named_columns import NamedColumns, asks_for_names

pandas = pytest.importorskip("pandas")
rng = np.random.default_rng(0)
N = 400
X = pandas.DataFrame({"amount": rng.normal(size=N), "shop": rng.choice(["a", "b", "c"], N), "x": rng.normal(size=N)})
Y = rng.random(N) < np.where(X["shop"] == "a", 0.35, 0.04)


def by_name(last=None, scaled=("amount",)):
    columns = ColumnTransformer(
        [("n", StandardScaler(), list(scaled)), ("c", OneHotEncoder(handle_unknown="ignore"), ["shop"])]
    )
    return make_pipeline(columns, LogisticRegression() if last is None else last)


def by_type():
    return make_pipeline(
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include=np.number)),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=np.number)),
        ),
        LogisticRegression(),
    )


@pytest.mark.parametrize("make", [by_name, by_type])
def test_the_pipeline_is_fitted_on_the_frame_that_it_would_be_fitted_on_without_us(make):
    model = RareClassifier(make(), random_state=0).fit(X, Y)
    shown = X.assign(shop=np.where(np.arange(N) % 5, X["shop"], "new"))
    expected = make().fit(X, Y).decision_function(shown)
    found = model.model_.arm.learner.decision_function(model.model_.encoder.transform(shown).matrix)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_it_works_under_treatments_with_weights_and_where_scikit_learns_wrappers_do():
    for wrapper in (
        CalibratedClassifierCV(by_name()),
        TunedThresholdClassifierCV(by_name()),
        RareClassifier(by_name()),
    ):
        assert wrapper.fit(X, Y).predict_proba(X).shape == (N, 2)
    assert ThresholdedClassifier(by_name()).fit(X, Y).predict(X).shape == (N,)
    for treatment in ("smote", "random_under"):
        p = RareClassifier(by_name(), treatment=treatment, random_state=0).fit(X, Y).predict_proba(X)[:, 1]
        assert p.mean() == pytest.approx(Y.mean(), abs=0.02)
    weight = np.where(Y, 3.0, 1.0)
    weighted = RareClassifier(by_name(), random_state=0).fit(X, Y, sample_weight=weight).predict_proba(X)[:, 1]
    assert np.average(weighted, weights=weight) == pytest.approx(np.average(Y, weights=weight), abs=0.03)
    assert RareClassifier(by_name(LinearSVC())).fit(X, Y).predict_proba(X).shape == (N, 2)
    nested = CalibratedClassifierCV(by_name())
    assert RareClassifier(nested).fit(X, Y).predict_proba(X).shape == (N, 2)


def test_such_a_pipeline_is_saved_in_a_bundle(tmp_path):
    model = RareClassifier(by_name(), random_state=0).fit(X, Y)
    Bundle(model, name="shops", target="fraud").save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle").model
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.filterwarnings("ignore::rareclass.errors.CalibrationWarning")
def test_models_that_take_a_matrix_get_one():
    assert asks_for_names(by_name())
    assert asks_for_names(by_type())
    assert asks_for_names(CalibratedClassifierCV(by_name()))
    for plain in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression()), "lightgbm"):
        assert not asks_for_names(plain)
    assert not asks_for_names(make_pipeline(make_column_transformer((StandardScaler(), [0])), LogisticRegression()))
    assert (
        RareClassifier(make_pipeline(StandardScaler(), LogisticRegression())).fit(X[["amount", "x"]], Y).classes_.size
    )


def test_rare_levels_are_missing_and_unknown_columns_are_named():
    codes = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 3.0]])
    frame = NamedColumns(LogisticRegression(), ["k", "x"], {"k": ["b", "a"]})._frame(codes)
    assert frame["k"].tolist()[:2] == ["b", "a"]
    assert frame["k"].isna().tolist() == [False, False, True]
    np.testing.assert_array_equal(frame["x"], [1.0, np.nan, 3.0])
    with pytest.raises(InputError, match=r"columns? of the dataframe.* it can choose among \['amount', 'shop'"):
        RareClassifier(by_name(scaled=("price",))).fit(X, Y)
    no_weights = make_pipeline(by_name()[0], CalibratedClassifierCV(LinearSVC()))
    assert RareClassifier(no_weights).fit(X, Y, sample_weight=np.ones(N)).classes_.size == 2
