"""The folder that the processes of a service share; what a service that was killed left is removed by the next."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "rareclass-serve-"
_LOCK = "in-use"


def make_folder() -> Path:
    """A new folder, which whoever made it should hold by `used`, after those that nobody uses were removed."""
    root = Path(tempfile.gettempdir())
    for folder in root.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid() and not folder.is_symlink():
                _remove_unused(folder)
    return Path(tempfile.mkdtemp(prefix=PREFIX))


@contextlib.contextmanager
def used(folder: Path) -> Iterator[None]:
    """Say to others that this process uses the folder; the last process that does removes it."""
    file = os.open(folder / _LOCK, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)
        _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    """Remove a folder that was used and is so no more."""
    try:
        file = os.open(folder / _LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:  # gone, or just being made
        return
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(file)
