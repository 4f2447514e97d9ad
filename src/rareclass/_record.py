"""Dataclasses that are JSON objects: written, read back and described by one schema, from their fields alone."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from numbers import Real
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from rareclass._json import to_plain

_UNFIT: Any = object()
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """Base of such dataclasses: a field is a key, a field without default is always there.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Point(Record):
    ...     x: float
    ...     name: str = ""
    >>> Point(x=float("nan")).to_dict()
    {'x': None, 'name': ''}
    >>> Point.from_dict({"x": 2.5, "name": None})
    Point(x=2.5, name='')
    """

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; numbers that are not finite become None."""
        out = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            out[f.name] = {} if value is None and f.metadata.get("empty") else to_plain(value)
        return out

    @classmethod
    def from_dict(cls, state: object) -> Self:
        """Read what `to_dict` wrote; lenient, because old, unfinished and newer files are read too.

        Unknown keys are dropped. What is missing or of another kind takes its default; where there is none, numbers
        become NaN (whole ones None), texts, lists and mappings empty.
        """
        made: Self = _build(cls, state)
        return made


EMPTY = {"empty": True}
"""Metadata of a field that is None where nothing was found, and is written as ``{}``."""


def one_of(words: tuple[str, ...]) -> dict[str, list[str]]:
    """Metadata of a field that holds one of these words; the schema names them."""
    return {"enum": list(words)}


@cache
def _kinds(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _build(cls: Any, state: object) -> Any:
    given = state if isinstance(state, Mapping) else {}
    values = {}
    for f in dataclasses.fields(cls):
        kind, value = _kinds(cls)[f.name], given.get(f.name)
        found = _UNFIT if f.metadata.get("empty") and not value else _read(kind, value)
        if found is not _UNFIT:
            values[f.name] = found
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            values[f.name] = _blank(kind)
    return cls(**values)


def _read(kind: Any, value: object) -> Any:
    """`value` as `kind`, or `_UNFIT`."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        found = (_read(k, value) for k in inside if k is not NoneType)
        return next((v for v in found if v is not _UNFIT), None if NoneType in inside else _UNFIT)
    if origin is list:
        every = [_read(inside[0], v) for v in value] if isinstance(value, list | tuple) else _UNFIT
        return every if every is _UNFIT else [v for v in every if v is not _UNFIT]
    if origin is dict:
        if not isinstance(value, Mapping):
            return _UNFIT
        return {str(k): v for k, x in value.items() if (v := _read(inside[1], x)) is not _UNFIT}
    if dataclasses.is_dataclass(kind):
        return _build(kind, value) if isinstance(value, Mapping) else _UNFIT
    number = isinstance(value, Real) and not isinstance(value, bool)
    if kind is str and number:
        return str(value)
    return value if isinstance(value, kind) or (kind in (int, float) and number) else _UNFIT


def _blank(kind: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return _build(kind, {})
    plain = get_origin(kind) or kind
    return float("nan") if plain is float else plain() if plain in (str, list, dict) else None


def json_schema(cls: type[Record]) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of what `cls.to_dict` writes; more keys may follow in later versions."""
    defs: dict[str, Any] = {}
    root = _object(cls, defs)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": cls.__name__}
    return {**head, **root, "$defs": dict(sorted(defs.items()))}


def _object(cls: Any, defs: dict[str, Any]) -> dict[str, Any]:
    properties, required = {}, []
    for f in dataclasses.fields(cls):
        said = _describe(_kinds(cls)[f.name], defs)
        if f.metadata.get("empty"):
            nothing = {"type": "object", "maxProperties": 0}
            said = {"anyOf": [nothing if s == {"type": "null"} else s for s in said["anyOf"]]}
        properties[f.name] = said | ({"enum": f.metadata["enum"]} if "enum" in f.metadata else {})
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            required.append(f.name)
    first = str(cls.__doc__).strip().partition("\n")[0]
    return {"description": first, "type": "object", "properties": properties, "required": required}


def _describe(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if origin in (Union, UnionType):
        every = [_describe(k, defs) for k in inside]
        if all(set(e) == {"type"} for e in every):
            types = [t for e in every for t in (e["type"] if isinstance(e["type"], list) else [e["type"]])]
            return {"type": list(dict.fromkeys(types))}
        return {"anyOf": every}
    if origin is list:
        return {"type": "array", "items": _describe(inside[0], defs)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _describe(inside[1], defs)}
    if dataclasses.is_dataclass(kind):
        name = getattr(kind, "__name__", "")
        if name not in defs:
            defs[name] = {}
            defs[name] = _object(kind, defs)
        return {"$ref": f"#/$defs/{name}"}
    # a number that is not finite is written as null
    return {"type": ["number", "null"]} if kind is float else {"type": _JSON_TYPES[kind]}
