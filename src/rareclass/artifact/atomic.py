"""Folders and files that appear whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from rareclass.errors import InputError
from rareclass.scoring.files import KNOWN, MANIFEST


@contextlib.contextmanager
def atomic_directory(path: str | os.PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a new folder beside `path` that takes its place when the block ends without an error.

    Whatever stops the block (an error, a full disk, Ctrl-C) leaves the old folder as it was.

    Raises
    ------
    InputError
        When `path` is a file, or a folder that is not empty and `overwrite` is False.
    """
    target = Path(path).absolute()
    refuse_existing(target, overwrite=overwrite)
    with partial_directory(target) as work:
        yield work
        settle_directory(work, target)


@contextlib.contextmanager
def partial_directory(near: Path) -> Iterator[Path]:
    """Yield a new folder beside `near`, which is removed at the end unless `settle_directory` gave it a place."""
    near.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{near.name}.", suffix=".partial", dir=near.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def settle_directory(work: Path, target: Path) -> None:
    """Let a folder that is whole take the place of `target`, on the disk too."""
    work.chmod(0o755)
    for file in work.rglob("*"):
        flush(file)
    flush(work)
    _replace_directory(work, target)
    flush(target.parent)


OURS = frozenset({"results.json", "report.html", "oof.parquet", "champion", MANIFEST, *KNOWN})
"""What a run or a bundle consists of."""


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise when writing to `path` would touch something that is there."""
    if path.is_dir():
        if any(path.iterdir()) and not overwrite:
            raise InputError(
                f"The folder {path} is not empty. Name another one, or allow it to be replaced (--overwrite)."
            )
    elif path.exists():
        raise InputError(f"{path} is a file; a folder is needed.")


def refuse_foreign(path: str | os.PathLike, *, overwrite: bool) -> None:
    """As `refuse_existing`, and raise when a folder that may be replaced holds more than a run or a bundle."""
    folder = Path(path).absolute()
    refuse_existing(folder, overwrite=overwrite)
    held = sorted(file.relative_to(folder) for file in folder.rglob("*")) if folder.is_dir() else []
    other = next((file for file in held if not OURS.issuperset(file.parts)), None)
    if other is not None:
        raise InputError(
            f"The folder {folder} holds '{other}', which belongs to no run and no bundle, so it is not replaced. Name "
            "another folder, or move that out first."
        )


def refuse_file(path: str | os.PathLike, inputs: Iterable[str | os.PathLike], *, overwrite: bool) -> None:
    """Raise where a file cannot or must not be written to `path`: it is what is read, or there is something."""
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{target} is a folder; a file name is needed.")
    if not target.exists():
        return
    for name in inputs:
        given = Path(name)
        if given.exists() and (target.samefile(given) or given.resolve() in target.resolve().parents):
            raise InputError(f"{target} is what is read; the output needs another name.")
    if not overwrite:
        raise InputError(f"{target} exists. Name another file, or allow it to be replaced (--overwrite).")


def _replace_directory(new: Path, target: Path) -> None:
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    target.rename(old / target.name)
    with contextlib.ExitStack() as undo:  # whatever stops the second move, the old folder stands where it was
        undo.callback(old.rmdir)
        undo.callback((old / target.name).rename, target)
        new.rename(target)
        undo.pop_all()
    shutil.rmtree(old, ignore_errors=True)


def flush(path: Path) -> None:
    """Have the disk hold what a file or folder holds; some systems know no such thing for folders."""
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends without an error."""
    target = Path(path).absolute()
    if target.is_dir():
        raise InputError(f"{target} is a folder; a file name is needed.")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    work = Path(name)
    try:
        yield work
        work.chmod(0o644)
        os.replace(work, target)
    finally:
        work.unlink(missing_ok=True)
