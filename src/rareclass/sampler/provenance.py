"""Other per-row arrays follow the rows: weights, groups, costs, times."""

import numpy as np

from rareclass._types import Rows
from rareclass.errors import InputError
from rareclass.sampler.containers import is_frame, is_pandas, n_rows, take
from rareclass.sampler.draw import Draw
from rareclass.sampler.matrices import output_index

_AVERAGED = ("weight", "cost")
_COPIED = ("group", "time", "label")


def resample_array(array: Rows, draw: Draw, rows: int, kind: str) -> Rows:
    """Values of one array for the output rows of a draw, in the container given."""
    if kind not in ("auto", *_AVERAGED, *_COPIED):
        raise InputError(f"`kinds` must be one of auto, {', '.join((*_AVERAGED, *_COPIED))}; got {kind!r}.")
    if isinstance(array, list | tuple):
        array = np.asarray(array)
    if n_rows(array) != rows:
        raise InputError(f"The array has {n_rows(array)} rows, the resampled data had {rows}.")
    source = draw.concatenated(rows)
    out = take(array, source)
    if is_pandas(array) and draw.n_made:
        out.index = output_index(array.index, draw)
    averaged = kind in _AVERAGED or (kind == "auto" and _is_float(array))
    if not averaged or draw.gap is None or not draw.n_made:
        return out
    return _interpolate(array, out, draw, rows)


def _is_float(array: Rows) -> bool:
    return not is_frame(array) and getattr(getattr(array, "dtype", None), "kind", "O") == "f"


def _interpolate(array: Rows, out: Rows, draw: Draw, rows: int) -> Rows:
    values = np.asarray(array, dtype=np.float64)
    gap = np.clip(draw.gap, 0.0, 1.0).reshape((-1,) + (1,) * (values.ndim - 1))  # type: ignore[arg-type]
    made = values[draw.first] + gap * (values[draw.second] - values[draw.first])
    kept = values if draw.kept is None else values[draw.kept]
    every = np.concatenate((kept, made))
    every = every if draw.order is None else every[draw.order]
    if is_pandas(array):
        result = out.copy().astype(np.float64)
        result[...] = every
        return result if _is_float(array) is False else result.astype(array.dtype)
    if isinstance(array, np.ndarray):
        return every.astype(array.dtype if array.dtype.kind == "f" else np.float64)
    return every
