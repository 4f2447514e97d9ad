"""Which members the default blend has, by measurement: scores of every candidate, kept once, and their judgement.

    OMP_NUM_THREADS=1 python benchmarks/members.py score --cache /tmp/members      (40 minutes on one quiet core)
    OMP_NUM_THREADS=1 python benchmarks/members.py choices --cache /tmp/members    (parameters, on a dozen sets)
    OMP_NUM_THREADS=1 python benchmarks/members.py variants --cache /tmp/members   (CatBoost's, on all sets)
    OMP_NUM_THREADS=1 python benchmarks/members.py judge --cache /tmp/members      (the tables, ten minutes)

`score` cross-fits every candidate as `compare` does (one file for each set, seed and candidate, with the processor
seconds), seed 0 of all sets first, small sets first; stopped, it goes on where it was. A second process may run it
`--backwards` beside the first. Sets of more than 120,000 cells are scored at seed 0 only. `judge` reads these files.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from member_candidates import CANDIDATES, CHOICES, arms
from member_judge import Judge, show_best_default, show_candidates, show_choices, show_sets, show_variants
from member_sets import SETS, Task, tasks
from member_variants import VARIANTS, variants
from threadpoolctl import threadpool_limits

SLOW_CELLS = 120_000
CHOICE_SETS = (
    *("glass0", "ecoli_0_1_4_7_vs_5_6", "cleveland_0_vs_4", "pima", "yeast_0_2_5_6_vs_3_7_8_9", "german_credit"),
    *("yeast3", "imblearn_wine_quality", "mammography", "annthyroid", "ai4i2020", "thyroid_sick", "polish_5year"),
)


def keep_scores(cache: Path, task: Task, seed: int, names: Sequence[str]) -> None:
    """Out-of-fold log-odds of the candidates that have no file yet."""
    files = {name: cache / f"{task.name}.{seed}.{name}.npz" for name in names}
    missing = [name for name, file in files.items() if not file.exists()]
    if not missing:
        return
    design = task.design(seed)
    parts = design.parts()
    fold = np.full(design.y.size, -1)
    for number, (_, test) in enumerate(design.split.parts):
        fold[test] = number
    np.savez(cache / f"{task.name}.{seed}.npz", y=design.y, fold=fold)
    known = arms() | variants()
    for name in missing:
        score, seconds = np.full(design.y.size, np.nan), np.zeros(2)
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for part, (_, test) in zip(parts, design.split.parts, strict=True):
                started = time.process_time()
                fitted = part.fit(known[name])
                between = time.process_time()
                score[test] = part.score(fitted)
                seconds += between - started, time.process_time() - between
        np.savez(files[name], score=score, seconds=seconds)
        print(f"{task.name} {seed} {name} {seconds[0]:.1f} {seconds[1]:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("score", "choices", "variants", "judge"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--backwards", action="store_true")
    parser.add_argument("--calibration", default="sigmoid")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    if asked.stage == "judge":
        judge = Judge(asked.cache, CANDIDATES, asked.seeds, asked.calibration)
        show_sets(judge)
        show_candidates(judge)
        show_best_default(judge)
        show_choices(Judge(asked.cache, [*CANDIDATES, *CHOICES], 1))
        show_variants(asked.cache, VARIANTS, asked.seeds)
        return
    wanted = tasks(tuple(asked.sets))
    if asked.stage == "choices":
        wanted = [task for task in wanted if task.name in CHOICE_SETS]
    names = {"score": CANDIDATES, "choices": CHOICES, "variants": tuple(VARIANTS)}[asked.stage]
    for seed in range(1 if asked.stage == "choices" else asked.seeds):
        for task in reversed(wanted) if asked.backwards else wanted:
            if seed == 0 or task.size <= SLOW_CELLS:
                keep_scores(asked.cache, task, seed, names)


if __name__ == "__main__":
    main()
