"""What every under-sampler promises, whatever its rule."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeClassifier

from rareclass import under_sampling
from rareclass.errors import DroppedWarning, InputError
from rareclass.under_sampling import (
    AllKNN,
    ClusterCentroids,
    CondensedNearestNeighbour,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    NegativeSampler,
    NeighbourhoodCleaningRule,
    OneSidedSelection,
    RandomUnderSampler,
    RepeatedEditedNearestNeighbours,
    TomekLinks,
)

SELECTING = [
    AllKNN(),
    CondensedNearestNeighbour(random_state=0),
    EditedNearestNeighbours(),
    EditedNearestNeighbours(kind_sel="mode"),
    InstanceHardnessThreshold(estimator=LogisticRegression(), random_state=0),
    NearMiss(),
    NearMiss(version=2),
    NearMiss(version=3, n_neighbors_ver3=20),
    NegativeSampler(2, random_state=0),
    NeighbourhoodCleaningRule(),
    OneSidedSelection(random_state=0),
    RandomUnderSampler(random_state=0),
    RepeatedEditedNearestNeighbours(),
    TomekLinks(),
]
EXACT = [s for s in SELECTING if hasattr(s, "n_jobs") and not isinstance(s, InstanceHardnessThreshold)]
ORDERED = [s for s in SELECTING if "order" in s.get_params()]
EVERY = [*SELECTING, ClusterCentroids(random_state=0)]


def name(value):
    return type(value).__name__ if hasattr(value, "fit_resample") else None


def noisy(n=300, d=3, seed=0, share=0.2):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(np.int64)
    return rng.standard_normal((n, d)) + 0.7 * y[:, None], y


def test_every_public_name_is_tested_here():
    assert {type(sampler).__name__ for sampler in EVERY} == set(under_sampling.__all__)


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
def test_output_rows_are_the_rows_named_by_sample_indices(sampler):
    X, y = noisy()
    sampler = clone(sampler)
    X_res, y_res = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])
    np.testing.assert_array_equal(y_res, y[sampler.sample_indices_])
    assert 0 < len(y_res) < len(y)
    assert not sampler.synthetic_mask_.any()
    assert np.unique(sampler.sample_indices_).size == len(y_res)


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
def test_user_data_are_not_modified(sampler):
    X, y = noisy()
    X_before, y_before = X.copy(), y.copy()
    clone(sampler).fit_resample(X, y)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2), (-1, 1), (False, True)], ids=str)
def test_labels_may_have_any_name(sampler, labels):
    X, y = noisy()
    plain, named = clone(sampler), clone(sampler)
    plain.fit_resample(X, y)
    _, y_res = named.fit_resample(X, np.array(labels)[y])
    np.testing.assert_array_equal(named.sample_indices_, plain.sample_indices_)
    assert set(y_res.tolist()) == set(labels)


@pytest.mark.parametrize("sampler", EXACT, ids=name)
def test_number_of_threads_changes_nothing(sampler):
    X, y = noisy(n=3000, d=8, share=0.05)
    chosen = []
    for jobs in (1, 2, 3, None):
        run = clone(sampler).set_params(n_jobs=jobs)
        run.fit_resample(X, y)
        chosen.append(run.sample_indices_.tolist())
    assert all(rows == chosen[0] for rows in chosen)


@pytest.mark.parametrize("sampler", [s for s in EXACT if not hasattr(s, "n_seeds_S")], ids=name)
def test_permuting_the_rows_permutes_the_result(sampler):
    X, y = noisy()
    order = np.random.default_rng(3).permutation(len(y))
    straight, permuted = clone(sampler), clone(sampler)
    straight.fit_resample(X, y)
    permuted.fit_resample(X[order], y[order])
    assert sorted(order[permuted.sample_indices_].tolist()) == sorted(straight.sample_indices_.tolist())


@pytest.mark.parametrize("sampler", ORDERED, ids=name)
def test_input_order_keeps_the_rows_and_sorts_them(sampler):
    X, y = noisy()
    by_class, as_input = clone(sampler).set_params(order="class"), clone(sampler).set_params(order="input")
    _, y_class = by_class.fit_resample(X, y)
    as_input.fit_resample(X, y)
    np.testing.assert_array_equal(np.sort(by_class.sample_indices_), as_input.sample_indices_)
    assert np.all(np.diff(y_class) >= 0)


@pytest.mark.parametrize("sampler", EVERY, ids=name)
@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_frames_stay_frames(sampler, container):
    X, y = noisy(n=150)
    columns = {f"c{j}": X[:, j] for j in range(X.shape[1])}
    frame = container(columns)
    expected, _ = clone(sampler).fit_resample(X, y)
    given, _ = clone(sampler).fit_resample(frame, y)
    assert type(given) is type(frame)
    values = given.to_pandas().to_numpy() if isinstance(given, pa.Table) else given.to_numpy()
    np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
def test_pandas_keeps_its_index_and_types(sampler):
    X, y = noisy(n=150)
    frame = pd.DataFrame({"a": X[:, 0], "b": (X[:, 1] * 10).astype(np.int32), "c": X[:, 2] > 0})
    frame["d"] = pd.Categorical(np.where(X[:, 0] > 0, "high", "low"))
    frame.index = [f"row{i}" for i in range(len(y))]
    target = pd.Series(y, index=frame.index, name="t")
    if isinstance(sampler, InstanceHardnessThreshold):
        frame = frame[["a", "b", "c"]]
    sampler = clone(sampler)
    X_res, y_res = sampler.fit_resample(frame, target)
    pd.testing.assert_frame_equal(X_res, frame.iloc[sampler.sample_indices_])
    pd.testing.assert_series_equal(y_res, target.iloc[sampler.sample_indices_])


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array], ids=["csr", "csc"])
def test_sparse_gives_the_rows_of_dense_and_stays_sparse(sampler, kind):
    X, y = noisy()
    X[X < 0.3] = 0
    dense, thin = clone(sampler), clone(sampler)
    dense.fit_resample(X, y)
    X_res, _ = thin.fit_resample(kind(X), y)
    np.testing.assert_array_equal(thin.sample_indices_, dense.sample_indices_)
    assert sparse.issparse(X_res)
    assert X_res.format == kind(X).format
    np.testing.assert_array_equal(X_res.toarray(), X[dense.sample_indices_])


@pytest.mark.parametrize(
    ("sampler", "estimator"),
    [
        (EditedNearestNeighbours(), NearestNeighbors(n_neighbors=4)),
        (EditedNearestNeighbours(kind_sel="mode"), NearestNeighbors(n_neighbors=4)),
        (RepeatedEditedNearestNeighbours(), NearestNeighbors(n_neighbors=4)),
        (AllKNN(), NearestNeighbors(n_neighbors=4)),
        (NearMiss(), NearestNeighbors(n_neighbors=3)),
        (NearMiss(version=2), NearestNeighbors(n_neighbors=3)),
        (NeighbourhoodCleaningRule(), NearestNeighbors(n_neighbors=4)),
    ],
    ids=name,
)
def test_an_object_of_another_metric_is_asked_and_a_euclidean_one_equals_the_number(sampler, estimator):
    X, y = noisy()
    number, same, cube = (clone(sampler) for _ in range(3))
    number.fit_resample(X, y)
    same.set_params(n_neighbors=estimator).fit_resample(X, y)
    np.testing.assert_array_equal(number.sample_indices_, same.sample_indices_)
    # The Minkowski distance of order 2, spelt so that our kernels do not recognise it, goes through the object.
    slow = clone(estimator).set_params(metric="minkowski", p=2.0000001)
    cube.set_params(n_neighbors=slow).fit_resample(X, y)
    np.testing.assert_array_equal(number.sample_indices_, cube.sample_indices_)


@pytest.mark.parametrize("sampler", EXACT, ids=name)
@pytest.mark.parametrize("change", [lambda X: X + 1e6, lambda X: X * 2.0**-70, lambda X: X.astype(np.float32)])
def test_offset_scale_and_precision_do_not_change_the_neighbours(sampler, change):
    rng = np.random.default_rng(0)
    # Multiples of 1/8 are exact after all three changes, and all distances are far apart or exactly equal.
    X = np.round(rng.standard_normal((400, 4)) * 8) / 8
    y = (rng.random(400) < 0.2).astype(np.int64)
    plain, changed = clone(sampler), clone(sampler)
    plain.fit_resample(X, y)
    changed.fit_resample(change(X), y)
    np.testing.assert_array_equal(plain.sample_indices_, changed.sample_indices_)


@pytest.mark.parametrize(
    ("sampler", "said"),
    [
        (EditedNearestNeighbours(n_neighbors=10), "n_neighbors=10` needs at least 11 rows in all; got 8"),
        (RepeatedEditedNearestNeighbours(n_neighbors=10), "needs at least 11 rows"),
        (NeighbourhoodCleaningRule(n_neighbors=10), "needs at least 11 rows"),
        (NearMiss(n_neighbors=5), "needs at least 5 rows of the smallest class; got 2"),
        (NearMiss(version=3, n_neighbors=2, n_neighbors_ver3=9), "needs at least 9 rows of class 0; got 6"),
        (CondensedNearestNeighbour(n_neighbors=5), "needs at least 5 rows among the rare rows and the seeds; got 3"),
        (CondensedNearestNeighbour(n_seeds_S=7), "n_seeds_S=7` needs as many rows of class 0; got 6"),
        (InstanceHardnessThreshold(), "cv=5` needs as many rows of every class; class 1 has 2"),
    ],
    ids=name,
)
def test_too_few_rows_are_named_with_a_remedy(sampler, said):
    X, y = np.arange(8.0)[:, None], np.repeat([0, 1], [6, 2])
    with pytest.raises(InputError, match=said):
        sampler.fit_resample(X, y)


@pytest.mark.parametrize("sampler", [EditedNearestNeighbours(), RepeatedEditedNearestNeighbours()], ids=name)
def test_a_class_cleaned_away_is_reported(sampler):
    rng = np.random.default_rng(0)
    X = np.concatenate((rng.normal(0, 1, (100, 2)), [[0, 0], [9, 9], [0.1, 0]], rng.normal(0, 1, (2, 2))))
    y = np.repeat([0, 1, 2], [100, 3, 2])
    with pytest.warns(DroppedWarning, match=r"removed every row of class 1 \(3 rows\)"):
        sampler.fit_resample(X, y)


@pytest.mark.parametrize("sampler", EXACT, ids=name)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_and_infinite_values_are_refused_by_column(sampler, bad):
    X, y = noisy()
    X[3, 1] = bad
    with pytest.raises(InputError, match=r"1 value\(s\) in column\(s\) 1"):
        clone(sampler).fit_resample(X, y)


@pytest.mark.parametrize("sampler", [RandomUnderSampler(random_state=0), NegativeSampler(1, random_state=0)], ids=name)
def test_random_choice_takes_any_data(sampler):
    X = np.array([["a", None], ["b", 2.0], ["c", np.nan], ["d", "x"], ["e", 1], ["f", 3]], dtype=object)
    X_res, y_res = clone(sampler).fit_resample(X, [0, 0, 0, 0, 1, 1])
    assert X_res.shape == (4, 2)
    assert sorted(y_res) == [0, 0, 1, 1]


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
def test_arrays_of_weights_follow_the_rows(sampler):
    X, y = noisy()
    sampler = clone(sampler)
    sampler.fit_resample(X, y)
    weight, group = sampler.resample_arrays(np.arange(300.0), [f"g{i}" for i in range(300)])
    assert weight.tolist() == sampler.sample_indices_.tolist()
    assert group.tolist() == [f"g{i}" for i in sampler.sample_indices_]


@pytest.mark.parametrize("sampler", SELECTING, ids=name)
def test_defaults_of_imbalanced_learn_are_kept(sampler):
    imblearn = pytest.importorskip("imblearn.under_sampling")
    if not hasattr(imblearn, name(sampler)):
        pytest.skip("imbalanced-learn has no such sampler")
    theirs = getattr(imblearn, name(sampler))().get_params()
    ours = type(sampler)().get_params()
    assert {key: ours.get(key, "absent") for key in theirs} == theirs


def test_no_warning_where_cleaning_has_work_to_do():
    X, y = noisy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EditedNearestNeighbours().fit_resample(X, y)


def test_hardness_with_a_tree_reaches_the_count_exactly():
    X, y = noisy(n=400)
    sampler = InstanceHardnessThreshold(estimator=DecisionTreeClassifier(max_depth=2, random_state=0), random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert np.bincount(y_res).tolist() == [y.sum(), y.sum()]
