"""Text columns as numbers."""

import numpy as np
import pyarrow as pa

from rareclass.data.columns import is_nothing, is_text
from rareclass.errors import SchemaError
from rareclass.kernels.words import word_features


def text_features(column: pa.ChunkedArray, name: str, buckets: int) -> list[np.ndarray]:
    """Columns of `word_features`; nothing is learned, so rows can be encoded one at a time."""
    if is_nothing(column.type):
        column = pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not is_text(column.type):
        raise SchemaError(f"Column {name!r} was text in training but now holds {column.type}.")
    return list(word_features(column.to_pylist(), buckets).T)
