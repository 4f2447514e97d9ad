"""Kernel machines on ranks and codes: Gaussian kernels of three widths about landmarks, summed up row by row.

Sums run in a fixed order, so that a row has the same score alone and among others, with any number of threads.
"""

from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.linear import interpolated

_FARTHEST = 64.0
"""A landmark with this exponent is as good as absent (1e-28)."""


class Numeric(NamedTuple):
    """Columns (k,) that hold numbers, where the quantiles of each begin (k + 1,), the quantiles, their normal scores
    (q,), the scale (k,) that scores are divided by, and the places (k, m) of the landmarks on it."""

    column: np.ndarray
    begin: np.ndarray
    quantile: np.ndarray
    normal: np.ndarray
    scale: np.ndarray
    place: np.ndarray


class Coded(NamedTuple):
    """Columns (c,) that hold codes, or of which only counts whether a value is missing (where `only_missing` is 1);
    what it adds to the squared distance when two codes differ (c,), and the codes (c, m) of the landmarks."""

    column: np.ndarray
    only_missing: np.ndarray
    weight: np.ndarray
    code: np.ndarray


class RadialParts(NamedTuple):
    """Log-odds are ``intercept + sum over landmarks of coef * (e + e^4 + e^16)``, ``e = exp(-rate * squared
    distance)``; see `Numeric` and `Coded` for the distance. `lacking` (m,) is what a row without missing values has of
    it for what the landmarks lack, see `lacking_of`."""

    numeric: Numeric
    coded: Coded
    lacking: np.ndarray
    coef: np.ndarray
    rate: float
    intercept: float


def lacking_of(coded: Coded) -> np.ndarray:
    """Squared distance (m,) of landmarks with missing values to a row without, by that alone."""
    return np.asarray((coded.only_missing * coded.weight) @ coded.code)


@compiled
def place_of(x: float, k: int, numeric: Numeric) -> float:  # pragma: no cover - compiled
    """Where the value x of the numeric column k lies; 0, the middle, where it is missing."""
    if x != x:
        return 0.0
    start, end = numeric.begin[k], numeric.begin[k + 1]
    return interpolated(x, numeric.quantile[start:end], numeric.normal[start:end]) / numeric.scale[k]


@compiled
def code_of(x: float, only_missing: int) -> int:  # pragma: no cover - compiled
    """The code that a value stands for; -1 where it is none."""
    if only_missing == 1:
        return 1 if x != x else 0
    if x >= 0.0 and x < 1e9:
        code = np.int64(x)
        if code == x:
            return int(code)
    return -1


@compiled
def waned(exponent: float) -> float:  # pragma: no cover - compiled
    """exp(-exponent) for an exponent from 0 on, by ten squarings, which a processor does for several at once."""
    v = min(exponent, _FARTHEST) * (1.0 / 1024.0)
    # the series of exp(-v), of which v^8 / 8! is the first part that is left out: below 1e-14 of it
    e = 1.0 + v * (-1.0 + v * (1 / 2 + v * (-1 / 6 + v * (1 / 24 + v * (-1 / 120 + v * (1 / 720 - v / 5040))))))
    for _ in range(10):
        e *= e
    return e


@compiled
def three_widths(exponent: float) -> float:  # pragma: no cover - compiled
    """``e + e^4 + e^16`` for ``e = exp(-exponent)``."""
    e = waned(exponent)
    four = e * e
    four *= four
    sixteen = four * four
    return e + four + sixteen * sixteen


@compiled
def radial_scores(X: np.ndarray, parts: RadialParts, out: np.ndarray) -> None:  # pragma: no cover - compiled
    """Write the log-odds (n,) of encoded rows X (n, d) to `out`."""
    numeric, coded, coef = parts.numeric, parts.coded, parts.coef
    line = np.empty(coef.shape[0])
    for row in range(X.shape[0]):
        line[:] = parts.lacking
        for k in range(numeric.column.shape[0]):
            r = place_of(X[row, numeric.column[k]], k, numeric)
            place = numeric.place[k]
            for m in range(line.shape[0]):
                gap = r - place[m]
                line[m] += gap * gap
        for c in range(coded.column.shape[0]):
            own = code_of(X[row, coded.column[c]], coded.only_missing[c])
            code, weight = coded.code[c], coded.weight[c]
            if coded.only_missing[c] == 0:
                for m in range(line.shape[0]):
                    line[m] += 0.0 if code[m] == own else weight
            elif own == 1:  # `lacking` counts it as there
                for m in range(line.shape[0]):
                    line[m] += weight * (1 - 2 * code[m])
        for m in range(line.shape[0]):
            line[m] = coef[m] * three_widths(parts.rate * line[m])
        total = parts.intercept
        for m in range(line.shape[0]):
            total += line[m]
        out[row] = total


@compiled
def radial_places(
    X: np.ndarray, numeric: Numeric, coded: Coded, place: np.ndarray, code: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Write where rows X (n, d) lie, (k, n), and their codes, (c, n): what landmarks are made of."""
    for row in range(X.shape[0]):
        for k in range(numeric.column.shape[0]):
            place[k, row] = place_of(X[row, numeric.column[k]], k, numeric)
        for c in range(coded.column.shape[0]):
            code[c, row] = code_of(X[row, coded.column[c]], coded.only_missing[c])


@compiled
def kernels_of(distance: np.ndarray, rate: float) -> None:  # pragma: no cover - compiled
    """Turn squared distances (n, m) into the mean of the three kernels, in place."""
    for i in range(distance.shape[0]):
        line = distance[i]
        for m in range(line.shape[0]):
            line[m] = three_widths(rate * line[m]) * (1.0 / 3.0)
