"""Arrays in the safetensors format, read and written with NumPy only: a header of JSON, then the numbers.

PyTorch's tools read the file as the state of a network. Nothing in it runs.
"""

import json
from collections.abc import Mapping

import numpy as np

from rareclass._json import to_json
from rareclass.errors import InputError
from rareclass.scoring.saved import UNFIT, refuse, refuse_odd, why

_TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}
_HEADER = 8
_MOST_HEADER = 100_000_000


def tensors_of(raw: bytes) -> dict[str, np.ndarray]:
    """The arrays of the content of a safetensors file.

    Raises
    ------
    InputError
        It is no such file, or holds other types than float32, float64 and int64.
    """
    try:
        size = int.from_bytes(raw[:_HEADER], "little")
        refuse(len(raw) >= _HEADER and size <= min(len(raw) - _HEADER, _MOST_HEADER), "the size of its header")
        header = json.loads(raw[_HEADER : _HEADER + size].decode("utf-8"))
        refuse_odd(header)
        header.pop("__metadata__", None)
        body, end, found = memoryview(raw)[_HEADER + size :], 0, {}
        for name, said in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            if said["dtype"] not in _TYPES:
                raise InputError(f"It holds numbers of type {said['dtype']!r}.")
            kind, shape = np.dtype(_TYPES[said["dtype"]]), tuple(said["shape"])
            start, stop = said["data_offsets"]
            count = int(np.prod(shape, dtype=object))
            fits = all(isinstance(side, int) and side >= 0 for side in shape) and start == end <= stop
            refuse(fits and stop <= len(body) and count * kind.itemsize == stop - start, f"the size of {name!r}")
            found[name] = np.frombuffer(body[start:stop], dtype=kind).reshape(shape).copy()
            end = stop
        refuse(end == len(body), "the size of the file")
    except UNFIT as error:
        raise InputError(f"These are no tensors: {why(error)}.") from None
    return found


def as_tensors(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The content of a safetensors file with these arrays of float32, float64 or int64."""
    named = {np.dtype(kind): name for name, kind in _TYPES.items()}
    header, parts, at = {}, [], 0
    # the largest types first, so that all numbers lie on whole multiples of their size
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):
        part = np.ascontiguousarray(array).tobytes()
        said = {"dtype": named[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + len(part)]}
        header[name], at = said, at + len(part)
        parts.append(part)
    written = to_json(header).encode()
    written += b" " * (-len(written) % _HEADER)
    return b"".join([len(written).to_bytes(_HEADER, "little"), written, *parts])
