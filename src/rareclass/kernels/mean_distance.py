"""Which rows have the smallest (or largest) mean distance to their k nearest (or farthest) rows of another set.

Limits of the distances, from sifted matrix products, rule most rows out; a ranking computes only the rest exactly.
"""

from collections.abc import Callable

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.grid import NEVER, QUERIES_AT_ONCE, REACH
from rareclass.kernels.panel import CANDIDATES, QUERIES, Panel, Product, ceiling, strip_count
from rareclass.kernels.sift import FARTHEST, bracket
from rareclass.kernels.team import Run, team

_STRIP = 32


@compiled
def _bounds_tile(tile: np.ndarray, smallest: np.ndarray) -> None:
    """Merge the products of each line into the sorted list of its smallest ones."""
    last = smallest.shape[1] - 1
    for i in range(tile.shape[0]):
        line, kept = tile[i], smallest[i]
        for start in range(0, line.size, _STRIP):
            stop = min(line.size, start + _STRIP)
            if strip_count(line, start, stop, kept[last]) == 0:
                continue
            for j in range(start, stop):
                value = line[j]
                if value < kept[last]:
                    slot = last
                    while slot > 0 and value < kept[slot - 1]:
                        kept[slot] = kept[slot - 1]
                        slot -= 1
                    kept[slot] = value


@compiled
def _any_tile(tile: np.ndarray, limit: float, low: np.ndarray, unit: float, found: np.ndarray) -> None:
    """Note the lines with a product that may belong to a squared distance of at most `limit`."""
    for i in range(tile.shape[0]):
        if not found[i]:
            found[i] = strip_count(tile[i], 0, tile.shape[1], ceiling(tile, limit, low[i], unit)) > 0


class _Search:
    """Limits of nearest distances of chosen queries, without computing any distance exactly."""

    def __init__(self, queries: Panel, candidates: Panel, k: int, run: Run) -> None:
        self.queries, self.candidates, self.k, self.run = queries, candidates, k, run

    def _each(self, positions: np.ndarray, visit: Callable[[np.ndarray, slice], None]) -> None:
        """Call ``visit(products, part of the positions)`` for all pairs of blocks."""
        right = self.candidates.right  # filled here, not by each thread

        def block(start: int) -> None:
            part = slice(start, min(start + QUERIES, positions.size))
            product = Product(self.queries, positions[part])
            for at in range(0, len(self.candidates), CANDIDATES):
                visit(product.with_rows(right[at : at + CANDIDATES]), part)

        self.run(block, range(0, positions.size, QUERIES))

    def within(self, positions: np.ndarray, limit: float) -> np.ndarray:
        """Those that may have a candidate at a squared distance of at most `limit`."""
        found = np.zeros(positions.size, dtype=np.bool_)
        low, unit = self.queries.low[positions], self.queries.unit
        self._each(positions, lambda tile, part: _any_tile(tile, limit, low[part], unit, found[part]))
        return positions[found]

    def bracket(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Limits (len(positions), k) of the sorted smallest squared distances; of negated panels of minus them."""
        smallest = np.full((positions.size, self.k), np.inf, dtype=self.queries.right.dtype)
        self._each(positions, lambda tile, part: _bounds_tile(tile, smallest[part]))
        low = smallest.astype(np.float64) + self.queries.low[positions][:, None]
        # A bound lies below the truth by at most twice the slack of both rows.
        slack = 2.0 * (self.queries.slack[positions][:, None] + self.candidates.slack.max(initial=0.0))
        return low / self.queries.unit, (low + slack) / self.queries.unit


def _contenders_on_grid(queries: Panel, candidates: Panel, k: int, number: int, threads: int) -> np.ndarray | None:
    """Those that may have the smallest mean distances, from rounded ones; None where the grid does not serve."""
    grid, X = queries.space.grid, queries.space.X
    if grid is None or queries.sign < 0:
        return None
    asked, given = grid.queries(X, queries.rows), grid.candidates(X, candidates.rows)
    unknown = asked.outside()
    if given.outside().size or 2 * unknown.size > len(queries) - number:
        return None
    least, most = np.zeros(len(queries)), np.full(len(queries), np.inf)
    start, stop, reach = 0, 2 * number, np.inf
    while start < len(queries):
        # Whole groups of queries; the next batch profits from what the earlier ones found.
        first, last = start // QUERIES_AT_ONCE, -(-stop // QUERIES_AT_ONCE)
        part = slice(first * QUERIES_AT_ONCE, last * QUERIES_AT_ONCE)
        here = asked.groups(first, last)
        # If the mean of k distances is within reach, so is the smallest of them.
        within = reach / k + grid.width
        near = bracket(grid, here, given, k, within=within, threads=threads)
        is_known = near < FARTHEST
        distance = np.where(is_known, np.sqrt(near), min(within, float(REACH)))
        least[part] = np.maximum(distance - grid.width, 0.0).sum(axis=1)
        most[part] = np.where(is_known.all(axis=1), (distance + grid.width).sum(axis=1), np.inf)
        least[part][here.squares[: here.rows.size] == NEVER] = 0.0
        start, stop = part.stop, 2 * part.stop
        reach = np.partition(most, number - 1)[number - 1] * (1 + 1e-12)
    return np.flatnonzero(least <= reach)


def nearest_on_average(queries: Panel, candidates: Panel, k: int, number: int, *, threads: int = 1) -> np.ndarray:
    """Queries that may be among the `number` whose mean distance to their k nearest candidates is smallest.

    Of negated panels: to their k farthest. A ranking computes exactly (`nearest_in_panel`) only what is returned:
    positions in the panel, ascending, at least `number`. A query among the candidates counts as its own neighbour.
    """
    everyone = np.arange(len(queries))
    if number >= everyone.size or number == 0 or not len(candidates):
        return everyone
    found = _contenders_on_grid(queries, candidates, k, number, threads)
    if found is not None:
        return found
    contenders, least, most = np.empty(0, dtype=np.intp), np.empty(0), np.empty(0)
    reach = np.inf
    with team(threads) as run:
        search = _Search(queries, candidates, k, run)
        # Batches of one size, whatever the number of threads: each profits from what the earlier ones found.
        for start in range(0, everyone.size, 16 * QUERIES):
            positions = everyone[start : start + 16 * QUERIES]
            if queries.sign > 0 and np.isfinite(reach):
                # If the mean of k distances is within reach, so is the smallest of them.
                positions = search.within(positions, (reach / k) ** 2)
            low, high = search.bracket(positions)
            if queries.sign < 0:
                low, high = -high, -low
            contenders = np.concatenate((contenders, positions))
            least = np.concatenate((least, np.sqrt(np.maximum(low, 0.0)).sum(axis=1) * (1 - 1e-12)))
            most = np.concatenate((most, np.sqrt(np.maximum(high, 0.0)).sum(axis=1) * (1 + 1e-12)))
            if most.size >= number:
                reach = np.partition(most, number - 1)[number - 1]
                stays = least <= reach
                contenders, least, most = contenders[stays], least[stays], most[stays]
    return contenders
