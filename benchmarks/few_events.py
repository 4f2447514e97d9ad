"""Log-loss with 10 to 50 events: our default beside what users would build, on small public sets.

    OMP_NUM_THREADS=1 python benchmarks/few_events.py            (about ten minutes of one core)
    python benchmarks/few_events.py --models blend --seeds 1     one column, from one seed

One KEEL set of each family (the first in the index with enough events), events thinned at random to at most 50; three
stratified folds, three seeds, mean log-loss in nats over all judged rows, probabilities clipped to [1e-15, 1 - 1e-15].
The yardstick: {logistic regression, random forest, guarded boosting}, each alone and behind SMOTE.
"""

import argparse
import json
import warnings

import numpy as np
import pandas as pd
from rare_sets import data_root
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rareclass.learners import FewEventsLogisticRegression, RareBlendClassifier, RareLGBMClassifier
from rareclass.over_sampling import SMOTE

MOST_EVENTS, LEAST_EVENTS = 50, 15


def keel_sets(count: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, features (n, d) and target of one set of each family."""
    records = json.loads((data_root() / "index.json").read_text(encoding="utf-8"))
    found: dict[str, tuple[str, np.ndarray, np.ndarray]] = {}
    for meta in records:
        if meta["collection"] != "keel" or meta["family"] in found or meta["positives"] < LEAST_EVENTS:
            continue
        frame = pd.read_parquet(data_root() / meta["file"])
        y = (frame.pop(meta["target"]).astype(str) == str(meta["positive_label"])).to_numpy()
        coded = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
        found[meta["family"]] = (meta["name"], pd.get_dummies(frame, columns=coded).to_numpy(dtype=np.float64), y)
    return list(found.values())[:count]


def models(seed: int) -> dict:
    """Unfitted models by name."""
    plain = {
        "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "forest": lambda: RandomForestClassifier(random_state=seed, n_jobs=1),
        "guarded boosting": lambda: RareLGBMClassifier(random_state=seed, collapse_alarm=False),
    }
    ours = {
        "few-events logistic": lambda: make_pipeline(StandardScaler(), FewEventsLogisticRegression()),
        "blend": lambda: RareBlendClassifier(random_state=seed),
    }
    return {**plain, **{f"SMOTE + {name}": make for name, make in plain.items()}, **ours}


def fitted_probability(name: str, make, X: np.ndarray, y: np.ndarray, unseen: np.ndarray, seed: int) -> np.ndarray:
    """Probability (m,) of the unseen rows, as the model gives it."""
    if name.startswith("SMOTE"):
        X, y = SMOTE(k_neighbors=min(5, int(y.sum()) - 1), random_state=seed).fit_resample(X, y)
    return make().fit(X, y).predict_proba(unseen)[:, 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="*", choices=list(models(0)), default=list(models(0)))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    names = given.models
    print("| set | rows | events | " + " | ".join(names) + " |")
    print("|" + "---|" * (len(names) + 3))
    rows = []
    for name, X, y in keel_sets(given.sets):
        losses = np.zeros((given.seeds, len(names)))
        for seed in range(given.seeds):
            rng = np.random.default_rng(seed)
            events = np.flatnonzero(y)
            left_out = rng.choice(events, size=max(0, events.size - MOST_EVENTS), replace=False)
            kept = np.setdiff1d(np.arange(y.size), left_out)
            part, target = X[kept], y[kept]
            p = np.empty((len(names), target.size))
            for train, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(part, target):
                for j, arm in enumerate(names):
                    make = models(seed)[arm]
                    p[j, test] = fitted_probability(arm, make, part[train], target[train], part[test], seed)
            losses[seed] = [log_loss(target, np.clip(q, 1e-15, 1 - 1e-15)) for q in p]
        rows.append(losses.mean(axis=0))
        print(
            f"| {name} | {target.size} | {target.sum()} | " + " | ".join(f"{v:.4f}" for v in rows[-1]) + " |",
            flush=True,
        )
    print("| mean | | | " + " | ".join(f"{v:.4f}" for v in np.mean(rows, axis=0)) + " |")
    rank = np.argsort(np.argsort(np.array(rows), axis=1), axis=1) + 1
    print("| mean rank | | | " + " | ".join(f"{v:.1f}" for v in rank.mean(axis=0)) + " |")


if __name__ == "__main__":
    main()
