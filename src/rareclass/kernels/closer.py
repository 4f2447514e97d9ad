"""How many rows of a set are closer than a given row: counted only as far as the question needs it.

A row survives edited nearest neighbours exactly when enough rows of its own class are closer than its e-th nearest
enemy. The candidates are visited in one fixed order; a row leaves the scan as soon as the number is proven, and what
proved it (its witnesses) and how far it got (its cursor) are kept. When rows are deleted later, only rows that lost a
witness go on, from where they stopped.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.panel import (
    CANDIDATES,
    QUERIES,
    Block,
    Panel,
    Product,
    Queries,
    Space,
    ceiling,
    squared_distance,
    strip_count,
)
from rareclass.kernels.team import Run, team

_STRIP = 64


class Limit(NamedTuple):
    """Of every query: the row that closer ones must beat, by (squared distance, position)."""

    square: np.ndarray
    row: np.ndarray


class Progress(NamedTuple):
    """Closer candidates found for every query, which they are, and how many were visited; and which rows exist."""

    counts: np.ndarray
    witness: np.ndarray
    cursor: np.ndarray
    alive: np.ndarray


@compiled
def count_tile(
    tile: np.ndarray,
    X: np.ndarray,
    positions: np.ndarray,
    queries: Queries,
    block: Block,
    limit: Limit,
    need: int,
    progress: Progress,
) -> int:
    """Go on counting in the candidates of a block; unfinished positions are moved to the front."""
    rows, offset = block.rows, block.offset
    count, witness, cursor, alive = progress
    width = rows.size
    unfinished = 0
    for i in range(positions.size):
        position = positions[i]
        line = tile[i]
        own = queries.rows[position]
        bound = limit.square[position]
        ceil = ceiling(tile, bound, queries.low[position], block.unit)
        found = count[position]
        start = max(0, cursor[position] - offset)
        stopped = width
        while start < width and found < need:
            stop = min(width, start + _STRIP)
            if strip_count(line, start, stop, ceil) > 0:
                for j in range(start, stop):
                    if line[j] <= ceil and rows[j] != own and alive[rows[j]]:
                        square = squared_distance(X, own, rows[j])
                        if square < bound or (square == bound and rows[j] < limit.row[position]):
                            witness[position, found] = rows[j]
                            found += 1
                            if found == need:
                                stopped = j + 1
                                break
            start = stop
        count[position] = found
        cursor[position] = offset + stopped
        if found < need:
            positions[unfinished] = position
            unfinished += 1
    return unfinished


@compiled
def _drop_deleted(which: np.ndarray, alive: np.ndarray, count: np.ndarray, witness: np.ndarray) -> None:
    for position in which:
        left = 0
        for place in range(count[position]):
            row = witness[position, place]
            if alive[row]:
                witness[position, left] = row
                left += 1
        count[position] = left


def visiting_order(low: np.ndarray) -> np.ndarray:
    """Order in which candidates are visited, given their squared distances from the centre.

    Rows near the centre are close to many others (hubs), so they settle most cases at once; where they do not, as in
    data made of separate clusters, a fixed random order does. Blocks of both alternate, so that neither can cost more
    than twice the other.
    """
    n = low.size
    hubs = np.argsort(low, kind="stable")
    shuffled = np.random.default_rng(n).permutation(n)
    both = np.empty(2 * n, dtype=np.int64)
    block = CANDIDATES // 2
    for at in range(0, n, block):
        part = slice(at, min(at + block, n))
        size = part.stop - part.start
        both[2 * at : 2 * at + size] = hubs[part]
        both[2 * at + size : 2 * at + 2 * size] = shuffled[part]
    first = np.zeros(n, dtype=np.int64)
    first[both[::-1]] = np.arange(2 * n)[::-1]
    return np.asarray(both[np.sort(first)])


@dataclass
class CloserCount:
    """Running answer to "are `need` candidates closer than the limit?" for every query.

    Attributes
    ----------
    count : ndarray (len(queries),), closer candidates found so far, at most what was needed
    witness : ndarray (len(queries), most), their positions in the matrix
    cursor : ndarray (len(queries),), candidates visited so far
    """

    # space, queries, candidates: what is compared; candidates in the order in which they are visited
    space: Space
    queries: Panel
    candidates: Panel
    # limit_square, limit_row: (len(queries),) the row that must be beaten, by (squared distance, position)
    limit_square: np.ndarray
    limit_row: np.ndarray
    most: int  # largest `need` that will be asked
    alive: np.ndarray  # (n,) rows of the matrix that still exist; the caller may delete some between two calls

    def __post_init__(self) -> None:
        n = len(self.queries)
        self.count = np.zeros(n, dtype=np.int64)
        self.witness = np.full((n, self.most), -1, dtype=np.int64)
        self.cursor = np.zeros(n, dtype=np.int64)

    def advance(self, which: np.ndarray, need: int, *, threads: int = 1) -> np.ndarray:
        """Count on for the queries at positions `which`; True where at least `need` candidates are closer.

        Deleted witnesses no longer count. `need` may grow from call to call, not shrink below what was found.
        """
        which = np.asarray(which, dtype=np.int64)
        _drop_deleted(which, self.alive, self.count, self.witness)
        steps = -(-len(self.candidates) // CANDIDATES)
        active = which[(self.count[which] < need) & (self.cursor[which] < len(self.candidates))]
        with team(threads) as run:
            while active.size:
                # Rows that start at the same place share products; few rows are left after some steps, so that the
                # strides grow: gathering the survivors of all blocks anew pays only while many drop out.
                begin = self.cursor[active] // CANDIDATES
                first = int(begin.min())
                here = active[begin == first]
                later = active[begin != first]
                stop = min(max(2 * first, first + 1), steps)
                if later.size:
                    stop = min(stop, int(begin[begin != first].min()))
                left = self._stride(here, first, stop, need, run)
                active = np.concatenate([left[self.cursor[left] < len(self.candidates)], later])
        return self.count >= need

    def restart(self, which: np.ndarray, limit_square: np.ndarray, limit_row: np.ndarray) -> None:
        """Give the queries at positions `which` new limits and count them from the beginning."""
        self.limit_square[which], self.limit_row[which] = limit_square, limit_row
        self.count[which] = 0
        self.cursor[which] = 0

    def _stride(self, active: np.ndarray, first: int, stop: int, need: int, run: Run) -> np.ndarray:
        """Visit the candidate blocks ``first .. stop``; the positions that are still unfinished."""
        parts = [active[at : at + QUERIES] for at in range(0, active.size, QUERIES)]
        queries, right = Queries(self.queries.rows, self.queries.low), self.candidates.right
        limit = Limit(self.limit_square, self.limit_row)
        progress = Progress(self.count, self.witness, self.cursor, self.alive)

        def block(number: int) -> None:
            positions = parts[number]
            product = Product(self.queries, positions)
            for at in range(first * CANDIDATES, min(stop * CANDIDATES, len(self.candidates)), CANDIDATES):
                tile = product.with_rows(right[at : at + CANDIDATES])
                here = Block(self.candidates.rows[at : at + CANDIDATES], at, self.candidates.unit)
                unfinished = count_tile(tile, self.space.X, positions, queries, here, limit, need, progress)
                positions = positions[:unfinished]
                if not unfinished:
                    break
                product.shrink_to(positions)
            parts[number] = positions

        run(block, range(len(parts)))
        return np.concatenate(parts) if parts else active
