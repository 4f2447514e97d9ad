"""Frames of mixed types (pandas, polars, Arrow): one matrix for distances, values made column by column by type."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from rareclass._types import Label, Rows
from rareclass.errors import InputError
from rareclass.kernels.matrix import LARGEST
from rareclass.sampler.columns import Column, append_rows, between, build, read_columns, round_to_column, to_frame
from rareclass.sampler.containers import n_rows, take
from rareclass.sampler.draw import Draw
from rareclass.sampler.matrices import huge_sentence

# A nominal column enters distances as one-hot columns; beyond this many levels the rest share one column.
MOST_LEVELS = 32
_BLOCK = 1 << 16


class FrameTable:
    """A frame whose columns differ in type.

    `columns` holds for each column its kind (number, integer, boolean, ordinal, time, nominal), its numbers and its
    missing values.
    """

    def __init__(self, native: Rows) -> None:
        self.native = native
        self.names = list(native.column_names if hasattr(native, "column_names") else native.columns)
        self.n_rows, self.n_columns = n_rows(native), len(self.names)
        self._position: dict[int, int] = {}

    @cached_property
    def columns(self) -> list[Column]:
        """Typed columns, read when they are first needed: methods that only select rows never do."""
        return read_columns(self.native)

    def codes(self, column: int) -> np.ndarray:
        """Codes 0..K-1 of the distinct values of a column (n,); missing is a value."""
        return self.columns[column].codes()

    def continuous(self, columns: np.ndarray) -> np.ndarray:
        """Float64 matrix of these columns alone, for distances; raises if one of them holds no numbers."""
        wordy = [self.columns[j].name for j in columns if self.columns[j].kind == "nominal"]
        if wordy:
            raise InputError(
                f"could not convert string to float: column(s) {wordy[:8]} hold no numbers. Name them as categorical."
            )
        chosen = FrameTable.__new__(FrameTable)
        chosen.columns = [self.columns[j] for j in columns]
        return chosen.numbers(allow_nan=True)

    def numbers(self, *, allow_nan: bool) -> np.ndarray:
        """Float64 matrix for distances: numbers as they are, nominal columns as scaled one-hot columns.

        A mismatch in a nominal column costs as much as the median standard deviation of the numeric columns (the rule
        of SMOTE-NC); times are scaled to that spread. Missing numbers are replaced by the column median.
        """
        self._check_finite(allow_nan)
        self._position = {}
        blocks: list[np.ndarray] = []
        spreads: list[float] = []
        for j, column in enumerate(self.columns):
            if column.kind not in ("nominal", "time"):
                self._position[j] = len(blocks)
                blocks.append(column.filled())
                spreads.append(float(blocks[-1].std()))
        unit = float(np.median(spreads)) if spreads else 1.0
        self.unit = unit if unit > 0 else 1.0
        for j, column in enumerate(self.columns):
            if column.kind == "time":
                self._position[j] = len(blocks)
                values = column.filled()
                spread = float(values.std())
                self.columns[j] = column.with_scale(spread / self.unit if spread > 0 else 1.0, float(values.mean()))
                blocks.append((values - values.mean()) / self.columns[j].scale)
        self.n_numeric = len(blocks)
        for column in self.columns:
            if column.kind == "nominal":
                blocks.extend(_one_hot(column.codes(), self.unit / np.sqrt(2.0)))
        if not blocks:
            raise InputError("The frame has no columns.")
        return np.column_stack(blocks)

    def _check_finite(self, allow_nan: bool) -> None:
        for column in self.columns:
            if column.kind == "nominal":
                continue
            infinite = int(np.isinf(column.values).sum()) if column.values.dtype.kind == "f" else 0
            missing = 0 if column.missing is None or allow_nan else int(column.missing.sum())
            for bad, word in ((infinite, "infinity"), (missing, "NaN")):
                if bad:
                    raise InputError(
                        f"Input X contains {word}: {bad} value(s) in column {column.name!r}. "
                        "Fill, clip or drop them first."
                    )
            if column.values.dtype.kind == "f" and (np.abs(column.values) > LARGEST).any():
                huge = int((np.abs(column.values) > LARGEST).sum())
                raise InputError(huge_sentence(huge, f"column {column.name!r}"))

    def column_name(self, column: int) -> Label:
        """Name of a column for messages."""
        return self.names[column]

    def take(self, rows: np.ndarray) -> Rows:
        """Rows in the user's container."""
        return take(self.native, rows)

    def compose(self, draw: Draw, seed: int, unscale: Callable[[np.ndarray], np.ndarray]) -> Rows:
        """The output of a draw, in the user's container."""
        if not draw.n_made and draw.replaced is None:
            return take(self.native, draw.concatenated(self.n_rows))
        kept = self.native if draw.kept is None else take(self.native, draw.kept)
        if draw.replaced is not None:
            kept = self._replace(kept, draw, seed, unscale)
        if draw.copies:
            made = take(self.native, draw.first)
        else:
            made = to_frame(
                self.native, [self._made(j, draw, seed + 7919 * (j + 1), unscale) for j in range(self.n_columns)]
            )
        out = append_rows(kept, made, draw, self.native) if draw.n_made else kept
        return out if draw.order is None else take(out, draw.order)

    def _made(self, j: int, draw: Draw, seed: int, unscale: Callable) -> Rows:
        """Native column of the made rows."""
        column = self.columns[j]
        rng = np.random.default_rng(seed)
        first, second = draw.first, draw.second
        if column.kind in ("nominal", "boolean") or draw.made is None:
            share = np.clip(draw.step, 0.0, 1.0)
            near = np.where(rng.random(draw.n_made) < share, second, first)
        else:
            near = first
        if draw.donors is not None and j in draw.donors:
            return column.take(draw.donors[j])
        if column.kind in ("nominal", "boolean"):
            return column.take(near)
        missing = None if column.missing is None else column.missing[near]
        if draw.made is None:
            values = between(column, first, second, draw.step, rng)
        else:
            values = round_to_column(column, self._decoded(j, draw, unscale), rng)
        return build(column, values, missing)

    def _decoded(self, j: int, draw: Draw, unscale: Callable) -> np.ndarray:
        """Values of a numeric column out of rows made in the space of `numbers`."""
        column, values = self.columns[j], np.empty(draw.n_made)
        for start in range(0, draw.n_made, _BLOCK):
            stop = min(start + _BLOCK, draw.n_made)
            block = unscale(draw.block(start, stop))
            values[start:stop] = block[:, self._position[j]] * column.scale + column.center
        return values

    def _replace(self, kept: Rows, draw: Draw, seed: int, unscale: Callable) -> Rows:
        rows, values = draw.replaced  # type: ignore[misc]
        source = np.arange(self.n_rows) if draw.kept is None else draw.kept
        rng, moved, columns = np.random.default_rng(seed), unscale(np.asarray(values)), []
        for j, column in enumerate(self.columns):
            if column.kind in ("nominal", "boolean"):
                columns.append(column.take(source))
                continue
            new = column.values[source]
            new[rows] = round_to_column(column, moved[:, self._position[j]] * column.scale + column.center, rng)
            columns.append(build(column, new, None if column.missing is None else column.missing[source]))
        frame = to_frame(self.native, columns)
        if hasattr(kept, "index") and hasattr(frame, "set_axis"):
            frame = frame.set_axis(kept.index, axis=0)
        return frame


def _one_hot(codes: np.ndarray, height: float) -> list[np.ndarray]:
    counts = np.bincount(codes)
    if counts.size > MOST_LEVELS:
        rank = np.empty(counts.size, dtype=np.intp)
        rank[np.argsort(-counts, kind="stable")] = np.arange(counts.size)
        codes = np.minimum(rank[codes], MOST_LEVELS - 1)
    return [height * (codes == level) for level in range(int(codes.max(initial=0)) + 1)]
