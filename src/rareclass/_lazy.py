"""Names that load on first use, and optional packages that say how to install them."""

import importlib
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from rareclass.errors import DependencyError


def _imported(path: str) -> ModuleType:
    """The module; importing it leaves Python's random numbers as they were, which some packages draw from (rich)."""
    before = random.getstate()
    try:
        return importlib.import_module(path)
    finally:
        random.setstate(before)


def lazy_names(
    package: str, homes: Mapping[str, str], gone: Mapping[str, str] = MappingProxyType({})
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return module-level `__getattr__`, `__dir__` (PEP 562) and `__all__` for names that live in sub-modules.

    `homes` lists the public names by the module that defines them, relative to `package`: ``{"costs": "CostMatrix"}``;
    one that starts with ``rareclass.`` is absolute, and names of the module "" are modules themselves. A name must
    differ from its module, else importing the module would hide it. `gone` says of former names what took their place.
    """
    import sys

    where = {name: module for module, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        try:
            home = where[name]
        except KeyError:
            if name in gone:
                # an AttributeError would lose its sentence in `from package import name`
                raise ImportError(f"{name} is gone. {gone[name]}") from None
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        path = home or name
        module = _imported(path if path.startswith("rareclass.") else f"{package}.{path}")
        value = getattr(module, name) if home else module
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted({*vars(sys.modules[package]), *where}), sorted(where)


def need(module: str, *, extra: str) -> ModuleType:
    """Import an optional package or raise `DependencyError` with the command that installs it."""
    try:
        return _imported(module)
    except ImportError as error:
        raise DependencyError(
            f"This needs the package {module!r}, which cannot be imported ({error}). "
            f'Install it with: pip install "rareclass[{extra}]"'
        ) from error


def need_keras() -> ModuleType:
    """Import Keras 3 on a back end that trains, or raise `DependencyError` naming what to install or to set."""
    choice = "Set KERAS_BACKEND to torch, tensorflow or jax before keras is first imported."
    try:
        keras = _imported("keras")
    except ImportError as error:
        back_end = (error.name or "").split(".")[0]
        if back_end not in ("tensorflow", "jax", "torch", "openvino"):
            return need("keras", extra="keras")
        raise DependencyError(
            f"Keras asks for the back end {back_end}, which cannot be imported: pip install {back_end}, or choose "
            f"another. {choice}"
        ) from error
    except ValueError as error:
        raise DependencyError(f"Keras does not start: {error}. {choice}") from error
    if int(keras.__version__.split(".")[0]) < 3:
        raise DependencyError(f'This needs Keras 3; got {keras.__version__}. Install it with: pip install "keras>=3"')
    if keras.config.backend() not in ("torch", "tensorflow", "jax"):
        raise DependencyError(f"Nothing trains on the back end {keras.config.backend()} of Keras. {choice}")
    return keras


def available(module: str) -> str | None:
    """Return None when `module` imports, else the reason why it does not."""
    try:
        _imported(module)
    except (ImportError, OSError) as error:
        return f"{module} cannot be loaded: {error}"
    return None
