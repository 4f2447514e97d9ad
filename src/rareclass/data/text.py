"""Text as numbers: hashed word counts and a few shape features, without a vocabulary to store."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.columns import is_text
from rareclass.errors import SchemaError

_SHAPE = ("length", "digit_share", "upper_share", "mark_share")


def text_feature_names(name: str, buckets: int) -> list[str]:
    """Names of the features of one text column."""
    return [f"{name}:{part}" for part in _SHAPE] + [f"{name}:word{i}" for i in range(buckets)]


def text_features(column: pa.ChunkedArray, name: str, buckets: int) -> list[np.ndarray]:
    """Log length, shares of digits, capitals and marks, and log counts of words hashed into `buckets`.

    Missing text is NaN throughout. Nothing is learned, so rows can be encoded one at a time.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if not is_text(column.type):
        raise SchemaError(f"Column {name!r} was text in training but now holds {column.type}.")
    length = _numbers(pc.utf8_length(column))
    safe = np.maximum(length, 1.0)
    shape = [np.log1p(length)]
    for pattern in (r"[0-9]", r"[A-Z]", r"[^A-Za-z0-9\s]"):
        shape.append(_numbers(pc.count_substring_regex(column, pattern)) / safe)
    hasher = HashingVectorizer(
        n_features=buckets, alternate_sign=False, norm=None, token_pattern=r"(?u)\b\w+\b|[£$€!?]"
    )
    counts = hasher.transform(text if text is not None else "" for text in column.to_pylist()).toarray()
    counts = np.log1p(counts)
    counts[np.isnan(length)] = np.nan
    return [*shape, *counts.T]


def _numbers(counts: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(counts.cast(pa.float64()).to_numpy(), dtype=np.float64)
