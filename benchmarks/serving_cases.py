"""Requests for the fuzzer of the service: valid ones of every form, and what random damage makes of them.

A case is a path, a body and headers. Damage is done to the request's JSON (any part replaced by an odd value, taken
away, doubled or renamed), to the bytes of tensors, to the body (cut, flipped, extended) and to the header that says
where binary data begin.
"""

import json
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

Columns = Sequence[tuple[str, str]]
"""Name and kind of each column of a model."""
LENGTH = "Inference-Header-Content-Length"
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 255, 256, 2**31, 2**53 + 1, 2**63, 2**64 - 1, -(2**63), 1.5, -0.0, 1e308, 5e-324),
    *("", "a", "0", "NaN", "1e5", "ü", "\u0000", "\ud7ff\uffff", "x" * 3000, "2024-01-01", "BYTES", "FP64"),
    *([], [[]], [None], [[[1]]], {}, {"a": 1}, [1, "a", None, True], [1e308] * 50, {"": []}),
]
DATATYPES = (
    *("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64"),
    "BYTES",
)
_CODES = dict(zip(DATATYPES, ("?", "B", "H", "I", "Q", "b", "h", "i", "q", "e", "H", "f", "d"), strict=False))
_OF_KIND = {
    "number": ("FP64", "FP32", "FP16", "BF16", "INT64", "INT8", "UINT16", "BOOL"),
    "integer": ("INT64", "INT32", "UINT8", "FP64"),
    "boolean": ("BOOL",),
    "category": ("BYTES", "INT64", "BOOL", "FP64", "FP32"),
    "text": ("BYTES",),
    "time": ("BYTES",),
}
_TEXTS = {"time": ("2024-01-02 03:04:05", "2023-12-31 00:00:00"), "text": ("a few words", "", "WIN £5 now!")}


class Case(NamedTuple):
    """A request; `damage` is how many things were done to it, 0 for a valid one."""

    path: str
    body: bytes
    headers: dict[str, str]
    damage: int


def cases(model: str, columns: Columns, seed: int) -> Iterator[Case]:
    """Endless cases for a model with these columns, the same for one seed."""
    rng = random.Random(seed)
    numeric = all(kind in ("number", "integer") for _, kind in columns)
    while True:
        n = rng.choice((0, 1, 1, 1, 2, 7))
        if rng.random() < 0.25:
            yield _damaged(rng, "/v1/score", plain(rng, model, columns, n), None, b"")
            continue
        said, tail = lone(rng, columns, n) if numeric and rng.random() < 0.3 else by_column(rng, columns, n)
        said |= asked(rng, n)
        path = f"/v2/models/{model}/infer"
        yield _damaged(rng, path, said, bool(tail) or rng.random() < 0.1, tail)


def plain(rng: random.Random, model: str, columns: Columns, n: int) -> dict[str, Any]:
    """Rows as objects."""
    rows = [{name: one(rng, kind, rng.choice(_OF_KIND[kind])) for name, kind in columns} for _ in range(n)]
    said: dict[str, Any] = {"rows": rows, "model": model}
    if rng.random() < 0.3:
        said["explain"] = rng.choice(("alerts", "all", "none"))
    return said


def by_column(rng: random.Random, columns: Columns, n: int) -> tuple[dict[str, Any], bytes]:
    """One tensor a column, in JSON or binary each as it falls; and the bytes behind."""
    inputs, tail, share = [], b"", rng.choice((0.0, 0.5, 1.0))
    for name, kind in columns:
        datatype = rng.choice(_OF_KIND[kind])
        values = [one(rng, kind, datatype) for _ in range(n)]
        tensor: dict[str, Any] = {"name": name, "shape": rng.choice(([n], [n, 1])), "datatype": datatype}
        if rng.random() < share:
            raw = packed(datatype, values)
            tail += raw
            tensor["parameters"] = {"binary_data_size": len(raw)}
        else:
            tensor["data"] = values
        inputs.append(tensor)
    return {"inputs": inputs}, tail


def lone(rng: random.Random, columns: Columns, n: int) -> tuple[dict[str, Any], bytes]:
    """One tensor [n, d] of numbers."""
    datatype = rng.choice(_OF_KIND["number"])
    values = [one(rng, "number", datatype) for _ in range(n * len(columns))]
    tensor: dict[str, Any] = {"name": rng.choice(("x", "input")), "shape": [n, len(columns)], "datatype": datatype}
    if rng.random() < 0.5:
        raw = packed(datatype, values)
        return {"inputs": [tensor | {"parameters": {"binary_data_size": len(raw)}}]}, raw
    width = len(columns)
    nested = [values[i : i + width] for i in range(0, n * width, width)]
    return {"inputs": [tensor | {"data": rng.choice((values, nested))}]}, b""


def asked(rng: random.Random, n: int) -> dict[str, Any]:
    """Outputs, id and parameters."""
    said: dict[str, Any] = {}
    if rng.random() < 0.4:
        names = rng.sample(("probability", "logit", "alert", "reasons"), rng.randint(1, 4))
        said["outputs"] = [{"name": name} for name in names]
        for output in said["outputs"]:
            if rng.random() < 0.4:
                output["parameters"] = {"binary_data": rng.random() < 0.7}
    if rng.random() < 0.3:
        said["id"] = rng.choice(("7", "", "ü"))
    if rng.random() < 0.4:
        said["parameters"] = rng.choice(
            ({"explain": "all"}, {"explain": "none"}, {"binary_data_output": True}, {"ids": [str(i) for i in range(n)]})
        )
    return said


def one(rng: random.Random, kind: str, datatype: str) -> Any:
    """A value of this datatype that a column of this kind may hold."""
    if datatype == "BYTES":
        return rng.choice(_TEXTS.get(kind, ("a", "b", "2", "never seen", "ü", "")))
    if datatype == "BOOL":
        return rng.random() < 0.5
    if datatype in ("FP64", "FP32", "FP16", "BF16"):
        return rng.choice((0.0, -1.5, rng.gauss(0, 1), 3, 100.25))
    return rng.randint(0, 100)


def packed(datatype: str, values: list[Any]) -> bytes:
    """Values as a binary tensor."""
    if datatype == "BYTES":
        texts = [value.encode() for value in values]
        return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    if datatype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return struct.pack(f"<{len(values)}{_CODES[datatype]}", *values)


def _damaged(rng: random.Random, path: str, said: dict[str, Any], binary: bool | None, tail: bytes) -> Case:
    count = rng.choice((0, 0, 1, 1, 1, 2, 3))
    to_bytes = [rng.random() < 0.3 for _ in range(count)]
    for of_bytes in to_bytes:
        if not of_bytes:
            said = _damage_tree(rng, said)
    head = json.dumps(said, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    headers = {LENGTH: str(len(head))} if binary else {}
    body = head + tail
    for of_bytes in to_bytes:
        if of_bytes and binary is not None and rng.random() < 0.3:
            odd = (0, -1, len(head) - 1, len(head) + 1, 10**30, "", "abc", "0x10", "1.0", "+5", " 5", len(body) + 1)
            headers = {LENGTH: str(rng.choice(odd))}
        elif of_bytes:
            body = _damage_bytes(rng, body)
    return Case(path, body, headers, count)


def _damage_tree(rng: random.Random, said: Any) -> Any:
    """The JSON with one random part changed."""
    places = list(_places(said))
    holder, key = rng.choice(places) if places else ([said], 0)
    how: Callable[[], None] = rng.choice(
        (
            lambda: holder.__setitem__(key, deepcopy(rng.choice(ODD))),
            lambda: holder.__setitem__(key, deepcopy(rng.choice(ODD))),
            lambda: holder.__delitem__(key),
            lambda: _double(holder, key),
            lambda: _rename(rng, holder, key),
        )
    )
    how()
    return said


def _places(said: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = said if isinstance(said, dict) else range(len(said)) if isinstance(said, list) else ()
    for key in keys:
        yield said, key
        yield from _places(said[key])


def _double(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(deepcopy(holder[key]))
    else:
        holder[f"{key}2"] = deepcopy(holder[key])


def _rename(rng: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[rng.choice((key.upper(), f"{key} ", "", "name", "data"))] = holder.pop(key)
    else:
        rng.shuffle(holder)


def _damage_bytes(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    some = rng.choice(
        (b"\xff", b"\x00", b"NaN", b"Infinity", b"[" * 5000, b'"', b"{", b"}", b",", b"1e999", b"\xef\xbb\xbf")
    )
    return rng.choice(
        (
            body[:at],
            body[at:],
            body[:at] + some + body[at:],
            body[:at] + some + body[at + 1 :],
            body + some,
            some,
            b"",
            body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :],
        )
    )
