"""What it costs to score trees: LightGBM's own predict, ONNX Runtime, treelite and Yggdrasil beside our flat form.

    python benchmarks/scoring.py        200 trees of 31 leaves, 30 numbers: one row, and 50,000 rows, one thread
    python benchmarks/scoring.py --leaves 63 --trees 400

The same LightGBM model is read by all but Yggdrasil, which cannot and trains one of the same shape. Peers that are not
installed are left out with a sentence (`pip install onnxruntime onnxmltools treelite ydf`). Batches: processor
microseconds a row, the least of the repetitions, all arms in turn. One row: processor microseconds a call (median over
loops of 200 calls) and the 99th percentile of single calls by the clock, which load from elsewhere lengthens.

28 November 2026, one thread of a quiet AMD EPYC (AVX2), LightGBM 4.7.0, ONNX Runtime 1.32.0, treelite 4.8.1, ydf
0.16.1, numba 0.68.1:

                    batch, µs a row  LightGBM / it  one row, µs   p99, µs
    flat trees                 0.79           12.3          7.6      12.1
    LightGBM                   9.78            1.0          6.0      11.7
    ONNX Runtime               5.89            1.7         18.0      34.1
    treelite                  25.13            0.4         80.2     169.7
    Yggdrasil                  1.46            6.7        956.0    1648.6
"""

import argparse
import ctypes
import sys
import time
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np

from rareclass.scoring.readers.lightgbm import from_lightgbm

Call = Callable[[], Any]


def data(rows: int, columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian numbers and a target with an interaction."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns))
    return X, X[:, : min(5, columns)].sum(axis=1) + X[:, 0] * X[:, -1] + rng.normal(size=rows) > 3


def ours(booster: lightgbm.Booster, X: np.ndarray, _: argparse.Namespace) -> tuple[Call, Call]:
    """The flat form, and what it holds equal to LightGBM."""
    trees, row = from_lightgbm(booster), np.ascontiguousarray(X[:1])
    if not np.array_equal(trees.score(X), booster.predict(X, raw_score=True)):
        raise SystemExit("The flat trees do not score as LightGBM does.")
    return lambda: trees.score(X), lambda: trees.score(row)


def of_lightgbm(booster: lightgbm.Booster, X: np.ndarray, _: argparse.Namespace) -> tuple[Call, Call]:
    """`Booster.predict` for the batch, the C interface's prepared call for one row."""
    library, handle = lightgbm.basic._LIB, booster._handle
    prepared, found, size = ctypes.c_void_p(), ctypes.c_double(), ctypes.c_int64()
    row = np.ascontiguousarray(X[0])
    done = library.LGBM_BoosterPredictForMatSingleRowFastInit(
        handle, 1, 0, -1, 1, X.shape[1], ctypes.c_char_p(b"num_threads=1"), ctypes.byref(prepared)
    )
    if done != 0:
        raise RuntimeError("LightGBM's single-row call could not be prepared.")
    call, place = library.LGBM_BoosterPredictForMatSingleRowFast, row.ctypes.data_as(ctypes.c_void_p)
    out, length = ctypes.byref(found), ctypes.byref(size)

    def one(_keep: np.ndarray = row) -> float:
        call(prepared, place, length, out)
        return found.value

    return lambda: booster.predict(X, raw_score=True, num_threads=1), one


def of_onnx(booster: lightgbm.Booster, X: np.ndarray, _: argparse.Namespace) -> tuple[Call, Call]:
    """ONNX Runtime, float32, one thread."""
    import onnxmltools
    import onnxruntime
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = onnxmltools.convert_lightgbm(
        booster, initial_types=[("x", FloatTensorType([None, X.shape[1]]))], zipmap=False
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name, single = [session.get_outputs()[-1].name], X.astype(np.float32)
    row = single[:1].copy()
    return lambda: session.run(name, {"x": single}), lambda: session.run(name, {"x": row})


def of_treelite(booster: lightgbm.Booster, X: np.ndarray, _: argparse.Namespace) -> tuple[Call, Call]:
    """treelite's general inference, one thread."""
    import treelite

    model = treelite.frontend.from_lightgbm(booster)
    predict, row = treelite.gtil.predict, np.ascontiguousarray(X[:1])
    return lambda: predict(model, X, nthread=1), lambda: predict(model, row, nthread=1)


def of_yggdrasil(_: lightgbm.Booster, X: np.ndarray, options: argparse.Namespace) -> tuple[Call, Call]:
    """Yggdrasil's Python call on a dictionary of columns, with a model of the same shape."""
    import ydf

    single = np.asfortranarray(X, dtype=np.float32)
    y = data(*X.shape, options.seed)[1][:2_000].astype(int)
    model = ydf.GradientBoostedTreesLearner(
        label="y",
        num_trees=options.trees,
        growing_strategy="BEST_FIRST_GLOBAL",
        max_num_nodes=options.leaves,
        max_depth=-1,
        min_examples=1,
        early_stopping="NONE",
        validation_ratio=0.0,
    ).train({**_columns(single[:2_000]), "y": y}, verbose=0)
    columns, row = _columns(single), _columns(single[:1])
    return lambda: model.predict(columns, num_threads=1), lambda: model.predict(row, num_threads=1)


def _columns(X: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{j}": np.ascontiguousarray(X[:, j]) for j in range(X.shape[1])}


ARMS: dict[str, Callable[..., tuple[Call, Call]]] = {
    "flat trees": ours,
    "LightGBM": of_lightgbm,
    "ONNX Runtime": of_onnx,
    "treelite": of_treelite,
    "Yggdrasil": of_yggdrasil,
}


def one_row(call: Call, loops: int = 11) -> tuple[float, float]:
    """Median processor time and 99th percentile by the clock of a call, in microseconds."""
    for _ in range(50):
        call()
    spent, each = [], []
    for _ in range(loops):
        begin = time.process_time()
        for _ in range(200):
            start = time.perf_counter()
            call()
            each.append(time.perf_counter() - start)
        spent.append((time.process_time() - begin) / 200)
    return 1e6 * float(np.median(spent)), 1e6 * float(np.quantile(each, 0.99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("rows", 50_000), ("columns", 30), ("trees", 200), ("leaves", 31), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    options = parser.parse_args()
    X, y = data(options.rows, options.columns, options.seed)
    known = {"objective": "binary", "num_leaves": options.leaves, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(known, lightgbm.Dataset(X, y), options.trees)
    calls: dict[str, tuple[Call, Call]] = {}
    for name in options.arms:
        print(f"{name} is read ...", file=sys.stderr, flush=True)
        try:
            calls[name] = ARMS[name](booster, X, options)
            calls[name][0]()
        except ImportError as error:
            print(f"{name} is left out: {error}.")
    batch: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(options.repeats):
        for name, (many, _one) in calls.items():
            start = time.process_time()
            many()
            batch[name].append(1e6 * (time.process_time() - start) / options.rows)
    base = min(batch.get("LightGBM", [float("nan")]))
    print(f"{'':14}{'batch, µs a row':>17}{'LightGBM / it':>15}{'one row, µs':>13}{'p99, µs':>10}")
    for name, (_many, one) in calls.items():
        middle, late = one_row(one)
        least = min(batch[name])
        print(f"{name:14}{least:17.2f}{base / least:15.1f}{middle:13.1f}{late:10.1f}")


if __name__ == "__main__":
    main()
