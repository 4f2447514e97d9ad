"""Certified lower bounds of squared distances by matrix product, and the exact distance that settles a case.

All neighbour decisions of the cleaning methods are taken on the float64 sum of squared differences of the original
values (`squared_distance`), which is symmetric and zero for duplicates. Computing it for all pairs is slow, so pairs
are sifted first: a `Panel` holds the rows, centred and scaled, as the right factor ``[x, |x|²]`` of a matrix product
whose left factor is ``[-2q, 1]``. The product plus ``|q|²`` is the squared distance up to rounding; the squares are
shrunk by a certified error bound, so that the product never exceeds the true value. A pair whose bound is above the
current limit is certainly farther away; every other pair is computed exactly. Results therefore equal a float64
brute force whatever the offset, the scale or the number of threads.

Error bound: with unit roundoff u and K = d + 1 products, rounding the inputs moves the squared distance by at most
2u(|q| + |x|)², the product by at most K·u(|q| + |x|)² (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
ed., section 3.1), and (|q| + |x|)² <= 2(|q|² + |x|²); c = 2(K + 8)u times |q|² + |x|² covers both and the rounding of
the exact distance itself.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit

from rareclass.kernels.compiled import compiled
from rareclass.kernels.grid import Grid
from rareclass.kernels.threads import in_blocks

QUERIES = 256
CANDIDATES = 1024
_SAMPLE = 1024
_ASKED = 64
_TINY = 1e-36
# Beyond it the square of the scale, times what float64 loses of squares below 1e-308, would no longer be below `_TINY`.
_MOST_DOUBLINGS = 450.0


@njit(inline="always")
def squared_distance(X: np.ndarray, i: int, j: int) -> float:
    """Float64 sum of squared differences of two rows, kept in four running sums over every fourth column.

    Compiled into its callers: after a change here delete the compiled files (`__pycache__/*.nb*`) of all of them.
    """
    d = X.shape[1]
    first = second = third = fourth = 0.0
    whole = d - d % 4
    for f in range(0, whole, 4):
        a = np.float64(X[i, f]) - np.float64(X[j, f])
        b = np.float64(X[i, f + 1]) - np.float64(X[j, f + 1])
        c = np.float64(X[i, f + 2]) - np.float64(X[j, f + 2])
        e = np.float64(X[i, f + 3]) - np.float64(X[j, f + 3])
        first += a * a
        second += b * b
        third += c * c
        fourth += e * e
    for f in range(whole, d):
        a = np.float64(X[i, f]) - np.float64(X[j, f])
        first += a * a
    return (first + second) + (third + fourth)


@compiled
def _fill(
    start: int,
    stop: int,
    X: np.ndarray,
    rows: np.ndarray,
    frame: tuple[np.ndarray, float, float],
    sign: float,
    out: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    centre, scale, shrink = frame
    right, low, slack = out
    d = X.shape[1]
    for i in range(start, stop):
        row = rows[i]
        square = 0.0
        for f in range(d):
            value = (np.float64(X[row, f]) - centre[f]) * scale
            square += value * value
            right[i, f] = sign * value
        slack[i] = shrink * square + _TINY
        low[i] = sign * square - slack[i]
        right[i, d] = low[i]


@compiled
def _take_left(right: np.ndarray, sign: float, positions: np.ndarray, left: np.ndarray) -> None:
    """Left factor ``[-2q, 1]`` of the rows at `positions` of a panel."""
    d = right.shape[1] - 1
    factor = -2 * sign
    for i in range(positions.size):
        for f in range(d):
            left[i, f] = factor * right[positions[i], f]
        left[i, d] = 1


@njit(inline="always")
def strip_count(row: np.ndarray, start: int, stop: int, limit: float) -> np.int32:
    """How many values of ``row[start:stop]`` are at most `limit`; counting in 32 bits lets vector registers do it."""
    count = np.int32(0)
    for j in range(start, stop):
        count = np.int32(count + np.int32(row[j] <= limit))
    return count


class Queries(NamedTuple):
    """Of every query: its position in the matrix, and `Panel.low`."""

    rows: np.ndarray
    low: np.ndarray


class Block(NamedTuple):
    """Candidates ``offset .. offset + len(rows)`` of a panel: their positions in the matrix, and the panel's unit."""

    rows: np.ndarray
    offset: int
    unit: float


Factors = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Right factor, its last column in float64, and the slack of a panel's rows."""


@dataclass(frozen=True)
class Panel:
    """Rows of a matrix, ready to be the candidates (and, through `Product`, the queries) of a product.

    The factors are filled when they are first needed: searches on the grid never do.
    """

    space: "Space"
    rows: np.ndarray  # (m,) positions in the matrix
    sign: float = 1.0  # -1.0 for a panel of negated squared distances, in which the nearest row is the farthest one
    ready: Factors | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return int(self.rows.size)

    @cached_property
    def _factors(self) -> Factors:
        return self.space.factors(self.rows, self.sign) if self.ready is None else self.ready

    @property
    def right(self) -> np.ndarray:
        """Factor ``[x, |x|² - slack]`` (m, d + 1)."""
        return self._factors[0]

    @property
    def low(self) -> np.ndarray:
        """``|x|² - slack`` (m,); a product plus the query's `low` is the certified lower bound."""
        return self._factors[1]

    @property
    def slack(self) -> np.ndarray:
        """How much each square was shrunk (m,)."""
        return self._factors[2]

    @property
    def unit(self) -> float:
        """Factor between a squared distance of the matrix and one of the panel."""
        return self.space.scale * self.space.scale

    def part(self, positions: np.ndarray) -> "Panel":
        """The panel of some of the rows."""
        return self.space.panel(self.rows[positions], negated=self.sign < 0)

    def hubs_first(self) -> "Panel":
        """The same rows in the order in which they are likely to be near others: from the centre outwards.

        Searches that visit such candidates first find good limits early. Negated: the outermost first.
        """
        order = np.argsort(self.low, kind="stable")
        ready = self.right[order], self.low[order], self.slack[order]
        return Panel(self.space, self.rows[order], self.sign, ready)


class Product:
    """Matrix products of some rows of a panel with blocks of another, written into one reused buffer."""

    def __init__(self, queries: Panel, positions: np.ndarray) -> None:
        self._left = np.empty((positions.size, queries.right.shape[1]), dtype=queries.right.dtype)
        self._buffer = np.empty(positions.size * CANDIDATES, dtype=self._left.dtype)
        self._queries = queries
        self._take(positions)

    def _take(self, positions: np.ndarray) -> None:
        self._rows = positions.size
        _take_left(self._queries.right, self._queries.sign, positions, self._left)

    def shrink_to(self, positions: np.ndarray) -> None:
        """Go on with fewer rows."""
        if positions.size < self._rows:
            self._take(positions)

    def with_rows(self, right: np.ndarray) -> np.ndarray:
        """Product (rows, len(right)); valid until the next call."""
        out = self._buffer[: self._rows * right.shape[0]].reshape(self._rows, right.shape[0])
        return np.dot(self._left[: self._rows], right.T, out=out)


@dataclass(frozen=True)
class Space:
    """A matrix with the shift, scale and precision in which its rows are multiplied."""

    X: np.ndarray
    centre: np.ndarray
    scale: float
    shrink: float
    dtype: type[np.floating]
    grid: Grid | None = None  # whole numbers for the same rows, where they are fine enough

    @classmethod
    def of(cls, X: np.ndarray, *, dtype: type[np.floating] | None = None) -> "Space":
        """Choose shift, scale and precision for `X` (n, d), C-contiguous float32 or float64, all finite.

        float32 unless its certified error would be larger than a tenth of typical neighbour distances, as in far
        apart, very tight clusters; then float64.
        """
        step = max(1, X.shape[0] // _SAMPLE)
        sample = np.asarray(X[::step][:_SAMPLE], dtype=np.float64)
        centre = np.median(sample, axis=0) if sample.size else np.zeros(X.shape[1])
        sample = sample - centre
        typical = float(np.median(np.abs(sample).max(axis=1))) if sample.size else 1.0
        largest = _largest(X, centre)
        if typical <= 0 or largest > 1e12 * typical:
            typical = largest
        scale = float(2.0 ** min(-float(np.round(np.log2(typical))), _MOST_DOUBLINGS)) if typical > 0 else 1.0
        sample *= scale
        lengths, near = (sample * sample).sum(axis=1), _nearest_in_sample(sample)
        if dtype is None:
            dtype = np.float32 if _fits_single(lengths, near, X.shape[1], largest * scale) else np.float64
        grid = None
        if near.size and largest * scale < 1e15:
            # A grid that holds nearly all rows: the few that lie farther out may be any distance away.
            radius = min(4 * np.quantile(np.sqrt(lengths), 0.98), 2 * np.sqrt(lengths.max()))
            grid = Grid.of(centre, float(radius) / scale, float(np.sqrt(np.median(near))) / scale)
        return cls(X, centre, scale, _shrink(X.shape[1], dtype), dtype, grid)

    def panel(self, rows: np.ndarray, *, negated: bool = False) -> Panel:
        """Panel of the given rows, in the given order; `negated` for a search of the farthest rows."""
        return Panel(self, np.ascontiguousarray(rows, dtype=np.int64), -1.0 if negated else 1.0)

    def factors(self, rows: np.ndarray, sign: float) -> Factors:
        """What a panel of these rows holds."""
        right = np.empty((rows.size, self.X.shape[1] + 1), dtype=self.dtype)
        low, slack = np.empty(rows.size), np.empty(rows.size)
        frame = (self.centre, self.scale, self.shrink)
        in_blocks(_fill, rows.size, self.X, rows, frame, sign, (right, low, slack))
        return right, low, slack


def _shrink(d: int, dtype: type[np.floating]) -> float:
    unit = float(np.finfo(dtype).eps) / 2
    return 2.0 * (d + 9) * unit * (1.0 if dtype == np.float32 else 2.0)


def _largest(X: np.ndarray, centre: np.ndarray) -> float:
    """Largest distance of a value from the centre of its column."""
    found: list[float] = []
    in_blocks(lambda start, stop: found.append(_largest_of(X[start:stop], centre)), X.shape[0])
    return max(found, default=0.0)


@compiled
def _largest_of(X: np.ndarray, centre: np.ndarray) -> float:
    largest = 0.0
    for i in range(X.shape[0]):
        for f in range(X.shape[1]):
            largest = max(largest, abs(np.float64(X[i, f]) - centre[f]))
    return largest


def _queries_of(sample: np.ndarray) -> np.ndarray:
    """A few rows of the sample, spread over it."""
    return sample[:: max(1, sample.shape[0] // _ASKED)][:_ASKED]


@compiled
def _nearest_in_sample(sample: np.ndarray) -> np.ndarray:
    """Squared distance of each of `_queries_of` the sample from the nearest row that differs; inf where none does."""
    step = max(1, sample.shape[0] // _ASKED)
    nearest = np.full(min(_ASKED, -(-sample.shape[0] // step)), np.inf)
    for i in range(nearest.size):
        for j in range(sample.shape[0]):
            square = squared_distance(sample, i * step, j)
            if 0.0 < square < nearest[i]:
                nearest[i] = square
    return nearest


def _fits_single(lengths: np.ndarray, near: np.ndarray, d: int, largest: float) -> bool:
    """True when float32 can tell typical nearest neighbours of the sample apart."""
    if not largest < 1e15:
        return False
    slack = 2 * _shrink(d, np.float32) * _queries_of(lengths)
    return bool(np.median(slack / near) < 0.1) if near.size else True


@njit(inline="always")
def ceiling(tile: np.ndarray, limit: float, low: float, unit: float) -> float:
    """Largest value of a product, in its precision, that may belong to a squared distance of at most `limit`."""
    kind = tile.dtype.type
    return kind(np.nextafter(kind(limit * unit + abs(limit) * unit * 1e-15 - low), kind(np.inf)))
