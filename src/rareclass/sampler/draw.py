"""`Draw`: what a sampler decided, before a single output row is written."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rareclass.kernels.matrix import copy_rows, count_up

Rows = np.ndarray
Made = np.ndarray | Callable[[int, int], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Draw:
    """The decision of a sampler: which rows stay, which are made, and from what.

    The base class turns it into the output, in the container and types of the input, and into provenance. The output
    is the kept rows followed by the made rows (unless `order` says otherwise).

    Parameters
    ----------
    kept : int array (n_kept,), optional
        Rows of the input that stay, in output order; a row may appear more than once. None: all rows, in order.
    parents : int array (s,) or (s, 2), optional
        Rows of the input from which each made row comes. The first parent gives the class, and the values that cannot
        be interpolated or are not in X (groups, times). One column means both parents are the same row.
    gap : float array (s,), optional
        Made row = first parent + gap x (second parent - first parent). 0 copies the first parent, values outside
        [0, 1] extrapolate.
    made : float array (s, d) or function (start, stop) -> array (stop - start, d), optional
        The made rows themselves, in the space of the X that `_draw` was given, when they are not on a line between two
        parents. Nominal values still come from the first parent. Without `gap` and `made` each made row is an exact
        copy of its first parent, whatever its types.
    labels : int array (s,), optional
        Class codes of the made rows; default: class of the first parent.
    replaced : (int array (r,), float array (r, d)), optional
        Kept rows whose values change, and their new values in the space of X (methods that move rows).
    donors : mapping {column number: int array (s,)}, optional
        Row from which a nominal column of each made row is copied, where that is not the first parent (votes).
    probability : float array (n_kept,), optional
        Probability with which each kept row was to be kept; feeds exact probability correction.
    order : int array, optional
        Permutation or choice of the rows of (kept, made), as positions, that forms the output.
    """

    kept: Rows | None = None
    parents: Rows | None = None
    gap: np.ndarray | None = None
    made: Made | None = None
    labels: np.ndarray | None = None
    replaced: tuple[np.ndarray, np.ndarray] | None = None
    donors: Mapping[int, Rows] | None = None
    probability: np.ndarray | None = None
    order: Rows | None = None

    @property
    def n_made(self) -> int:
        """Number of made rows."""
        return 0 if self.parents is None else len(self.parents)

    @property
    def step(self) -> np.ndarray:
        """Gap of each made row (s,), 0 where there is none."""
        return np.zeros(self.n_made) if self.gap is None else self.gap

    def block(self, start: int, stop: int) -> np.ndarray:
        """Made rows `start` to `stop`, in the space of the X that `_draw` was given."""
        if self.made is None:
            raise ValueError("This draw holds no made rows.")
        return self.made(start, stop) if callable(self.made) else self.made[start:stop]

    @property
    def first(self) -> Rows:
        """First parent of each made row (s,)."""
        if self.parents is None:
            return np.empty(0, dtype=np.intp)
        return self.parents if self.parents.ndim == 1 else self.parents[:, 0]

    @property
    def second(self) -> Rows:
        """Second parent of each made row (s,); the first one where there is no other."""
        if self.parents is None or self.parents.ndim == 1:
            return self.first
        return self.parents[:, 1]

    @property
    def copies(self) -> bool:
        """True when every made row is an exact copy of its first parent."""
        return self.gap is None and self.made is None and self.donors is None

    def concatenated(self, n_rows: int) -> Rows:
        """Input row that each output row copies or, if made, has as first parent (n_out,)."""
        if self.kept is None:
            rows = np.empty(n_rows + self.n_made, dtype=np.intp)
            count_up(rows[:n_rows])
            copy_rows(self.first, None, rows[n_rows:])
        else:
            kept = np.asarray(self.kept, dtype=np.intp)
            rows = np.concatenate((kept, self.first)) if self.n_made else kept
        return rows if self.order is None else rows[self.order]


def of_class(code: int, size: int) -> np.ndarray:
    """Class codes of made rows that are all of one class: one number seen `size` times, which takes no memory."""
    return np.broadcast_to(np.intp(code), size)


def join(draws: list[Draw]) -> Draw:
    """One draw of several (one for each class), none of which removes, moves or reorders rows."""
    draws = [draw for draw in draws if draw.n_made]
    if len(draws) == 1:
        return draws[0]
    if not draws:
        return Draw()
    if any(draw.made is not None for draw in draws):
        made: Made | None = _stacked(draws)
    else:
        made = None
    if all(draw.parents.ndim == 1 for draw in draws):  # type: ignore[union-attr]
        parents = np.concatenate([draw.first for draw in draws])
    else:
        parents = np.concatenate([np.column_stack((draw.first, draw.second)) for draw in draws])
    gaps = None if any(draw.gap is None for draw in draws) else np.concatenate([draw.step for draw in draws])
    columns = sorted({column for draw in draws for column in (draw.donors or {})})
    donors = {c: np.concatenate([(d.donors or {}).get(c, d.first) for d in draws]) for c in columns}
    labelled = any(draw.labels is not None for draw in draws)
    labels = np.concatenate([draw.labels for draw in draws]) if labelled else None
    return Draw(parents=parents, gap=gaps, made=made, donors=donors or None, labels=labels)


def _stacked(draws: list[Draw]) -> Made:
    """Rows of several draws as one function of (start, stop), so that no second copy is held."""
    ends = np.cumsum([draw.n_made for draw in draws])

    def rows(start: int, stop: int) -> np.ndarray:
        parts = []
        for draw, end in zip(draws, ends):
            first = end - draw.n_made
            low, high = max(start, first) - first, min(stop, end) - first
            if low < high:
                parts.append(draw.block(low, high))
        if len(parts) == 1:
            return parts[0]
        return sparse.vstack(parts, format="csr") if sparse.issparse(parts[0]) else np.concatenate(parts)

    return rows


def class_streams(targets: Mapping[int, int], rng: np.random.Generator) -> "OrderedDict[int, np.random.Generator]":
    """One independent generator for each targeted class."""
    return OrderedDict(zip(targets, rng.spawn(len(targets))))
