"""Names that load on first use, and optional packages that say how to install them."""

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from rareclass.errors import DependencyError


def lazy_names(package: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return module-level `__getattr__` and `__dir__` (PEP 562) for names that live in sub-modules.

    `where` maps each public name to the module that defines it, relative to `package`: ``{"SMOTE": "smote"}``.
    A value that ends in ``:`` stands for the module itself: ``{"metrics": "metrics:"}``; one that starts with
    ``rareclass.`` is absolute. A name must differ from its module, else importing the module would hide it.
    """
    import sys

    def get(name: str) -> Any:
        try:
            target = where[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        path = target.rstrip(":")
        module = importlib.import_module(path if path.startswith("rareclass.") else f"{package}.{path}")
        value = module if target.endswith(":") else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return get, names


def need(module: str, *, extra: str) -> ModuleType:
    """Import an optional package or raise `DependencyError` with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DependencyError(
            f"This needs the package {module!r}, which cannot be imported ({error}). "
            f'Install it with: pip install "rareclass[{extra}]"'
        ) from error


def available(module: str) -> str | None:
    """Return None when `module` imports, else the reason why it does not."""
    try:
        importlib.import_module(module)
    except (ImportError, OSError) as error:
        return f"{module} cannot be loaded: {error}"
    return None
