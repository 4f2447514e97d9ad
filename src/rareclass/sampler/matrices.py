"""Matrices of one numeric type (arrays, SciPy sparse, homogeneous pandas frames, lists): read and written whole."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse

from rareclass._types import Label, Matrix, Rows
from rareclass.errors import InputError
from rareclass.kernels.interpolate import interpolate_into, interpolate_sparse, round_sparse, write_typed
from rareclass.kernels.matrix import LARGEST, column_ranges, copy_rows, scan_columns
from rareclass.sampler.columns import between, factorize, read_array
from rareclass.sampler.containers import fresh_labels, is_pandas, take
from rareclass.sampler.draw import Draw

_BLOCK = 1 << 16
_CELLS = 1 << 24


class MatrixTable:
    """A matrix and the container that it came in.

    `native` is what the user gave, `array` the same numbers as ndarray or CSR/CSC, without a copy where possible.
    """

    def __init__(self, native: Rows, array: Matrix, names: list | None = None) -> None:
        self.native, self.array, self.names = native, array, names
        self.n_rows, self.n_columns = array.shape

    def column_name(self, column: int) -> Label:
        """Name of a column for messages: the frame's, else its number."""
        return self.names[column] if self.names is not None else column

    def numbers(self, *, allow_nan: bool) -> Matrix:
        """The matrix as floating-point numbers for distances; missing values replaced by column medians if allowed."""
        array = self.array
        if array.dtype.kind not in "fiub":
            raise InputError(f"This sampler needs numbers; the data have dtype {array.dtype}.")
        values = array.data if sparse.issparse(array) else array
        if values.dtype.kind != "f":
            return array.astype(np.float64)
        missing = self._check_finite(allow_nan)
        if array.dtype == np.float16:
            array = array.astype(np.float32)
        if not missing.any():
            return array
        if sparse.issparse(array):
            raise InputError(
                f"Input X contains NaN in a sparse matrix, in column(s) {self._named(missing)}; "
                "fill missing values or give a dense matrix."
            )
        return _impute(array, missing)

    def _check_finite(self, allow_nan: bool) -> np.ndarray:
        """Number of missing values in each column; raises on infinite and huge ones, on missing ones if not allowed."""
        missing, infinite, huge = scan_columns(self.array)
        for bad, word in ((infinite, "infinity"), (missing if not allow_nan else infinite, "NaN")):
            if bad.any():
                raise InputError(
                    f"Input X contains {word}: {int(bad.sum())} value(s) in column(s) {self._named(bad)}. "
                    "Fill, clip or drop them first."
                )
        if huge.any():
            raise InputError(huge_sentence(int(huge.sum()), f"column(s) {self._named(huge)}"))
        return missing

    def _named(self, bad: np.ndarray) -> str:
        """Names of the first columns with a count above 0."""
        return ", ".join(repr(self.column_name(int(j))) for j in np.flatnonzero(bad)[:8])

    def column(self, column: int) -> np.ndarray:
        """One column, dense (n,)."""
        if sparse.issparse(self.array):
            return self.array[:, [column]].toarray().ravel()
        return self.array[:, column]

    def codes(self, column: int) -> np.ndarray:
        """Codes 0..K-1 of the distinct values of a column (n,); missing is a value."""
        return factorize(self.column(column))

    def continuous(self, columns: np.ndarray) -> np.ndarray:
        """Float64 matrix of these columns alone, for distances; missing values replaced by medians."""
        block = np.column_stack([self.column(int(j)) for j in columns]).astype(np.float64)
        names = [self.column_name(int(j)) for j in columns]
        return MatrixTable(block, block, names).numbers(allow_nan=True)

    def take(self, rows: np.ndarray) -> Rows:
        """Rows in the user's container."""
        return take(self.native, rows)

    def compose(self, draw: Draw, seed: int, unscale: Callable[[np.ndarray], np.ndarray]) -> Rows:
        """The output of a draw, in the user's container."""
        if draw.kept is not None and not draw.n_made and draw.replaced is None:
            return self.take(draw.concatenated(self.n_rows))
        if sparse.issparse(self.array):
            return self._compose_sparse(draw, seed, unscale)
        compose = self._compose_objects if self.array.dtype.kind not in "fiub" else self._compose_dense
        out = compose(draw, seed, unscale)
        if draw.order is not None:
            out = out[draw.order]
        return self._wrap(out, draw)

    def _compose_dense(self, draw: Draw, seed: int, unscale: Callable) -> np.ndarray:
        array = self.array
        n_kept = self.n_rows if draw.kept is None else len(draw.kept)
        out = np.empty((n_kept + draw.n_made, self.n_columns), dtype=array.dtype)
        copy_rows(array, draw.kept, out[:n_kept])
        limits = column_ranges(array) if array.dtype.kind in "iub" and not draw.copies else None
        if draw.replaced is not None:
            rows, values = draw.replaced
            write_typed(unscale(values), out, rows, seed ^ 0x5EED, limits)
            out[rows] = _with_holes(array, rows if draw.kept is None else draw.kept[rows], out[rows])
        if draw.n_made and draw.copies:
            copy_rows(array, draw.first, out[n_kept:])
        elif draw.n_made and draw.made is None:
            interpolate_into(array, draw.first, draw.second, draw.step, out[n_kept:], seed, limits)
        elif draw.n_made:
            for start in range(0, draw.n_made, _BLOCK):
                stop = min(start + _BLOCK, draw.n_made)
                made = draw.block(start, stop)
                rows = np.arange(n_kept + start, n_kept + stop)
                write_typed(unscale(made), out, rows, seed, limits)
                out[rows] = _with_holes(array, draw.first[start:stop], out[rows])
        for column, rows in (draw.donors or {}).items():
            out[n_kept:, column] = array[rows, column]
        return out

    def _compose_objects(self, draw: Draw, seed: int, unscale: Callable) -> np.ndarray:
        """Text and object arrays: copies, columns with donors, and numbers between two parents."""
        array, donors = self.array, draw.donors or {}
        kept = array if draw.kept is None else array[draw.kept]
        made = array[draw.first]
        for j in range(self.n_columns):
            if j in donors:
                made[:, j] = array[donors[j], j]
            elif draw.gap is not None:
                column = read_array(j, array[:, j])
                rng = np.random.default_rng((seed, j))
                missing = None if column.missing is None else column.missing[draw.first]
                values = between(column, draw.first, draw.second, draw.step, rng).astype(object)
                made[:, j] = values if missing is None else np.where(missing, np.nan, values)
        return np.concatenate((kept, made))

    def _compose_sparse(self, draw: Draw, seed: int, unscale: Callable) -> Matrix:
        array = self.array.tocsr()
        kept = array if draw.kept is None else array[draw.kept]
        limits = column_ranges(array) if array.dtype.kind in "iu" and not draw.copies else None
        if draw.replaced is not None:
            rows, values = draw.replaced
            kept = kept.tolil()
            kept[rows] = _typed_sparse(np.asarray(values), array.dtype, unscale, seed ^ 0x5EED, limits)
            kept = kept.tocsr()
        parts = [kept]
        if draw.n_made and draw.copies:
            parts.append(array[draw.first])
        elif draw.n_made and draw.made is None:
            made = interpolate_sparse(array, draw.first, draw.second, draw.step, seed, limits)
            parts.append(_with_donors(made, array, draw.donors) if draw.donors else made)
        elif draw.n_made:
            step = max(1, min(_BLOCK, _CELLS // max(1, self.n_columns)))
            for start in range(0, draw.n_made, step):
                stop = min(start + step, draw.n_made)
                parts.append(_typed_sparse(draw.block(start, stop), array.dtype, unscale, seed + start, limits))
        out = sparse.vstack(parts, format="csr", dtype=array.dtype) if len(parts) > 1 else kept.copy()
        if draw.order is not None:
            out = out[draw.order]
        return self._wrap(out.asformat(self.array.format), draw)

    def _wrap(self, out: Matrix, draw: Draw) -> Rows:
        if is_pandas(self.native):
            import pandas as pd

            index = output_index(self.native.index, draw)
            if sparse.issparse(out):
                frame = pd.DataFrame.sparse.from_spmatrix(out, index=index, columns=self.native.columns)
            else:
                frame = pd.DataFrame(out, index=index, columns=self.native.columns, copy=False)
            return frame if list(frame.dtypes) == list(self.native.dtypes) else frame.astype(self.native.dtypes)
        if isinstance(self.native, list):
            return out.tolist()
        if sparse.issparse(out) and sparse.issparse(self.native) and not isinstance(out, type(self.native)):
            return type(self.native)(out)  # sparse arrays stay arrays, sparse matrices matrices
        return out


def _with_donors(made: Matrix, array: Matrix, donors: Mapping[int, np.ndarray]) -> Matrix:
    """Made rows with some columns copied from donor rows."""
    made = made.tocsc()
    columns = [made[:, [j]] for j in range(made.shape[1])]
    for j, rows in donors.items():
        columns[j] = array[rows][:, [j]].tocsc()
    return sparse.hstack(columns, format="csr")


def _typed_sparse(
    made: Matrix, dtype: np.dtype, unscale: Callable, seed: int, limits: tuple[np.ndarray, np.ndarray] | None
) -> Matrix:
    """Made rows, dense or sparse, as CSR of the input's type."""
    if sparse.issparse(made):
        return round_sparse(unscale(made), dtype, seed, limits)
    block = np.empty(made.shape, dtype=dtype)
    write_typed(unscale(made), block, np.arange(len(made)), seed, limits)
    return sparse.csr_matrix(block)


def output_index(index: Rows, draw: Draw) -> Rows:
    """Index of a pandas output: kept rows keep their labels, made rows get fresh ones."""
    kept = index if draw.kept is None else index.take(draw.kept)
    if draw.n_made:
        kept = kept.append(fresh_labels(index, draw.n_made))
    return kept if draw.order is None else kept.take(draw.order)


def _impute(array: np.ndarray, missing: np.ndarray) -> np.ndarray:
    filled = array.copy()
    for column in np.flatnonzero(missing):
        values = filled[:, column]
        hole = np.isnan(values)
        values[hole] = np.median(values[~hole]) if not hole.all() else 0.0
    return filled


def huge_sentence(count: int, where: str) -> str:
    """What is wrong with numbers too large for distances."""
    return (
        f"Input X contains {count} number(s) beyond {LARGEST:g} in {where}; distances to them overflow. "
        "Replace marks of missing values by NaN and fill them, or clip them, first."
    )


def _with_holes(array: np.ndarray, source: np.ndarray, block: np.ndarray) -> np.ndarray:
    """A made value is missing where its row of origin has none, so that the share of missing values is kept."""
    if array.dtype.kind == "f":
        block[np.isnan(array[source])] = np.nan
    return block
