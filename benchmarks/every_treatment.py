"""Does every treatment, fitted as users fit it, promise as many events as there are: out of fold and on fresh rows?

    OMP_NUM_THREADS=1 python benchmarks/every_treatment.py [--treatments smote adasyn+class_weight ...] [--seeds 10]
        [--kept FILE]

Four shared sets, cut to all events and at most 3,000 rows: 60 % (twins together, as everywhere in rareclass) are given
to `RareClassifier` (guarded LightGBM of 60 trees, three folds, calibration "auto"), the others are fresh.
Observed/expected is pooled over seeds; each seed draws rows, split and folds anew. *out of fold*: of the rows that were
fitted, as `summary()` says; *fresh*: of the others; *worst set*: the one farthest from 1. *skill*: Brier skill on fresh
rows, in brackets less that of the data as they are. Treatments that thin negatives would keep all of so few, and are
told to keep fewer (`THINNED`).
Asked: [0.95, 1.05] out of fold with at least 100 events, and within 5 % on fresh rows on average over 10 seeds. With
`--kept` each fit is a line of that file and none is done twice, so a run can be stopped and pieces add up: begin a file
anew after the code has changed.
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from rare_sets import RareSet, load

from rareclass import RareClassifier
from rareclass.data.duplicates import twins
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
_FEWER = "(negatives_per_event=5, least_negatives=1)"
THINNED = {
    "sampled_negatives": "(rows=800)",
    **dict.fromkeys(("negative_sampling", "score_negatives", "local_case_control"), _FEWER),
}
MOST = 3000
TRAINED = 0.6


def drawn(data: RareSet, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """(table, labels, whether each row is fitted): all events, `MOST` rows, the same share of each class fitted."""
    others = np.flatnonzero(~data.y)
    others = rng.choice(others, size=min(others.size, MOST - int(data.y.sum())), replace=False)
    rows = np.concatenate([np.flatnonzero(data.y), others])
    table = pd.DataFrame(data.X[rows], columns=[f"x{j}" for j in range(data.X.shape[1])])
    for j in data.categorical:
        code = data.X[rows, j]
        text = np.char.mod("c%.0f", np.nan_to_num(code)).astype(object)
        table[f"x{j}"] = np.where(np.isnan(code), None, text)
    # twins stay on one side: fresh copies of rows that were fitted would be expected too surely
    groups, y = np.unique(twins(data.groups[rows], data.y[rows]), return_inverse=True)[1], data.y[rows]
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
    told = treatment + THINNED.get(treatment, "")
    model = RareClassifier(learner, treatment=told, cv=3, random_state=seed)
    model.fit(table[seen], y[seen], costs=CostMatrix(fp=1.0, fn=25.0) if "cost" in treatment else None)
    inside, fresh = sigmoid(model.model_.oof_logit), model.predict_proba(table[~seen])[:, 1]
    skill = brier_skill_score(y[~seen], fresh)
    return np.array([model.model_.oof_y.sum(), inside.sum(), y[~seen].sum(), fresh.sum(), skill])


class Kept:
    """What was judged before, in the lines of a file; without one, of this run alone."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self.known = {tuple(said[:3]): np.array(said[3]) for said in map(json.loads, lines)}

    def judged(self, data: RareSet, treatment: str, seed: int) -> np.ndarray:
        """`judged`, once."""
        key = (data.name, treatment, seed)
        if key not in self.known:
            self.known[key] = judged(data, treatment, seed)
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([*key, self.known[key].tolist()]) + "\n")
        return self.known[key]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--treatments", nargs="*", default=[*TREATMENTS, *HYBRIDS])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    loaded = {name: load(name) for name in given.sets}
    kept = Kept(given.kept)
    plain = {name: [kept.judged(data, "none", seed)[4] for seed in range(given.seeds)] for name, data in loaded.items()}
    print("| treatment | out of fold | worst set | fresh | worst set | skill on fresh rows |\n" + "|---" * 6 + "|")
    for treatment in given.treatments:
        found = {
            name: np.array([kept.judged(data, treatment, seed) for seed in range(given.seeds)])
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
