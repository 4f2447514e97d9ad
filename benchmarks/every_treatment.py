"""Does every treatment, fitted as users fit it, promise as many events as there are: out of fold and on fresh rows?

    OMP_NUM_THREADS=1 python benchmarks/every_treatment.py [--treatments smote adasyn+class_weight ...] [--seeds 10]

Four shared sets, cut to all events and at most 3,000 rows: 60 % (equal rows together) are given to `RareClassifier`
(guarded LightGBM of 60 trees, three folds, calibration "auto"), the others are fresh. Observed/expected is pooled over
seeds; each seed draws rows, split and folds anew. *out of fold*: of the rows that were fitted, as `summary()` says;
*fresh*: of the others; *worst set*: the one farthest from 1. *skill*: Brier skill on fresh rows, in brackets less that
of the data as they are.
Asked: [0.95, 1.05] out of fold with at least 100 events, and within 5 % on fresh rows on average over 10 seeds. All
treatments take about 20 minutes on one core; give `--treatments` to run them in pieces.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from rare_sets import RareSet, load

from rareclass import RareClassifier
from rareclass.decisions import CostMatrix
from rareclass.kernels.logits import sigmoid
from rareclass.learners import RareLGBMClassifier
from rareclass.metrics import brier_skill_score
from rareclass.treatments.registry import TREATMENTS

SETS = ("mammography", "thyroid_sick", "imblearn_wine_quality", "imblearn_sick_euthyroid")
HYBRIDS = (
    "adasyn+class_weight",
    "smote(ratio=0.2)+class_weight",
    "class_weight+smote",
    "pca+smote",
    "focal+class_weight",
    "smote_enn+cost_weights",
    "tomek_links+smote",
)
MOST = 3000
TRAINED = 0.6


def drawn(data: RareSet, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """(table, labels, whether each row is fitted): all events, `MOST` rows, the same share of each class fitted."""
    others = np.flatnonzero(~data.y)
    others = rng.choice(others, size=min(others.size, MOST - int(data.y.sum())), replace=False)
    rows = np.concatenate([np.flatnonzero(data.y), others])
    table = pd.DataFrame(data.X[rows], columns=[f"x{j}" for j in range(data.X.shape[1])])
    for j in data.categorical:
        table[f"x{j}"] = table[f"x{j}"].map(lambda code: None if code != code else f"c{code:.0f}")
    # equal rows stay on one side: fresh copies of rows that were fitted would be expected too surely
    groups, y = data.groups[rows], data.y[rows]
    with_events = np.unique(groups[y])
    chosen = []
    for these in (with_events, np.setdiff1d(groups, with_events)):
        chosen.append(rng.choice(these, size=round(TRAINED * these.size), replace=False))
    seen = np.isin(groups, np.concatenate(chosen))
    return table, y, seen


def judged(data: RareSet, treatment: str, seed: int) -> np.ndarray:
    """Observed and expected events out of fold, observed and expected on fresh rows, Brier skill on these."""
    table, y, seen = drawn(data, np.random.default_rng(seed))
    if treatment == "smoten":
        table = table.select_dtypes(exclude="number")
    learner = RareLGBMClassifier(n_estimators=60, **RareLGBMClassifier.inside_arm)
    model = RareClassifier(learner, treatment=treatment, cv=3, random_state=seed)
    model.fit(table[seen], y[seen], costs=CostMatrix(fp=1.0, fn=25.0) if "cost" in treatment else None)
    inside, fresh = sigmoid(model.model_.oof_logit), model.predict_proba(table[~seen])[:, 1]
    skill = brier_skill_score(y[~seen], fresh)
    return np.array([model.model_.oof_y.sum(), inside.sum(), y[~seen].sum(), fresh.sum(), skill])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--treatments", nargs="*", default=[*TREATMENTS, *HYBRIDS])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    loaded = {name: load(name) for name in given.sets}
    plain = {name: [judged(data, "none", seed)[4] for seed in range(given.seeds)] for name, data in loaded.items()}
    print("| treatment | out of fold | worst set | fresh | worst set | skill on fresh rows |\n" + "|---" * 6 + "|")
    for treatment in given.treatments:
        found = {
            name: np.array([judged(data, treatment, seed) for seed in range(given.seeds)])
            for name, data in loaded.items()
            if treatment != "smoten" or data.categorical
        }
        sums = np.array([rows.sum(axis=0) for rows in found.values()])
        skill = np.mean([rows[:, 4].mean() for rows in found.values()])
        usual = np.mean([np.mean(plain[name]) for name in found])
        cells = []
        for at in (0, 2):
            each = sums[:, at] / sums[:, at + 1]
            cells += [f"{sums[:, at].sum() / sums[:, at + 1].sum():.3f}", f"{each[np.abs(np.log(each)).argmax()]:.3f}"]
        print(f"| {treatment} | " + " | ".join(cells) + f" | {skill:.3f} ({skill - usual:+.3f}) |", flush=True)


if __name__ == "__main__":
    main()
