"""Kernel machines on ranks and codes: the same as plain formulas, and a row has one score alone and among others."""

import math

import numpy as np
import pytest

from rareclass.kernels.radial import (
    Coded,
    Numeric,
    RadialParts,
    kernels_of,
    lacking_of,
    radial_places,
    radial_scores,
    three_widths,
    waned,
)

COLUMNS, MARKS = 6, 37
QUANTILES = [np.array([-3.0, -0.5, 0.25, 2.0]), np.array([0.0]), np.array([-1e9, 1e-300, 7.0, 1e300])]


def parts(seed=0, marks=MARKS):
    """Three columns of numbers, the last two of which may be missing, and two of codes."""
    rng = np.random.default_rng(seed)
    normal = [np.sort(rng.normal(size=q.size)) for q in QUANTILES]
    begin = np.cumsum([0, *(q.size for q in QUANTILES)])
    scale, place = np.array([1.0, 0.5, 2.5]), rng.normal(size=(3, marks))
    numeric = Numeric(np.array([4, 0, 2]), begin, np.concatenate(QUANTILES), np.concatenate(normal), scale, place)
    code = np.vstack([rng.integers(-1, 4, size=(2, marks)), rng.integers(0, 2, size=(2, marks))])
    coded = Coded(np.array([1, 5, 0, 2]), np.array([0, 0, 1, 1]), np.array([4.0, 3.0, 2.0, 1.5]), code)
    return RadialParts(numeric, coded, lacking_of(coded), rng.normal(size=marks), 0.21, -1.75)


def rows(n=300, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(scale=3, size=(n, COLUMNS))
    X[:, [1, 5]] = rng.integers(-1, 5, size=(n, 2))
    X[rng.random((n, COLUMNS)) < 0.25] = np.nan
    odd = [-0.0, 0.5, 2.5, -2.0, -1.0, 1e9, 1e300, -1e300, 3.0, 5e-324, 1e-300]
    return np.vstack([X, *(np.full(COLUMNS, value) for value in [*odd, np.nan, *np.concatenate(QUANTILES)])])


def own_code(x):
    return int(x) if x >= 0 and x < 1e9 and x == np.floor(x) else -1


def squared_distance(x, landmark, given):
    numeric, coded = given.numeric, given.coded
    total = 0.0
    for k, column in enumerate(numeric.column):
        start, end = numeric.begin[k], numeric.begin[k + 1]
        value = np.interp(x[column], numeric.quantile[start:end], numeric.normal[start:end]) / numeric.scale[k]
        total += ((0.0 if np.isnan(x[column]) else value) - numeric.place[k, landmark]) ** 2
    for c, column in enumerate(coded.column):
        own = int(np.isnan(x[column])) if coded.only_missing[c] else own_code(x[column])
        total += coded.weight[c] * (own != coded.code[c, landmark])
    return total


def scores(X, given):
    out = np.empty(X.shape[0])
    radial_scores(X, given, out)
    return out


def test_the_exponential_is_right_to_eleven_digits_and_nothing_is_left_far_away():
    at = np.concatenate([np.linspace(0.0, 64.0, 20_001), np.geomspace(1e-300, 1.0, 500)])
    found, true = np.array([waned(x) for x in at]), np.array([math.exp(-x) for x in at])
    assert np.abs(found / true - 1).max() < 1e-11
    assert waned(0.0) == 1.0
    for far in (64.5, 1e3, 1e300, np.inf):
        assert 0 <= waned(far) <= 1.0001 * math.exp(-64)


def test_three_widths_are_the_sum_of_three_gaussians():
    for x in (0.0, 1e-9, 0.3, 2.0, 7.5):
        assert three_widths(x) == pytest.approx(math.exp(-x) + math.exp(-4 * x) + math.exp(-16 * x), rel=1e-10)


@pytest.mark.parametrize("marks", [1, 3, MARKS])
def test_scores_are_those_of_the_formula(marks):
    given, X = parts(marks=marks), rows()
    distance = np.array([[squared_distance(x, m, given) for m in range(marks)] for x in X])
    kernel = sum(np.exp(-width * given.rate * distance) for width in (1, 4, 16))
    np.testing.assert_allclose(scores(X, given), given.intercept + kernel @ given.coef, rtol=0, atol=1e-11)
    kernels_of(distance, given.rate)
    np.testing.assert_allclose(distance, kernel / 3, rtol=1e-10, atol=1e-30)


def test_a_row_has_the_same_score_alone_and_among_others():
    given, X = parts(), rows()
    alone = np.concatenate([scores(row[None], given) for row in X])
    np.testing.assert_array_equal(alone, scores(X, given))
    np.testing.assert_array_equal(alone[::-1], scores(np.ascontiguousarray(X[::-1]), given))


def test_what_landmarks_lack_counts_against_rows_that_lack_nothing():
    coded = parts().coded
    # columns 2 and 3 of the coded ones count only whether something is missing
    np.testing.assert_array_equal(lacking_of(coded), 2.0 * coded.code[2] + 1.5 * coded.code[3])
    none = Coded(coded.column[:2], coded.only_missing[:2], coded.weight[:2], coded.code[:2])
    np.testing.assert_array_equal(lacking_of(none), np.zeros(MARKS))


def test_a_row_that_is_a_landmark_lies_at_no_distance_from_it():
    given, X = parts(), rows()
    place, code = np.empty((3, X.shape[0])), np.empty((4, X.shape[0]), dtype=np.int64)
    radial_places(X, given.numeric, given.coded, place, code)
    coded = given.coded._replace(code=code)
    here = RadialParts(given.numeric._replace(place=place), coded, lacking_of(coded), np.empty(0), 5.0, 0.0)
    for row in range(X.shape[0]):
        coef = (np.arange(X.shape[0]) == row).astype(float)
        assert scores(X[[row]], here._replace(coef=coef))[0] == 3.0


def test_without_any_column_only_the_intercept_and_the_landmarks_weights_are_left():
    none = np.empty(0, dtype=np.int64)
    numeric = Numeric(none, np.zeros(1, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0), np.empty((0, 2)))
    coded = Coded(none, none, np.empty(0), np.empty((0, 2), dtype=np.int64))
    given = RadialParts(numeric, coded, lacking_of(coded), np.array([1.0, -0.25]), 1.0, 0.5)
    np.testing.assert_array_equal(scores(np.zeros((2, 1)), given), [2.75, 2.75])
