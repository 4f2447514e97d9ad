"""Numbers that all rows explain exactly, and the training rows do not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from rareclass.evaluation.preprocessed import computed_from_all_rows

RNG = np.random.default_rng(0)
X = RNG.gamma(2.0, size=(800, 4))
Y = RNG.random(800) < 0.1
NAMES = list("abcd")


def codes(matrix, train, y=Y):
    return {code for code, _ in computed_from_all_rows(matrix, NAMES[: matrix.shape[1]], y, train)}


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler()])
def test_a_scaler_of_all_rows_is_told_from_one_of_the_training_rows(scaler):
    # the extremes lie in the test part
    train = np.setdiff1d(np.arange(200, 800), np.r_[X.argmax(axis=0), X.argmin(axis=0)])
    assert codes(scaler.fit_transform(X), train) == {"fitted-before-split"}
    assert codes(scaler.fit(X[train]).transform(X), train) == set()
    assert codes(X, train) == set()


def test_gaps_filled_by_the_mean_of_all_rows():
    train, gaps = np.arange(500), np.where(RNG.random(X.shape) < 0.05, np.nan, X)
    assert codes(SimpleImputer().fit_transform(gaps), train) == {"fitted-before-split"}
    assert codes(SimpleImputer().fit(gaps[train]).transform(gaps), train) == set()


def test_levels_replaced_by_shares_of_events():
    train, level = np.arange(500), RNG.integers(0, 12, 800)
    of_all = pd.Series(Y).groupby(level).transform("mean").to_numpy()[:, None]
    assert "encoded-before-split" in codes(of_all, train)
    of_train = pd.Series(Y[train]).groupby(level[train]).mean().reindex(level).to_numpy()[:, None]
    assert codes(of_train, train) == set()
