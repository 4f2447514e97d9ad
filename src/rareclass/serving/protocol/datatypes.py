"""Datatypes of the Open Inference Protocol: how their values stand in JSON and in binary tensors."""

import contextlib
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rareclass.kernels.repeated import repeated
from rareclass.scoring.columns import Levels
from rareclass.serving.errors import Refused, shown, wrong

_NULL = type(None)


class Datatype(NamedTuple):
    """A datatype of fixed size.

    Attributes
    ----------
    dtype : dtype
        Of the array; little-endian.
    stored : dtype
        Of the bytes; another where NumPy has none of its own (BF16).
    given : frozenset of types
        What JSON may hold.
    limits : (low, high) or None
        Of whole numbers.
    """

    dtype: np.dtype
    stored: np.dtype
    given: frozenset[type]
    limits: tuple[int, int] | None = None


def _whole(code: str) -> Datatype:
    dtype = np.dtype(code)
    info = np.iinfo(dtype)
    return Datatype(dtype, dtype, frozenset({int, _NULL}), (int(info.min), int(info.max)))


def _real(code: str, stored: str | None = None) -> Datatype:
    return Datatype(np.dtype(code), np.dtype(code if stored is None else stored), frozenset({float, int, _NULL}))


FIXED: dict[str, Datatype] = {
    "BOOL": Datatype(np.dtype("?"), np.dtype("?"), frozenset({bool, _NULL})),
    **{f"UINT{8 * size}": _whole(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": _whole(f"<i{size}") for size in (1, 2, 4, 8)},
    "FP16": _real("<f2"),
    "BF16": _real("<f4", "<u2"),
    "FP32": _real("<f4"),
    "FP64": _real("<f8"),
}
TEXT = "BYTES"
DATATYPES = (*FIXED, TEXT)
_PACKED = {"FP16": struct.Struct("<e"), "FP32": struct.Struct("<f")}
"""What rounds single numbers faster than NumPy."""
ASGIVEN = frozenset({"BOOL", "FP64", TEXT})
"""Datatypes whose JSON holds all that they can be."""
GIVEN = {**{name: kind.given for name, kind in FIXED.items()}, TEXT: frozenset({str, _NULL})}
"""The types that the JSON of each datatype may hold."""
_ALONE = {
    "BOOL": struct.Struct("?"),
    **{f"UINT{8 * size}": struct.Struct(f"<{code}") for size, code in zip((1, 2, 4, 8), "BHIQ")},
    **{f"INT{8 * size}": struct.Struct(f"<{code}") for size, code in zip((1, 2, 4, 8), "bhiq")},
    **_PACKED,
    "FP64": struct.Struct("<d"),
}
_FEW = 32
"""Texts that are read one by one."""
_SAID = {
    GIVEN["BOOL"]: "true, false or null",
    GIVEN["INT8"]: "whole numbers or null",
    GIVEN["FP64"]: "numbers or null",
    GIVEN[TEXT]: "texts or null",
}


def from_json(name: str, datatype: str, values: list[Any]) -> list[Any]:
    """The values (n,) of JSON as those of a datatype: Python's numbers, Booleans, texts and None.

    Raises
    ------
    Refused
        400: a value is of another kind, or out of range.
    """
    given = GIVEN[datatype]
    if not given.issuperset(map(type, values)):
        at = next(i for i, value in enumerate(values) if type(value) not in given)
        raise wrong(
            f"Input {shown(name)} is of the datatype {datatype}, whose data are {_SAID[given]}; got "
            f"{shown(values[at])} at place {at}."
        )
    if datatype in ASGIVEN:
        return values
    kind = FIXED[datatype]
    if kind.limits is None:
        return _rounded(name, datatype, kind, values)
    low, high = kind.limits
    for at, value in enumerate(values):
        if value is not None and not low <= value <= high:
            raise _out_of_range(name, datatype, value, at)
    return values


def _rounded(name: str, datatype: str, kind: Datatype, values: list[Any]) -> list[Any]:
    """Numbers as FP32, FP16 and BF16 hold them."""
    packed = _PACKED.get(datatype)
    if packed is not None and len(values) == 1:
        with contextlib.suppress(OverflowError):
            return [None if value is None else packed.unpack(packed.pack(float(value)))[0] for value in values]
    with np.errstate(over="ignore"):
        found = np.array(values, dtype=np.float64).astype(kind.dtype)
    if kind.stored != kind.dtype:
        found = _from_brief(_to_brief(found))
    if np.isinf(found).any():
        at = int(np.argmax(np.isinf(found)))
        raise _out_of_range(name, datatype, values[at], at)
    numbers = found.tolist()
    return [None if value is None else number for value, number in zip(values, numbers)] if None in values else numbers


def _out_of_range(name: str, datatype: str, value: Any, at: int) -> Refused:
    return wrong(f"Input {shown(name)} holds {shown(value)} at place {at}, which is out of the range of {datatype}.")


def from_bytes(name: str, datatype: str, raw: memoryview, n: int) -> np.ndarray | Sequence[Any]:
    """The n values of a binary tensor: an array, or texts, None for empty ones, as bytes know no null.

    Raises
    ------
    Refused
        400: the bytes are too few or too many, or no UTF-8.
    """
    kind = FIXED.get(datatype)
    if kind is None:
        found = _levels(raw, n) if n > _FEW else None
        return _texts(name, raw, n) if found is None else found
    if len(raw) != n * kind.stored.itemsize:
        raise wrong(
            f"Input {shown(name)} has {len(raw)} bytes, but its shape and the datatype {datatype} need "
            f"{n * kind.stored.itemsize}."
        )
    numbers = np.frombuffer(raw, dtype=kind.stored)
    if datatype == "BOOL":
        numbers = np.frombuffer(raw, dtype=np.uint8) != 0  # a byte that is neither 0 nor 1 is none of NumPy's
    return _from_brief(numbers) if kind.stored != kind.dtype else numbers


def one_from_bytes(datatype: str, tail: memoryview, at: int, length: int) -> Any:
    """The value of `from_bytes` for n = 1 and these bytes of `tail`, in a tenth of the time.

    Raises
    ------
    KeyError, ValueError
        It is for `from_bytes` to read or to refuse them.
    """
    if at + length > len(tail):
        raise ValueError
    if datatype == TEXT:
        raw = bytes(tail[at : at + length])
        if length < 4 or int.from_bytes(raw[:4], "little") != length - 4:
            raise ValueError
        return raw[4:].decode("utf-8") or None
    packed = _ALONE[datatype]
    if length != packed.size:
        raise ValueError
    return packed.unpack_from(tail, at)[0]


def _levels(raw: memoryview, n: int) -> Levels | None:
    """Texts that are decoded once for each level; None where something is wrong with them."""
    found = repeated(raw, n)
    if found is None:
        return None
    spans, places = found
    whole = bytes(raw)
    try:
        return Levels([whole[start:end].decode("utf-8") or None for start, end in spans], places)
    except UnicodeDecodeError:
        return None


def _texts(name: str, raw: memoryview, n: int) -> list[Any]:
    """Texts that each stand behind their length, four bytes."""
    found: list[Any] = []
    at, end = 0, len(raw)
    if n * 4 > end:
        raise wrong(f"Input {shown(name)} has {end} bytes, too few for {n} texts of the datatype BYTES.")
    whole = bytes(raw)
    try:
        for _ in range(n):
            start = at + 4
            at = start + int.from_bytes(whole[at:start], "little")
            if start > end or at > end:
                raise wrong(f"Input {shown(name)} is truncated: text {len(found)} ends beyond its {end} bytes.")
            found.append(whole[start:at].decode("utf-8") or None)
    except UnicodeDecodeError:
        raise wrong(f"Input {shown(name)} is no UTF-8 at text {len(found)}.") from None
    if at != end:
        raise wrong(f"Input {shown(name)} has {end - at} bytes more than its {n} texts.")
    return found


def to_bytes(values: np.ndarray | Sequence[str]) -> bytes:
    """Numbers or Booleans (n,) as they lie in memory; texts each behind its length."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.tobytes()
    parts = [str(value).encode("utf-8") for value in values]
    return b"".join(piece for part in parts for piece in (len(part).to_bytes(4, "little"), part))


def _from_brief(brief: np.ndarray) -> np.ndarray:
    """Numbers of BF16, the upper half of FP32."""
    return (brief.astype(np.uint32) << 16).view(np.float32)


def _to_brief(numbers: np.ndarray) -> np.ndarray:
    """FP32 rounded to BF16, ties to even; NaN stays one."""
    bits = numbers.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(numbers), 0x7FC0, rounded).astype(np.uint16)
