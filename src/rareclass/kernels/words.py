"""Text as numbers: shape and hashed word counts, without a vocabulary to store."""

import re
from collections.abc import Sequence

import numpy as np

from rareclass.kernels.compiled import compiled

_WORD = re.compile(r"\b\w+\b|[£$€!?]")
_SHAPES = [re.compile(pattern) for pattern in ("[0-9]", "[A-Z]", "[^A-Za-z0-9\t\n\f\r ]")]


def word_features(texts: Sequence[str | None], buckets: int) -> np.ndarray:
    """Log length, shares of digits, capitals and marks, and log counts of words hashed into buckets: (n, 4 + buckets).

    Missing text is NaN throughout. Words are in lower case; the hash is MurmurHash3 (32 bits, seed 0) of their UTF-8,
    its absolute value modulo the number of buckets.

    Examples
    --------
    >>> word_features(["Hi 2 you", None], 4).shape
    (2, 8)
    """
    out = np.full((len(texts), len(_SHAPES) + 1 + buckets), np.nan)
    for i, text in enumerate(texts):
        if text is None:
            continue
        row = out[i]
        row[0] = len(text)
        longest = max(len(text), 1)
        for k, shape in enumerate(_SHAPES, start=1):
            row[k] = len(shape.findall(text)) / longest
        words = [word.encode("utf-8", "surrogatepass") for word in _WORD.findall(text.lower())]
        ends = np.cumsum([len(word) for word in words], dtype=np.int64)
        row[len(_SHAPES) + 1 :] = 0.0
        _count(np.frombuffer(b"".join(words), dtype=np.uint8), ends, row[len(_SHAPES) + 1 :])
    counted = [0, *range(len(_SHAPES) + 1, out.shape[1])]
    out[:, counted] = np.log1p(out[:, counted])
    return out


@compiled
def _count(letters: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> None:  # pragma: no cover - compiled
    start = 0
    for end in ends:
        hashed = np.int64(np.int32(_murmur3(letters[start:end])))
        # the absolute value of the smallest 32-bit number is none of its kind; what is counted there is fixed
        counts[(abs(hashed) if hashed != -2147483648 else 2147483648 - counts.size) % counts.size] += 1.0
        start = end


@compiled
def _murmur3(data: np.ndarray) -> np.uint32:  # pragma: no cover - compiled
    mask, c1, c2 = np.uint64(0xFFFFFFFF), np.uint64(0xCC9E2D51), np.uint64(0x1B873593)
    h, n = np.uint64(0), data.size
    for block in range(n // 4 + 1):
        k, left = np.uint64(0), min(4, n - 4 * block)
        for b in range(left):
            k |= np.uint64(data[4 * block + b]) << np.uint64(8 * b)
        k = (k * c1) & mask
        k = (((k << np.uint64(15)) | (k >> np.uint64(17))) & mask) * c2 & mask
        h ^= k
        if left == 4:
            h = ((h << np.uint64(13)) | (h >> np.uint64(19))) & mask
            h = (h * np.uint64(5) + np.uint64(0xE6546B64)) & mask
    h ^= np.uint64(n)
    h ^= h >> np.uint64(16)
    h = (h * np.uint64(0x85EBCA6B)) & mask
    h ^= h >> np.uint64(13)
    h = (h * np.uint64(0xC2B2AE35)) & mask
    h ^= h >> np.uint64(16)
    return np.uint32(h)
