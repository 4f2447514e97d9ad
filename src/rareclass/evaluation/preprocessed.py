"""What was computed from all rows before they were split, and shows in the numbers themselves.

A scaler fitted on all rows leaves a mean of exactly 0 over all of them and not over the training rows; a filled gap
holds exactly the mean of all known values; an encoded level holds exactly the share of events among all its rows.
"""

from collections.abc import Iterator, Sequence

import numpy as np

EXACT = 1e-7
LEVELS = 10
SOME = 4_000
"""Values that say whether a column is a scale or a code."""


def computed_from_all_rows(
    matrix: np.ndarray, names: Sequence[str], y: np.ndarray, train: np.ndarray
) -> Iterator[tuple[str, str]]:
    """Codes and evidence of what all rows, not the training rows alone, explain exactly.

    Parameters
    ----------
    matrix : array of shape (n, d)
        Encoded rows; NaN is missing.
    names : sequence of str
        Of its columns.
    y : Boolean array of shape (n,)
    train : int array
        Training rows of one split.
    """
    inside = np.zeros(y.size, dtype=bool)
    inside[train] = True
    scaled: dict[str, list[str]] = {}
    many, spans = 0, 0
    encoded: list[str] = []
    for j, name in enumerate(names):
        values, known = matrix[:, j], np.isfinite(matrix[:, j])
        if not known.any():
            continue
        some = values[known][:: max(int(known.sum()) // SOME, 1)]
        levels, counts = np.unique(some, return_counts=True)
        coded = levels.size >= 3 and levels[0] >= 0 and levels[-1] <= 1 and levels.size <= some.size / 2
        if coded and _is_share_of_events(values[known], y[known], inside[known]):
            encoded.append(name)
        if levels.size >= LEVELS:
            many += 1
            spans += int(_unit_range(values[known]))
            for how in _scalings(values[known], inside[known], levels[counts.argmax()]):
                scaled.setdefault(how, []).append(name)
    if encoded:
        yield "encoded-before-split", f"each level of {_some(encoded)} is the share of events among all its rows"
    for how, found in scaled.items():
        # a column may reach 0 and 1 by its nature; all of them do so behind a scaler
        if how != RANGE or (spans == many and many >= 2):
            yield "fitted-before-split", f"{_some(found)}: {how}"


def _unit_range(values: np.ndarray) -> bool:
    return bool(abs(values.min()) < EXACT and abs(values.max() - 1) < EXACT)


RANGE = "smallest value 0 and largest 1 over all rows, not over the training rows"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(n) for n in names[:3]) + more


def _is_share_of_events(values: np.ndarray, y: np.ndarray, inside: np.ndarray) -> bool:
    levels, code, counts = np.unique(values, return_inverse=True, return_counts=True)
    if levels.size < 3 or levels.size > y.size / 2:
        return False
    shares = np.bincount(code, y) / counts
    seen = np.bincount(code[inside], minlength=levels.size)
    of_train = np.bincount(code[inside], y[inside], minlength=levels.size) / np.maximum(seen, 1)
    fits = np.abs(shares - levels) < EXACT
    return bool(np.average(fits, weights=counts) > 0.95 and np.abs(of_train - levels).max() > EXACT)


def _scalings(values: np.ndarray, inside: np.ndarray, often: float) -> Iterator[str]:
    """What all values explain exactly and those inside do not; `often` may have filled gaps."""
    own = values[inside]
    spread = values.std()
    if own.size == 0 or own.size == values.size or spread == 0:
        return
    unit = any(abs(values.std(ddof=ddof) - 1) < EXACT for ddof in (0, 1))
    if unit and abs(values.mean()) < EXACT < abs(own.mean()):
        yield "mean 0 and standard deviation 1 over all rows, not over the training rows"
    if _unit_range(values) and not _unit_range(own):
        yield RANGE
    if abs(np.median(values)) < EXACT < abs(np.median(own)) and (
        abs(np.subtract(*np.quantile(values, [0.75, 0.25])) - 1) < EXACT
    ):
        yield "median 0 and distance of the quartiles 1 over all rows, not over the training rows"
    rest = values[values != often]
    # a fraction that other values average to exactly stood in for missing ones
    if values.size - rest.size >= 5 and rest.size and often != np.round(often, 3):
        filled = abs(rest.mean() - often) < EXACT * spread
        if filled and abs(own[own != often].mean() - often) > EXACT * spread:
            yield "gaps hold the mean of all rows, not of the training rows"
