"""What every over-sampler promises."""

import inspect
import pickle
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification

import rareclass.over_sampling as room
from rareclass.errors import TooFewEventsError
from rareclass.over_sampling.base import BaseOverSampler

EVERY = {name: getattr(room, name) for name in room.__all__}
FAST = {"KMeansSMOTE": {"kmeans_estimator": 3, "cluster_balance_threshold": 0.0}}
# Their output is not all input rows followed by made rows: a filter removes, a cleaner moves.
CHANGES_ROWS = {"SMOTEIPF", "CCR"}
NOMINAL = {"SMOTEN", "SMOTENC"}


def sampler(name, **parameters):
    first = {"categorical_features": [0]} if name == "SMOTENC" else {}
    return EVERY[name](**{**first, **FAST.get(name, {}), "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        n_samples=240, n_features=6, n_classes=3, n_informative=4, weights=[0.2, 0.3, 0.5], random_state=0
    )
    X[:, 0] = np.round(X[:, 0]) + 0.5  # few levels, for the nominal method; no zero, which sparse rows do not store
    return X, y


@pytest.mark.parametrize("name", EVERY)
def test_classes_reach_the_size_asked_for_and_original_rows_come_first(name, data):
    X, y = data
    before = X.copy()
    method = sampler(name)
    out, labels = method.fit_resample(X, y)
    assert (before == X).all()
    assert isinstance(method, BaseOverSampler)
    if name != "SMOTEIPF":
        assert set(Counter(labels.tolist()).values()) == {max(Counter(y.tolist()).values())}
        assert (labels[: y.size] == y).all()
    if name not in CHANGES_ROWS:
        assert (out[: y.size] == X).all()
    assert method.synthetic_mask_.sum() == len(method.parents_) > 0
    assert (y[method.parents_[:, 0]] == labels[method.synthetic_mask_]).all()
    assert {label: c["after"] for label, c in method.counts_.items()} == dict(Counter(labels.tolist()))


@pytest.mark.parametrize("name", EVERY)
def test_a_mapping_is_met_exactly_and_other_classes_are_left_alone(name, data):
    X, y = data
    if name == "SMOTEIPF":
        pytest.skip("the filter works on all classes")
    sizes = Counter(y.tolist())
    _, labels = sampler(name, sampling_strategy={0: sizes[0] + 17}).fit_resample(X, y)
    assert Counter(labels.tolist()) == {**sizes, 0: sizes[0] + 17}


@pytest.mark.parametrize("name", EVERY)
def test_the_seed_decides_and_the_names_and_order_of_classes_do_not(name, data):
    X, y = data
    first, _ = sampler(name).fit_resample(X, y)
    again, _ = sampler(name).fit_resample(X, y)
    assert (first == again).all()
    other, _ = sampler(name, random_state=1).fit_resample(X, y)
    if name != "SMOTEIPF":
        assert other.shape == first.shape
        assert not (other == first).all()
    named, words = sampler(name).fit_resample(X, np.array(["a", "b", "c"])[y])
    assert (named == first).all()
    assert set(words) == {"a", "b", "c"}
    generator = sampler(name, random_state=np.random.default_rng(0))
    one, two = generator.fit_resample(X, y)[0], generator.fit_resample(X, y)[0]
    assert one.shape != two.shape or not (one == two).all()


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"CCR", "SMOTEIPF", "SVMSMOTE"}))
def test_streams_of_classes_are_independent(name):
    # Two classes with equal rows: an int seed that restarts for each class gives both the same new rows.
    rng = np.random.default_rng(0)
    block = np.column_stack((rng.integers(0, 3, 40), rng.normal(size=(40, 3))))
    X = np.vstack((block, block, rng.normal(size=(200, 4))))
    y = np.repeat([0, 1, 2], [40, 40, 200])
    method = sampler(name, **({"topology": "poly"} if name == "PolynomFitSMOTE" else {}))
    out, labels = method.fit_resample(X, y)
    made = out[280:]
    assert not np.array_equal(made[labels[280:] == 0], made[labels[280:] == 1])


@pytest.mark.parametrize("name", EVERY)
def test_sparse_and_frames_give_the_rows_of_the_array(name, data):
    X, y = data
    dense, _ = sampler(name).fit_resample(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SMOTEN says that sparse is not efficient
        csr, _ = sampler(name).fit_resample(sparse.csr_matrix(X), y)
    assert csr.format == "csr"
    assert np.allclose(csr.toarray(), dense, rtol=1e-5, atol=1e-9)
    frame, labels = sampler(name).fit_resample(pd.DataFrame(X), pd.Series(y))
    assert np.allclose(frame.to_numpy(), dense, rtol=1e-12)
    assert labels.index.equals(frame.index)
    out, _ = sampler(name).fit_resample(pl.DataFrame(X), y)
    assert out.shape == dense.shape
    out, _ = sampler(name).fit_resample(pa.table({str(j): X[:, j] for j in range(6)}), y)
    assert out.num_rows == len(dense)


@pytest.mark.parametrize("name", ["SMOTE", "ADASYN", "RandomOverSampler", "ROSE", "SMOTENC", "KMeansSMOTE"])
def test_sparse_integers_with_wide_indices_stay_sparse_integers(name):
    rng = np.random.default_rng(6)
    X = sparse.csr_matrix(rng.poisson(0.4, (240, 30)) * (1 + np.arange(240) % 3)[:, None])
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    method = sampler(name)
    out, _ = method.fit_resample(X, rng.permutation(np.repeat([1, 0], [60, 180])))
    assert sparse.issparse(out)
    assert out.dtype == X.dtype
    assert out.min() >= 0
    assert out.max() <= X.max() + (name == "ROSE") * 10
    made = out[method.synthetic_mask_]
    assert made.nnz < 2.2 * X.nnz / X.shape[0] * made.shape[0]


@pytest.mark.parametrize("name", sorted(set(EVERY) - NOMINAL))
def test_typed_frames_only_get_values_that_their_columns_can_hold(name):
    rng = np.random.default_rng(3)
    n = 160
    y = np.repeat([1, 0], [40, 120])
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=n) + y,
            "count": rng.poisson(3, n),
            "small": rng.integers(0, 200, n).astype("uint8"),
            "flag": rng.random(n) < 0.3,
            "shop": rng.choice(["a", "b", "c"], n),
            "kind": pd.Categorical(rng.choice(["x", "y"], n)),
            "grade": pd.Categorical(rng.choice(["lo", "mid", "hi"], n), categories=["lo", "mid", "hi"], ordered=True),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "maybe": pd.array(rng.integers(0, 5, n), dtype="Int64"),
        }
    )
    if name != "KMeansSMOTE":
        frame.loc[::7, "maybe"] = pd.NA
        frame.loc[::5, "amount"] = np.nan
    out, _ = sampler(name).fit_resample(frame, pd.Series(y))
    assert (out.dtypes == frame.dtypes).all()
    made = out[out.index >= n]
    assert len(made) > 0
    assert made["count"].between(frame["count"].min(), frame["count"].max()).all()
    assert set(made["shop"]) <= {"a", "b", "c"}
    assert set(made["grade"].dropna()) <= {"lo", "mid", "hi"}
    assert (made["day"].dt.normalize() == made["day"]).all()
    assert made["maybe"].dropna().between(0, 4).all()
    if name not in CHANGES_ROWS:
        assert out.iloc[:n].equals(frame)


@pytest.mark.parametrize("name", sorted(set(EVERY) - NOMINAL - {"KMeansSMOTE"}))
def test_missing_values_keep_their_share(name):
    rng = np.random.default_rng(4)
    y = np.repeat([1, 0], [150, 600])
    X = rng.normal(size=(750, 3)) + y[:, None]
    X[rng.random(750) < 0.3, 0] = np.nan
    method = sampler(name)
    out, _ = method.fit_resample(X, y)
    made = out[method.synthetic_mask_]
    share = np.isnan(X[method.parents_[:, 0], 0]).mean()
    assert not np.isnan(made[:, 1:]).any()
    assert abs(np.isnan(made[:, 0]).mean() - share) < 0.12


@pytest.mark.parametrize("name", EVERY)
def test_integers_are_not_truncated(name):
    # Truncation toward zero moves the mean of a 0/1 column from 0.50 to about 0.25.
    rng = np.random.default_rng(5)
    y = rng.permutation(np.repeat([1, 0], [200, 1400]))
    X = rng.integers(0, 2, (1600, 4))
    X[y == 1] = rng.permuted(np.tile([[0], [1]], (100, 4)), axis=0)
    method = sampler(name, **({"sampling_strategy": 1.0}))
    out, _ = method.fit_resample(X, y)
    made = out[method.synthetic_mask_]
    assert out.dtype == X.dtype
    assert set(np.unique(made)) <= {0, 1}
    if name not in {"ADASYN", "BorderlineSMOTE", "SVMSMOTE", "MWMOTE", "ProWSyn", "SMOTEIPF", "SMOTEN"}:
        # These choose rows by place, so that the mean may move; for the others four columns of 1,200 values.
        assert abs(made.mean() - 0.5) < 0.06


@pytest.mark.parametrize("name", EVERY)
def test_float32_stays_float32(name, data):
    X, y = data
    assert sampler(name).fit_resample(X.astype(np.float32), y)[0].dtype == np.float32


@pytest.mark.parametrize("name", EVERY)
def test_one_hot_targets_give_the_rows_of_labels(name, data):
    X, y = data
    rows, labels = sampler(name).fit_resample(X, y)
    again, one_hot = sampler(name).fit_resample(X, np.eye(3, dtype=int)[y])
    assert (rows == again).all()
    assert (one_hot.argmax(axis=1) == labels).all()


@pytest.mark.parametrize("name", EVERY)
def test_copies_and_pickles_give_the_same(name, data):
    X, y = data
    method = sampler(name)
    rows, _ = method.fit_resample(X, y)
    for copy in (clone(method), pickle.loads(pickle.dumps(method))):
        assert (copy.fit_resample(X, y)[0] == rows).all()


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"KMeansSMOTE"}))
def test_a_weight_of_one_travels_as_one(name, data):
    X, y = data
    method = sampler(name)
    out, _ = method.fit_resample(X, y)
    weight, group = method.resample_arrays(np.ones(y.size), np.arange(y.size))
    assert np.allclose(weight, 1)
    assert weight.shape == group.shape == (len(out),)
    assert (group[method.synthetic_mask_] == method.parents_[:, 0]).all()


@pytest.mark.parametrize("name", ["SMOTE", "SMOTENC", "SMOTEN", "ADASYN", "BorderlineSMOTE", "GeometricSMOTE"])
def test_a_class_that_is_too_small_is_named_with_the_remedy(name):
    rng = np.random.default_rng(0)
    X = np.column_stack((rng.integers(0, 3, 40), rng.normal(size=(40, 2))))
    y = np.repeat(["rare", "other"], [4, 36])
    with pytest.raises(
        TooFewEventsError, match=r"needs at least 6 rows of class 'rare'; got 4\. Lower `._neighbors` to 3"
    ):
        sampler(name).fit_resample(X, y)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_infinite_values_are_refused_where_values_are_computed(name, data):
    X, y = data
    bad = X.copy()
    bad[3, 1] = np.inf
    if name == "RandomOverSampler":
        assert np.isinf(sampler(name).fit_resample(bad, y)[0]).any()
        return
    with pytest.raises(ValueError, match="infinity" if name == "SMOTEN" else r"infinity.*1 value\(s\) in column"):
        sampler(name).fit_resample(bad, y)


@pytest.mark.parametrize("name", EVERY)
def test_signatures_are_keyword_only_and_documented(name):
    cls = EVERY[name]
    doc = " ".join(inspect.getdoc(cls).split())
    for parameter in inspect.signature(cls).parameters.values():
        first = {"SMOTENC": "categorical_features", "SMOTEN": "categorical_encoder"}.get(name)
        assert parameter.kind is parameter.KEYWORD_ONLY or parameter.name == first
        assert f"{parameter.name}" in doc
    for part in ("When to use it", "When not", "Notes", "Examples", "sampling_strategy_"):
        assert part in doc
    assert cls._parameter_constraints.keys() == inspect.signature(cls).parameters.keys()


@pytest.mark.parametrize("name", EVERY)
def test_our_samplers_work_inside_imbalanced_learns_pipeline(name, data):
    from imblearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier

    X, y = data
    model = make_pipeline(sampler(name), DecisionTreeClassifier(random_state=0)).fit(X, y)
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("name", EVERY)
def test_the_example_in_the_docstring_runs(name):
    import doctest
    import sys

    found = doctest.DocTestFinder(recurse=False).find(EVERY[name], name, module=sys.modules[EVERY[name].__module__])
    assert sum(len(part.examples) for part in found) > 1
    assert all(doctest.DocTestRunner().run(part).failed == 0 for part in found)
