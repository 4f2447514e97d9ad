"""Wilson's edited nearest neighbours, once or again and again, on class codes.

Enemy first: a row is judged by its e-th nearest enemy and by how many rows of its own class are closer (the friends),
not by its full neighbour list. With few enemies the first question is one thin matrix product and the second ends
early for almost all rows. What proved a row is kept, so that repeating the edit costs little more than doing it once.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from rareclass.kernels.anchors import safe_rows
from rareclass.kernels.closer import CloserCount, visiting_order
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Panel, Space


def enemies_to_lose(k: int, kind: str, is_first: bool) -> int:
    """How many enemies among the k neighbours remove a row, with two classes.

    `kind` "all": one. "mode": as many as outvote its own class; a tie goes to the class whose label sorts first.
    """
    if kind == "all":
        return 1
    return k // 2 + 1 if is_first else (k + 1) // 2


@dataclass
class _Judged:
    """The rows of one class with their e-th nearest enemies and the running count of closer friends."""

    queries: Panel
    lose: int
    limit_squares: np.ndarray
    limit_rows: np.ndarray
    closer: CloserCount
    place: np.ndarray = field(repr=False)


class Editor:
    """Repeated editing of a matrix with class codes.

    Parameters
    ----------
    space : Space of the matrix (n rows)
    codes : int ndarray (n,), class of each row, 0 .. K-1 in the order of the labels
    most : int, largest number of neighbours that will be asked for
    once : bool, whether `edit` will be called a single time; large classes are then judged by shortcuts that leave
        nothing to go on from
    threads : int

    Attributes
    ----------
    alive : bool ndarray (n,), rows that no edit has removed yet
    """

    def __init__(self, space: Space, codes: np.ndarray, most: int, *, once: bool = False, threads: int = 1) -> None:
        self.once = once
        self.space = space
        self.codes = codes
        self.most = most
        self.threads = threads
        self.alive = np.ones(codes.size, dtype=np.bool_)
        self._judged: dict[tuple[int, int], _Judged] = {}

    def counts(self) -> Counter:
        """Rows left of each class."""
        present = np.bincount(self.codes[self.alive])
        return Counter({int(code): int(number) for code, number in enumerate(present) if number})

    def edit(self, targets: list[int], k: int, kind: str) -> np.ndarray:
        """Remove, all at once, the rows of the `targets` that their k nearest neighbours vote against.

        Returns the removed rows. Neighbours are rows still alive, never the row itself; ties of distance go to the
        lower row.
        """
        classes = np.unique(self.codes[self.alive])
        lost = [self._lost(code, k, kind, classes) for code in targets if code in classes]
        removed = np.sort(np.concatenate(lost)) if lost else np.empty(0, dtype=np.int64)
        self.alive[removed] = False
        return removed

    def _lost(self, code: int, k: int, kind: str, classes: np.ndarray) -> np.ndarray:
        if kind == "mode" and classes.size > 2:
            return self._outvoted(code, k, self._doubtful(code, k))
        own = self._doubtful(code, k)
        lose = enemies_to_lose(k, kind, code == classes[0])
        judged = self._judge(code, lose, own)
        need = k - lose + 1
        places = judged.place[own]
        if need <= 0:
            return own[np.isfinite(judged.limit_squares[places, lose - 1])]
        proven = judged.closer.advance(places, need, threads=self.threads)
        # Fewer than `lose` enemies exist, or fewer than k neighbours in all: nobody can be outvoted.
        proven |= np.isinf(judged.closer.limit_square)
        return own[~proven[places]]

    def _doubtful(self, code: int, k: int) -> np.ndarray:
        """Rows of a class that are not known to have only rows of it as neighbours."""
        is_own = self.codes == code
        own = np.flatnonzero(self.alive & is_own)
        if not self.once:
            return own
        return own[~safe_rows(self.space, own, np.flatnonzero(self.alive & ~is_own), k, threads=self.threads)]

    def _judge(self, code: int, lose: int, own: np.ndarray) -> _Judged:
        judged = self._judged.get((code, lose))
        if judged is None:
            judged = self._judged[(code, lose)] = self._first_judgement(code, lose, own)
        else:
            self._renew_limits(judged, code)
        return judged

    def _enemies(self, code: int) -> Panel:
        return self.space.panel(np.flatnonzero(self.alive & (self.codes != code))).hubs_first()

    def _first_judgement(self, code: int, lose: int, own: np.ndarray) -> _Judged:
        queries = self.space.panel(own)
        squares, rows = nearest_in_panel(self.space, queries, self._enemies(code), lose, threads=self.threads)
        friends = self.space.panel(np.flatnonzero(self.alive & (self.codes == code)))
        friends = self.space.panel(friends.rows[visiting_order(friends.low)])
        limit, limit_row = squares[:, -1].copy(), rows[:, -1].copy()
        closer = CloserCount(self.space, queries, friends, limit, limit_row, self.most, self.alive)
        place = np.full(self.codes.size, -1, dtype=np.int64)
        place[own] = np.arange(own.size)
        return _Judged(queries, lose, squares, rows, closer, place)

    def _renew_limits(self, judged: _Judged, code: int) -> None:
        """Look again for the nearest enemies of rows that lost one of theirs."""
        known = np.append(self.alive, True)[judged.limit_rows].all(axis=1)
        stale = np.flatnonzero(~known & self.alive[judged.queries.rows])
        if not stale.size:
            return
        again = self.space.panel(judged.queries.rows[stale])
        squares, rows = nearest_in_panel(self.space, again, self._enemies(code), judged.lose, threads=self.threads)
        judged.limit_squares[stale], judged.limit_rows[stale] = squares, rows
        judged.closer.restart(stale, squares[:, -1], rows[:, -1])

    def _outvoted(self, code: int, k: int, own: np.ndarray) -> np.ndarray:
        """Rows of a class, among three or more, whose k neighbours vote for another one (ties: first label)."""
        everyone = self.space.panel(np.flatnonzero(self.alive))
        _, near = nearest_in_panel(self.space, self.space.panel(own), everyone, k, threads=self.threads)
        return own[vote(near, self.codes) != code]


def vote(near: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Most frequent class of the rows in each line of `near`; ties go to the class whose label sorts first.

    Places beyond the last neighbour (position n) do not vote.
    """
    classes = int(codes.max()) + 1
    padded = np.append(codes, classes)
    ballots = np.zeros((near.shape[0], classes + 1), dtype=np.int32)
    np.add.at(ballots, (np.arange(near.shape[0])[:, None], padded[near]), 1)
    return np.argmax(ballots[:, :classes], axis=1)
