"""What each column contributes to the score of a kernel machine: Shapley values against one typical row.

A Gaussian kernel about a landmark is a product over the columns, ``p_j`` where column j has the row's value and ``q_j``
where it has the typical one, so the score of a row that took the columns S from the row and all others from the typical
row is a sum of such products. Owen's multilinear extension of this game gives the Shapley value of column i as

    sum over landmarks and widths of coef * (p_i - q_i) * integral over t from 0 to 1 of
        the product over j != i of (q_j + t (p_j - q_j)).

The integrand is a polynomial in t, which half as many Gauss-Legendre points as columns integrate exactly. The product
without one column is that of the columns before it times that of the columns behind it: nothing is divided, so factors
that are nearly 0 do no harm. What a column adds to the distance by its value and by its being missing is one factor.
Columns with the typical value are one common factor, and get exactly 0. Eight landmarks and two points at once.

References
----------
Owen (1972), Multilinear extensions of games, Management Science 18:64.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.lanes import LANES, load, store, total
from rareclass.kernels.radial import RadialParts, code_of, place_of, three_widths, waned

_MOST = (8, 12, 16)
"""Points at most, for the widest kernel to the narrowest: exact where up to 16 columns differ from the typical row.
Where 80 do, and the widest kernel is e^-6 from one row to the other, they are 1e-12 of the largest part off."""
Row = tuple[np.ndarray, np.ndarray]
"""Where a row lies: its place (k,) and its code (c,)."""


class _Room(NamedTuple):
    """Of eight landmarks and the columns that differ: factors of the row, and behind them the common ones; factors of
    the typical row; how much higher the row's are; products at two points; what the columns are given so far; the
    landmarks' coefficients; ones."""

    own: np.ndarray
    other: np.ndarray
    rise: np.ndarray
    before: np.ndarray
    given: np.ndarray
    coef: np.ndarray
    ones: np.ndarray


def radial_reasons(X: np.ndarray, parts: RadialParts, typical: Row) -> tuple[np.ndarray, float]:
    """Shapley values (n, d) of the columns of encoded rows X (n, d), and the score of the typical row."""
    usual, out = (np.ascontiguousarray(typical[0]), np.ascontiguousarray(typical[1])), np.zeros(X.shape)
    return out, _explain(np.ascontiguousarray(X), parts, usual, *_points(), out)


@cache
def _points() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre points on (0, 1) and their weights; line i has i + 1 of them."""
    lines = max(_MOST)
    points, weights = np.zeros((lines, lines)), np.zeros((lines, lines))
    for line in range(lines):
        x, w = np.polynomial.legendre.leggauss(line + 1)
        points[line, : line + 1], weights[line, : line + 1] = (x + 1) / 2, w / 2
    return points, weights


@compiled
def _explain(
    X: np.ndarray, parts: RadialParts, usual: Row, points: np.ndarray, weights: np.ndarray, out: np.ndarray
) -> float:  # pragma: no cover - compiled
    m, size = parts.coef.shape[0], (X.shape[1] + 1) * LANES
    here, slot = (usual[0].copy(), usual[1].copy()), np.empty(X.shape[1], np.int64)
    room = _Room(
        np.empty(size),
        np.empty(size),
        np.empty(size),
        np.empty(2 * size),
        np.empty(size),
        np.ones(LANES),
        np.ones(LANES),
    )
    for row in range(X.shape[0]):
        count = _differing(X[row], parts, usual, here, slot)
        if count == 0:
            continue
        room.given[:] = 0.0
        for first in range(0, m, LANES):
            _factors(first, parts, usual, here, slot, count, room)
            for i in range(LANES):  # beyond the last landmark there is nothing
                room.coef[i] = parts.coef[first + i] if first + i < m else 0.0
            for width in range(3):
                if width > 0:
                    _to_fourth_power(room.own[: (count + 1) * LANES])
                    _to_fourth_power(room.other[: count * LANES])
                used = min(2 * ((count + 3) // 4), _MOST[width])
                _give(points[used - 1, :used], weights[used - 1, :used], count, room)
        for j in range(slot.shape[0]):
            if slot[j] >= 0:
                out[row, j] = total(load(room.given, np.uint64(slot[j])))
    return _score_at(parts, usual)


@compiled
def _differing(
    x: np.ndarray, parts: RadialParts, usual: Row, here: Row, slot: np.ndarray
) -> int:  # pragma: no cover - compiled
    """How many columns differ from the typical row, with their slots, -1 for others; writes where the row lies."""
    numeric, coded, (place, code) = parts.numeric, parts.coded, here
    slot[:] = -1
    for k in range(place.shape[0]):
        place[k] = place_of(x[numeric.column[k]], k, numeric)
        if place[k] != usual[0][k]:
            slot[numeric.column[k]] = 0
    for c in range(code.shape[0]):
        code[c] = code_of(x[coded.column[c]], coded.only_missing[c])
        if code[c] != usual[1][c]:
            slot[coded.column[c]] = 0
    count = 0
    for j in range(slot.shape[0]):
        if slot[j] == 0:
            slot[j] = count * LANES
            count += 1
    return count


@compiled
def _factors(
    first: int, parts: RadialParts, usual: Row, here: Row, slot: np.ndarray, count: int, room: _Room
) -> None:  # pragma: no cover - compiled
    """Write the factors of eight landmarks, from the parts of squared distances that the columns are."""
    numeric, coded, (place, code), own, other = parts.numeric, parts.coded, here, room.own, room.other
    common, size = count * LANES, min(LANES, parts.coef.shape[0] - first)
    own[: common + LANES] = 0.0
    other[:common] = 0.0
    for k in range(place.shape[0]):
        at, mark = slot[numeric.column[k]], numeric.place[k, first : first + size]
        for i in range(size):
            own[(at if at >= 0 else common) + i] += (place[k] - mark[i]) ** 2
        if at >= 0:
            for i in range(size):
                other[at + i] += (usual[0][k] - mark[i]) ** 2
    for c in range(code.shape[0]):
        at, weight, level = slot[coded.column[c]], coded.weight[c], coded.code[c, first : first + size]
        for i in range(size):
            own[(at if at >= 0 else common) + i] += weight * (code[c] != level[i])
        if at >= 0:
            for i in range(size):
                other[at + i] += weight * (usual[1][c] != level[i])
    for i in range(common + LANES):
        own[i] = waned(parts.rate * own[i])
    for i in range(common):
        other[i] = waned(parts.rate * other[i])


@compiled
def _to_fourth_power(a: np.ndarray) -> None:  # pragma: no cover - compiled
    for i in range(a.shape[0]):
        square = a[i] * a[i]
        a[i] = square * square


@compiled
def _give(points: np.ndarray, weights: np.ndarray, count: int, room: _Room) -> None:  # pragma: no cover - compiled
    """Add what kernels of one width about eight landmarks give each column."""
    other, rise, before, given = room.other, room.rise, room.before, room.given
    size = np.uint64(count * LANES)
    for i in range(count * LANES):
        rise[i] = room.own[i] - other[i]
    start, end = load(room.coef, np.uint64(0)) * load(room.own, size), load(room.ones, np.uint64(0))
    for point in range(0, points.shape[0], 2):
        t, u = points[point], points[point + 1]
        at_t, at_u = start * weights[point], start * weights[point + 1]
        for j in range(np.uint64(0), size, np.uint64(LANES)):
            low, up = load(other, j), load(rise, j)
            store(before, j, at_t)
            store(before, size + j, at_u)
            at_t, at_u = at_t * (low + up * t), at_u * (low + up * u)
        at_t, at_u = end, end
        for left in range(count, 0, -1):
            at = np.uint64((left - 1) * LANES)
            low, up = load(other, at), load(rise, at)
            store(given, at, load(given, at) + (load(before, at) * at_t + load(before, size + at) * at_u) * up)
            at_t, at_u = at_t * (low + up * t), at_u * (low + up * u)


@compiled
def _score_at(parts: RadialParts, here: Row) -> float:  # pragma: no cover - compiled
    (place, code), line = here, np.zeros(parts.coef.shape[0])
    for k in range(place.shape[0]):
        line += (place[k] - parts.numeric.place[k]) ** 2
    for c in range(code.shape[0]):
        line += parts.coded.weight[c] * (code[c] != parts.coded.code[c])
    score = parts.intercept
    for m in range(line.shape[0]):
        score += parts.coef[m] * three_widths(parts.rate * line[m])
    return score
