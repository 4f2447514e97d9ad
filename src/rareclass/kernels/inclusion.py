"""Samples of fixed size in which each row has a probability of its own."""

import numpy as np


def keep_factor(weight: np.ndarray, wanted: float) -> float:
    """c such that the sum of min(1, c x weight) is `wanted`."""
    if wanted >= weight.size:
        return float(1.0 / weight.min())
    order = np.sort(weight)[::-1]
    # With the i largest at 1, c = (wanted - i) / (sum of the others); the right i is the first whose next one is below.
    rest = np.cumsum(order[::-1])[::-1]
    factor = (wanted - np.arange(order.size)) / rest
    fits = np.flatnonzero(factor * order <= 1.0)
    return float(factor[fits[0]])


def systematic(
    rows: np.ndarray, chance: np.ndarray, rng: np.random.Generator, within: np.ndarray | None = None
) -> np.ndarray:
    """A sample of fixed size (up to the fraction of the sum) in which each row has its probability.

    Rows are put in random order, inside groups if `within` is given, and cut at equal steps of the summed
    probabilities; so each group's number is its own sum, rounded up or down.
    """
    if not rows.size:
        return rows
    mixed = rng.permutation(rows.size)
    if within is not None:
        mixed = mixed[np.argsort(within[mixed], kind="stable")]
    # Sums near a whole number are meant to be it: rounding must not move a cut.
    ends = np.round(np.cumsum(chance[rows[mixed]]), 9)
    start = rng.random()
    cuts = np.floor(ends - start)
    return rows[mixed[np.diff(cuts, prepend=np.floor(-start)) > 0]]
