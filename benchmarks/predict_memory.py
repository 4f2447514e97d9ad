"""Memory and speed of `rareclass predict`: a file by parts beside the same file read whole.

    python benchmarks/predict_memory.py [--rows 2000000]

Each run is a process of its own. Memory is its highest resident size above that after the imports and the loaded
bundle.

TABLE
"""

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def made(folder: Path, rows: int) -> list[Path]:
    """The rows as csv, as csv with decimal commas and German dates, and as parquet."""
    paths = [folder / name for name in ("rows.csv", "german.csv", "rows.parquet")]
    plain, german, binary = None, paths[1].open("w"), None
    for start in range(0, rows, _BLOCK):
        part = block(start + 1, min(_BLOCK, rows - start)).drop_columns("event")
        plain = plain or pyarrow.csv.CSVWriter(str(paths[0]), part.schema)
        binary = binary or pyarrow.parquet.ParquetWriter(paths[2], part.schema)
        plain.write_table(part)
        binary.write_table(part)
        if start == 0:
            german.write(";".join(part.column_names) + "\n")
        columns = [
            [str(v).replace(".", ",") for v in c.to_pylist()]
            if pa.types.is_floating(c.type)
            else [f"{v:%d.%m.%Y %H:%M:%S}" if pa.types.is_timestamp(c.type) else str(v) for v in c.to_pylist()]
            for c in part.columns
        ]
        german.writelines(";".join(cells) + "\n" for cells in zip(*columns))
    for opened in (plain, german, binary):
        opened.close()
    return paths


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
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(*arguments.run)
        return
    with tempfile.TemporaryDirectory() as folder:
        maker = multiprocessing.get_context("spawn").Pool(1)
        with maker:
            bundle = maker.apply(trained, (Path(folder),))
            paths = maker.apply(made, (Path(folder), arguments.rows))
        for path in paths:
            for how, ending in (("parts", "csv"), ("parts", "parquet"), ("whole", "csv")):
                out = f"{folder}/{how}.{ending}"
                subprocess.run([sys.executable, __file__, "--run", str(bundle), str(path), out, how], check=True)
            print("  equal:", Path(f"{folder}/parts.csv").read_bytes() == Path(f"{folder}/whole.csv").read_bytes())
            os.remove(path)


if __name__ == "__main__":
    main()
