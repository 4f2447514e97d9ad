"""Compiled functions whose machine code is kept on disk, and that work, and say so, where it cannot be.

numba's own cache refuses to import a function whose folder cannot be written, fails on a damaged file, and does not
read what was compiled ahead into a folder that has become read-only. Here a container whose kernels were compiled when
its image was built (`rareclass warm`) reads them whoever runs it; without any folder, or with a damaged one, functions
are compiled in memory.
"""

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload

from numba import njit
from numba.core import caching, config

from rareclass.errors import KernelCacheWarning
from rareclass.kernels.quick_start import ready_to_run

F = TypeVar("F", bound=Callable[..., Any])
_DIGEST = hashlib.sha256().digest_size
_BROKEN = (
    OSError, ValueError, EOFError, AttributeError, ImportError, LookupError, TypeError, RuntimeError, MemoryError,
    pickle.UnpicklingError,
)  # fmt: skip


@overload
def compiled(function: F) -> F: ...
@overload
def compiled(**options: Any) -> Callable[[F], F]: ...
def compiled(function: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Compile a function when it is first called, without holding Python's lock, and keep the machine code.

    As a decorator, with or without `options` of `numba.njit`.
    """

    def decorated(function: F) -> F:
        made: Any = njit(nogil=True, **options)(function)
        made._cache = KernelCache(function)
        found: F = made
        return found

    return decorated if function is None else decorated(function)


class KernelCache:
    """numba's cache of one function: read where it can be, written where it may be, checked before it is used."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._own: Any = None
        self._read: list[Any] = []
        try:
            self._own = _Kept(function)
            self._read.append(self._own)
        except RuntimeError:  # no folder can be written
            pass
        ahead = _Ahead(function)
        if self._own is None or ahead.cache_path != self._own.cache_path:
            self._read.insert(0, ahead)

    @property
    def cache_path(self) -> str | None:
        """Folder that compiled code is written to; None where there is none."""
        return None if self._own is None else str(self._own.cache_path)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function for a signature; None where it has to be compiled."""
        for kept in self._read:
            try:
                found = kept.load_overload(sig, target_context)
            except _BROKEN as error:
                _say_damaged(str(kept.cache_path), type(error).__name__)
                self._clear(kept)
                continue
            if found is not None:
                return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function, where there is a place."""
        try:
            if self._own is not None:
                self._own.save_overload(sig, data)
                return
        except _BROKEN:  # the folder has become read-only or full since
            pass
        _say_nowhere()

    def flush(self) -> None:
        if self._own is not None:
            self._own.flush()

    def enable(self) -> None:
        for kept in self._read:
            kept.enable()

    def disable(self) -> None:
        for kept in self._read:
            kept.disable()

    def _clear(self, kept: Any) -> None:
        try:
            if kept is self._own:
                kept.flush()
        except _BROKEN:
            self._own = None


class _CheckedFile(caching.IndexDataCacheFile):
    """Files that end with the digest of what stands before it: damaged machine code must never run."""

    def _dump(self, obj: Any) -> bytes:
        raw: bytes = super()._dump(obj)
        return raw + hashlib.sha256(raw).digest()

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            raw = file.read()
        if hashlib.sha256(raw[:-_DIGEST]).digest() != raw[-_DIGEST:]:
            raise ValueError(f"{name} does not match its digest")
        return super()._load_data(name)


class _Kept(caching.FunctionCache):
    """numba's cache of one function, in checked files; what it holds runs without making the compiler ready."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        impl = self._impl
        stamp = impl.locator.get_source_stamp()
        self._cache_file = _CheckedFile(self.cache_path, f"{impl.filename_base}-checked", stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        ready_to_run(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


class _AheadLocator(caching.InTreeCacheLocator):
    """Beside the source, or in the folder that the user names, whether it can be written or not."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        named = getattr(config, "CACHE_DIR", "")
        return caching.UserProvidedCacheLocator(py_func, py_file) if named else cls(py_func, py_file)


class _AheadImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_AheadLocator]


class _Ahead(_Kept):
    _impl_class: Any = _AheadImpl


@cache
def _say_damaged(folder: str, error: str) -> None:
    warnings.warn(
        f"The cache of compiled kernels in {folder} is damaged or foreign ({error}); they are compiled anew.",
        KernelCacheWarning,
        stacklevel=2,
    )


@cache
def _say_nowhere() -> None:
    warnings.warn(
        "Compiled kernels cannot be kept: neither the folder of rareclass nor that of the user "
        f"({os.path.expanduser('~')}) can be written, so that every process compiles them anew (some seconds). Set "
        "NUMBA_CACHE_DIR to a folder that can be written, or run `rareclass warm` when the image is built.",
        KernelCacheWarning,
        stacklevel=2,
    )
