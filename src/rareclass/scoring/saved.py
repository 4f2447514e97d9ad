"""What a bundle's files say, checked before it is used: numbers, arrays, labels and columns."""

import sys
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.errors import InputError

UNFIT = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
"""What parts raise that are not as they were written."""
_DEEPEST = 60


def why(error: BaseException) -> str:
    """What one of `UNFIT` means, as the end of a sentence without its full stop."""
    if isinstance(error, InputError):
        return str(error).rstrip(".")
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing or unknown"
    return "a part is of another kind than it should be"


def refuse_odd(value: object, depth: int = 0) -> None:
    """Raise `InputError` where parsed JSON holds numbers that no float64 can be, or is nested too deeply."""
    if depth > _DEEPEST:
        raise InputError(f"It is nested more than {_DEEPEST} levels deep.")
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            refuse_odd(part, depth + 1)
    elif isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        raise InputError("It holds a number that is not finite.")


def number(saved: Mapping[str, Any], name: str, *, low: float = -np.inf, high: float = np.inf) -> float:
    """A finite number in [low, high]."""
    value = saved[name]
    fits = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not (fits and abs(value) <= sys.float_info.max and low <= value <= high):
        bounds = "" if (low, high) == (-np.inf, np.inf) else f" from {low:g} to {high:g}"
        raise InputError(f"{name!r} must be a finite number{bounds}.")
    return float(value)


def positive(saved: Mapping[str, Any], name: str) -> float:
    """A finite number above 0."""
    return number(saved, name, low=sys.float_info.min)


def whole(saved: Mapping[str, Any], name: str, *, high: int) -> int:
    """A whole number in [1, high]."""
    return _check.whole_number(saved[name], name, low=1, high=high)


def flag(saved: Mapping[str, Any], name: str) -> bool:
    """True or False."""
    if not isinstance(saved[name], bool):
        raise InputError(f"{name!r} must be true or false.")
    return bool(saved[name])


def texts(saved: Mapping[str, Any], name: str) -> list[str]:
    """A list of distinct texts."""
    found = saved[name]
    listed = isinstance(found, list | tuple) and all(isinstance(text, str) for text in found)
    if not listed or len(set(found)) < len(found):
        raise InputError(f"{name!r} must be a list of texts that all differ.")
    return list(found)


def vector(saved: Mapping[str, Any], name: str, *, whole: bool = False, ndim: int = 1) -> np.ndarray:
    """A finite array, or list of numbers, as float64 or int64 in row order."""
    found = np.asarray(saved[name])
    refuse(found.ndim == ndim and found.dtype.kind in ("iu" if whole else "fiu"), f"the array {name!r}")
    refuse(bool(np.isfinite(found).all()), f"the array {name!r}")
    return np.ascontiguousarray(found, dtype=np.int64 if whole else np.float64)


def numbered(parts: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of several parts in one mapping; the names of part j begin with ``j.``."""
    return {f"{j}.{name}": array for j, part in enumerate(parts) for name, array in part.items()}


def numbered_part(arrays: Mapping[str, np.ndarray], j: int) -> dict[str, np.ndarray]:
    """The arrays of part j of `numbered`."""
    mark = f"{j}."
    return {name.removeprefix(mark): array for name, array in arrays.items() if name.startswith(mark)}


def refuse(fits: bool, what: str) -> None:
    """Raise where the parts of a scorer do not fit together."""
    if not fits:
        raise InputError(f"The scorer is damaged: {what} do(es) not fit the rest.")


def refuse_unlike(state: Mapping[str, Any]) -> None:
    """Raise where encoder and schema name other columns, or the labels are no two with the event among them."""
    if state["encoder"]["columns"] != state["schema"]["columns"]:
        raise InputError("The columns of its encoder are not those of its schema.")
    classes, event = state["classes"], state["pos_label"]
    distinct = isinstance(classes, list) and len({str(label) for label in classes}) == len(classes) >= 2
    if not (distinct and any(_check.same_label(label, event) for label in classes)):
        raise InputError("Its labels must be two or more, and the event one of them.")
