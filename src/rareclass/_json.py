"""JSON as it is written everywhere in the package: plain values, no NaN (RFC 8259), one sentence for what cannot be."""

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from rareclass.errors import InputError


def to_plain(value: object, *, finite_only: bool = False) -> Any:
    """Plain JSON values: NumPy types become Python's, NaN and infinite numbers null, tuples lists.

    Parameters
    ----------
    value : dict, list, number, str, array, object with ``to_dict`` or ``isoformat``, or None
    finite_only : bool, default=False
        Refuse numbers that are not finite, for what must be read again exactly as it was.

    Raises
    ------
    InputError
        The value is of a kind that JSON cannot hold.

    Examples
    --------
    >>> import numpy as np
    >>> to_plain({"rows": np.int64(3), "auc": np.array([0.5, np.nan])})
    {'rows': 3, 'auc': [0.5, None]}
    """

    def plain(v: object) -> Any:
        if v is None or isinstance(v, str | bool):
            return v
        if isinstance(v, Integral):
            return int(v)
        if isinstance(v, Real):
            if math.isfinite(v):
                return float(v)
            if finite_only:
                raise InputError(f"The number {float(v)} cannot be written to JSON; only finite numbers can.")
            return None
        if isinstance(v, Mapping):
            return {str(k): plain(x) for k, x in v.items()}
        if isinstance(v, list | tuple | set | frozenset):
            return [plain(x) for x in v]
        if isinstance(v, np.ndarray):
            return plain(v.tolist())
        if isinstance(v, np.generic):
            return plain(v.item())
        if hasattr(v, "to_dict"):
            return plain(v.to_dict())
        if hasattr(v, "isoformat"):
            return v.isoformat()
        if isinstance(v, Path):
            return str(v)
        raise InputError(f"A value of type {type(v).__name__} cannot be written to JSON; convert it to plain values.")

    return plain(value)


def to_json(value: object, *, sort_keys: bool = False, readable: bool = False, finite_only: bool = False) -> str:
    """JSON text of `to_plain(value)`, one value a line.

    Parameters
    ----------
    value : object
    sort_keys : bool, default=False
    readable : bool, default=False
        Write every script as it is (files, in UTF-8); otherwise ASCII with escapes, which any terminal can show.
    finite_only : bool, default=False
        As in `to_plain`.
    """
    plain = to_plain(value, finite_only=finite_only)
    return json.dumps(plain, ensure_ascii=not readable, allow_nan=False, indent=1, sort_keys=sort_keys)
