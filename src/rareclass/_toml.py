"""TOML files, read."""

import os
import tomllib
from pathlib import Path
from typing import Any

from rareclass.errors import ReadError


def read_toml(path: str | os.PathLike) -> dict[str, Any]:
    """What a TOML file holds.

    Raises
    ------
    ReadError
        The file does not exist or is no TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ReadError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} is no TOML file ({error}).") from None
