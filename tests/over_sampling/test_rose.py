import numpy as np
import pytest

from rareclass.over_sampling import ROSE
from rareclass.over_sampling.smoothing import bandwidth


def test_rows_follow_the_kernel_density():
    # The variance of a Gaussian kernel density is that of the rows plus the squared bandwidth.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40_030, 2)) * [1.0, 5.0], np.repeat([1, 0], [30, 40_000])
    out, _ = ROSE(random_state=0).fit_resample(X, y)
    made = out[len(X) :]
    expected = X[:30].var(axis=0) + bandwidth(X, np.arange(30)) ** 2
    assert np.allclose(made.var(axis=0), expected, rtol=0.04)
    assert np.allclose(made.mean(axis=0), X[:30].mean(axis=0), atol=5 * np.sqrt(expected.max() / 4e4))


def test_without_originals_every_row_is_synthetic_and_sizes_are_the_same():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), np.repeat(["r", "c"], [20, 80])
    method = ROSE(keep_original=False, random_state=0)
    out, labels = method.fit_resample(X, y)
    assert method.synthetic_mask_.all()
    assert sorted(np.unique(labels, return_counts=True)[1].tolist()) == [80, 80]
    assert not np.isin(out[:, 0], X[:, 0]).any()


def test_a_single_row_has_no_spread():
    X = np.array([[3.0], [0.0], [1.0], [2.0]])
    assert ROSE(random_state=0).fit_resample(X, [1, 0, 0, 0])[0][4:].tolist() == [[3.0], [3.0]]


def test_shrinkage_must_not_be_negative():
    with pytest.raises(ValueError, match="'shrinkage' parameter of ROSE must be"):
        ROSE(shrinkage=-1).fit_resample(np.eye(4), [0, 0, 0, 1])
