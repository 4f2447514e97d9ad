"""Whether a change of the code moved a number: every figure of a few runs, kept in a file and compared with another.

    python benchmarks/same_numbers.py keep before.json      at the old commit
    python benchmarks/same_numbers.py keep after.json       at the new one
    python benchmarks/same_numbers.py check before.json after.json

With `--budget 30 --n-jobs 1`, and again with `--busy 4 --n-jobs 2` (four processes burn the cores meanwhile), it shows
that what is chosen depends on neither load nor threads:

    python benchmarks/same_numbers.py keep quiet.json --only mammography --budget 30
    python benchmarks/same_numbers.py keep busy.json --only mammography --budget 30 --n-jobs 2 --busy 4
    python benchmarks/same_numbers.py check quiet.json busy.json

Kept are all numbers of `compare` on mammography and smtp (results, out-of-fold scores), of `RareClassifier` with four
treatments (probabilities, thresholds, evidence), and of a bundle that was saved and loaded. Seconds, versions and
sentences are left out. `check` prints the largest relative difference and ends with exit code 1 above 1e-9.
About 8 minutes on two cores. The data are those of `RARECLASS_DATA` or ../shared/data.
"""

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = 1e-9
TIMED = {"seconds", "fit_seconds", "created", "command", "title", "reason"}


def numbers(value: Any, path: str = "") -> dict[str, float]:
    """Every number in nested plain values, under its path."""
    if isinstance(value, dict):
        parts = [(k, v) for k, v in value.items() if k not in TIMED]
    elif isinstance(value, list | tuple):
        parts = list(enumerate(value))
    elif isinstance(value, bool | int | float) and np.isfinite(value):
        return {path: float(value)}
    else:
        return {}
    found: dict[str, float] = {}
    for name, part in parts:
        found |= numbers(part, f"{path}/{name}")
    return found


def of_array(values: Any) -> list[float]:
    """What tells an array from any other: its size, its moments and every fiftieth value."""
    a = np.nan_to_num(np.asarray(values, dtype=float).ravel(), nan=-1e3)
    return [float(a.size), float(a.sum()), float(np.square(a).sum()), *a[:: max(a.size // 50, 1)].tolist()]


def burn() -> None:
    """Keep a core busy until the process is ended."""
    while True:
        np.linalg.norm(np.ones((200, 200)))


@contextmanager
def busy(number: int) -> Iterator[None]:
    """So many processes beside this one that never rest."""
    others = [Process(target=burn, daemon=True) for _ in range(number)]
    for p in others:
        p.start()
    try:
        yield
    finally:
        for p in others:
            p.terminate()


def of_compare(name: str, n_jobs: int, budget: float) -> dict[str, float]:
    """All numbers of one comparison of every arm that the budget allows."""
    import pyarrow.parquet as pq

    from rareclass.evaluation import compare

    root = Path(os.environ.get("RARECLASS_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
    table = pq.read_table(root / f"{name}.parquet")
    index = json.loads((root / "index.json").read_text(encoding="utf-8"))
    target = next(entry["target"] for entry in index if entry["name"] == name)
    result = compare(
        table.drop_columns([target]), table[target].to_numpy(zero_copy_only=False), budget=budget, n_jobs=n_jobs
    )
    print(f"{name}: {len(result.results)} arms, champion {result.champion}", flush=True)
    found = numbers(result.to_dict(), name)
    for r in result.results:
        raw = [r.raw, r.logit] if hasattr(r, "raw") else [r.scores.oof.score, r.logit]
        found |= {f"{name}/oof/{r.name}/{i}/{j}": v for i, a in enumerate(raw) for j, v in enumerate(of_array(a))}
    return found


def of_classifier(treatment: str, n_jobs: int) -> dict[str, float]:
    """All numbers of one classifier, and of the bundle that was made of it."""
    from rareclass import RareClassifier
    from rareclass.artifact import Bundle
    from rareclass.data.simulate import simulate_transactions
    from rareclass.decisions import CostMatrix

    known, fresh = (simulate_transactions(8000, prevalence=0.02, seed=s) for s in (1, 2))
    model = RareClassifier("auto" if treatment in ("auto", "class_weight") else "lightgbm", treatment=treatment,
                           n_jobs=n_jobs)  # fmt: skip
    away = [known.target, known.group, known.time]
    rows, new = known.table.drop_columns(away), fresh.table.drop_columns(away)
    model.fit(rows, known.y, groups=known.groups, costs=CostMatrix(fp=10.0, fn=500.0))
    found = numbers(model.model_.evidence, f"{treatment}/evidence")
    found[f"{treatment}/threshold"] = model.decision_.threshold
    answers = {"logit": model.positive_logit(new), "oof": model.model_.oof_logit}
    with tempfile.TemporaryDirectory() as folder:
        Bundle(model, name="model", target="fraud").save(Path(folder) / "bundle")
        again = Bundle.load(Path(folder) / "bundle").model
        answers["loaded"] = again.positive_logit(new)
        found[f"{treatment}/loaded/flagged"] = float(np.sum(again.predict(new)))
    return found | {f"{treatment}/{k}/{j}": v for k, a in answers.items() for j, v in enumerate(of_array(a))}


def check(before: dict[str, float], after: dict[str, float]) -> int:
    """Print how far apart two files are; 1 when further than the tolerance."""
    shared = sorted(before.keys() & after.keys())
    gone = sorted(before.keys() - after.keys())
    apart = {k: abs(before[k] - after[k]) / max(abs(before[k]), 1e-3) for k in shared}
    worst = sorted(apart, key=lambda k: -apart[k])[:10]
    moved = [k for k in shared if apart[k] > TOLERANCE]
    print(f"{len(shared):,} numbers in both; {len(gone)} only before, {len(after) - len(shared)} only after.")
    print(f"Largest relative difference {apart[worst[0]]:.3g}; {len(moved)} above {TOLERANCE:g}.")
    for k in [*worst[:10]] if moved else []:
        print(f"  {k}: {before[k]!r} -> {after[k]!r}")
    for k in gone[:10]:
        print(f"  gone: {k} = {before[k]!r}")
    return int(bool(moved or gone))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["keep", "check"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=["mammography", "smtp", "classifier"])
    parser.add_argument("--budget", type=float, default=1e6)
    parser.add_argument("--busy", type=int, default=0)
    given = parser.parse_args()
    if given.what == "check":
        before, after = (json.loads(Path(f).read_text(encoding="utf-8")) for f in given.files)
        return check(before, after)
    warnings.simplefilter("ignore")
    found: dict[str, float] = {}
    with busy(given.busy):
        for name in ("mammography", "smtp"):
            if name in given.only:
                found |= of_compare(name, given.n_jobs, given.budget)
        if "classifier" in given.only:
            for treatment in ("auto", "class_weight", "random_under", "smote"):
                found |= of_classifier(treatment, given.n_jobs)
                print(treatment, len(found), flush=True)
    Path(given.files[0]).write_text(json.dumps(found, indent=0), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
