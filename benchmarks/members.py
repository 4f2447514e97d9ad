"""Which members the default blend has, chosen by measurement: scores of every candidate, kept once, and their judgement.

    OMP_NUM_THREADS=1 python benchmarks/members.py score --cache /tmp/members      (about 75 minutes on one core)
    OMP_NUM_THREADS=1 python benchmarks/members.py choices --cache /tmp/members    (parameters, on a dozen sets)
    python benchmarks/members.py judge --cache /tmp/members                        (the tables)

`score` cross-fits every candidate as `compare` does (one file for each set, seed and candidate, with the processor
seconds), seed 0 of all sets first, small sets first; stopped, it goes on where it was. A second process may run it
`--backwards` beside the first. `judge` reads these files only.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from member_candidates import CHOICES, candidates
from member_sets import SETS, Task, tasks
from threadpoolctl import threadpool_limits

SLOW_CELLS = 120_000
"""Larger tables are scored at seed 0 only."""
CHOICE_SETS = (
    *("abalone9_18", "imblearn_abalone", "ai4i2020", "annthyroid", "german_credit", "creditcard_ulb_sample"),
    *("mammography", "polish_5year", "thyroid_sick", "imblearn_satimage", "imblearn_wine_quality", "yeast3"),
)


def keep_scores(cache: Path, task: Task, seed: int, names: Sequence[str]) -> None:
    """Out-of-fold log-odds of the candidates that have no file yet."""
    missing = [name for name in names if not (cache / f"{task.name}.{seed}.{name}.npz").exists()]
    if not missing:
        return
    design = task.design(seed)
    parts = design.parts()
    fold = np.full(design.y.size, -1)
    for number, (_, test) in enumerate(design.split.parts):
        fold[test] = number
    np.savez(cache / f"{task.name}.{seed}.npz", y=design.y, fold=fold)
    arms = candidates()
    for name in missing:
        score, fit_seconds, score_seconds = np.full(design.y.size, np.nan), 0.0, 0.0
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for part, (_, test) in zip(parts, design.split.parts, strict=True):
                started = time.process_time()
                fitted = part.fit(arms[name])
                between = time.process_time()
                score[test] = part.score(fitted)
                fit_seconds += between - started
                score_seconds += time.process_time() - between
        np.savez(cache / f"{task.name}.{seed}.{name}.npz", score=score, seconds=np.array([fit_seconds, score_seconds]))
        print(f"{task.name} {seed} {name} {fit_seconds:.1f} {score_seconds:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("score", "choices", "judge"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--backwards", action="store_true")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    wanted = tasks(tuple(asked.sets))
    if asked.stage == "judge":
        raise SystemExit("not yet")
    if asked.stage == "choices":
        wanted = [task for task in wanted if task.name in CHOICE_SETS]
    names = CHOICES if asked.stage == "choices" else [name for name in candidates() if name not in CHOICES]
    for seed in range(asked.seeds):
        for task in reversed(wanted) if asked.backwards else wanted:
            if seed == 0 or task.size <= SLOW_CELLS:
                keep_scores(asked.cache, task, seed, names)


if __name__ == "__main__":
    main()
