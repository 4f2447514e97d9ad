"""Rules of reasons from a TOML file."""

import os
import tomllib
from pathlib import Path

from rareclass.errors import InputError, ReadError
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
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ReadError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} is no TOML file ({error}).") from None
    other = next((key for key in said if key not in _KEYS), None)
    if other is not None:
        raise InputError(f"{path} holds {other!r}; a file of reasons holds {', '.join(_KEYS)} only.")
    if "groups" in said and "correlation" in said:
        raise InputError(BOTH)
    return ReasonRules(**said)
