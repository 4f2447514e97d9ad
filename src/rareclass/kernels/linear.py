"""Linear scores of encoded rows, of the columns themselves or of their quantile features; weighted means of log-odds.

Sums run in the order of the columns, row by row, so that a row has the same score alone and among others.
"""

import numpy as np

from rareclass.kernels.compiled import compiled

RANK, MAGNITUDE, MISSING, HINGES = 0, 1, 2, 3
"""Rows of `weight` and `mean` in `quantile_scores`; hinges follow from `HINGES` on."""


@compiled
def without_infinite(values: np.ndarray, out: np.ndarray) -> None:  # pragma: no cover - compiled
    """Copy numbers, in any order of two dimensions, to `out` (n, d) with NaN in the place of infinite ones."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = values[i, j] if np.isfinite(values[i, j]) else np.nan


@compiled
def linear_scores(
    X: np.ndarray, weight: np.ndarray, intercept: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Write ``X @ weight + intercept`` (n,) to `out`."""
    for i in range(X.shape[0]):
        total = 0.0
        for j in range(X.shape[1]):
            total += X[i, j] * weight[j]
        out[i] = total + intercept


@compiled
def combined(
    logits: np.ndarray, intercept: np.ndarray, slope: np.ndarray, weight: np.ndarray, limit: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Write the weighted sum (n,) of ``intercept + slope * logit`` over members, `logits` (k, n) cut at +-`limit`."""
    for i in range(logits.shape[1]):
        total = 0.0
        for j in range(logits.shape[0]):
            total += (min(max(logits[j, i], -limit), limit) * slope[j] + intercept[j]) * weight[j]
        out[i] = total


@compiled
def interpolated(x: float, at: np.ndarray, value: np.ndarray) -> float:  # pragma: no cover - compiled
    """Piecewise-linear through (at, value), flat beyond: `numpy.interp`, operation by operation."""
    last = at.shape[0] - 1
    if x >= at[last]:
        return value[last]
    if x < at[0]:
        return value[0]
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) >> 1
        if at[middle] <= x:
            low = middle
        else:
            high = middle
    if at[low] == x:
        return value[low]
    return (value[low + 1] - value[low]) / (at[low + 1] - at[low]) * (x - at[low]) + value[low]


@compiled
def _numeric_part(
    x: float,
    k: int,
    numeric: tuple[np.ndarray, np.ndarray, np.ndarray],
    knots: tuple[np.ndarray, np.ndarray, np.ndarray],
    linear: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> float:  # pragma: no cover - compiled
    """What the value x of the numeric column k adds to the score."""
    _, centre, scale = numeric
    begin, quantile, normal = knots
    hinge, weight, mean = linear
    rank, magnitude, missing = 0.0, 0.0, 1.0
    if x == x:
        missing = 0.0
        rank = interpolated(x, quantile[begin[k] : begin[k + 1]], normal[begin[k] : begin[k + 1]])
        magnitude = np.arcsinh(x / scale[k] - centre[k] / scale[k])
    total = (rank - mean[RANK, k]) * weight[RANK, k]
    total += (magnitude - mean[MAGNITUDE, k]) * weight[MAGNITUDE, k]
    total += (missing - mean[MISSING, k]) * weight[MISSING, k]
    for h in range(hinge.shape[0]):
        total += (max(rank - hinge[h], 0.0) - mean[HINGES + h, k]) * weight[HINGES + h, k]
    return total


@compiled
def _coded_part(
    x: float, c: int, coded: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> float:  # pragma: no cover - compiled
    """What the code x of the column c of codes adds to the score; 0 for codes without a weight."""
    _, code_begin, code_weight = coded
    if x >= 0.0 and x < code_begin[c + 1] - code_begin[c]:
        code = np.int64(x)
        if code == x:
            return code_weight[code_begin[c] + code]
    return 0.0


@compiled
def quantile_scores(
    X: np.ndarray,
    numeric: tuple[np.ndarray, np.ndarray, np.ndarray],
    knots: tuple[np.ndarray, np.ndarray, np.ndarray],
    linear: tuple[np.ndarray, np.ndarray, np.ndarray],
    coded: tuple[np.ndarray, np.ndarray, np.ndarray],
    base: float,
    out: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Write the scores (n,) of a linear model on quantile features to `out`.

    Parameters
    ----------
    X : array (n, d)
    numeric : arrays (k,)
        Columns of X that hold numbers, their centre and scale.
    knots : arrays (k + 1,), (q,), (q,)
        Where the quantiles of each begin, the quantiles, and their normal scores.
    linear : arrays (h,), (3 + h, k), (3 + h, k)
        Places of the hinges; weight and mean of rank, magnitude, indicator of missing and hinges.
    coded : arrays (c,), (c + 1,), (l,)
        Columns of X that hold codes, where the weights of each begin, and the weight of each code.
    """
    for i in range(X.shape[0]):
        total = base
        for k in range(numeric[0].shape[0]):
            total += _numeric_part(X[i, numeric[0][k]], k, numeric, knots, linear)
        for c in range(coded[0].shape[0]):
            total += _coded_part(X[i, coded[0][c]], c, coded)
        out[i] = total


@compiled
def quantile_parts(
    X: np.ndarray,
    numeric: tuple[np.ndarray, np.ndarray, np.ndarray],
    knots: tuple[np.ndarray, np.ndarray, np.ndarray],
    linear: tuple[np.ndarray, np.ndarray, np.ndarray],
    coded: tuple[np.ndarray, np.ndarray, np.ndarray],
    typical: np.ndarray,
    out: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Add to `out` (n, d or more) what each column adds to the scores of `quantile_scores`, less its `typical` part.

    `typical` (k + c,) holds those of the numeric columns, then those of the columns of codes.
    """
    count = numeric[0].shape[0]
    for i in range(X.shape[0]):
        for k in range(count):
            out[i, numeric[0][k]] += _numeric_part(X[i, numeric[0][k]], k, numeric, knots, linear) - typical[k]
        for c in range(coded[0].shape[0]):
            out[i, coded[0][c]] += _coded_part(X[i, coded[0][c]], c, coded) - typical[count + c]
