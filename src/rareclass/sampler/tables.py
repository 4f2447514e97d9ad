"""Read any X into a table: one numeric matrix where it is one, typed columns where it is a frame of several types."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from rareclass._types import Matrix, Rows
from rareclass.errors import InputError
from rareclass.sampler.containers import is_frame, is_pandas
from rareclass.sampler.frames import FrameTable
from rareclass.sampler.matrices import MatrixTable

Table = MatrixTable | FrameTable


def read_table(X: Rows, *, numeric: bool, sparse_formats: tuple[str, ...] = ("csr", "csc")) -> Table:
    """Table of X, without a copy where X is already a matrix.

    Parameters
    ----------
    X : array, sparse matrix, list of rows, pandas, polars or Arrow frame
    numeric : bool
        Whether distances or values will be computed. If not, object arrays and frames stay as they are.
    """
    table = _read_frame(X) if is_frame(X) else _read_matrix(X, numeric, sparse_formats)
    if numeric and isinstance(table, MatrixTable):
        table.array = _computable(table.array)
    return table


def _read_matrix(X: Rows, numeric: bool, sparse_formats: tuple[str, ...]) -> MatrixTable:
    formats = list(sparse_formats) or False
    array = check_array(X, dtype="numeric" if numeric else None, accept_sparse=formats, ensure_all_finite=False)
    if array.dtype.kind in "US" and isinstance(X, list):
        array = np.array(X, dtype=object)
    return MatrixTable(X if isinstance(X, list) or sparse.issparse(X) else array, array)


def _computable(array: Matrix) -> Matrix:
    """The same numbers in the byte order of this machine; files from others (FITS, NetCDF) keep theirs in NumPy."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise InputError(f"This sampler computes with 64 bits at most; got {array.dtype}. Use X.astype(float) first.")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _read_frame(frame: Rows) -> Table:
    if not is_pandas(frame) or frame.shape[1] == 0 or frame.shape[0] == 0:
        if 0 in (frame.shape if hasattr(frame, "shape") else (1, 1)):
            check_array(np.empty(frame.shape))  # scikit-learn's sentence about empty data
        return FrameTable(frame)
    import pandas as pd

    dtypes = set(frame.dtypes)
    names = list(frame.columns)
    if len(dtypes) == 1:
        dtype = next(iter(dtypes))
        if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
            return MatrixTable(frame, frame.to_numpy(), names)
    if all(isinstance(dtype, pd.SparseDtype) and dtype.subtype.kind in "fiub" for dtype in dtypes) and all(
        dtype.fill_value == 0 for dtype in dtypes
    ):
        return MatrixTable(frame, frame.sparse.to_coo().tocsr(), names)
    return FrameTable(frame)
