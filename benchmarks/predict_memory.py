"""Memory and speed of `rareclass predict`: a file by parts beside the same file read whole.

    python benchmarks/predict_memory.py [--rows 2000000] [--files rows.csv rows.parquet german.csv]

Each run is a process of its own. Memory is its highest resident size above that after the imports and the loaded
bundle.

2,000,000 rows of ten features (csv of 305 MB), LightGBM, two busy cores, 2026-11-29:

    file          written   read       MB             rows per processor second
    rows.csv      csv       parts        152          164,074
    rows.csv      parquet   parts        203          162,310
    rows.csv      csv       whole      1,246          151,152
    rows.parquet  csv       parts         77          334,445
    rows.parquet  csv       whole        675          251,924

The csv files are equal, byte for byte. Of german.csv with 200,000 rows (decimal commas, dates with a time of the day)
the reading alone took 18.7 processor seconds by parts, 22.3 whole.
"""

import argparse
import contextlib
import datetime
import filecmp
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

_BLOCK = 100_000


def block(start: int, rows: int) -> pa.Table:
    """Ten features: six numbers, two whole numbers, a category and a date."""
    rng = np.random.default_rng(start)
    columns = {f"x{i}": rng.normal(size=rows) for i in range(6)}
    columns |= {"count": rng.integers(0, 500, rows), "age": rng.integers(18, 99, rows)}
    columns["shop"] = np.array([f"shop {i}" for i in range(40)])[rng.integers(0, 40, rows)]
    columns["when"] = np.datetime64("2024-01-01T00:00:00", "s") + rng.integers(0, 3 * 10**7, rows)
    z = columns["x0"] + columns["x1"] * columns["x2"] - 5
    columns["event"] = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(int)
    return pa.table(columns)


def made(folder: Path, name: str, rows: int) -> Path:
    """The rows as parquet, as csv, or as csv with decimal commas and German dates."""
    path, german = folder / name, name.startswith("german")
    with contextlib.ExitStack() as stack:
        out = None
        for start in range(0, rows, _BLOCK):
            part = block(start + 1, min(_BLOCK, rows - start)).drop_columns("event")
            if german:
                part = pa.table(
                    [[_german(v) for v in column.to_pylist()] for column in part.columns], part.column_names
                )
            if out is None and path.suffix == ".parquet":
                out = stack.enter_context(pyarrow.parquet.ParquetWriter(path, part.schema))
            elif out is None:
                how = pyarrow.csv.WriteOptions(delimiter=";" if german else ",", quoting_style="none")
                out = stack.enter_context(pyarrow.csv.CSVWriter(str(path), part.schema, write_options=how))
            out.write_table(part)
    return path


def _german(value: Any) -> str:
    if isinstance(value, float):
        return str(value).replace(".", ",")
    return f"{value:%d.%m.%Y %H:%M:%S}" if isinstance(value, datetime.datetime) else str(value)


def trained(folder: Path) -> Path:
    from rareclass.workflow import Roles, read_problem, train_table

    out = folder / "bundle"
    train_table(read_problem(block(0, 20_000), "event", Roles()), out=out, estimator="lightgbm", cv=2)
    return out


def resident() -> int:
    """Highest resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(bundle: str, source: str, out: str, how: str) -> None:
    from rareclass.artifact.bundle import Bundle
    from rareclass.artifact.tables import table_writer, write_table
    from rareclass.workflow import predict_file, predict_table

    loaded = Bundle.load(bundle)
    predict_table(loaded, block(0, 1_000).drop_columns("event"))
    before, begun, wall = resident(), time.process_time(), time.perf_counter()
    if how == "parts":
        rows = predict_file(loaded, source, lambda: table_writer(out)).rows
    else:
        found = predict_table(loaded, source)
        write_table(found.table, out)
        rows = found.table.num_rows
    seconds, wall = time.process_time() - begun, time.perf_counter() - wall
    print(
        f"{Path(source).name:13} {Path(out).suffix:9} {how:6} {(resident() - before) / 2**20:7.0f} MB "
        f"{rows / seconds:10,.0f} rows per processor second {rows / wall:10,.0f} rows/s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--files", nargs="+", default=["rows.csv", "rows.parquet"], help="also german.csv")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(*arguments.run)
        return
    with tempfile.TemporaryDirectory() as name, multiprocessing.get_context("spawn").Pool(1) as maker:
        folder = Path(name)
        bundle = maker.apply(trained, (folder,))
        for file in arguments.files:
            path = maker.apply(made, (folder, file, arguments.rows))
            for how, ending in (("parts", "csv"), ("parts", "parquet"), ("whole", "csv")):
                out = f"{folder}/{how}.{ending}"
                subprocess.run([sys.executable, __file__, "--run", str(bundle), str(path), out, how], check=True)
            print("equal:", filecmp.cmp(folder / "parts.csv", folder / "whole.csv", shallow=False), flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
