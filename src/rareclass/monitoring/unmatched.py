"""Labels that wait for their prediction."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from rareclass.monitoring.cohorts import packed, unpacked

_NOWHERE = 1_000_000


class Unmatched:
    """Labels by key, as columns: key, time, y, weight, and since when they wait.

    Examples
    --------
    >>> labels = Unmatched()
    >>> labels.add([np.array([7, 9], dtype=np.uint64), np.zeros(2), np.ones(2, np.int8), np.ones(2)], 0.0)
    >>> labels.take(np.array([7], dtype=np.uint64))[1].tolist(), labels.size
    ([0.0], 1)
    """

    def __init__(self) -> None:
        self.columns = [np.empty(0, dtype=t) for t in (np.uint64, np.float64, np.int8, np.float64, np.float64)]
        self.fresh: list[list[np.ndarray]] = []
        self.nowhere = np.empty(0, dtype=np.uint64)  # keys of labels that were given up
        self.given_up = 0

    @property
    def size(self) -> int:
        """How many wait, each counted once."""
        return int(self._sorted()[0].size)

    def apart_from(self, keys: np.ndarray) -> int:
        """How many wait whose key is none of these."""
        return int(np.count_nonzero(~np.isin(self._sorted()[0], keys)))

    def add(self, labels: Sequence[np.ndarray], clock: float) -> None:
        """Labels (m,): key, time, y, weight; what was given up before stays so."""
        key, time, y, weight = labels
        if self.nowhere.size and key.size:
            at = np.minimum(np.searchsorted(self.nowhere, key), self.nowhere.size - 1)
            unknown = self.nowhere[at] != key
            key, time, y, weight = (v[unknown] for v in (key, time, y, weight))
        if key.size:
            self.fresh.append([key, time, y, weight, np.where(np.isfinite(time), time, clock)])

    def take(self, keys: np.ndarray) -> list[np.ndarray]:
        """Labels of these keys (in order), in the order of key and time: key, time, y, weight. They wait no more."""
        columns = self._sorted()
        if not columns[0].size or not keys.size:
            return [c[:0] for c in columns[:4]]
        at = np.minimum(np.searchsorted(keys, columns[0]), keys.size - 1)
        mine = keys[at] == columns[0]
        found = [c[mine] for c in columns[:4]]
        if mine.any():
            self.columns = [c[~mine] for c in columns]
        return found

    def drop(self, keys: np.ndarray) -> None:
        """Forget labels of keys, in any order, without a word."""
        self.take(np.sort(keys))

    def give_up(self, clock: float, max_delay: float, to_come: np.ndarray) -> None:
        """Labels that have waited for longer than `max_delay` have no prediction.

        Those without a time wait on for rows whose day is not over, of these keys.
        """
        columns = self._sorted()
        since = np.where(np.isfinite(columns[4]), columns[4], clock)
        columns[4] = since
        gone = since + max_delay < clock
        if gone.any():
            gone &= np.isfinite(columns[1]) | ~np.isin(columns[0], to_come)
        if gone.any():
            keys = np.unique(columns[0][gone])
            self.given_up += keys.size
            self.nowhere = np.union1d(self.nowhere, keys)[-_NOWHERE:]
            self.columns = [c[~gone] for c in columns]

    def _sorted(self) -> list[np.ndarray]:
        """All labels in the order of key, time and label, repeated ones once."""
        if self.fresh:
            joined = [np.concatenate(parts) for parts in zip(self.columns, *self.fresh, strict=True)]
            order = np.lexsort((joined[4], joined[2], joined[1], joined[0]))
            joined = [c[order] for c in joined]
            new = np.ones(order.size, dtype=bool)
            new[1:] = (joined[0][1:] != joined[0][:-1]) | (joined[1][1:] != joined[1][:-1])
            new[1:] |= joined[2][1:] != joined[2][:-1]
            self.columns, self.fresh = [c[new] for c in joined], []
        return self.columns

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": [packed(c) for c in self._sorted()],
            "nowhere": packed(self.nowhere),
            "given_up": self.given_up,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        made = cls()
        made.columns = [unpacked(c) for c in state["columns"]]
        made.nowhere, made.given_up = unpacked(state["nowhere"]), state["given_up"]
        return made
