"""What a request costs without the network: bytes to rows, rows to answers, answers to bytes, in processor time.

One row in each form, in microseconds beside what the model alone takes (`Scorer.logit_of` of the encoded row), and
10,000 rows in rows a second, and what metrics and log add to a row; the least of several repetitions, one thread.

29 November 2026, AMD EPYC, both cores shared with other work (load 8 to 9, which lengthens all of them;
`--repetitions 4` and, the demo, 6). Of JSON with a tensor a column, tensors of one value are read in one pass.

    trees, 30 columns; one row, µs (the model alone 13.8)
                                      read  answer   write    all less the model
      JSON, one tensor                19.4    28.0     3.1                  36.7
      JSON, a tensor a column         42.0    26.7     3.1                  57.9
      plain                           37.9    27.3     2.1                  53.5
    trees; 10,000 rows in binary tensors, rows/s (the model alone 1,122,096)
      one tensor                     1,089,869
      a tensor a column              1,012,702

    demo, 13 columns; one row, µs (the model alone 76.6)
                                      read  answer   write    all less the model
      JSON, a tensor a column         28.3   100.0     3.5                  55.1
      plain                           32.9    97.7     4.3                  58.4
    demo; 10,000 rows in binary tensors, rows/s (the model alone 152,045)
      columns                          155,686

    one answer counted in 1.9 µs, handed to the log in 1.7 µs
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from serving_client import in_binary, in_json, in_plain, machine, numbers, save_trees, transactions

from rareclass.serving.answers import answer
from rareclass.serving.log import PredictionLog
from rareclass.serving.metrics import Metrics
from rareclass.serving.models import Served, read_served
from rareclass.serving.plain import read_plain, write_plain
from rareclass.serving.protocol.responses import write_infer
from rareclass.serving.requests import read_infer

BATCH = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--demo", type=Path, help="the champion of `rareclass demo --out DIR`, beside the model of trees"
    )
    parser.add_argument("--repetitions", type=int, default=20)


def run(options: argparse.Namespace) -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trees"
        save_trees(path)
        trees = read_served("trees", path)
        measured(trees, numbers(BATCH, 7), options.repetitions)
        beside(trees, numbers(1, 7), Path(folder), options.repetitions)
        if options.demo is not None:
            demo = read_served("demo", options.demo)
            measured(demo, transactions(BATCH, demo.scorer.columns, 7), options.repetitions)


def measured(served: Served, rows: np.ndarray | pa.Table, repetitions: int) -> None:
    """Print the tables of one model."""
    one = rows[:1] if isinstance(rows, np.ndarray) else rows.slice(0, 1)
    table = pa.table({f"x{j}": rows[:, j] for j in range(rows.shape[1])}) if isinstance(rows, np.ndarray) else rows
    X = served.scorer.encoder.matrix(table)
    alone = seconds(lambda: served.scorer.logit_of(X[:1]), repetitions, 300)
    print(f"\n{served.name}, {len(served.scorer.columns)} columns; one row, µs (the model alone {1e6 * alone:.1f})")
    forms = {"JSON, a tensor a column": in_json(served.name, table.slice(0, 1)), "plain": in_plain(served.name, one)}
    if isinstance(rows, np.ndarray):
        forms = {"JSON, one tensor": in_json(served.name, one), **forms}
    print(f"  {'':28}{'read':>8}{'answer':>8}{'write':>8}{'all less the model':>22}")
    for form, request in forms.items():
        body = request.partition(b"\r\n\r\n")[2]
        read, write = (_plain if form == "plain" else _protocol)(served, body, None)
        spent = [1e6 * seconds(part, repetitions, 300) for part in _parts(served, read, write)]
        print(f"  {form:28}" + "".join(f"{part:8.1f}" for part in spent) + f"{sum(spent) - 1e6 * alone:22.1f}")
    alone = seconds(lambda: served.scorer.logit_of(X), repetitions, 1)
    print(f"{served.name}; {BATCH:,} rows in binary tensors, rows/s (the model alone {BATCH / alone:,.0f})")
    batches = {"one tensor": rows, "a tensor a column": table} if isinstance(rows, np.ndarray) else {"columns": table}
    for form, batch in batches.items():
        head, _, body = in_binary(served.name, batch).partition(b"\r\n\r\n")
        length = int(head.lower().split(b"inference-header-content-length: ")[1].split(b"\r\n")[0])
        read, write = _protocol(served, body, length)
        spent = [seconds(part, repetitions, 1) for part in _parts(served, read, write)]
        print(f"  {form:28}{BATCH / sum(spent):12,.0f}")


def beside(served: Served, row: np.ndarray, folder: Path, repetitions: int) -> None:
    """Print what counting an answer, and handing it to the prediction log, adds to a request of one row."""
    asked = read_infer(in_json(served.name, row).partition(b"\r\n\r\n")[2], None, served)
    answers = answer(served, asked)
    log = PredictionLog(folder / "log")

    async def counted() -> float:  # in a loop, as in a worker: the files are written later
        metrics = Metrics("w0", folder)
        return seconds(lambda: metrics.answered(served, answers, 1e-3), repetitions, 300)

    logged = seconds(lambda: log.add(served, "id", answers, asked.rows), repetitions, 300)
    log.close()
    print(f"one answer counted in {1e6 * asyncio.run(counted()):.1f} µs, handed to the log in {1e6 * logged:.1f} µs")


def _protocol(served: Served, body: bytes, length: int | None) -> tuple[Callable[[], Any], Callable[..., Any]]:
    return lambda: read_infer(body, length, served), lambda asked, answers: write_infer(served, asked, answers)


def _plain(served: Served, body: bytes, _: int | None) -> tuple[Callable[[], Any], Callable[..., Any]]:
    return lambda: read_plain(body).request(served), lambda asked, answers: write_plain(served, asked, answers)


def _parts(served: Served, read: Callable[[], Any], write: Callable[..., Any]) -> list[Callable[[], Any]]:
    asked = read()
    answers = answer(served, asked)
    return [read, lambda: answer(served, asked), lambda: write(asked, answers)]


def seconds(work: Callable[[], Any], repetitions: int, calls: int) -> float:
    """Processor seconds of a call: the least mean of so many."""
    work()
    found = []
    for _ in range(repetitions):
        begin = time.process_time()
        for _ in range(calls):
            work()
        found.append((time.process_time() - begin) / calls)
    return min(found)
