"""Contributions of kernel machines against Shapley values summed over all subsets of columns, and closed forms."""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from rareclass.kernels.radial import Coded, Numeric, RadialParts, lacking_of, radial_scores
from rareclass.kernels.radial_reasons import radial_reasons

QUANTILES = np.array([-2.0, -1.0, 0.5, 3.0])
NORMAL = np.array([-1.5, -0.5, 0.4, 1.6])


def shapley(worth: Callable[[list[int]], float], d: int) -> np.ndarray:
    """Shapley values (d,) of a game by their definition; `worth` takes the columns that are known."""
    subsets = [s for k in range(d + 1) for s in combinations(range(d), k)]
    worths = {s: worth(list(s)) for s in subsets}
    found = np.zeros(d)
    for i in range(d):
        for s in subsets:
            if i not in s:
                weight = factorial(len(s)) * factorial(d - len(s) - 1) / factorial(d)
                found[i] += weight * (worths[tuple(sorted((*s, i)))] - worths[s])
    return found


def machine(
    seed: int, columns: int, codes: int = 0, gaps: int = 0, marks: int = 21, rate: float = 0.2
) -> tuple[RadialParts, np.ndarray]:
    """Numbers, the first `gaps` with missing values, and codes in mixed order; a typical row that is not missing."""
    rng = np.random.default_rng(seed)
    order, k = rng.permutation(columns), columns - codes
    numeric = Numeric(
        order[:k],
        np.arange(k + 1) * QUANTILES.size,
        np.tile(QUANTILES, k),
        np.tile(NORMAL, k),
        rng.uniform(0.5, 2.0, k),
        rng.normal(size=(k, marks)),
    )
    level = np.vstack([rng.integers(-1, 4, (codes, marks)), rng.random((gaps, marks)) < 0.3]).astype(np.int64)
    coded = Coded(
        np.r_[order[k:], order[:gaps]], np.repeat([0, 1], [codes, gaps]), rng.uniform(1.0, 4.0, codes + gaps), level
    )
    return RadialParts(numeric, coded, lacking_of(coded), rng.normal(size=marks), rate, -3.0), order


def rows(seed: int, parts: RadialParts, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = np.empty((n, 1 + max(parts.numeric.column.max(initial=0), parts.coded.column.max(initial=0))))
    X[:, parts.numeric.column] = 2 * rng.normal(size=(n, parts.numeric.column.size))
    for column, missing in zip(parts.coded.column, parts.coded.only_missing, strict=True):
        if missing:
            X[rng.random(n) < 0.3, column] = np.nan
        else:
            X[:, column] = rng.choice([0.0, 1.0, 2.0, 3.0, 7.0, np.nan], n)
    return X


def typical_of(parts: RadialParts, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a row lies, and its codes, written anew."""
    numeric, coded = parts.numeric, parts.coded
    place = np.interp(x[numeric.column], QUANTILES, NORMAL) / numeric.scale
    missing = np.isnan(x[coded.column])
    code = np.where(coded.only_missing == 1, missing, np.where(missing, -1.0, x[coded.column]))
    return np.where(np.isnan(place), 0.0, place), code.astype(np.int64)


def score(parts: RadialParts, x: np.ndarray) -> float:
    """The formula of `RadialParts`."""
    place, code = typical_of(parts, x)
    distance = ((place[:, None] - parts.numeric.place) ** 2).sum(axis=0)
    distance += (parts.coded.weight[:, None] * (code[:, None] != parts.coded.code)).sum(axis=0)
    return parts.intercept + float(sum(np.exp(-s * parts.rate * distance) @ parts.coef for s in (1, 4, 16)))


@pytest.mark.parametrize(
    ("seed", "columns", "codes", "gaps", "marks", "rate"),
    [(0, 5, 1, 2, 21, 0.2), (1, 8, 2, 3, 16, 0.05), (2, 3, 3, 0, 7, 0.3), (3, 4, 0, 4, 3, 3.0), (4, 1, 0, 1, 40, 0.5)],
)
def test_contributions_are_shapley_values_against_the_typical_row(seed, columns, codes, gaps, marks, rate):
    parts, _ = machine(seed, columns, codes, gaps, marks, rate)
    usual, *X = rows(seed, parts, 12)
    found, base = radial_reasons(np.array(X), parts, typical_of(parts, usual))
    assert base == pytest.approx(score(parts, usual), abs=1e-10)
    for x, given in zip(X, found, strict=True):

        def worth(known, x=x):
            mixed = usual.copy()
            mixed[known] = x[known]
            return score(parts, mixed)

        np.testing.assert_allclose(given, shapley(worth, columns), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("columns", "rate"), [(9, 0.1), (30, 0.02), (70, 0.01), (70, 0.3)])
def test_rows_sum_to_their_score_less_that_of_the_typical_row_whatever_the_columns(columns, rate):
    parts, _ = machine(columns, columns, 3, 4, 50, rate)
    usual, *X = rows(5, parts, 30)
    found, base = radial_reasons(np.array(X), parts, typical_of(parts, usual))
    wanted = np.array([score(parts, x) for x in X])
    np.testing.assert_allclose(found.sum(axis=1) + base, wanted, rtol=0, atol=1e-10)
    out = np.empty(len(X))
    radial_scores(np.array(X), parts, out)
    np.testing.assert_allclose(out, wanted, rtol=0, atol=1e-10)


def test_columns_that_are_as_in_the_typical_row_get_exactly_zero():
    parts, order = machine(6, 6, 2, 2)
    usual, *X = np.nan_to_num(rows(6, parts, 40), nan=1.0)
    X = np.array(X)
    X[:, order[2]], X[:, order[5]] = usual[order[2]], usual[order[5]]
    usual[order[:2]], X[1, order[0]] = (50.0, 0.1), 9.0  # the first both beyond the last quantile: one place
    found, base = radial_reasons(X, parts, typical_of(parts, usual))
    assert (found[:, [order[2], order[5]]] == 0).all()
    assert found[1, order[0]] == 0
    assert (found[:, order[1]] != 0).all()
    only = radial_reasons(usual[None], parts, typical_of(parts, usual))
    assert (only[0] == 0).all()
    assert only[1] == base


def test_a_value_and_its_being_missing_are_one_column():
    parts, order = machine(7, 3, 0, 1)
    usual = np.zeros(3)
    x = usual.copy()
    x[order[0]] = np.nan
    found, base = radial_reasons(x[None], parts, typical_of(parts, usual))
    assert np.flatnonzero(found[0]).tolist() == [order[0]]
    assert found[0, order[0]] + base == pytest.approx(score(parts, x), abs=1e-12)


@pytest.mark.parametrize("columns", [2, 16, 17, 60])
@pytest.mark.parametrize("step", [0.01, 0.2, 0.6])
def test_columns_that_say_the_same_share_alike_also_beyond_the_exact_points(columns, step):
    """One landmark at the typical row or at the other one: by symmetry each column has an equal share."""
    for at_row in (False, True):
        numeric = Numeric(
            np.arange(columns),
            np.arange(columns + 1) * 2,
            np.tile([0.0, 1.0], columns),
            np.tile([0.0, 1.0], columns),
            np.ones(columns),
            np.full((columns, 1), step * at_row),
        )
        none = np.empty(0, dtype=np.int64)
        coded = Coded(none, none, np.empty(0), np.empty((0, 1), dtype=np.int64))
        parts = RadialParts(numeric, coded, np.zeros(1), np.array([2.0]), 0.25, 0.0)
        found, base = radial_reasons(
            np.full((1, columns), step), parts, (np.zeros(columns), np.empty(0, dtype=np.int64))
        )
        ends = [2 * sum(np.exp(-0.25 * s * columns * step**2 * away) for s in (1, 4, 16)) for away in (0, 1)]
        gain = ends[0] - ends[1] if at_row else ends[1] - ends[0]
        np.testing.assert_allclose(found, gain / columns, rtol=1e-9, atol=1e-11)  # `waned` is 1e-12 off
        assert base == pytest.approx(ends[int(at_row)], abs=1e-11)


def test_factors_too_small_for_a_number_give_nothing_and_harm_nothing():
    parts, _ = machine(8, 5, 1, 1, rate=1e6)
    usual, *X = rows(8, parts, 20)
    found, base = radial_reasons(np.array(X), parts, typical_of(parts, usual))
    np.testing.assert_allclose(found, 0.0, atol=1e-25)
    assert base == parts.intercept


def test_a_row_has_the_same_contributions_alone_and_among_others_in_any_order():
    parts, _ = machine(9, 11, 2, 3, 37)
    usual, *X = rows(9, parts, 30)
    X = np.array(X)
    typical = typical_of(parts, usual)
    found, base = radial_reasons(X, parts, typical)
    alone = [radial_reasons(x[None], parts, typical) for x in X]
    np.testing.assert_array_equal(found, np.vstack([part for part, _ in alone]))
    assert {at for _, at in alone} == {base}
    np.testing.assert_array_equal(radial_reasons(X[::-1], parts, typical)[0], found[::-1])
    empty, at = radial_reasons(X[:0], parts, typical)
    assert empty.shape == (0, X.shape[1])
    assert at == base
