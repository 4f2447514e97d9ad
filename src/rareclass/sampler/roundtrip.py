"""Arrays back to the containers they came from, for samplers written against imbalanced-learn's array hook."""

from typing import Any

import numpy as np
from scipy import sparse

from rareclass._types import Labels, Rows
from rareclass.sampler.containers import is_frame, is_pandas, is_polars


class ArraysTransformer:
    """Remembers the containers and types of X and y, and puts plain arrays back into them."""

    def __init__(self, X: Rows, y: Labels) -> None:
        self.X, self.y = X, y

    def transform(self, X: Rows, y: Labels) -> tuple[Any, Any]:
        """X and y, as arrays, in the remembered containers."""
        X_out, y_out = _like(X, self.X), _like(y, self.y)
        if is_pandas(X_out) and is_pandas(y_out):
            y_out.index = X_out.index
        return X_out, y_out


def _like(array: Rows, native: Rows) -> Rows:
    if isinstance(native, list):
        return array.tolist()
    if is_pandas(native):
        import pandas as pd

        if native.ndim == 1:
            return pd.Series(array, dtype=native.dtype, name=native.name)
        if sparse.issparse(array):
            frame = pd.DataFrame.sparse.from_spmatrix(array, columns=native.columns)
        else:
            frame = pd.DataFrame(np.asarray(array), columns=native.columns)
        return frame.astype(dict(zip(native.columns, native.dtypes)))
    if is_polars(native):
        import polars as pl

        if not is_frame(native):
            return pl.Series(native.name, array).cast(native.dtype)
        return pl.DataFrame(np.asarray(array), schema=native.columns).cast(dict(native.schema))
    return array
