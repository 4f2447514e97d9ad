"""Compare all queries with all candidates on the grid, and keep for each query the few that can be its nearest.

Distances never leave the processor's registers: six queries meet sixteen candidates at once, and only where one of the
96 squared distances is within the limit of its query are they looked at one by one. The limit follows the k-th smallest
rounded distance seen so far, plus the width of the grid on both sides; what passed is remembered, and at the end the
float64 distances of the little that is still within the limit decide.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from rareclass.kernels.compiled import compiled
from rareclass.kernels.grid import CANDIDATES_AT_ONCE, NEVER, QUERIES_AT_ONCE, Grid, Rounded
from rareclass.kernels.neighbour_order import insert
from rareclass.kernels.panel import squared_distance
from rareclass.kernels.threads import in_blocks
from rareclass.kernels.whole_lanes import (
    add_products,
    at_most,
    either,
    load_alike,
    load_whole,
    lowest,
    smaller,
    store_whole,
    which,
)

FARTHEST = 1 << 30
"""Beyond every squared distance of two rows on the grid."""
_CACHED = 1 << 12  # numbers of a block of candidates that all queries meet before the next block is fetched
_GROUPS = 80  # groups of queries that meet it, by each thread
# A query that knows its limit beforehand looks at fewer candidates. The share of them that tells it pays where so many
# numbers cost as much as it saves; measured, and flat around the best.
_WORTH = 5000
_NOBODY = -(1 << 31)  # limit of places that hold no query
_S, _C = QUERIES_AT_ONCE, CANDIDATES_AT_ONCE
_U = np.uint64


class Rules(NamedTuple):
    """Step and width of the grid, and whether a row that is query and candidate finds itself."""

    step: float
    width: float
    with_itself: bool


Products = tuple[Any, ...]
"""For each of six queries eight products twice."""


class Passed(NamedTuple):
    """What a search knows of each of its queries.

    Attributes
    ----------
    near : int32 (q, k), smallest squared rounded distances so far, rising
    limit : int32 (places), what a product must not exceed to be looked at
    rows, value, held : (q, room), (q, room), (q,): candidates that passed, their products and number; without room only
        `near` is wanted
    squares, nearest : (q, k), the lists of those whose distances were computed
    """

    near: np.ndarray
    limit: np.ndarray
    rows: np.ndarray
    value: np.ndarray
    held: np.ndarray
    squares: np.ndarray
    nearest: np.ndarray


@njit
def _reach(distance: float, square: int) -> int:
    """Largest product of a query of this squared length that can stand for a rounded distance up to the given one."""
    return int(min(distance * distance + 1.0, np.float64(FARTHEST))) - square


@njit
def _decide(i: int, own: int, X: np.ndarray, passed: Passed) -> None:
    """Compute the distances of what passed, and put them into the lists."""
    for place in range(passed.held[i]):
        row = passed.rows[i, place]
        insert(passed.squares[i], passed.nearest[i], squared_distance(X, own, row), row)
    passed.held[i] = 0


@njit
def _forget(i: int, passed: Passed) -> None:
    """Drop what is no longer within the limit."""
    left = 0
    for place in range(passed.held[i]):
        if passed.value[i, place] <= passed.limit[i]:
            passed.rows[i, left] = passed.rows[i, place]
            passed.value[i, left] = passed.value[i, place]
            left += 1
    passed.held[i] = left


@njit(inline="always")
def _take(i: int, value: int, row: int, X: np.ndarray, own: int, square: int, rules: Rules, passed: Passed) -> None:
    """A candidate within the limit of a query: keep it, and lower the limit."""
    width = rules.width
    near, room = passed.near[i], passed.rows.shape[1]
    last = near.size - 1
    if room:
        if passed.held[i] == room:
            _forget(i, passed)
            if 2 * passed.held[i] > room:
                _decide(i, own, X, passed)
                known = np.sqrt(passed.squares[i, last]) / rules.step * (1 + 1e-9) + width
                passed.limit[i] = min(passed.limit[i], _reach(known, square))
        passed.rows[i, passed.held[i]] = row
        passed.value[i, passed.held[i]] = value
        passed.held[i] += 1
    distance = np.int32(value + square)
    if distance < near[last]:
        slot = last
        while slot > 0 and distance < near[slot - 1]:
            near[slot] = near[slot - 1]
            slot -= 1
        near[slot] = distance
        reach = np.sqrt(np.float64(near[last])) + (2 * width if room else 0.0)
        passed.limit[i] = min(passed.limit[i], _reach(reach, square))


@njit
def _look(
    group: int,
    tile: int,
    products: np.ndarray,
    queries: Rounded,
    rows: np.ndarray,
    X: np.ndarray,
    rules: Rules,
    passed: Passed,
) -> None:
    """Go through those products of a group of queries and a tile of candidates that are within the limits."""
    for i in range(group * _S, min((group + 1) * _S, queries.rows.size)):
        at = (i - group * _S) * _C
        bound = load_alike(passed.limit, _U(i))
        bits = which(at_most(load_whole(products, _U(at)), bound))
        bits |= which(at_most(load_whole(products, _U(at + 8)), bound)) << 8
        while bits:
            lane = lowest(bits)
            bits &= bits - 1
            value, row = products[at + lane], rows[tile * _C + lane]
            if value <= passed.limit[i] and (rules.with_itself or row != queries.rows[i]):
                _take(i, value, row, X, queries.rows[i], queries.squares[i], rules, passed)


@njit(inline="always")
def _multiply(left: np.ndarray, right: np.ndarray, length: np.ndarray, group: int, tile: int, pairs: int) -> Products:
    """Products of the six queries of a group with the first and the last eight candidates of a tile."""
    a0 = a1 = a2 = a3 = a4 = a5 = load_whole(length, _U(tile * _C))
    b0 = b1 = b2 = b3 = b4 = b5 = load_whole(length, _U(tile * _C + 8))
    q, x = _U(group * pairs * _S), _U(tile * pairs * _C)
    for _ in range(pairs):
        a, b = load_whole(right, x), load_whole(right, x + _U(8))
        s = load_alike(left, q)
        a0, b0 = add_products(a0, a, s), add_products(b0, b, s)
        s = load_alike(left, q + _U(1))
        a1, b1 = add_products(a1, a, s), add_products(b1, b, s)
        s = load_alike(left, q + _U(2))
        a2, b2 = add_products(a2, a, s), add_products(b2, b, s)
        s = load_alike(left, q + _U(3))
        a3, b3 = add_products(a3, a, s), add_products(b3, b, s)
        s = load_alike(left, q + _U(4))
        a4, b4 = add_products(a4, a, s), add_products(b4, b, s)
        s = load_alike(left, q + _U(5))
        a5, b5 = add_products(a5, a, s), add_products(b5, b, s)
        q += _U(_S)
        x += _U(_C)
    return a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5


@njit(inline="always")
def _within(a: Any, b: Any, limit: np.ndarray, query: int) -> Any:
    bound = load_alike(limit, _U(query))
    return either(at_most(a, bound), at_most(b, bound))


@compiled
def _sift(queries: Rounded, candidates: Rounded, X: np.ndarray, rules: Rules, passed: Passed) -> None:
    """Let all queries meet all candidates."""
    left, right, length, limit = queries.pairs, candidates.pairs, candidates.squares, passed.limit
    groups, tiles = limit.size // _S, length.size // _C
    pairs = right.size // max(1, length.size)
    block = max(1, _CACHED // (pairs * _C))
    products = np.empty(_S * _C, dtype=np.int32)
    for first in range(0, tiles, block):
        for group in range(groups):
            i = group * _S
            for tile in range(first, min(tiles, first + block)):
                a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5 = _multiply(left, right, length, group, tile, pairs)
                m = either(_within(a0, b0, limit, i), _within(a1, b1, limit, i + 1))
                m = either(m, either(_within(a2, b2, limit, i + 2), _within(a3, b3, limit, i + 3)))
                m = either(m, either(_within(a4, b4, limit, i + 4), _within(a5, b5, limit, i + 5)))
                if which(m):
                    at = _U(0)
                    for value in (a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5):
                        store_whole(products, at, value)
                        at += _U(8)
                    _look(group, tile, products, queries, candidates.rows, X, rules, passed)
    if passed.rows.shape[1]:
        for i in range(queries.rows.size):
            _forget(i, passed)
            _decide(i, queries.rows[i], X, passed)


@compiled
def _lower(queries: Rounded, candidates: Rounded, every: int, rank: int, slack: float, limit: np.ndarray) -> None:
    """Lower the limits to what every `every`-th block of the candidates says.

    Of sixteen sets of candidates each has its smallest product: the rank-th of those bounds the rank-th of all.
    """
    left, right, length = queries.pairs, candidates.pairs, candidates.squares
    groups, tiles = limit.size // _S, length.size // _C
    pairs = right.size // max(1, length.size)
    block = max(1, _CACHED // (pairs * _C))
    smallest = np.full(limit.size * _C, NEVER, dtype=np.int32)
    for first in range(0, tiles, block * every):
        for group in range(groups):
            for tile in range(first, min(tiles, first + block)):
                at = _U(group * _S * _C)
                for value in _multiply(left, right, length, group, tile, pairs):
                    store_whole(smallest, at, smaller(value, load_whole(smallest, at)))
                    at += _U(8)
    for i in range(queries.rows.size):
        ranked = np.sort(smallest[i * _C : (i + 1) * _C])
        distance = np.float64(ranked[rank - 1]) + queries.squares[i]
        limit[i] = min(limit[i], _reach(np.sqrt(max(0.0, distance)) + slack, queries.squares[i]))


def search(
    X: np.ndarray,
    grid: Grid,
    queries: Rounded,
    candidates: Rounded,
    found: tuple[np.ndarray, np.ndarray],
    *,
    with_itself: bool = False,
    threads: int | None = None,
) -> None:
    """Merge the nearest candidates of every query into `found`; queries outside the grid stay as they are.

    Parameters
    ----------
    found : squared distances (q, k) and rows (q, k), sorted, inf and n where there are none yet
    with_itself : a row that is query and candidate finds itself
    """
    rules = Rules(grid.step, grid.width, with_itself)
    _by_blocks(X, rules, queries, candidates, found, np.inf, True, threads)


def bracket(
    grid: Grid, queries: Rounded, candidates: Rounded, k: int, *, within: float = np.inf, threads: int | None = None
) -> np.ndarray:
    """The `k` smallest squared rounded distances of every query, in steps of the grid, rising (q, k) of int32.

    The j-th smallest true distance lies within the width of the grid of the j-th of them. Candidates that are farther
    than `within` need not be found; `FARTHEST` stands where there are no others. A row finds itself.
    """
    unused = np.empty((queries.rows.size, k)), np.empty((queries.rows.size, k), dtype=np.int64)
    rules = Rules(grid.step, grid.width, True)
    return _by_blocks(np.empty((0, 0)), rules, queries, candidates, unused, within, False, threads)


def _by_blocks(
    X: np.ndarray,
    rules: Rules,
    queries: Rounded,
    candidates: Rounded,
    found: tuple[np.ndarray, np.ndarray],
    within: float,
    is_exact: bool,
    threads: int | None,
) -> np.ndarray:
    squares, nearest = found
    k = squares.shape[1]
    near = np.full(squares.shape, FARTHEST, dtype=np.int32)
    most = int(min(within * within + 1.0, FARTHEST))
    limit = np.where(queries.squares == NEVER, _NOBODY, most - queries.squares.astype(np.int64)).astype(np.int32)
    room = 2 * k + 32 if is_exact else 0
    rank = k if rules.with_itself else k + 1  # the query itself may be among the smallest
    every = max(4, candidates.pairs.size // (_WORTH * rank))
    is_worth = rank < _C and candidates.rows.size >= _C * _C and most == FARTHEST

    def block(start: int, stop: int) -> None:
        part = slice(start * _S, min(stop * _S, queries.rows.size))
        shape = (part.stop - part.start, room)
        kept = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int32), np.zeros(shape[0], dtype=np.int64)
        passed = Passed(near[part], limit[start * _S : stop * _S], *kept, squares[part], nearest[part])
        asked = queries.groups(start, stop)
        if is_worth:
            _lower(asked, candidates, every, rank, 2 * rules.width if is_exact else 0.0, passed.limit)
        _sift(asked, candidates, X, rules, passed)

    in_blocks(block, limit.size // _S, block=_GROUPS, small=0, threads=threads)
    return near
