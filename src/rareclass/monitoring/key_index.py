"""In which day a row is held, by its key."""

import numpy as np


class KeyIndex:
    """Keys in order, and a number (a day) of each.

    Examples
    --------
    >>> index = KeyIndex()
    >>> index.add(np.array([3, 8], dtype=np.uint64), 5)
    >>> index.add(np.array([4], dtype=np.uint64), 6)
    >>> [v.tolist() for v in index.find(np.array([4, 7, 8], dtype=np.uint64))]
    [[True, False, True], [6, 5]]
    """

    def __init__(self) -> None:
        self.keys, self.days = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32)

    def add(self, keys: np.ndarray, day: int) -> None:
        """Keys (n,) in order, none of which is known."""
        at = self.keys.searchsorted(keys) + np.arange(keys.size)
        old = np.ones(self.keys.size + keys.size, dtype=bool)
        old[at] = False
        all_keys, all_days = np.empty(old.size, dtype=np.uint64), np.empty(old.size, dtype=np.int32)
        all_keys[old], all_keys[at] = self.keys, keys
        all_days[old], all_days[at] = self.days, day
        self.keys, self.days = all_keys, all_days

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which keys (m,) are known, and the days of those."""
        if not self.keys.size:
            return np.zeros(keys.size, dtype=bool), self.days
        at = np.minimum(self.keys.searchsorted(keys), self.keys.size - 1)
        found = self.keys[at] == keys
        return found, self.days[at[found]]

    def forget(self, before: int) -> None:
        """Drop the keys of days before."""
        kept = self.days >= before
        if not kept.all():
            self.keys, self.days = self.keys[kept], self.days[kept]
