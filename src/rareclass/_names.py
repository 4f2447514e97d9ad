"""A table of named classes: what a word on the command line, in a bundle or in a message stands for."""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from rareclass import _check
from rareclass.errors import InputError

T = TypeVar("T")


def near_name(asked: str, names: Iterable[str]) -> str | None:
    """The name that differs from `asked` in capitals and blanks only."""
    wanted = asked.casefold().split()
    return next((name for name in names if name.casefold().split() == wanted), None)


class Names(Generic[T]):
    """Classes by name, imported when they are first asked for.

    What a class can do, and what a person reads about it, stands on the class itself: the table holds names only.

    Parameters
    ----------
    what : str
        What is named, as messages call it: "loss", "calibration", "rule".
    where : mapping
        Name to ``"package.module:Class"``.

    Examples
    --------
    >>> table = Names("number", {"exact": "fractions:Fraction", "decimal": "decimal:Decimal"})
    >>> table["exact"].__name__, "rounded" in table, list(table)
    ('Fraction', False, ['exact', 'decimal'])
    """

    def __init__(self, what: str, where: Mapping[str, str]):
        self.what = what
        self._where = dict(where)

    def __getitem__(self, name: object) -> type[T]:
        module, _, cls = self._where[_check.one_of(name, self.what, tuple(self._where))].partition(":")
        found: type[T] = getattr(importlib.import_module(module), cls)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __contains__(self, name: object) -> bool:
        return name in self._where

    def __len__(self) -> int:
        return len(self._where)

    def name_of(self, cls: type) -> str | None:
        """The name of a class; None where it is not in the table. Imports nothing."""
        path = f"{cls.__module__}:{cls.__qualname__}"
        return next((name for name, at in self._where.items() if at == path), None)

    def build(self, name: object, parameters: Mapping[str, Any]) -> T:
        """An object of the named class from saved parameters; a wrong one is named.

        Raises
        ------
        InputError
            The name or a parameter is unknown.
        """
        cls = self[name]
        try:
            return cls(**parameters)
        except TypeError as error:
            raise InputError(f"The {self.what} {name!r} cannot be built from {sorted(parameters)}: {error}.") from None
