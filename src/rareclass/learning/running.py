"""Finds the files of the learning path, in a checkout or in the installed package, and runs them."""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import rareclass
from rareclass._lazy import need
from rareclass.artifact.atomic import atomic_directory
from rareclass.errors import InputError
from rareclass.learning.lessons import Lesson, find_lesson

Main = Callable[..., Mapping[str, Any]]


def examples_folder() -> Path:
    """Where the files of the learning path are: inside the installed package, or beside `src` in a checkout."""
    package = Path(rareclass.__file__).resolve().parent
    places = (package / "examples", package.parents[1] / "examples")
    return next((place for place in places if (place / "from_scratch").is_dir()), places[0])


def lesson(name: str) -> ModuleType:
    """The module of a lesson, so that one can use what another has built.

    Raises
    ------
    InputError
        There is no lesson of this name, or its file is not there.

    Examples
    --------
    >>> X, y = lesson("data").make_data(n_majority=95, n_minority=5, seed=0)
    >>> X.shape, int(y.sum())
    ((100, 2), 5)
    """
    entry = find_lesson(name)
    full = f"rareclass_lesson_{entry.name.replace('-', '_')}"
    if full in sys.modules:
        return sys.modules[full]
    return _loaded(entry.file, full)


def part(file: str) -> ModuleType:
    """The module of another file below `examples/`, for a lesson that is made of several.

    Examples
    --------
    >>> part("medical_images/images.py").SIDE
    28
    """
    full = f"rareclass_lesson_{file.removesuffix('.py').replace('/', '_')}"
    return sys.modules[full] if full in sys.modules else _loaded(file, full)


def call_part(file: str, name: str, *given: Any, **named: Any) -> Any:
    """Call a function of a lesson's file; another process can be asked for this, as it finds the file itself."""
    return getattr(part(file), name)(*given, **named)


def _loaded(file: str, full: str) -> ModuleType:
    path = examples_folder() / file
    if not path.is_file():
        raise InputError(f"The file {file!r} of a lesson is not there ({path}). Install rareclass anew.")
    spec = importlib.util.spec_from_file_location(full, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module  # before it runs: what it defines looks itself up by this name
    with ExitStack() as undo:
        undo.callback(sys.modules.pop, full)
        spec.loader.exec_module(module)
        undo.pop_all()
    return module


def run_lesson(name: str, out: str | Path, *, quick: bool = False) -> Lesson:
    """Run a lesson into a folder, which appears whole or not at all.

    Parameters
    ----------
    name : str
    out : path
        A folder that holds nothing yet.
    quick : bool, default=False
        Less of everything: seconds instead of minutes, and wider intervals.

    Raises
    ------
    InputError
        The name is unknown, or the folder holds something.
    DependencyError
        The lesson needs a package that is not installed.

    Examples
    --------
    >>> run_lesson("data", "my-lesson", quick=True).look  # doctest: +SKIP
    """
    entry = find_lesson(name)
    refuse_what_is_there(Path(out))
    if entry.module:
        need(entry.module, extra=entry.extra)
    run: Main = lesson(entry.name).main
    with atomic_directory(out) as folder:
        run(folder, quick=quick)
    return entry


def refuse_what_is_there(out: Path) -> None:
    """Raise where a lesson would write into something that is there."""
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"The folder {out} holds something already. Name another one with --out DIR, or empty it.")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; a folder is needed. Name another one with --out DIR.")


def from_command_line(main: Main) -> None:
    """What a lesson does when its file is run: ``main`` into --out (default: here), with --quick in seconds.

    Examples
    --------
    >>> from_command_line(main)  # doctest: +SKIP
    """
    parser = argparse.ArgumentParser(description=(sys.modules["__main__"].__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything: seconds instead of minutes")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for the figures")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    main(given.out, quick=given.quick)
