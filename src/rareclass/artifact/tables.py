"""Tables that are written: the format by the ending of the name, nothing of the user's replaced unasked."""

import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from rareclass.artifact.atomic import atomic_file, refuse_file
from rareclass.errors import InputError

_KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".csv.gz": "csv.gz",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def table_kind(path: str | os.PathLike) -> str:
    """Format that the ending of a name asks for; raises `InputError` where it is none that is written."""
    name = Path(path).name.lower()
    for ending in sorted(_KINDS, key=len, reverse=True):
        if name.endswith(ending):
            return _KINDS[ending]
    raise InputError(f"{str(path)!r} must end in one of {', '.join(_KINDS)}; other formats are not written.")


def refuse_output(path: str | os.PathLike, inputs: Iterable[str | os.PathLike], *, overwrite: bool) -> None:
    """Raise where a table cannot or must not be written to `path`: before any work is done for it."""
    table_kind(path)
    refuse_file(path, inputs, overwrite=overwrite)


def write_table(table: pa.Table, path: str | os.PathLike) -> None:
    """Write a table in the format that the ending of the name says; whole or not at all."""
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet

    kind = table_kind(path)
    with atomic_file(path) as work:
        if kind == "parquet":
            pyarrow.parquet.write_table(table, work)
        elif kind == "arrow":
            pyarrow.feather.write_feather(table, str(work))
        else:
            options = pyarrow.csv.WriteOptions(delimiter="\t" if kind == "tsv" else ",")
            stream = pa.CompressedOutputStream if kind == "csv.gz" else pa.OSFile
            with stream(str(work), "gzip" if kind == "csv.gz" else "wb") as out:
                pyarrow.csv.write_csv(table, out, options)
