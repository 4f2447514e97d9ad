"""Hart's condensing of one class against another: which rows must be stored so that the rest is classified rightly.

A row is classified rightly by the stored rows exactly when enough stored rows of its own class are closer than its
j-th nearest row of the other class, which never changes. So no classifier is refitted: the limits are computed once.
Rows are visited in their order, a chunk at a time: what earlier chunks stored is counted by sifted matrix products,
what the same chunk stored, row by row.
"""

import numpy as np

from rareclass.kernels.closer import Limit, Progress, count_tile
from rareclass.kernels.compiled import compiled
from rareclass.kernels.panel import CANDIDATES, QUERIES, Block, Panel, Product, Queries, Space, squared_distance
from rareclass.kernels.team import team


@compiled
def _settle(
    X: np.ndarray,
    rows: np.ndarray,
    undecided: np.ndarray,
    limit: Limit,
    need: int,
    count: np.ndarray,
    storage: tuple[np.ndarray, np.ndarray],
    kept: int,
) -> int:
    """Visit the undecided rows of a chunk in order; store each that the rows stored so far do not settle."""
    is_stored, stored = storage
    before = kept
    for i in undecided:
        found = count[i]
        for place in range(before, kept):
            j = rows[stored[place]]
            square = squared_distance(X, rows[i], j)
            if square < limit.square[i] or (square == limit.square[i] and j < limit.row[i]):
                found += 1
                if found == need:
                    break
        if found < need:
            is_stored[i] = True
            stored[kept] = i
            kept += 1
    return kept


def condense(
    space: Space,
    panel: Panel,
    seeds: np.ndarray,
    limit_square: np.ndarray,
    limit_row: np.ndarray,
    need: int,
    *,
    passes: int = 1,
) -> tuple[np.ndarray, int]:
    """Rows of one class to store, in the order in which they were chosen, seeds first, and the passes made.

    Parameters
    ----------
    space, panel : the class (m rows), in the order in which it is visited
    seeds : ndarray (s,), indices into the panel that are stored from the start
    limit_square, limit_row : ndarrays (m,), what stored rows must beat, by (squared distance, position)
    need : int, how many stored rows must be closer than the limit
    passes : int, how often the class is visited at most; it ends early when a pass stores nothing, and then the
        stored rows classify all others rightly
    """
    m = len(panel)
    is_stored = np.zeros(m, dtype=np.bool_)
    stored = np.empty(m, dtype=np.int64)
    kept = seeds.size
    stored[:kept] = seeds
    is_stored[seeds] = True
    right = np.empty((m, panel.right.shape[1]), dtype=panel.right.dtype)
    count = np.empty(m, dtype=np.int64)
    witness, cursor = np.empty((m, need), dtype=np.int64), np.empty(m, dtype=np.int64)
    scratch = Progress(count, witness, cursor, np.ones(space.X.shape[0], dtype=np.bool_))
    limit = Limit(limit_square, limit_row)
    copied = 0
    visits = 0
    with team(1):
        while visits < passes:
            visits += 1
            before = kept
            for start in range(0, m, QUERIES):
                right[copied:kept] = panel.right[stored[copied:kept]]
                copied = kept
                chunk = np.arange(start, min(start + QUERIES, m))
                undecided = chunk[~is_stored[chunk]]
                _count_stored(space, panel, undecided, stored[:kept], right, limit, need, scratch)
                undecided = undecided[count[undecided] < need]
                kept = _settle(space.X, panel.rows, undecided, limit, need, count, (is_stored, stored), kept)
            if kept == before:
                break
    return stored[:kept], visits


def _count_stored(
    space: Space,
    panel: Panel,
    positions: np.ndarray,
    stored: np.ndarray,
    right: np.ndarray,
    limit: Limit,
    need: int,
    scratch: Progress,
) -> None:
    """Count stored rows closer than the limit, at most `need`, for the rows at `positions`."""
    scratch.counts[positions] = 0
    scratch.cursor[positions] = 0
    positions = positions.copy()
    if not positions.size:
        return
    product = Product(panel, positions)
    queries = Queries(panel.rows, panel.low)
    for at in range(0, stored.size, CANDIDATES):
        here = stored[at : at + CANDIDATES]
        tile = product.with_rows(right[at : at + here.size])
        block = Block(panel.rows[here], at, panel.unit)
        left = count_tile(tile, space.X, positions, queries, block, limit, need, scratch)
        positions = positions[:left]
        if not left:
            break
        product.shrink_to(positions)
