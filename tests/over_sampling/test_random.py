import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from rareclass.errors import InputError
from rareclass.over_sampling import RandomOverSampler
from rareclass.over_sampling.smoothing import bandwidth

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = np.repeat([1, 0], [20, 180])


def test_output_rows_are_the_input_rows_of_sample_indices():
    method = RandomOverSampler(random_state=0)
    out, labels = method.fit_resample(X, y)
    assert (out == X[method.sample_indices_]).all()
    assert (labels == y[method.sample_indices_]).all()
    assert method.sample_indices_[:200].tolist() == list(range(200))
    assert method.shrinkage_ is None


@pytest.mark.parametrize("classes", [2, 3])
def test_large_outputs_are_the_input_followed_by_the_rows_they_name(classes):
    # Large enough that every array is written by several threads; with two classes all made rows are of one class.
    n = 600_000
    X, y = np.arange(2.0 * n).reshape(n, 2), np.zeros(n, dtype=int)
    y[n - 50 :] = np.arange(50) % (classes - 1) + 1
    sampler = RandomOverSampler(random_state=0)
    X_out, y_out = sampler.fit_resample(X, y)
    rows = sampler.sample_indices_
    assert (rows[:n] == np.arange(n)).all()
    assert (X_out[:, 0] == 2.0 * rows).all()
    assert (y_out == y[rows]).all()
    assert np.bincount(y_out).tolist() == [n - 50] * classes
    assert all(count["after"] == n - 50 for count in sampler.counts_.values())


def test_rows_are_drawn_evenly():
    method = RandomOverSampler(random_state=0)
    method.fit_resample(np.zeros((20_040, 1)), np.repeat([1, 0], [20, 20_020]))
    counts = np.bincount(method.sample_indices_[20_040:])
    assert (np.abs(counts - 1000) < 5 * np.sqrt(1000)).all()


def test_any_value_passes_untouched():
    frame = pd.DataFrame({"x": [np.nan, np.inf, 1.0, 2.0], "o": [{"a": 1}, None, (1,), "t"]}, index=list("abcd"))
    out, _ = RandomOverSampler(random_state=0).fit_resample(frame, [1, 0, 0, 0])
    assert out.iloc[:4].equals(frame)
    assert out["o"].iloc[4] == {"a": 1}
    assert np.isnan(out["x"].iloc[5])
    assert list(out.index) == ["a", "b", "c", "d", "synthetic-0", "synthetic-1"]
    objects = np.array([["t", 1], ["u", None], ["v", 2.0]], dtype=object)
    assert RandomOverSampler(random_state=0).fit_resample(objects, [1, 0, 0])[0].tolist()[3] == ["t", 1]


def test_noise_has_the_bandwidth_of_the_paper():
    # (4 / ((d + 2) n))^(1 / (d + 4)) s with n and s of the class: 20 rows, 3 columns.
    expected = (4 / (5 * 20)) ** (1 / 7) * X[:20].std(axis=0, ddof=1)
    assert np.allclose(bandwidth(X, np.arange(20)), expected)
    method = RandomOverSampler(shrinkage=0.5, random_state=0, sampling_strategy={1: 180})
    big, labels = np.vstack((X[:20], np.zeros((30_000, 3)))), np.repeat([1, 0], [20, 30_000])
    out, _ = method.set_params(sampling_strategy="auto").fit_resample(big, labels)
    noise = out[30_020:] - big[method.parents_[:, 0]]
    assert np.allclose(noise.std(axis=0), 0.5 * expected, rtol=0.02)
    assert method.shrinkage_ == {1: 0.5}


def test_no_shrinkage_means_copies():
    for shrinkage in (0, {1: 0.0}):
        smooth = RandomOverSampler(shrinkage=shrinkage, random_state=0).fit_resample(X, y)[0]
        assert (smooth == RandomOverSampler(random_state=0).fit_resample(X, y)[0]).all()


def test_noise_keeps_sparse_matrices_sparse():
    S = sparse.random_array((300, 500), density=0.01, rng=np.random.default_rng(0), format="csr")
    out, _ = RandomOverSampler(shrinkage=1.0, random_state=0).fit_resample(S, np.repeat([1, 0], [50, 250]))
    per_row = S[:50].nnz / 50
    assert out.nnz < S.nnz + 200 * per_row * 1.3
    assert (out[300:].toarray() != 0).sum() > 0


@pytest.mark.parametrize(
    ("shrinkage", "said"),
    [
        ({}, "`shrinkage` should contain a shrinkage factor for each class"),
        ({1: -1}, "needs to be >= 0. Got -1 for class 1"),
    ],
)
def test_bad_shrinkage_says_why(shrinkage, said):
    with pytest.raises(InputError, match=said):
        RandomOverSampler(shrinkage=shrinkage).fit_resample(X, y)


def test_text_cannot_be_smoothed():
    words = np.array([["a", 1.0], ["b", 2.0], ["c", 3.0]], dtype=object)
    with pytest.raises(InputError, match="X needs to contain only numerical data"):
        RandomOverSampler(shrinkage=1).fit_resample(words, [0, 0, 1])
