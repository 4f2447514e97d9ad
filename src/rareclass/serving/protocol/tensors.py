"""One input of a protocol request: its name, shape and values, from JSON or from the bytes behind it."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from rareclass.serving.errors import Refused, refuse_many, shown, wrong
from rareclass.serving.protocol.datatypes import ASGIVEN, DATATYPES, GIVEN, from_bytes, from_json, one_from_bytes

NO_BYTES = memoryview(b"")
_ONE = [1]
_NUMBERS = frozenset({float, int})


class Tensor(NamedTuple):
    """An input.

    Attributes
    ----------
    name, datatype : str
    shape : list of int
        One or two whole numbers.
    values : ndarray or sequence of the length of their product
        Numbers, Booleans, texts and None, in row order.
    """

    name: str
    datatype: str
    shape: list[int]
    values: np.ndarray | Sequence[Any]


def single_values(inputs: Any, tail: memoryview = NO_BYTES) -> dict[str, Any] | None:
    """The values by name of inputs of one value each; None where one of them is any other, or is wrong.

    What it gives is what `read_tensor` gives of each, in a fifth of the time.

    Parameters
    ----------
    inputs : any
        What a request holds under ``inputs``.
    tail : memoryview
        All bytes behind the JSON.
    """
    found: dict[str, Any] = {}
    at = 0
    try:
        for said in inputs:
            datatype, shape, data = said["datatype"], said["shape"], said.get("data")
            if len(said) != 4 or shape != _ONE or type(shape[0]) is not int:
                return None
            if data is None:
                length = said["parameters"]["binary_data_size"]
                if type(length) is not int:
                    return None
                value = one_from_bytes(datatype, tail, at, length)
                at += length
            else:
                (value,) = data
                if type(data) is not list or type(value) not in GIVEN[datatype]:
                    return None
                if datatype not in ASGIVEN:
                    (value,) = from_json(said["name"], datatype, data)
            found[said["name"]] = value
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return found if found and len(found) == len(inputs) and at == len(tail) else None


def single_row(inputs: Any, tail: memoryview, width: int) -> np.ndarray | None:
    """The numbers (1, width) of one FP64 tensor that holds one row; None where the request is any other, or is wrong.

    What it gives is what `read_tensor` gives, in a third of the time; all numbers are finite.
    """
    try:
        (said,) = inputs
        shape, data = said["shape"], said.get("data")
        if (
            len(said) != 4
            or type(said["name"]) is not str
            or said["datatype"] != "FP64"
            or shape != [1, width]
            or not type(shape[0]) is type(shape[1]) is int
        ):
            return None
        if data is None:
            length = said["parameters"]["binary_data_size"]
            found = np.frombuffer(tail, dtype="<f8")
            if type(length) is not int or length != len(tail) or found.size != width:
                return None
            return found.reshape(1, width).copy() if np.isfinite(found).all() else None
        if type(data) is not list or len(data) != width or tail or not _NUMBERS.issuperset(map(type, data)):
            return None
        total = sum(data)
        return np.array([data], dtype=np.float64) if total - total == 0.0 else None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None


def read_tensor(said: Any, place: int, tail: memoryview, at: int, most: tuple[int, int]) -> tuple[Tensor, int]:
    """An input as the request's JSON describes it, and where in `tail` the bytes of the next one begin.

    Parameters
    ----------
    said : any
        The entry of ``inputs``.
    place : int
        Its place in ``inputs``.
    tail : memoryview
        All bytes behind the JSON.
    at : int
        Where those of this input begin, if it has any.
    most : (int, int)
        Rows and columns that it may have; more are refused before their values are read.

    Raises
    ------
    Refused
        413: there are too many rows; 400: a part is missing or of another kind, or the data do not fit the shape.
    """
    try:
        name, shape, datatype = said["name"], said["shape"], said["datatype"]
    except (KeyError, TypeError, IndexError):
        raise _incomplete(said, place) from None
    if type(name) is not str:
        raise wrong(f"The name of input {place} must be a text; got {shown(name)}.")
    if type(datatype) is not str or datatype not in GIVEN:
        raise wrong(
            f"Input {shown(name)} is of the datatype {shown(datatype)}; the protocol knows {', '.join(DATATYPES)}."
        )
    single = type(shape) is list and len(shape) == 1 and type(shape[0]) is int and shape[0] >= 0
    size = shape[0] if single else _size(name, shape)
    refuse_many(shape[0], most[0])
    if not single and shape[1] > most[1]:
        raise wrong(f"Input {shown(name)} has {shape[1]:,} columns, but the model has {most[1]:,}.")
    parameters = said.get("parameters")
    length = None
    if parameters is not None:
        if type(parameters) is not dict:
            raise wrong(f"The parameters of input {shown(name)} must be an object; got {shown(parameters)}.")
        length = parameters.get("binary_data_size")
    if length is None:
        data = said.get("data")
        values = data if single and type(data) is list and len(data) == size else _flat(name, shape, size, data)
        return Tensor(name, datatype, shape, from_json(name, datatype, values)), at
    if type(length) is not int or length < 0:
        raise wrong(f"`binary_data_size` of input {shown(name)} must be a whole number; got {shown(length)}.")
    if "data" in said:
        raise wrong(f"Input {shown(name)} has both `data` and `binary_data_size`; give one of them.")
    if at + length > len(tail):
        raise wrong(
            f"Input {shown(name)} says {length} bytes of binary data, but only {len(tail) - at} follow the JSON. Is "
            "the body cut off, or the header Inference-Header-Content-Length missing?"
        )
    return Tensor(name, datatype, shape, from_bytes(name, datatype, tail[at : at + length], size)), at + length


def _incomplete(said: Any, place: int) -> Refused:
    if type(said) is not dict:
        return wrong(f"Input {place} must be an object with name, shape, datatype and data; got {shown(said)}.")
    lack = next(key for key in ("name", "shape", "datatype") if key not in said)
    return wrong(f"Input {shown(said.get('name', place))} lacks {lack!r}.")


def _size(name: str, shape: Any) -> int:
    """How many values a shape says."""
    if type(shape) is list and 1 <= len(shape) <= 2:
        size = 1
        for length in shape:
            if type(length) is not int or length < 0:
                break
            size *= length
        else:
            return size
    raise wrong(f"The shape of input {shown(name)} must be [n] or [n, d], whole numbers from 0 on; got {shown(shape)}.")


def _flat(name: str, shape: list[int], size: int, data: Any) -> list[Any]:
    """The data of JSON, which may be nested as the shape is or flat, as one list."""
    if type(data) is not list:
        said = "lacks `data`" if data is None else f"must have a list of values as `data`; got {shown(data)}"
        raise wrong(f"Input {shown(name)} {said}.")
    if data and type(data[0]) is list and len(shape) == 2:
        if len(data) != shape[0] or any(type(row) is not list or len(row) != shape[1] for row in data):
            raise wrong(f"The data of input {shown(name)} are not nested as its shape {shape} says.")
        return list(chain.from_iterable(data))
    if len(data) != size and not (size == 0 and all(row == [] for row in data)):  # [] and [[]] are both no values
        raise wrong(f"Input {shown(name)} has {len(data)} values, but its shape {shown(shape)} needs {size}.")
    return data if size else []
