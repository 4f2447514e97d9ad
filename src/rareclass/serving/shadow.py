"""Challengers in the shadow of what is served: they score what was answered, for the log alone.

Nobody waits for them: the thread that writes the prediction log asks them, after the answers are gone.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from rareclass.errors import RareclassError
from rareclass.kernels.logits import sigmoid
from rareclass.scoring.champion import challenger_place
from rareclass.scoring.rows import RowEncoder
from rareclass.serving.batch import Batch
from rareclass.serving.errors import Refused
from rareclass.serving.logged import Entry
from rareclass.serving.models import Models, Served

_LOGGER = logging.getLogger("rareclass.serving")
_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, pa.ArrowException, RareclassError, Refused)
_TOGETHER = 4_096
"""Rows of several requests that are scored in one pass: one by one they take three times the processor time."""


class Shadow(NamedTuple):
    """What a challenger says of n rows; a missing value where it can say nothing."""

    version: pa.Array
    probability: pa.Array
    alert: pa.Array


class Shadows:
    """The challengers by the names of the models that they stand behind, taken up anew as their folders change.

    Parameters
    ----------
    folders : mapping
        A bundle, or a registry, whose newest version that was never its champion stands in the shadow.
    heard : callable, optional
        As of `Models`.
    """

    def __init__(
        self, folders: Mapping[str, Path], heard: Callable[[str, str | None, str | None], None] | None = None
    ) -> None:
        self._models = Models(folders, heard, place=challenger_place)
        self._said: set[tuple[str, str]] = set()

    def open(self) -> None:
        """Read the challengers, and look for others from now on."""
        self._models.read()
        self._models.watch()

    def close(self) -> None:
        self._models.close()

    def beside(self, served: Served, entries: Sequence[Entry]) -> Shadow | None:
        """What the challenger says of the rows of requests to one version of a model; None where it has no shadow."""
        if served.name not in self._models.folders:
            return None
        challenger = None
        with contextlib.suppress(Refused):  # there is none yet
            challenger = self._models.get(served.name)
        if challenger is None or challenger.version == served.version:
            return _silent(entries)
        found = self._scored(challenger, entries)
        return Shadow(*(pa.concat_arrays(parts) for parts in zip(*found, strict=True)))

    def _scored(self, challenger: Served, entries: Sequence[Entry]) -> list[Shadow]:
        """In their order, many together; where some cannot be scored, the halves are asked each for itself."""
        rows = [entry.rows for entry in entries if entry.rows is not None]
        n = sum(entry.size for entry in entries)
        if not rows:
            return [_silent(entries)]
        if len(entries) == 1 or (len(rows) == len(entries) and n <= _TOGETHER):
            try:
                return [_said(challenger, rows, n)]
            except _ODD as error:
                if len(entries) == 1:
                    self._say(challenger.name, challenger.version, error)
                    return [_silent(entries)]
        half = len(entries) // 2
        return self._scored(challenger, entries[:half]) + self._scored(challenger, entries[half:])

    def _say(self, name: str, version: str, error: Exception) -> None:
        if (name, version) not in self._said:
            self._said.add((name, version))
            _LOGGER.warning("The challenger %s of %r cannot score what is answered: %s", version, name, error)


def _silent(entries: Sequence[Entry]) -> Shadow:
    n = sum(entry.size for entry in entries)
    return Shadow(pa.nulls(n, pa.string()), pa.nulls(n, pa.float64()), pa.nulls(n, pa.bool_()))


def _matrix(encoder: RowEncoder, rows: Sequence[Batch], n: int) -> np.ndarray:
    """The rows of requests to one model as the challenger reads them: mostly just as that model does."""
    if rows[0].encoder.saved == encoder.saved:
        return np.concatenate([batch.matrix for batch in rows])
    columns: list[list[Any]] = [[batch.column(name) for batch in rows] for name in encoder.names]
    lacking = [name for name, parts in zip(encoder.names, columns, strict=True) if None in parts]
    if lacking:
        raise LookupError(f"the requests hold no column {lacking[0]!r}.")
    given = [list(chain.from_iterable(parts)) for parts in columns]
    return Batch.of_columns(encoder, given, n).matrix


def _said(challenger: Served, rows: Sequence[Batch], n: int) -> Shadow:
    cut = challenger.scorer.cut
    probability = sigmoid(challenger.scorer.logit_of(_matrix(challenger.scorer.encoder, rows, n)))
    alert: pa.Array = pa.nulls(n, pa.bool_())
    if not cut.per_row:  # else the costs of the rows are needed
        flagged = cut.flag(probability, None) if cut.tiers is None else cut.tiers.places(probability, None) > 0
        alert = pa.array(np.asarray(flagged))
    return Shadow(pa.repeat(challenger.version, n), pa.array(probability), alert)
