"""The one exception of the service: a request that is refused, with its status and one sentence."""

import re
import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

from rareclass._names import near_name
from rareclass.errors import InputError

_VALUE = re.compile(r" holds (?P<value>.*) \((?P<kind>\w+)\)(?=( in row [\d,]+)?; the model expects)", re.DOTALL)
_KINDS = {"str": "text", "bool": "Boolean", "int": "number", "float": "number", "dict": "object", "list": "list"}
_SHOWN = 80
"""Letters of a client's own text that a sentence repeats."""


class Refused(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status : int
        400 (wrong), 401 (no token), 404 (no such model), 413 (too large), 415 (another content), 429 (too many), 503
        (not ready).
    sentence : str
        What was wrong, what was received, what to do.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def wrong(sentence: str) -> Refused:
    """A request whose body cannot be used: status 400."""
    return Refused(400, sentence)


def refuse_many(n: int, most_rows: int) -> None:
    """Raise `Refused` (413) where a request has too many rows."""
    if n > most_rows:
        raise Refused(413, f"A request may hold {most_rows:,} rows; got {n:,}. Send them in several.")


class _Sentenced:
    """Turns the library's sentences about wrong rows into refusals."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            raise wrong(_in_json(str(error))) from None


def _in_json(sentence: str) -> str:
    """What the library says of a value, in the words of JSON rather than of Python."""
    found = _VALUE.search(sentence)
    kind = None if found is None else _KINDS.get(found["kind"])
    if found is not None and kind is not None:
        value = found["value"].lower() if kind == "Boolean" else found["value"]
        sentence = f"{sentence[: found.start()]} holds {value} ({kind}){sentence[found.end() :]}"
    return sentence.replace("or None where there is no value", "or null where there is no value")


sentenced = _Sentenced()
"""``with sentenced:`` around what reads or scores rows."""


def shown(value: object) -> str:
    """A client's value as a sentence shows it: quoted, and cut where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value[:_SHOWN]) if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence that names the nearest of these, or nothing."""
    if len(name) > _SHOWN:
        return ""
    known = [other for other in names if len(other) <= _SHOWN]
    near = near_name(name, known) or next(iter(get_close_matches(name, known, n=1)), None)
    return "" if near is None else f" Did you mean {near!r}?"
