"""Rules of reasons from a TOML file."""

import os

from rareclass._toml import read_toml
from rareclass.errors import InputError
from rareclass.scoring.reasons import BOTH, ReasonRules

_KEYS = ("groups", "texts", "correlation")


def read_rules(path: str | os.PathLike) -> ReasonRules:
    """The rules in a TOML file with the tables `groups` and `texts`, and the number `correlation`.

    Raises
    ------
    ReadError
        The file does not exist or is no TOML.
    InputError
        It holds another key, or `correlation` beside `groups`; or a group or text is none.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as d:
    ...     file = pathlib.Path(d) / "reasons.toml"
    ...     _ = file.write_text('groups.income = ["salary", "bonus"]')
    ...     read_rules(file).groups
    {'income': ['salary', 'bonus']}
    """
    said = read_toml(path)
    other = next((key for key in said if key not in _KEYS), None)
    if other is not None:
        raise InputError(f"{path} holds {other!r}; a file of reasons holds {', '.join(_KEYS)} only.")
    if "groups" in said and "correlation" in said:
        raise InputError(BOTH)
    return ReasonRules(**said)
