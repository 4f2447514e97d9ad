"""Which texts among many are the same, from their bytes, so that what is done to a text is done once for each level."""

import numpy as np

from rareclass.kernels.compiled import compiled

_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # of FNV-1a
_PROBES = 32  # a text that meets more others than these is a level of its own, so that no choice of texts is slow


def repeated(raw: bytes | memoryview, n: int) -> tuple[list[tuple[int, int]], np.ndarray] | None:
    """The levels of n texts that each stand behind their length, four bytes, and the level (n,) of each text.

    Parameters
    ----------
    raw : bytes or memoryview
        Nothing else, from the first length to the end of the last text.
    n : int

    Returns
    -------
    (list of (first, last) places of each level, ndarray of int64) or None
        A level may stand twice; None where the bytes are not n texts.
    """
    if 4 * n > len(raw):
        return None
    spans, levels = np.empty((n, 2), dtype=np.int64), np.empty(n, dtype=np.int64)
    table = np.full(1 << max(4, (2 * n).bit_length()), -1, dtype=np.int64)
    count = _levels(np.frombuffer(raw, dtype=np.uint8).copy(), spans, levels, table)
    return None if count < 0 else (list(map(tuple, spans[:count].tolist())), levels)


@compiled
def _levels(raw: np.ndarray, spans: np.ndarray, levels: np.ndarray, table: np.ndarray) -> int:
    """Fill spans and levels; how many there are, or -1."""
    at, count, mask = np.int64(0), 0, np.uint64(table.size - 1)
    for i in range(levels.size):
        if at + 4 > raw.size:
            return -1
        size = np.int64(0)
        for k in range(4):
            size |= np.int64(raw[at + k]) << (8 * k)
        start, at = at + 4, at + 4 + size
        if at > raw.size:
            return -1
        key = _OFFSET
        for k in range(start, at):
            key = (key ^ np.uint64(raw[k])) * _PRIME
        place, level = key ^ (key >> np.uint64(32)), -1
        for _ in range(_PROBES):
            other = table[place & mask]
            if other < 0:
                table[place & mask] = count
                break
            first = spans[other, 0]
            if spans[other, 1] - first == size:
                k = 0
                while k < size and raw[first + k] == raw[start + k]:
                    k += 1
                if k == size:
                    level = other
                    break
            place += np.uint64(1)
        if level < 0:
            level = count
            spans[level, 0], spans[level, 1] = start, at
            count += 1
        levels[i] = level
    return count if at == raw.size else -1
