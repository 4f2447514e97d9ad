"""Tomek links: pairs of rows of different classes that are each other's nearest neighbour.

Every link has an end outside the largest class. So only those m rows are queried; a candidate partner in the largest
class is then refuted by the first row that is closer to it. That is at most 2m queries instead of n.
"""

import numpy as np

from rareclass.kernels.anchors import safe_rows
from rareclass.kernels.closer import CloserCount, visiting_order
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space


def tomek_links(space: Space, codes: np.ndarray, *, threads: int = 1) -> np.ndarray:
    """All links, as pairs of rows (m, 2) with the lower row first, sorted.

    The nearest neighbour is the one by (squared distance, position): among exact duplicates each row has one nearest
    neighbour, and a link is mutual.
    """
    n = codes.size
    largest = int(np.argmax(np.bincount(codes)))
    ends = np.flatnonzero(codes != largest)
    ends = ends[~_among_their_own(space, codes, ends, threads)]
    everyone = space.panel(np.arange(n))
    squares, nearest = nearest_in_panel(space, space.panel(ends), everyone, 1, threads=threads)
    square, partner = squares[:, 0], nearest[:, 0]
    crosses = partner < n
    crosses[crosses] = codes[partner[crosses]] != codes[ends[crosses]]
    ends, partner, square = ends[crosses], partner[crosses], square[crosses]

    # Of several rows that name the same partner only the nearest can be its neighbour.
    first = np.lexsort((ends, square, partner))
    ends, partner, square = ends[first], partner[first], square[first]
    keep = np.ones(partner.size, dtype=bool)
    keep[1:] = partner[1:] != partner[:-1]
    ends, partner, square = ends[keep], partner[keep], square[keep]

    if ends.size:
        queries = space.panel(partner)
        candidates = space.panel(visiting_order(everyone.low))
        closer = CloserCount(space, queries, candidates, square, ends, 1, np.ones(n, dtype=np.bool_))
        mutual = ~closer.advance(np.arange(partner.size), 1, threads=threads)
        ends, partner = ends[mutual], partner[mutual]
    pairs = np.column_stack((np.minimum(ends, partner), np.maximum(ends, partner)))
    return np.unique(pairs, axis=0)


def _among_their_own(space: Space, codes: np.ndarray, rows: np.ndarray, threads: int) -> np.ndarray:
    """Rows known to have a nearest neighbour of their own class, which cannot be the end of a link."""
    is_safe = np.zeros(rows.size, dtype=np.bool_)
    for code in np.unique(codes[rows]):
        own = codes[rows] == code
        is_safe[own] = safe_rows(space, rows[own], np.flatnonzero(codes != code), 1, threads=threads)
    return is_safe
