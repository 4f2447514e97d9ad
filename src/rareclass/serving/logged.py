"""Requests that were answered, as batches of the prediction log."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from rareclass.monitoring.prediction_log import log_schema

_DAY = 86_400e6  # microseconds


class Entry(NamedTuple):
    """One request that was answered."""

    time: int  # microseconds since 1970
    size: int
    served: Any
    ids: str | Sequence[Any]
    answers: Any
    rows: Any
    request: str | None
    weight: int


def alike(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries of the same version of a model together, in their order."""
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        found.setdefault(id(entry.served), []).append(entry)
    return list(found.values())


def as_batch(
    entries: Sequence[Entry], features: Sequence[tuple[str, str]], shadow: Sequence[pa.Array] | None = None
) -> tuple[tuple[str, str], pa.RecordBatch]:
    """Requests to one version of a model as one batch of its schema, with these features (name, kind).

    `shadow` are the columns of a challenger (its version, probability, alert), where one may stand behind the model.
    """
    served = entries[0].served
    schema = log_schema(served.name, served.version, features, shadowed=shadow is not None)
    sizes = [entry.size for entry in entries]
    rows = sum(sizes)
    columns: list[Any] = [
        pa.array(list(chain.from_iterable(map(_ids, entries))), pa.string()),
        np.repeat(np.array([entry.time for entry in entries], dtype="datetime64[us]"), sizes),
        pa.repeat(served.name, rows),
        pa.repeat(served.version, rows),
        *(np.concatenate([getattr(entry.answers, name) for entry in entries]) for name in ("probability", "logit")),
        np.concatenate([entry.answers.alert for entry in entries]),
        *(_texts(entries, name) for name in ("tier", "slices")),
    ]
    columns += shadow or ()
    columns += _features(entries, features, served.scorer.encoder)
    arrays = [pa.array(values, field.type, from_pandas=True) for values, field in zip(columns, schema, strict=True)]
    return (served.name, served.version), pa.RecordBatch.from_arrays(arrays, schema=schema)


def _ids(entry: Entry) -> Iterable[str | None]:
    if isinstance(entry.ids, str):
        return (f"{entry.ids}:{i}" for i in range(entry.size))
    ids = map(_text, entry.ids)
    return ids if entry.request is None else (text or f"{entry.request}:{i}" for i, text in enumerate(ids))


def _texts(entries: Sequence[Entry], name: str) -> list[str | None]:
    found: list[str | None] = []
    for entry in entries:
        values = getattr(entry.answers, name)
        found += [None] * entry.size if values is None else map(_text, values)
    return found


def _features(entries: Sequence[Entry], features: Sequence[tuple[str, str]], encoder: Any) -> list[Any]:
    """Numbers, flags and dates as they were read, texts as they were given; None where a request shows no rows."""
    if not features:
        return []
    if any(entry.rows is None for entry in entries):
        return [pa.nulls(sum(entry.size for entry in entries))] * len(features)
    matrix = np.concatenate([entry.rows.matrix for entry in entries])
    starts = dict(zip(encoder.names, encoder.starts.tolist()))
    found: list[Any] = []
    for name, kind in features:
        values = matrix[:, starts[name]]
        if kind in ("category", "text"):
            found.append([_text(value) for entry in entries for value in entry.rows.column(name)])
        elif kind == "time":
            found.append(_moments(values))
        elif kind == "boolean":
            found.append(pa.array(values == 1.0, mask=np.isnan(values)))
        else:
            found.append(values)
    return found


def _moments(days: np.ndarray) -> pa.Array:
    known = np.isfinite(days)
    micros = np.rint(np.where(known, days, 0.0) * _DAY).astype(np.int64)
    return pa.array(micros.view("datetime64[us]"), mask=~known)


def _text(value: Any) -> str | None:
    """One text for an id or a category, the same for 1, 1.0 and "1"; None where it is missing."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return None if value != value else str(int(value)) if value.is_integer() else repr(float(value))
    return str(value)
