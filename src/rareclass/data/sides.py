"""Groups and times of any type as clean arrays."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.data.columns import to_time
from rareclass.data.dates import no_dates
from rareclass.errors import InputError


def group_numbers(groups: ArrayLike, name: str = "groups") -> np.ndarray:
    """Groups of any type as int64 numbers; missing values raise."""
    values = _check.column(groups, name)
    if values.dtype == object:
        missing = sum(map(_check.is_missing, values))
    else:
        missing = int(np.count_nonzero(values != values)) if values.dtype.kind in "fcmM" else 0
    if missing:
        raise InputError(
            f"`{name}` holds {missing} missing value(s). Fill them, for example with the row number, or drop the rows."
        )
    if values.dtype == object:
        try:
            return pc.dictionary_encode(pa.array(values)).indices.to_numpy().astype(np.int64)
        except pa.ArrowException:
            values = np.array([str(v) for v in values])
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def clean_times(times: ArrayLike, name: str = "times") -> np.ndarray:
    """Times as float64 or datetime64[us]; text dates are parsed, missing values raise."""
    if isinstance(times, pa.Array | pa.ChunkedArray):
        column = times if isinstance(times, pa.ChunkedArray) else pa.chunked_array([times])
        moments = to_time(column)
        values = column.to_numpy() if moments is None else moments.to_numpy()
    else:
        values = _check.column(times, name)
    if values.dtype.kind in "OUST":
        try:
            moments = to_time(pa.chunked_array([pa.array(values, from_pandas=True)]))
        except (pa.ArrowException, TypeError):
            moments = None
        if moments is None:
            texts = [v if isinstance(v, str) else None for v in values.tolist()]
            if odd := no_dates(texts):
                raise InputError(
                    f"`{name}` must hold dates: row {odd[0] + 1:,} holds {texts[odd[0]]!r}, which is none."
                )
            raise InputError(f"`{name}` must hold numbers or dates (such as 2024-05-31 or 2024-05-31 14:00:00).")
        values = moments.to_numpy()
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]")
        missing = int(np.isnat(values).sum())
    elif values.dtype.kind in "buif":
        values = values.astype(np.float64)
        missing = int((~np.isfinite(values)).sum())
    else:
        raise InputError(f"`{name}` must hold numbers or dates; got {values.dtype}.")
    if missing:
        raise InputError(f"`{name}` holds {missing} missing value(s). Drop these rows or split without time.")
    return values
