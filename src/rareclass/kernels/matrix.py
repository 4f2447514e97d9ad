"""One pass over a matrix: missing, infinite and huge values, column ranges, copying of rows."""

import numpy as np
from scipy import sparse

from rareclass._types import Matrix
from rareclass.kernels.compiled import compiled
from rareclass.kernels.threads import in_blocks

LARGEST = 1e150
"""Sums of squared differences of numbers up to here are finite for any number of columns that fits into memory."""

_FEW_BYTES = 1 << 22  # a second thread would cost what it saves


@compiled
def _all_within(array: np.ndarray, limit: float, start: int, stop: int) -> bool:
    bad = 0
    flat = array[start:stop].ravel()
    for i in range(flat.size):
        # false for NaN too; comparison keeps the loop free of branches
        bad += not abs(flat[i]) <= limit
    return bad == 0


@compiled
def _count(array: np.ndarray, limit: float, missing: np.ndarray, infinite: np.ndarray, huge: np.ndarray) -> None:
    for i in range(array.shape[0]):
        for j in range(array.shape[1]):
            value = array[i, j]
            if value - value != 0:
                if value != value:
                    missing[j] += 1
                else:
                    infinite[j] += 1
            elif abs(value) > limit:
                huge[j] += 1


def scan_columns(array: Matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of missing, of infinite and of huge values in each column of a floating-point matrix, dense or sparse.

    Huge are finite values whose distances may overflow, beyond 1e150; float32 and float16 hold none.
    """
    missing, infinite, huge = (np.zeros(array.shape[1], dtype=np.int64) for _ in range(3))
    limit = min(LARGEST, float(np.finfo(array.dtype).max))
    if sparse.issparse(array):
        if not (np.abs(array.data) <= limit).all():
            entries = array.tocoo()
            np.add.at(missing, entries.col[np.isnan(entries.data)], 1)
            np.add.at(infinite, entries.col[np.isinf(entries.data)], 1)
            np.add.at(huge, entries.col[np.isfinite(entries.data) & (np.abs(entries.data) > limit)], 1)
        return missing, infinite, huge
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if not array.flags.c_contiguous and not array.flags.f_contiguous:
        array = np.ascontiguousarray(array)
    rows = array if array.flags.c_contiguous else array.T
    fine: list[bool] = []
    in_blocks(lambda start, stop: fine.append(_all_within(rows, limit, start, stop)), rows.shape[0], small=1 << 10)
    if not all(fine):
        _count(array, limit, missing, infinite, huge)
    return missing, infinite, huge


def column_ranges(array: Matrix) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of each column of a matrix, dense or sparse."""
    low, high = array.min(axis=0), array.max(axis=0)
    if sparse.issparse(array):
        return low.toarray().ravel(), high.toarray().ravel()
    return low, high


def count_up(out: np.ndarray) -> None:
    """out[i] = i."""
    in_blocks(lambda a, b: np.copyto(out[a:b], np.arange(a, b)), out.size, small=_FEW_BYTES // out.itemsize)


def is_one_seen_often(rows: np.ndarray) -> bool:
    """Whether an array (n,) is known to hold one number n times, as `numpy.broadcast_to` makes it, without a look."""
    return rows.size > 0 and rows.strides == (0,)


def copy_rows(source: np.ndarray, rows: np.ndarray | None, out: np.ndarray) -> None:
    """out[i] = source[rows[i]], or all rows when `rows` is None."""
    n = out.shape[0]
    small = _FEW_BYTES * n // max(1, out.nbytes)
    if rows is not None and is_one_seen_often(rows):
        out[...] = source[rows[0]]
    elif rows is None:
        in_blocks(lambda a, b: np.copyto(out[a:b], source[a:b]), n, small=small)
    elif source.dtype == object or not source.flags.c_contiguous:
        out[...] = source[rows]
    else:
        rows = np.ascontiguousarray(rows, dtype=np.intp)
        in_blocks(lambda a, b: np.take(source, rows[a:b], axis=0, out=out[a:b], mode="clip"), n, small=small)
