"""JSON of the service: strict bodies in, bytes out, by orjson (extra ``serving``)."""

from typing import Any

from rareclass._lazy import need
from rareclass.serving.errors import wrong

orjson = need("orjson", extra="serving")


def read_json(body: bytes | memoryview) -> dict[str, Any]:
    """The object that a body holds.

    NaN, infinite numbers, comments, text that is no UTF-8 and more than 1,024 levels are refused; of keys that stand
    twice in an object the last counts.

    Raises
    ------
    Refused
        400: it is no JSON, or no object.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise wrong(f"The body is no JSON: {error}.") from None
    if type(found) is not dict:
        raise wrong(f"The body must be a JSON object; got {_kind(found)}.")
    return found


def write_json(value: Any) -> bytes:
    """A value as JSON; arrays become lists, NaN null, dates ISO texts."""
    written: bytes = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return written


def _kind(value: Any) -> str:
    return {list: "an array", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
