"""The net beside boosted trees, forest, regression and the default blend, and whether the blend gains by it.

    OMP_NUM_THREADS=1 python benchmarks/rare_net.py --cache /tmp/rare_net           (about 20 minutes on one quiet core)
    OMP_NUM_THREADS=1 python benchmarks/rare_net.py --cache /tmp/rare_net --judge   (the tables of what is there)

Twenty KEEL sets and six larger ones, cut as `member_sets.py` says (at most 20,000 rows, events at most a tenth), three
folds. Scores are kept by set, seed and learner (.npz), figures as one line of JSON each in `figures.jsonl`; stopped, it
goes on where it was. `--judge`: average precision of the out-of-fold ranking and log-loss after calibration out of fold
(`member_judge.py`), mean ranks over sets, and paired differences over families with 95 % intervals (Student's t).
"""

import argparse
import json
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from member_judge import DEFAULT, Judge, difference
from member_sets import Task, tasks
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from rareclass.fitting.arm import make_arm

KEEL = (
    *("abalone9_18", "abalone_17_vs_7_8_9_10", "car_good", "cleveland_0_vs_4", "dermatology_6", "ecoli1"),
    *("ecoli_0_1_4_7_vs_5_6", "flare_f", "glass2", "haberman", "kr_vs_k_zero_one_vs_draw", "page_blocks_1_3_vs_4"),
    *("pima", "poker_8_9_vs_6", "segment0", "vehicle0", "vowel0", "winequality_white_3_9_vs_5", "yeast3", "yeast5"),
)
LARGER = ("adult", "annthyroid", "bank_additional_full", "coil2000", "creditcard_ulb_int40", "mammography")
ALONE = ("net", "lightgbm", "random_forest", "logistic_regression")
LEARNERS = (*ALONE, *(name for name in DEFAULT.split() if name not in ALONE))


def keep(cache: Path, task: Task, seed: int) -> None:
    """Score the learners that have no file yet."""
    files = {name: cache / f"{task.name}.{seed}.{name}.npz" for name in LEARNERS}
    missing = [name for name, file in files.items() if not file.exists()]
    if not missing:
        return
    design = task.design(seed)
    parts, fold = design.parts(), np.full(design.y.size, -1)
    for number, (_, test) in enumerate(design.split.parts):
        fold[test] = number
    np.savez(cache / f"{task.name}.{seed}.npz", y=design.y, fold=fold)
    for name in missing:
        score, seconds = np.full(design.y.size, np.nan), np.zeros(2)
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for part, (_, test) in zip(parts, design.split.parts, strict=True):
                started = process_time()
                fitted = part.fit(make_arm(name))
                between = process_time()
                score[test] = part.score(fitted)
                seconds += between - started, process_time() - between
        np.savez(files[name], score=score, seconds=seconds)
        loss, precision = Judge(cache, [name], seed + 1).judged((task.name, seed), name)
        line = {
            "set": task.name,
            "seed": seed,
            "learner": name,
            "rows": int(design.y.size),
            "events": int(design.y.sum()),
        }
        line |= {"log_loss": loss, "average_precision": precision, "fit": seconds[0], "score": seconds[1]}
        with (cache / "figures.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{task.name} {seed} {name} {precision:.4f} {loss:.4f} {seconds[0]:.1f} s", flush=True)


def show(cache: Path, seeds: int) -> None:
    """The tables."""
    judge = Judge(cache, LEARNERS, seeds)
    units = judge.units
    blends = {"the default blend": DEFAULT, "the default blend and the net": f"{DEFAULT} net"}
    print(f"{len(units)} sets x seeds, {len({judge.families[name] for name, _ in units})} families\n")
    if not units:
        return
    values = {name: np.array([judge.judged(unit, name) for unit in units]) for name in (*ALONE, *blends.values())}
    families = {name: judge.by_family(name) for name in values}
    ranks = [
        rankdata([sign * values[name][:, column] for name in ALONE], axis=0).mean(axis=1)
        for column, sign in ((1, -1), (0, 1))
    ]
    print("| | average precision | log-loss | ranks | | net less it: precision [95 %] | log-loss | s |")
    print("|---|---|---|---|---|---|---|---|")
    for number, name in enumerate(ALONE):
        loss, precision = families[name].mean(axis=0)
        gaps = [difference(families["net"][:, c], families[name][:, c]) for c in (1, 0)] if name != "net" else ["", ""]
        cells = [f"{precision:.4f}", f"{loss:.4f}", *(f"{rank[number]:.2f}" for rank in ranks), *gaps]
        print(f"| {name} | {' | '.join(cells)} | {judge.seconds(name):.0f} |")
    print("\n| | average precision | log-loss | with the net less without: precision [95 %] | log-loss |")
    print("|---|---|---|---|---|")
    without, with_net = (families[members] for members in blends.values())
    for title, members in blends.items():
        loss, precision = families[members].mean(axis=0)
        gaps = [difference(with_net[:, c], without[:, c]) for c in (1, 0)] if members != DEFAULT else ["", ""]
        print(f"| {title} | {precision:.4f} | {loss:.4f} | {' | '.join(gaps)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sets", nargs="*", default=[*KEEL, *LARGER])
    parser.add_argument("--judge", action="store_true")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    for seed in range(0 if asked.judge else asked.seeds):
        for task in tasks(tuple(asked.sets)):
            keep(asked.cache, task, seed)
    show(asked.cache, asked.seeds)


if __name__ == "__main__":
    main()
