"""Exactly equal rows: which belong together, how many there are, and how many contradict each other."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass import _check
from rareclass._types import Labels, Rows
from rareclass.kernels.random import splitmix64

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
CROWD, LEAST_CROWD = 0.01, 30
"""Equal rows are a crowd where they are more than this share of all, and this many, and fewer than half are events."""


@dataclass(frozen=True, kw_only=True)
class DuplicateCount:
    """How far rows repeat.

    Attributes
    ----------
    rows, distinct : int
        Rows, and distinct feature rows.
    repeated : int
        Rows whose features equal those of an earlier row (``rows - distinct``).
    repeated_with_label : int or None
        Rows that equal an earlier row in features and label; None without labels.
    conflicting : int or None
        Rows whose features also occur with another label; None without labels.
    largest : int
        Rows in the largest group of equal rows.
    ordinary : bool
        See `copies_are_ordinary`; False without labels.
    crowded : int
        Rows in crowds (see `twins`); 0 without labels.
    """

    rows: int
    distinct: int
    repeated: int
    repeated_with_label: int | None
    conflicting: int | None
    largest: int
    ordinary: bool = False
    crowded: int = 0


def duplicate_groups(data: Rows) -> np.ndarray:
    """Number the groups of exactly equal feature rows.

    Pass the result as `groups` to `make_splits` so that no row is tested by a model that saw its twin. Missing equals
    missing, and 0.0 equals -0.0. Rows are compared through a 64-bit hash; every group is then verified value by
    value, so a collision cannot merge different rows. About 0.3 s for 500,000 rows of 41 columns.

    Parameters
    ----------
    data : pyarrow.Table or array-like of shape (n, d)
        Features only: leave out the target and identifiers.

    Returns
    -------
    ndarray of shape (n,), int64
        Group number, counted from 0 in order of first appearance.

    Examples
    --------
    >>> from rareclass.data import duplicate_groups
    >>> duplicate_groups([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]).tolist()
    [0, 1, 0]
    """
    columns, rows = _bit_columns(data)
    if rows == 0 or not columns:
        return np.zeros(rows, dtype=np.int64)
    groups, first = _number_by_first(_hash(columns, rows))
    representative = first[groups]
    if any(not np.array_equal(bits, bits[representative]) for bits in columns):
        groups = np.zeros(rows, dtype=np.int64)
        for bits in columns:
            codes = np.unique(bits, return_inverse=True)[1]
            groups = np.unique(groups * (codes.max() + 1) + codes, return_inverse=True)[1]
        groups = _number_by_first(groups)[0]
    return groups


def duplicate_notes(found: DuplicateCount, *, forward: bool) -> list[str]:
    """Sentences about equal rows; a split forward in time does not keep them together."""
    notes = []
    if found.repeated and not forward:
        said = "1 row repeats" if found.repeated == 1 else f"{found.repeated:,} rows repeat"
        where = "equal rows stay on one side of every split"
        if found.ordinary:
            where = "equal rows have both labels and are ordinary here, so that they may stand on both sides of a split"
        elif found.crowded:
            where += (
                f", but for {found.crowded:,} in crowds (more than {CROWD:.0%} of all rows are equal), which a model "
                "will meet again"
            )
        notes.append(f"{said} an earlier one; {where}.")
    if found.conflicting:
        notes.append(f"{found.conflicting:,} rows have the same features as a row with the other label.")
    return notes


def count_duplicates(data: Rows, y: Labels | None = None, *, groups: np.ndarray | None = None) -> DuplicateCount:
    """Count repeated rows and rows with conflicting labels.

    Parameters
    ----------
    data : pyarrow.Table or array-like of shape (n, d)
        Features only. Ignored when `groups` is given.
    y : array-like of shape (n,), optional
        Labels, of any number of classes.
    groups : ndarray of shape (n,), optional
        Result of `duplicate_groups`, where it is known already.

    Examples
    --------
    >>> from rareclass.data import count_duplicates
    >>> count_duplicates([[1.0], [1.0], [2.0]], [0, 1, 0]).conflicting
    2
    """
    known = duplicate_groups(data) if groups is None else np.asarray(groups)
    rows = known.size
    sizes = np.bincount(known) if rows else np.zeros(1, dtype=np.int64)
    distinct = int(np.count_nonzero(sizes))
    repeated_with_label = conflicting = None
    if y is not None:
        labels = np.unique(_check.column(y, "y"), return_inverse=True)[1]
        pairs = np.unique(known * (labels.max() + 1) + labels) if rows else known
        repeated_with_label = rows - pairs.size
        kinds = np.bincount(pairs // (labels.max() + 1), minlength=sizes.size) if rows else sizes
        conflicting = int(sizes[kinds > 1].sum())
    return DuplicateCount(
        rows=rows,
        distinct=distinct,
        repeated=rows - distinct,
        repeated_with_label=repeated_with_label,
        conflicting=conflicting,
        largest=int(sizes.max()),
        ordinary=y is not None and rows > 0 and copies_are_ordinary(known, labels),
        crowded=0 if y is None or rows == 0 else int(_crowds(known, _rarest(labels)).sum()),
    )


def copies_are_ordinary(same: np.ndarray, y: np.ndarray) -> bool:
    """Whether rows equal each other because few different rows exist, not because some were recorded twice.

    A row that was recorded twice gives its label away to whoever trains on its twin. Where all columns are categories
    or flags, new rows are copies of known ones too, and labels of copies differ: kept together, what is tested would
    be combinations that no fit has seen. Copies are ordinary where at most half of the rows are distinct, and of the
    events that have copies more than half also stand as the other label, or all rows of a label are equal.

    Parameters
    ----------
    same : ndarray of shape (n,)
        Result of `duplicate_groups`.
    y : ndarray of shape (n,)
        Labels; the rarest one is the event.
    """
    number, size = np.unique(same, return_inverse=True, return_counts=True)[1:]
    label, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    if counts.size < 2:
        return False
    if 2 * size.size > same.size:
        return False
    event = label == np.argmin(counts)
    held = np.bincount(number, weights=event)
    if (counts > 1).all() and (np.count_nonzero(held) < 2 or np.count_nonzero(held < size) < 2):
        return True
    copied = event & (size[number] > 1)
    return bool(2 * np.count_nonzero(copied & (held < size)[number]) > np.count_nonzero(copied))


def twins(same: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Numbers (n,) of rows that must not be parted, since one gives the label of the other away.

    Equal rows are twins, unless copies are ordinary (`copies_are_ordinary`) or they are a crowd: hundreds of rows at
    one point, such as the empty one, are not one row that was recorded often. New rows will stand there too, and the
    rate of events there is what a model is to learn. Kept together they would all be tested by the one fit that has
    never seen that point, and its error there would be calibrated into all others.

    Parameters
    ----------
    same : ndarray of shape (n,)
        Result of `duplicate_groups`.
    y : ndarray of shape (n,)
        Labels; the rarest one is the event.

    Examples
    --------
    >>> same = np.repeat(np.arange(60), [40, 2] + [1] * 58)
    >>> np.unique(twins(same, np.arange(100) > 97)).size
    99
    """
    if copies_are_ordinary(same, y):
        return np.arange(same.size)
    crowd = _crowds(same, _rarest(y))
    out = same.copy()
    out[crowd] = same.max(initial=0) + 1 + np.arange(np.count_nonzero(crowd))
    return out


def _crowds(same: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Which rows (n,) stand in a crowd."""
    size = np.bincount(same)
    many = (size > CROWD * same.size) & (size >= LEAST_CROWD)
    return np.asarray((many & (2 * np.bincount(same, weights=event) < size))[same])


def _rarest(y: np.ndarray) -> np.ndarray:
    """Which rows (n,) have the rarest label."""
    label, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    return np.asarray(label == np.argmin(counts))


def hashed_rows(matrix: np.ndarray) -> np.ndarray:
    """A 64-bit hash (n,) of each row of numbers (n, d), the same for equal rows of any table; NaN equals NaN."""
    return _hash(*_bit_columns(matrix))


def _hash(columns: list[np.ndarray], rows: int) -> np.ndarray:
    hashed = np.zeros(rows, dtype=np.uint64)
    for bits in columns:
        hashed = splitmix64(hashed * _MULTIPLIER + bits)
    return hashed


def _number_by_first(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group numbers by first appearance, and the first row of each group."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return rank[inverse].astype(np.int64), first[order]


def _bit_columns(data: Rows) -> tuple[list[np.ndarray], int]:
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return [_column_bits(data.column(i)) for i in range(data.num_columns)], data.num_rows
    matrix = np.asarray(data)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.dtype.kind not in "buif":
        from rareclass.data.read import read_table

        return _bit_columns(read_table(matrix))
    return [_number_bits(matrix[:, i]) for i in range(matrix.shape[1])], matrix.shape[0]


def _number_bits(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        values = np.array(values, dtype=np.float64)
        values[np.isnan(values)] = np.nan  # one bit pattern for all NaN
        values += 0.0  # -0.0 + 0.0 = 0.0
        return values.view(np.uint64)
    return values.astype(np.int64).view(np.uint64)


def _column_bits(column: pa.ChunkedArray) -> np.ndarray:
    kind = column.type
    if pa.types.is_floating(kind):
        # null and NaN are the same missing value
        return _number_bits(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy())
    if (pa.types.is_integer(kind) or pa.types.is_boolean(kind)) and column.null_count == 0:
        return _number_bits(column.to_numpy())
    from rareclass.data.columns import dictionary_codes

    return _number_bits(dictionary_codes(column)[0])
