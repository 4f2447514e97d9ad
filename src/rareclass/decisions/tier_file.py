"""Tiers from a TOML file."""

import os

from rareclass._toml import read_toml
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError


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
    said = read_toml(path)
    if list(said) != ["tier"]:
        other = next((key for key in said if key != "tier"), None)
        held = "no [[tier]]" if other is None else repr(other)
        raise InputError(f"{path} holds {held}; a file of tiers holds one table [[tier]] for each tier, and no other.")
    try:
        return TierPolicy.from_dict({"tiers": said["tier"]})
    except InputError as error:
        raise type(error)(f"{path}: {error}") from None
