"""Text columns as numbers."""

import numpy as np
import pyarrow as pa

from rareclass.data.columns import is_text
from rareclass.errors import SchemaError
from rareclass.kernels.words import word_features

_SHAPE = ("length", "digit_share", "upper_share", "mark_share")


def text_feature_names(name: str, buckets: int) -> list[str]:
    """Names of the features of one text column."""
    return [f"{name}:{part}" for part in _SHAPE] + [f"{name}:word{i}" for i in range(buckets)]


def text_features(column: pa.ChunkedArray, name: str, buckets: int) -> list[np.ndarray]:
    """Columns of `word_features`; nothing is learned, so rows can be encoded one at a time."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if not is_text(column.type):
        raise SchemaError(f"Column {name!r} was text in training but now holds {column.type}.")
    return list(word_features(column.to_pylist(), buckets).T)
