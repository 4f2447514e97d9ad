"""A ModelInferRequest as rows: what stands in its messages as the JSON and the bytes that the other form would send."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from rareclass.serving.errors import Refused, shown, wrong
from rareclass.serving.protocol.datatypes import DATATYPES, FIXED, from_json, to_bytes
from rareclass.serving.requests import MOST_ROWS, Request, request_of

if TYPE_CHECKING:
    from rareclass.serving.models import Served

FIELDS = {
    "BOOL": "bool_contents",
    **{f"INT{size}": "int_contents" for size in (8, 16, 32)},
    "INT64": "int64_contents",
    **{f"UINT{size}": "uint_contents" for size in (8, 16, 32)},
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The field of InferTensorContents for each datatype that has one."""
_AS_JSON = ("ids", "costs")
_PARAMETERS = ("explain", "slice", *_AS_JSON)


def read_message(said: Any, served: "Served", *, id_column: str | None = None, most_rows: int = MOST_ROWS) -> Request:
    """The request of a ModelInferRequest; parameters and errors as `read_infer`.

    Its parameters `ids` and `costs`, for which the protocol has no type, are JSON texts.
    """
    raw = said.raw_input_contents
    if raw and len(raw) != len(said.inputs):
        raise wrong(f"`raw_input_contents` must hold one entry for each input: {len(said.inputs)}; got {len(raw)}.")
    inputs: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for place, tensor in enumerate(said.inputs):
        if not raw:
            part = _packed(tensor)
        elif tensor.HasField("contents") and tensor.contents.ListFields():
            raise wrong(
                f"Input {shown(tensor.name)} has `contents`, and the request `raw_input_contents`; give one of them."
            )
        else:
            part = raw[place]
        tail.append(part)
        inputs.append(
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": list(tensor.shape),
                "parameters": {"binary_data_size": len(part)},
            }
        )
    parameters = {name: _value(name, said.parameters[name]) for name in _PARAMETERS if name in said.parameters}
    plain = {
        "id": said.id or None,
        "inputs": inputs,
        "parameters": parameters,
        "outputs": [{"name": output.name} for output in said.outputs] or None,
    }
    return request_of(plain, memoryview(b"".join(tail)), served, id_column=id_column, most_rows=most_rows)


def _packed(tensor: Any) -> bytes:
    """The typed contents of an input as the bytes of a raw one."""
    name, datatype, contents = shown(tensor.name), tensor.datatype, tensor.contents
    if datatype not in DATATYPES:
        return b""  # which is refused with all that is known
    field = FIELDS.get(datatype)
    if field is None:
        raise wrong(f"Input {name} is of the datatype {datatype}, which comes in `raw_input_contents` only.")
    filled = [entry.name for entry, _ in contents.ListFields()]
    if filled and filled != [field]:
        other = next(entry for entry in filled if entry != field)
        raise wrong(f"The values of input {name}, of the datatype {datatype}, stand in `{field}`; got `{other}`.")
    values = getattr(contents, field)
    size = math.prod(tensor.shape)
    if tensor.shape and min(tensor.shape) >= 0 and len(values) != size:
        raise wrong(f"Input {name} has {len(values)} values, but its shape {shown(list(tensor.shape))} needs {size}.")
    if datatype == "BYTES":
        return b"".join(piece for text in values for piece in (len(text).to_bytes(4, "little"), text))
    dtype = FIXED[datatype].dtype
    if dtype.kind in "iu" and dtype.itemsize < 4:  # whose field takes more than the datatype
        return to_bytes(np.array(from_json(tensor.name, datatype, list(values)), dtype=dtype))
    return to_bytes(np.fromiter(values, dtype, len(values)))


def _value(name: str, parameter: Any) -> Any:
    """The value of a parameter; one without a choice is none."""
    choice = parameter.WhichOneof("parameter_choice")
    found = None if choice is None else getattr(parameter, choice)
    if name not in _AS_JSON or found is None:
        return found
    try:
        return orjson.loads(found)
    except (orjson.JSONDecodeError, TypeError):
        raise _no_json(name, found) from None


def _no_json(name: str, found: Any) -> Refused:
    example = '{"fp": 1, "fn": [10]}' if name == "costs" else '["a", "b"]'
    return wrong(f"Over gRPC the parameter `{name}` is a JSON text such as {example}; got {shown(found)}.")
