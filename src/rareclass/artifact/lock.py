"""A lock between processes that says who holds it, and that no killed process leaves behind."""

import contextlib
import datetime
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rareclass.errors import RegistryError

PAUSE = 0.02
"""Seconds between two tries."""

if sys.platform == "win32":  # not tested here
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, 2**20, os.SEEK_SET)  # beyond the note, which others may then read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path, what: str, *, patience: float) -> Iterator[None]:
    """Be the only one who holds the lock of this file; the system lets go of it when a process ends, however it ends.

    Parameters
    ----------
    path : Path
        The file; it stays.
    what : str
        What is locked, for the sentence: "The registry /srv/fraud".
    patience : float
        Seconds to wait for who holds it.

    Raises
    ------
    RegistryError
        Another process, or thread, held it all that time; the sentence says which and since when.
    OSError
        The file cannot be opened.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        end = time.monotonic() + patience
        while not _taken(file):
            if time.monotonic() >= end:
                raise RegistryError(
                    f"{what} is held by {_holder(file)}; waited {patience:g} seconds. Try again when it is done."
                )
            time.sleep(PAUSE)
        with contextlib.suppress(OSError):  # on a full disk the lock holds without a note
            _say(file)
        yield
    finally:
        os.close(file)


def _taken(file: int) -> bool:
    try:
        _take(file)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _say(file: int) -> None:
    since = datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds")
    note = json.dumps({"pid": os.getpid(), "since": since}).encode()
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, note)


def _holder(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    try:
        said = json.loads(os.read(file, 200))
        return f"process {said['pid']:d} since {said['since'].replace('+00:00', ' UTC')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "another process"
