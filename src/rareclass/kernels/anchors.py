"""Rows that lie safely among their own class, found by a few anchors and the triangle inequality.

Where two classes are both large there is no thin product to compute. But if an anchor's nearest enemy is at distance e
and a row is at distance r from the anchor, no enemy is closer to the row than e - r. A row with k rows of its own class
within that distance has k neighbours of its own class, whatever the rest looks like. In classes made of tight groups,
such as the output of SMOTE, this settles nearly every row without comparing it with a single enemy.
"""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space, squared_distance
from rareclass.kernels.threads import in_blocks

ANCHORS = 1024
_WINDOW = 64
# Anchors cost this many distances for each row of both classes; they must be few beside the smaller class.
_WORTH = 16 * ANCHORS


@compiled
def _count_near(
    start: int,
    stop: int,
    X: np.ndarray,
    rows: np.ndarray,
    group: np.ndarray,
    reach: np.ndarray,
    k: int,
    is_safe: np.ndarray,
) -> None:
    """Look at the rows before and after, in the same group, for k that are nearer than `reach`."""
    for i in range(start, stop):
        if reach[i] <= 0.0:
            continue
        limit = reach[i] * reach[i]
        found = 0
        for step in range(1, _WINDOW + 1):
            for j in (i - step, i + step):
                if 0 <= j < rows.size and group[j] == group[i] and squared_distance(X, rows[i], rows[j]) < limit:
                    found += 1
            if found >= k:
                is_safe[i] = True
                break


def safe_rows(space: Space, own: np.ndarray, enemies: np.ndarray, k: int, *, threads: int = 1) -> np.ndarray:
    """Which rows of a class certainly have k rows of it nearer than any enemy (m,); False means unknown.

    Parameters
    ----------
    own, enemies : int arrays, positions in the matrix
    k : int
    """
    unknown = np.zeros(own.size, dtype=np.bool_)
    if min(own.size, enemies.size) < _WORTH:
        return unknown
    anchors = np.sort(np.random.default_rng(own.size).choice(own, ANCHORS, replace=False))
    around = space.panel(anchors)
    squares, nearest = nearest_in_panel(
        space, space.panel(own), around.hubs_first(), 2, threads=threads, with_itself=True
    )
    clear = np.sqrt(nearest_in_panel(space, around, space.panel(enemies), 1, threads=threads)[0][:, 0])
    # Rounding of the distances must not turn into a certificate.
    reach = clear[np.searchsorted(anchors, nearest)] * (1 - 1e-9) - np.sqrt(squares) * (1 + 1e-9)
    best = reach.max(axis=1)
    # In order of group and distance from its anchor, rows close to each other are close in the list.
    order = np.lexsort((squares[:, 0], nearest[:, 0]))
    is_safe = np.zeros(own.size, dtype=np.bool_)
    in_blocks(_count_near, own.size, space.X, own[order], nearest[order, 0], best[order], k, is_safe)
    unknown[order] = is_safe
    return unknown
