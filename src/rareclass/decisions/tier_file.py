"""Tiers from a TOML file."""

import os
import tomllib
from pathlib import Path

from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, ReadError


def read_tiers(path: str | os.PathLike) -> TierPolicy:
    """The policy in a TOML file: one table ``[[tier]]`` for each tier, mildest first, with the fields of `Tier`.

    Raises
    ------
    ReadError
        The file does not exist or is no TOML.
    InputError
        It holds another key, or its tiers are none.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as d:
    ...     file = pathlib.Path(d) / "tiers.toml"
    ...     _ = file.write_text('tier = [{name = "allow"}, {name = "review", cost = 5, prevents = 0.9}]')
    ...     read_tiers(file).names
    ['allow', 'review']
    """
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ReadError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} is no TOML file ({error}).") from None
    if list(said) != ["tier"]:
        other = next((key for key in said if key != "tier"), None)
        held = "no [[tier]]" if other is None else repr(other)
        raise InputError(f"{path} holds {held}; a file of tiers holds one table [[tier]] for each tier, and no other.")
    try:
        return TierPolicy.from_dict({"tiers": said["tier"]})
    except InputError as error:
        raise type(error)(f"{path}: {error}") from None
