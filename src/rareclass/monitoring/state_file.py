"""The file in which a monitor is kept between runs: written whole or not at all, by one process at a time."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rareclass._json import to_plain
from rareclass.artifact.atomic import atomic_file
from rareclass.artifact.lock import locked
from rareclass.errors import InputError, RegistryError

FORMAT = "rareclass monitor state 1"
STATES = ("ok", "warn", "drift")


class StateFile:
    """A state file; where there is none, a monitor begins.

    Parameters
    ----------
    path : path
    wait : float, default=10.0
        Seconds to wait for another run that holds it.
    """

    def __init__(self, path: str | os.PathLike, *, wait: float = 10.0) -> None:
        self.path, self.wait = Path(path).absolute(), wait
        if self.path.is_dir():
            raise InputError(f"{path} is a folder; --state takes the name of a file.")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No other run reads or writes the state until the block ends.

        Raises
        ------
        InputError
            Another run holds it, or its folder cannot be written.
        """
        beside = self.path.with_name(f".{self.path.name}.lock")
        with contextlib.ExitStack() as lock:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                lock.enter_context(locked(beside, f"The state file {self.path}", patience=self.wait))
            except OSError as error:
                raise InputError(f"The state cannot be kept in {self.path.parent}: {error.strerror}.") from None
            except RegistryError:
                raise InputError(
                    f"Another run holds the state file {self.path}. Let it end and run this again, or name another "
                    "file with --state."
                ) from None
            yield

    def read(self, *, model: str, version: str, needed: bool = False) -> dict[str, Any] | None:
        """What was written for this bundle, or None where there is no file yet, unless it is `needed`.

        Raises
        ------
        InputError
            It is damaged, no state file, or that of another bundle; it stays as it is.
        """
        content = self.content()
        if content is None and needed:
            raise InputError(f"There is no state file {self.path}, so that no alarm of it can be acknowledged.")
        if content is not None and content["version"] != version:
            raise InputError(
                f"The state file {self.path} is that of version {content['version']} of {content['model']!r}; this "
                f"bundle is version {version} of {model!r}. Name another file with --state to watch this one."
            )
        return content

    def content(self) -> dict[str, Any] | None:
        """What was written, for whichever bundle; None where there is no file yet.

        Raises
        ------
        InputError
            It is damaged, or no state file; it stays as it is.
        """
        try:
            found = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"The state file {self.path} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            found = None
        known = isinstance(found, dict) and found.get("format") == FORMAT
        if not known or found.get("sha256") != _digest(found.get("content")):
            raise InputError(
                f"{self.path} is {'a damaged' if known else 'no, or a damaged,'} state file; it was left as it is. Put "
                "a copy of it in its place, or move it away to begin anew."
            )
        content: dict[str, Any] = found["content"]
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        """Replace the file; `content` holds ``model`` and ``version`` of the bundle."""
        plain = to_plain(content, finite_only=True)
        text = json.dumps({"format": FORMAT, "sha256": _digest(plain), "content": plain}, allow_nan=False)
        with atomic_file(self.path) as work, open(work, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def said_state(path: str | os.PathLike) -> tuple[str, str]:
    """The version of the bundle that a state file is about, and what it says: "ok", "warn" or "drift".

    Raises
    ------
    InputError
        There is no such file, or it is damaged or no state file.
    """
    found = StateFile(path)
    content = found.content()
    if content is None:
        raise InputError(f"There is no state file {path}; rareclass monitor writes one with --state.")
    said = content.get("state", (content.get("monitor") or {}).get("state"))
    if said not in STATES:
        raise InputError(f"The state file {path} does not say how things stand; run rareclass monitor with it again.")
    return str(content["version"]), str(said)
