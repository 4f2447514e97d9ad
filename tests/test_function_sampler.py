"""FunctionSampler."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from rareclass import FunctionSampler
from rareclass.errors import InputError
from rareclass.under_sampling import RandomUnderSampler


def halve(X, y, keep=0.5):
    number = int(keep * len(y))
    return X[:number], y[:number]


def rows():
    return np.arange(20.0).reshape(10, 2), np.tile([0, 1], 5)


def test_without_a_function_the_data_come_back():
    X, y = rows()
    X_res, y_res = FunctionSampler().fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X)
    np.testing.assert_array_equal(y_res, y)


def test_arguments_are_handed_on():
    assert len(FunctionSampler(func=halve, kw_args={"keep": 0.2}).fit_resample(*rows())[1]) == 2


def test_containers_come_back():
    X, y = rows()
    X_res, y_res = FunctionSampler(func=halve).fit_resample(pd.DataFrame(X, columns=["a", "b"]), pd.Series(y, name="t"))
    assert X_res.columns.tolist() == ["a", "b"]
    assert y_res.name == "t"


def test_sparse_is_accepted_or_refused():
    X, y = rows()
    assert sparse.issparse(FunctionSampler(func=lambda X, y: (X, y)).fit_resample(sparse.csr_matrix(X), y)[0])
    with pytest.raises(TypeError):
        FunctionSampler(accept_sparse=False).fit_resample(sparse.csr_matrix(X), y)


def test_without_validation_anything_goes():
    X_res, y_res = FunctionSampler(func=lambda X, y: (X[:1], y[:1]), validate=False).fit_resample(
        ["text", "more"], [0.1, 0.2]
    )
    assert X_res == ["text"]
    assert y_res == [0.1]


def test_one_class_and_continuous_targets_are_refused():
    X, _ = rows()
    with pytest.raises(InputError, match="more than 1 class"):
        FunctionSampler().fit_resample(X, np.zeros(10, dtype=int))
    with pytest.raises(ValueError, match="Unknown label type"):
        FunctionSampler().fit(X, np.linspace(0.1, 0.9, 10))


def test_a_sampler_inside_the_function():
    X, y = np.zeros((30, 1)), np.repeat([0, 1], [25, 5])
    wrapped = FunctionSampler(func=lambda X, y: RandomUnderSampler(random_state=0).fit_resample(X, y))
    assert np.bincount(wrapped.fit_resample(X, y)[1]).tolist() == [5, 5]
