"""Whether 64 bins a column rank as well as 255: guarded LightGBM and HistGradientBoosting, out of fold.

    OMP_NUM_THREADS=1 python benchmarks/bins.py            (about a minute and a half of one core)

Wide tables, where bins cost most of the seconds, and narrow ones, where fewer bins could hide more: simulated (4,000 x
150 log-normal columns, 120 events, bends and an interaction) and shared sets with at most 300 events. Three stratified
folds, seed 0; average precision, log-loss and processor seconds with 255 and with 64 bins.
"""

import json
import time
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
from rare_sets import data_root
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from rareclass.learners import RareHistGradientBoostingClassifier, RareLGBMClassifier

# set: most events, most other rows
SETS = {
    "pneumoniamnist": (150, 1583),
    "creditcard_ulb_int40": (200, 12_000),
    "imblearn_satimage": (300, 6000),
    "imblearn_letter_img": (300, 6000),
    "mammography": (300, 6000),
}
LEARNERS = {"max_bin": RareLGBMClassifier, "max_bins": RareHistGradientBoostingClassifier}


def shared(name: str, events: int, others: int) -> tuple[np.ndarray, np.ndarray]:
    """Numeric columns (n, d) and the rarer class of so many rows of a shared set."""
    records = json.loads((data_root() / "index.json").read_text(encoding="utf-8"))
    meta = next(m for m in records if m["name"] == name)
    frame = pd.read_parquet(data_root() / meta["file"])
    y = (frame.pop(meta["target"]).astype(str) == str(meta["positive_label"])).to_numpy()
    y = ~y if y.mean() > 0.5 else y
    rng = np.random.default_rng(0)
    kept = [rng.permutation(np.flatnonzero(c))[:most] for c, most in ((y, events), (~y, others))]
    rows = np.concatenate(kept)
    return frame.select_dtypes("number").to_numpy(float)[rows], y[rows]


def simulated(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.exp(rng.normal(size=(4000, 150)))
    known = np.log(X)
    z = known[:, :8] @ np.linspace(1, 0.3, 8) + 1.5 * (known[:, 8] > 1.5) * (known[:, 9] < 0.5)
    z += 0.8 * known[:, 10] * known[:, 11] + rng.logistic(size=4000)
    return X, z >= np.sort(z)[-120]


def judged(learner, X: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Average precision, log-loss and processor seconds."""
    p, started = np.zeros(y.size), time.process_time()
    for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        p[test] = learner().fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return average_precision_score(y, p), log_loss(y, p), time.process_time() - started


def main() -> None:
    warnings.simplefilter("ignore")
    RareHistGradientBoostingClassifier._BINS = 10**9  # without the limit on wide tables that was read from this
    tables = {f"simulated, seed {seed}": simulated(seed) for seed in range(3)}
    tables |= {name: shared(name, *most) for name, most in SETS.items()}
    moved = defaultdict(list)
    print("| set | rows x columns | learner | average precision | with 64 | log-loss | with 64 | seconds | with 64 |")
    print("|" + "---|" * 9)
    for name, (X, y) in tables.items():
        for parameter, kind in LEARNERS.items():
            found = []
            for bins in (255, 64):
                options = {parameter: bins, "guard": "steady", "calibrate": False, "collapse_alarm": False}
                found.append(judged(lambda kind=kind, options=options: kind(random_state=0, **options), X, y))
            moved[kind.__name__].append(np.subtract(found[1], found[0])[:2])
            numbers = " | ".join(f"{a:.4f} | {b:.4f}" for a, b in zip(*found, strict=True))
            print(f"| {name} | {X.shape[0]:,} x {X.shape[1]} | {kind.__name__} | {numbers} |", flush=True)
    for name, difference in moved.items():
        print(f"{name}: average precision {np.mean(difference, 0)[0]:+.4f}, log-loss {np.mean(difference, 0)[1]:+.4f}")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
