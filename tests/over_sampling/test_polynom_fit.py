import numpy as np
import pytest

from rareclass.errors import TooFewEventsError
from rareclass.over_sampling import PolynomFitSMOTE
from rareclass.over_sampling.polynom_fit import pair_of

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = np.repeat([1, 0], [8, 52])


def made(topology, X=X, y=y, **parameters):
    method = PolynomFitSMOTE(topology=topology, random_state=0, **parameters)
    out, _ = method.fit_resample(X, y)
    return out[len(X) :], method


def test_star_rows_are_evenly_spaced_toward_the_mean():
    rows, method = made("star")
    base, mean = X[method.parents_[:, 0]], X[:8].mean(axis=0)
    place = ((rows - base) / (mean - base)).mean(axis=1)
    for row in range(8):
        mine = np.sort(place[method.parents_[:, 0] == row])
        assert mine.size in (5, 6)  # 44 new rows of 8
        assert np.allclose(mine, np.arange(1, mine.size + 1) / (mine.size + 1))


def test_bus_rows_join_consecutive_rows():
    rows, method = made("bus")
    first, second = method.parents_.T
    assert (second == first + 1).all()
    assert np.bincount(first, minlength=7).tolist().count(6) + np.bincount(first).tolist().count(7) == 7
    assert np.allclose(rows, X[first] + method.interpolation_weight_[:, None] * (X[second] - X[first]))


def test_mesh_uses_all_pairs_before_any_pair_twice():
    _, method = made("mesh")
    pairs = set(map(tuple, np.sort(method.parents_, axis=1).tolist()))
    assert len(pairs) == 28  # 8 * 7 / 2, and 44 rows
    _, method = made("mesh", X[:30], y[:30])
    assert len(set(map(tuple, method.parents_.tolist()))) == 14
    assert (method.interpolation_weight_ == 0.5).all()


def test_poly_rows_lie_on_the_least_squares_polynomial_of_each_column():
    rows, _ = made("poly", degree=2)
    grid = np.linspace(0, 7, 20_001)
    curve = np.column_stack([np.polyval(np.polyfit(np.arange(8), X[:8, j], 2), grid) for j in range(3)])
    nearest = np.abs(rows[:, None] - curve[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 2e-3
    assert np.unique(rows, axis=0).shape[0] == 44  # many places of the curve, not one


def test_numbers_and_pairs_correspond():
    first, second = pair_of(np.arange(45))
    assert list(zip(first.tolist(), second.tolist())) == [(i, j) for j in range(10) for i in range(j)]
    far = np.array([2**55 + 12345])
    i, j = pair_of(far)
    assert int(j[0]) * (int(j[0]) - 1) // 2 + int(i[0]) == far[0]


def test_too_few_rows_are_refused():
    with pytest.raises(TooFewEventsError, match="'poly' needs at least 4 rows of class 1; got 3"):
        made("poly", X[5:], y[5:])
    with pytest.raises(TooFewEventsError, match="'star' needs at least 2 rows"):
        made("star", X[7:], y[7:])
