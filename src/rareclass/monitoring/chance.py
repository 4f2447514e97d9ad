"""Arithmetic of the monitor: keys of rows, a count test whose p-values are uniform, bets, Shiryaev-Roberts."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from scipy.special import gammaln, ndtri

from rareclass.kernels.random import splitmix64

_TINY = 1e-300
_DIGITS = 19
_WHOLE = 10 ** (_DIGITS - 1)


def row_keys(ids: Iterable[object]) -> np.ndarray:
    """Keys (n,), uint64, of row ids: what orders rows and breaks ties, whatever batches they came in.

    Whole numbers, also as text, are mixed, which is one to one and quick; other texts are hashed.
    """
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" and ids.size and ids.min() >= 0 and ids.max() < _WHOLE:
        return splitmix64(ids.astype(np.uint64))
    plain = isinstance(ids, np.ndarray) and ids.dtype.kind in "iuU"
    texts = list(map(str, ids.tolist()) if plain else map(_text, ids))  # type: ignore[attr-defined]
    whole = [t.isdecimal() and t.isascii() and len(t) < _DIGITS and (t[0] != "0" or t == "0") for t in texts]
    raw = [
        int(text).to_bytes(8, "little") if number else blake2b(text.encode(), digest_size=8).digest()
        for text, number in zip(texts, whole)
    ]
    keys = np.frombuffer(b"".join(raw), dtype="<u8").astype(np.uint64)
    return np.where(whole, splitmix64(keys), keys)


def _text(value: object) -> str:
    if isinstance(value, str):  # as nearly always, and quick
        return str(value)
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def uniform(keys: np.ndarray, stream: int) -> np.ndarray:
    """Numbers (n,) in (0, 1) that hang on the keys (n,) and the stream only (splitmix64)."""
    # in Python numbers: those of numpy warn where they run over, arrays do not
    begin = np.uint64(0x9E3779B97F4A7C15 * (stream + 1) % 2**64)
    x = splitmix64(np.asarray(keys, dtype=np.uint64) + begin)
    return ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def count_z(hits: int, trials: int, pool_hits: float, pool_trials: float, u: float) -> float:
    """Standard normal score of a day's hits among its trials, given all hits of the day and the pool: more is positive.

    Where the trials of day and pool are exchangeable, the hits of the day are hypergeometric given their sum; with `u`
    uniform the score is exactly standard normal, and scores of one day after another are independent (Vovk, Gammerman
    & Shafer 2022, Algorithmic Learning in a Random World, theorem 8.2, for blocks).

    Examples
    --------
    >>> bool(count_z(8, 20, 20, 100, 0.5) > 1.5 > count_z(4, 20, 20, 100, 0.5))
    True
    """
    all_hits, all_trials = round(pool_hits) + hits, round(pool_trials) + trials
    k = np.arange(max(0, trials - (all_trials - all_hits)), min(trials, all_hits) + 1)
    rest, misses = all_hits - k, all_trials - all_hits - trials + k
    log = -(gammaln(k + 1) + gammaln(trials - k + 1) + gammaln(rest + 1) + gammaln(misses + 1))
    p = np.exp(log - log.max())
    p /= p.sum()
    own = hits - int(k[0])
    above, at, below = p[own + 1 :].sum(), p[own], p[:own].sum()
    # the smaller tail, whose digits are kept
    if above <= below:
        return float(-ndtri(max(above + u * at, _TINY)))
    return float(ndtri(max(below + (1 - u) * at, _TINY)))


def added(state: np.ndarray, log_e: np.ndarray) -> np.ndarray:
    """The Shiryaev-Roberts recursion S <- (1 + S) e on logarithms, elementwise."""
    return np.logaddexp(0.0, state) + log_e


def normal_bets(z: float, sizes: np.ndarray) -> np.ndarray:
    """Log e-values (g,) of a standard normal score: bets on means `sizes` (g,)."""
    return sizes * z - sizes**2 / 2
