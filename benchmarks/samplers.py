"""Speed and memory of the samplers beside imbalanced-learn, both sides in one run.

    python benchmarks/samplers.py                     every case
    python benchmarks/samplers.py --only SMOTE ADASYN cases whose name contains one of these words
    python benchmarks/samplers.py --growth            how time grows when rows double and positives do not
    python benchmarks/samplers.py --first             what compilation costs the first call and the next process
    python benchmarks/samplers.py --before FOLDER     beside an older checkout, up to 100,000 rows
    python benchmarks/samplers.py --variants          beside smote_variants, which must be installed
    python benchmarks/samplers.py --quick             smaller data, to see that it runs
    python benchmarks/samplers.py --list

A case times `fit_resample` of both sides on the same data, five interleaved runs each after one warm-up (compilation is
excluded and reported apart), and prints the medians; beside the ratio of times stands that of processor times, which
other jobs on the machine disturb less. Memory is the growth of the peak resident size above the loaded input, in a
process of its own (the peer's only where the bound refers to it); it is also shown as a multiple of the output.
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

QUICK = 20  # --quick divides the rows by this


@dataclass(frozen=True)
class Case:
    """One row of the table.

    `data(scale)` returns X, y; `ours()` and `peer()` return samplers; `ratio` is the ratio of times promised (peer over
    ours), `memory` the bound on ours: "output x 1.2" or "peer / 20". `peer=None` times ours alone.
    """

    name: str
    data: Callable[[int], tuple[Any, Any]]
    ours: Callable[[], Any]
    peer: Callable[[], Any] | None
    ratio: float | None = None
    memory: str = ""


def gaussian(n: int, d: int, share: float) -> Callable[[int], tuple[Any, Any]]:
    """N(0, I) in float64, positives shifted by 0.5 in each column, seed 0."""

    def make(scale: int = 1) -> tuple[Any, Any]:
        rng = np.random.default_rng(0)
        rows = max(100, n // scale)
        X, y = rng.standard_normal((rows, d)), np.zeros(rows, dtype=np.int64)
        y[rng.choice(y.size, max(30, int(share * y.size)), replace=False)] = 1
        X[y == 1] += 0.5
        return X, y

    return make


def mixed(n: int, numeric: int, nominal: int, levels: int, share: float) -> Callable[[int], tuple[Any, Any]]:
    """Object array: numeric columns first, then text columns of so many levels."""

    def make(scale: int = 1) -> tuple[Any, Any]:
        X, y = gaussian(n, numeric, share)(scale)
        rng = np.random.default_rng(1)
        words = np.array([f"level{i}" for i in range(levels)], dtype=object)
        text = words[rng.integers(0, levels, (len(y), nominal))]
        return np.concatenate((X.astype(object), text), axis=1), y

    return make


def frame(n: int) -> Callable[[int], tuple[Any, Any]]:
    """pandas frame of 11 columns of seven types, 1 % positives."""

    def make(scale: int = 1) -> tuple[Any, Any]:
        import pandas as pd

        X, y = gaussian(n, 4, 0.01)(scale)
        rng, m = np.random.default_rng(2), len(y)
        table = pd.DataFrame(X, columns=list("abcd"))
        table["e"], table["f"] = rng.integers(0, 9, m), rng.integers(0, 9, m).astype(np.int32)
        table["g"], table["h"] = rng.random(m) < 0.3, rng.choice(["x", "y", "z"], m)
        table["i"] = pd.Categorical(rng.choice(["u", "v", "w"], m))
        table["j"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, m), unit="s")
        table["k"] = pd.array(rng.integers(0, 5, m), dtype="Int64")
        return table, pd.Series(y)

    return make


def _ours(room: str, name: str, **parameters: Any) -> Callable[[], Any]:
    def make() -> Any:
        import importlib

        return getattr(importlib.import_module(f"rareclass.{room}"), name)(**parameters)

    return make


def _peer(room: str, name: str, **parameters: Any) -> Callable[[], Any]:
    def make() -> Any:
        import importlib

        return getattr(importlib.import_module(f"imblearn.{room}"), name)(**parameters)

    return make


def both(room: str, name: str, *, peer: dict | None = None, **parameters: Any) -> tuple[Callable, Callable]:
    """The class of this name on both sides; `peer` adds parameters for the peer only (n_jobs=2 where it has it)."""
    return _ours(room, name, **parameters), _peer(room, name, **parameters, **(peer or {}))


def _near(k: int) -> dict:
    """The peer's search with two jobs, where its only way to have them is a neighbours object."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k + 1, n_jobs=2)


def over_sampling() -> list[Case]:
    """Rows of the over-samplers."""
    big, room = gaussian(1_000_000, 30, 0.01), "over_sampling"
    ours = lambda name, **parameters: _ours(room, name, random_state=0, **parameters)  # noqa: E731
    peer = lambda name, **parameters: _peer(room, name, random_state=0, **parameters)  # noqa: E731
    text = {"categorical_features": list(range(10, 15))}
    return [
        Case("SMOTE 1,000,000x30 1%", big, ours("SMOTE"), peer("SMOTE", k_neighbors=_near(5)), 8, "output x 1.2"),
        Case(
            "BorderlineSMOTE 1,000,000x30 1%",
            big,
            ours("BorderlineSMOTE"),
            peer("BorderlineSMOTE", k_neighbors=_near(5), m_neighbors=_near(10)),
            6,
            "output x 1.2",
        ),
        Case("ADASYN 1,000,000x30 1%", big, ours("ADASYN"), peer("ADASYN", n_neighbors=_near(5)), 6, "output x 1.2"),
        Case(
            "KMeansSMOTE 100,000x30 1%",
            gaussian(100_000, 30, 0.01),
            ours("KMeansSMOTE", cluster_balance_threshold=0.001),
            peer("KMeansSMOTE", cluster_balance_threshold=0.001, n_jobs=2),
            4,
        ),
        Case("SVMSMOTE 20,000x30 2%", gaussian(20_000, 30, 0.02), ours("SVMSMOTE"), one_svc, 1 / 1.1),
        Case(
            "SMOTENC 20,000 rows, 10 numeric + 5x200 levels, 2%",
            mixed(20_000, 10, 5, 200, 0.02),
            ours("SMOTENC", **text),
            peer("SMOTENC", **text),
            20,
            "peer / 20",
        ),
        Case(
            "SMOTENC 100,000 rows, 5x1,000 levels, 2%", mixed(100_000, 10, 5, 1000, 0.02), ours("SMOTENC", **text), None
        ),
        Case(
            "RandomOverSampler 1,000,000x30 1%",
            big,
            ours("RandomOverSampler"),
            peer("RandomOverSampler"),
            2,
            "output x 1.2",
        ),
        Case(
            "RandomOverSampler pandas 200,000x11",
            frame(200_000),
            ours("RandomOverSampler"),
            peer("RandomOverSampler"),
            10,
        ),
    ]


class OneSVC:
    """The single fit that SVM-SMOTE cannot do without, as the yardstick of its case."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Fit the machine; nothing is resampled."""
        from sklearn.svm import SVC

        SVC(gamma="scale").fit(X, y)
        return X, y


def one_svc() -> OneSVC:
    """Yardstick of SVMSMOTE."""
    return OneSVC()


def under_sampling() -> list[Case]:
    """Rows of the under-samplers and cleaning methods."""
    room, rare, big = "under_sampling", gaussian(100_000, 30, 0.01), gaussian(1_000_000, 30, 0.01)
    two, seed = {"n_jobs": 2}, {"random_state": 0}

    def case(name: str, ratio: float, memory: str = "", **parameters: Any) -> Case:
        said = "".join(f" {key} {value}" for key, value in parameters.items() if key != "random_state")
        return Case(f"{name}{said} 100,000x30 1%", rare, *both(room, name, peer=two, **parameters), ratio, memory)

    return [
        case("TomekLinks", 100),
        case("EditedNearestNeighbours", 20),
        case("RepeatedEditedNearestNeighbours", 20),
        case("AllKNN", 20),
        case("NeighbourhoodCleaningRule", 20),
        case("OneSidedSelection", 20, **seed),
        Case(
            "CondensedNearestNeighbour 20,000x10 2%",
            gaussian(20_000, 10, 0.02),
            *both(room, "CondensedNearestNeighbour", **seed),
            100,
        ),
        case("NearMiss", 3, version=1),
        case("NearMiss", 3, "peer / 20", version=2),
        case("NearMiss", 3, version=3),
        Case("NearMiss version 1 1,000,000x30 1%", big, *both(room, "NearMiss", peer=two, version=1), 6),
        Case("NearMiss version 3 1,000,000x30 1%", big, *both(room, "NearMiss", peer=two, version=3), 6),
        Case("NearMiss version 2 1,000,000x30 1%", big, _ours(room, "NearMiss", version=2), None, memory="4 GB"),
        Case("RandomUnderSampler 1,000,000x30 1%", big, *both(room, "RandomUnderSampler", **seed), 10),
        Case("RandomUnderSampler pandas 200,000x11", frame(200_000), *both(room, "RandomUnderSampler", **seed), 12),
    ]


def combinations() -> list[Case]:
    """Rows of the combinations."""
    data, two, seed = gaussian(100_000, 30, 0.01), {"n_jobs": 2}, {"random_state": 0}
    return [
        Case(f"{name} 100,000x30 1%", data, *both("combine", name, peer=two, **seed), 5)
        for name in ("SMOTEENN", "SMOTETomek")
    ]


def variants() -> list[Case]:
    """Rows beside smote_variants, at a size that it finishes: the same parameters, two jobs where it uses them."""
    seed = {"random_state": 0}

    def theirs(name: str, **parameters: Any) -> Callable[[], Any]:
        def make() -> Any:
            import logging

            import smote_variants

            logging.getLogger("smote_variants").setLevel(logging.ERROR)
            return getattr(smote_variants, name)(**seed, n_jobs=2, **parameters)

        return make

    def case(rows: int, room: str, name: str, peer: str, ours: dict | None = None, **parameters: Any) -> Case:
        sides = _ours(room, name, **seed, **(ours or {})), theirs(peer, **parameters)
        return Case(f"{name} beside smote_variants {rows:,}x30 2%", gaussian(rows, 30, 0.02), *sides)

    return [
        case(10_000, "combine", "SMOTEENN", "SMOTE_ENN"),
        case(10_000, "combine", "SMOTETomek", "SMOTE_TomekLinks"),
        case(10_000, "over_sampling", "ProWSyn", "ProWSyn"),
        case(10_000, "over_sampling", "MWMOTE", "MWMOTE", k2=3),
        case(10_000, "over_sampling", "CCR", "CCR", {"scaling": None}, energy=0.25),
        case(2_000, "over_sampling", "SMOTEIPF", "SMOTE_IPF"),
    ]


CASES: list[Callable[[], list[Case]]] = [over_sampling, under_sampling, combinations]
# Method, columns, positives and rows of the growth table: rows double, positives stay.
GROWTH: list[tuple[str, dict, int, int, tuple[int, ...]]] = [
    ("TomekLinks", {}, 30, 1000, (50_000, 100_000, 200_000)),
    ("EditedNearestNeighbours", {}, 30, 1000, (50_000, 100_000, 200_000)),
    ("NeighbourhoodCleaningRule", {}, 30, 1000, (50_000, 100_000, 200_000)),
    ("OneSidedSelection", {"random_state": 0}, 30, 1000, (50_000, 100_000, 200_000)),
    ("CondensedNearestNeighbour", {"random_state": 0}, 10, 400, (20_000, 40_000, 80_000)),
]


def growth(repeats: int, quick: bool) -> None:
    """Print how processor time grows when the rows double and the positives do not."""
    print("| method | rows | processor s | growth | asked |\n|---|---|---|---|---|")
    for name, parameters, columns, positives, sizes in GROWTH:
        before = None
        for n in sizes if not quick else tuple(n // QUICK for n in sizes):
            X, y = gaussian(n, columns, max(30, positives // (QUICK if quick else 1)) / n)()
            sampler = _ours("under_sampling", name, **parameters)()
            sampler.fit_resample(X[-3000:], y[-3000:])
            times = []
            for _ in range(repeats):
                start = time.process_time()
                sampler.fit_resample(X, y)
                times.append(time.process_time() - start)
            now = statistics.median(times)
            ratio = f"{now / before:.2f}x | 2.3x" if before else " | "
            print(f"| {name} | {n:,} | {now:.3f} | {ratio} |", flush=True)
            before = now


def run(case: Case, scale: int, repeats: int) -> dict:
    """Interleaved times and separate peaks of one case."""
    X, y = case.data(scale)
    sides = {"ours": case.ours} | ({"peer": case.peer} if case.peer else {})
    times: dict[str, list[float]] = {side: [] for side in sides}
    processor: dict[str, list[float]] = {side: [] for side in sides}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.ours().fit_resample(X, y)
        for _ in range(repeats):
            for side, make in sides.items():
                sampler = make()
                start, used = time.perf_counter(), time.process_time()
                sampler.fit_resample(X, y)
                times[side].append(time.perf_counter() - start)
                processor[side].append(time.process_time() - used)
    out = {f"{side}_s": statistics.median(values) for side, values in times.items()}
    out |= {f"{side}_cpu": statistics.median(values) for side, values in processor.items()}
    for side in ("ours", "peer") if case.memory.startswith("peer") else ("ours",):
        out[f"{side}_peak"], out["output"] = peak_of(case.name, side, scale)
    return out


def first_calls(cases: list[Case]) -> None:
    """Print what the first call takes above a later one: with an empty cache of compiled code, and with a full one."""
    print("| method, small data | first call ever, processor s | of the next process |\n|---|---|---|")
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--once", "--only", case.name, "--exact"]
            environment = os.environ | {"NUMBA_CACHE_DIR": folder}
            took = [
                float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
                for _ in range(2)
            ]
        print(f"| {case.name.split()[0]} | {took[0]:.1f} | {took[1]:.2f} |", flush=True)


def once(case: Case) -> float:
    """Runs inside the fresh process: processor seconds of the first call above the third, small data, imports done."""
    X, y = case.data(50)
    sampler, times = case.ours(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            start = time.process_time()
            sampler.fit_resample(X, y)
            times.append(time.process_time() - start)
    return times[0] - times[2]


def peak_of(name: str, side: str, scale: int) -> tuple[float, float]:
    """Growth of the peak resident size (MB) and size of the output (MB), measured in a fresh process."""
    command = [sys.executable, __file__, "--peak", side, "--only", name, "--exact", "--scale", str(scale)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return float("nan"), float("nan")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["peak"], answer["output"]


def measure_peak(case: Case, side: str, scale: int) -> dict:
    """Runs inside the fresh process: load, warm up on a small part, then watch the peak."""
    warnings.simplefilter("ignore")
    small = case.data(max(scale, 200))
    make = case.ours if side == "ours" else case.peer
    assert make is not None
    with contextlib.suppress(ValueError):  # the small part may not suit the method; then compilation counts
        make().fit_resample(*small)
    X, y = case.data(scale)
    _reset_peak()
    before = _resident()
    result = make().fit_resample(X, y)
    return {"peak": (_peak() - before) / 2**20, "output": sum(_size(part) for part in result) / 2**20}


def _reset_peak() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def _status(key: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def _resident() -> int:
    return _status("VmRSS") if os.path.exists("/proc/self/status") else 0


def _peak() -> int:
    if os.path.exists("/proc/self/status"):
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _size(value: Any) -> int:
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    return int(value.memory_usage(index=False, deep=False).sum())


def line(case: Case, found: dict) -> str:
    """One row of the markdown table."""
    ratio = found["peer_s"] / found["ours_s"] if case.peer else float("nan")
    asked = f"{case.ratio:.3g}x" if case.ratio else ""
    peer = f"{found['peer_s']:.3f}" if case.peer else "-"
    peer_peak = f"{found['peer_peak']:.0f}" if "peer_peak" in found else ""
    used = f"{found['peer_cpu'] / found['ours_cpu']:.1f}x" if case.peer else "-"
    times_output = found["ours_peak"] / found["output"]
    return (
        f"| {case.name} | {found['ours_s']:.3f} | {peer} | {ratio:.1f}x | {used} | {asked} | {found['ours_peak']:.0f} "
        f"({times_output:.2f} x output) | {peer_peak} | {case.memory} |"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--before", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, nargs="+", default=[], help="with --before: numbers of rows")
    parser.add_argument("--columns", type=int, nargs="+", default=[], help="with --before: numbers of columns")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--exact", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--scale", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    scale = QUICK if options.quick else options.scale
    groups = [*CASES, variants] if options.exact else [variants] if options.variants else CASES
    cases = [case for group in groups for case in group()]
    if options.only:
        match = (lambda c, w: c == w) if options.exact else (lambda c, w: w.lower() in c.lower())
        cases = [case for case in cases if any(match(case.name, word) for word in options.only)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return
    if options.before:
        from samplers_before import compare

        compare(options.before, options.only, options.repeats, options.rows, options.columns)
        return
    if options.growth:
        growth(options.repeats, options.quick)
        return
    if options.first:
        first_calls(cases)
        return
    if options.once:
        print(once(cases[0]))
        return
    if options.peak:
        print(json.dumps(measure_peak(cases[0], options.peak, scale)))
        return
    import imblearn
    import sklearn

    print(
        f"{date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, numpy {np.__version__}, scikit-learn {sklearn.__version__}, imbalanced-learn "
        f"{imblearn.__version__}; medians of {options.repeats} interleaved runs\n"
    )
    print(f"Load of the machine when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n")
    print("| method, data | ours s | peer s | ratio | ratio, processor | asked | ours MB | peer MB | memory asked |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in cases:
        print(line(case, run(case, scale, options.repeats)), flush=True)


if __name__ == "__main__":
    main()
