"""Requests as rows: what is to be scored and what is to be answered, from the protocol's bytes."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rareclass.scoring.columns import Column
from rareclass.scoring.rows import RowEncoder
from rareclass.serving.asked import (
    ALERTS,
    DEFAULT_OUTPUTS,
    NONE,
    REASONS,
    costs_of,
    explain_of,
    id_of,
    ids_of,
    object_of,
    outputs_of,
    slice_of,
)
from rareclass.serving.batch import Batch
from rareclass.serving.errors import Refused, did_you_mean, sentenced, shown, wrong
from rareclass.serving.protocol.tensors import NO_BYTES, Tensor, read_tensor, single_row, single_values
from rareclass.serving.wire import read_json

if TYPE_CHECKING:
    from rareclass.serving.models import Served

MOST_ROWS = 100_000


@dataclass(slots=True, kw_only=True)
class Request:
    """What a request asks of one model.

    Attributes
    ----------
    id : str or None
        The client's, which the answer repeats.
    rows : Batch
    outputs : tuple of str
        Of `OUTPUTS`, in the order of the answer.
    binary : frozenset of str
        Outputs that are wanted as binary tensors.
    explain : str
        Which rows get reasons: "alerts", "all" or "none".
    ids : list of str or None, or None
        One for each row, where the request gives them; None for a row without.
    costs : mapping or None
        Costs of these rows (fp, fn, tp, tn: a number or (n,)), for decisions by row.
    slice : str or None
        The slice of all rows, where the request says one.
    """

    id: str | None
    rows: Batch
    outputs: tuple[str, ...] = DEFAULT_OUTPUTS
    binary: frozenset[str] = frozenset()
    explain: str = NONE
    ids: list[str | None] | None = None
    costs: Mapping[str, Any] | None = None
    slice: str | None = None


def read_infer(
    body: bytes,
    header_length: int | None,
    served: "Served",
    *,
    id_column: str | None = None,
    most_rows: int = MOST_ROWS,
) -> Request:
    """A request of the Open Inference Protocol.

    Inputs are one tensor a column, [n] or [n, 1], under its name; or, where all columns are numbers, one tensor [n, d]
    of any name, in the order of the columns. A null is a missing value, and so is a NaN in binary data. An input that
    is no column of the model is refused, but for `id_column`, the slice column and the target.

    Parameters
    ----------
    body : bytes
    header_length : int or None
        Of the JSON at the start of the body (Inference-Header-Content-Length); None where all of it is JSON.
    served : Served
    id_column : str, optional
        The column that holds ids of rows.
    most_rows : int
        Requests of more rows are refused.

    Raises
    ------
    Refused
        400, or 413 for too many rows.
    """
    if header_length is None:
        said, tail = read_json(body), NO_BYTES
    elif header_length > len(body):
        raise wrong(f"Inference-Header-Content-Length is {header_length}, but the body has {len(body)} bytes.")
    else:
        said, tail = read_json(body[:header_length]), memoryview(body)[header_length:]
    return request_of(said, tail, served, id_column=id_column, most_rows=most_rows)


def request_of(
    said: dict[str, Any],
    tail: memoryview,
    served: "Served",
    *,
    id_column: str | None = None,
    most_rows: int = MOST_ROWS,
) -> Request:
    """What a request says, and the bytes of its binary tensors, as `Request`; parameters and errors as `read_infer`."""
    others = {id_column, served.slice_column, served.target} - {None}
    with sentenced:
        rows = _one_row(served.scorer.encoder, said.get("inputs"), tail, others)
    if rows is None:
        tensors = _tensors(said, tail, (most_rows, len(served.scorer.encoder.columns)))
        with sentenced:
            rows = _batch(served, tensors, next(iter(tensors.values())).shape[0], others)
    if len(said) == 1 and id_column is None:
        return Request(id=None, rows=rows)
    n = len(rows)
    parameters = object_of(said, "parameters")
    outputs, binary = outputs_of(said, parameters, served.tiers)
    explain = explain_of(parameters, ALERTS if REASONS in outputs else NONE)
    if said.get("outputs") is None and explain != NONE:
        outputs += (REASONS,)
    return Request(
        id=id_of(said),
        rows=rows,
        outputs=outputs,
        binary=frozenset(outputs) if binary is None else binary,
        explain=explain if REASONS in outputs else NONE,
        ids=ids_of(parameters, rows, id_column),
        costs=costs_of(parameters, n),
        slice=slice_of(parameters),
    )


def _one_row(encoder: RowEncoder, inputs: Any, tail: memoryview, others: Set[str | None]) -> Batch | None:
    """One row of one tensor [1] a column, or of one tensor [1, d]; None where the request is any other, be it wrong."""
    if encoder.all_numbers:
        numbers = single_row(inputs, tail, encoder.width)
        if numbers is not None:
            return Batch(encoder, numbers)
    given = single_values(inputs, tail)
    if given is None:
        return None
    try:
        values = [given[name] for name in encoder.names]
    except KeyError:
        return None
    if len(given) == len(values):
        return Batch.of_row(encoder, values)
    besides = {name: (value,) for name, value in given.items() if name not in encoder.places}
    return Batch.of_row(encoder, values, besides) if besides.keys() <= others else None


def _tensors(said: dict[str, Any], tail: memoryview, most: tuple[int, int]) -> dict[str, Tensor]:
    """The inputs of a request by name: one at least, of equally many rows."""
    inputs = said.get("inputs")
    if type(inputs) is not list or not inputs:
        raise wrong("A request needs `inputs`, a list of one tensor at least.")
    found: dict[str, Tensor] = {}
    at = rows = 0
    for place, entry in enumerate(inputs):
        tensor, at = read_tensor(entry, place, tail, at, most)
        name, n = tensor.name, tensor.shape[0]
        if name in found:
            raise wrong(f"Input {shown(name)} stands twice in `inputs`. Give each column once.")
        if place == 0:
            rows = n
        elif n != rows:
            raise wrong(
                f"Input {shown(name)} has {n} rows, but {shown(next(iter(found)))} has {rows}; all inputs need the "
                "same number."
            )
        found[name] = tensor
    if at != len(tail):
        raise _left_over(len(tail) - at)
    return found


def _left_over(size: int) -> Refused:
    return wrong(f"The body has {size} bytes more than its inputs say by `binary_data_size`.")


def _batch(served: "Served", tensors: dict[str, Tensor], n: int, others: Set[str | None]) -> Batch:
    encoder: RowEncoder = served.scorer.encoder
    names, known = encoder.names, encoder.places
    if len(tensors) == 1:
        (lone,) = tensors.values()
        if len(lone.shape) == 2 and (lone.shape[1] != 1 or (len(names) == 1 and lone.name not in known)):
            return Batch(encoder, encoder.matrix(_matrix(lone, names)))
    given: dict[str, Column] = {}
    for name, (_, _, shape, values) in tensors.items():
        if name not in known and name not in others:
            raise wrong(f"Input {shown(name)} is no column of the model {served.name!r}.{did_you_mean(name, names)}")
        if len(shape) == 2 and shape[1] != 1:
            raise wrong(f"Input {shown(name)} must have the shape [n] or [n, 1]; got {shown(shape)}.")
        given[name] = values
    try:
        columns = [given[name] for name in names]
    except KeyError as error:
        name = error.args[0]
        raise wrong(
            f"The request lacks the column {name!r}, which the model {served.name!r} was trained on; give null where "
            "there is no value."
        ) from None
    return Batch.of_columns(encoder, columns, n, {name: given[name] for name in given.keys() - known.keys()})


def _matrix(tensor: Tensor, names: Sequence[str]) -> np.ndarray:
    """A lone tensor [n, d] of numbers."""
    if tensor.shape[1] != len(names):
        raise wrong(
            f"Input {shown(tensor.name)} has {tensor.shape[1]} columns, but the model has {len(names)}, from "
            f"{names[0]!r} to {names[-1]!r}."
        )
    if tensor.datatype == "BYTES":
        raise wrong(
            f"Input {shown(tensor.name)} is one tensor {tensor.shape} of the datatype BYTES; columns of text are given "
            f"one by one, under their names ({names[0]!r} and so on)."
        )
    return np.asarray(tensor.values, dtype=None if isinstance(tensor.values, np.ndarray) else np.float64).reshape(
        tensor.shape
    )
