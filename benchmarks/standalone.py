"""Learners by themselves, without an arm around them: are as many events expected on new rows as there are?

    OMP_NUM_THREADS=1 python benchmarks/standalone.py        (about twenty minutes on one core)

Every learner is fitted on one half of a table and predicts the other; expected and observed events are summed over sets
and seeds. The simulated sets have 60,000 rows and known probabilities, which replace the observed events. Parameters
that a user may set are part of the table: class weights, few trees, many large ones without a penalty.
"""

import argparse
import warnings
from collections import defaultdict

import numpy as np
from rare_sets import load

from rareclass.errors import RareclassWarning
from rareclass.kernels.logits import sigmoid
from rareclass.learners import (
    QuantileLogisticRegression,
    RareBlendClassifier,
    RareCatBoostClassifier,
    RareForestClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)

SETS = ("mammography", "coil2000", "thyroid_sick", "imblearn_wine_quality", "imblearn_sick_euthyroid")
WILD = {"n_estimators": 300, "learning_rate": 0.1, "num_leaves": 31, "reg_lambda": 0.0}
LEARNERS = {
    "LightGBM": (RareLGBMClassifier, {}),
    "LightGBM, 50 trees": (RareLGBMClassifier, {"n_estimators": 50}),
    "LightGBM, weights of 50": (RareLGBMClassifier, {"scale_pos_weight": 50}),
    "LightGBM, 50 trees, weights of 50": (RareLGBMClassifier, {"n_estimators": 50, "scale_pos_weight": 50}),
    "LightGBM, 300 trees of 31 leaves, no penalty": (RareLGBMClassifier, WILD),
    "HistGradientBoosting": (RareHistGradientBoostingClassifier, {}),
    "XGBoost": (RareXGBClassifier, {}),
    "CatBoost": (RareCatBoostClassifier, {}),
    "forest": (RareForestClassifier, {}),
    "logistic regression on quantiles": (QuantileLogisticRegression, {}),
    "blend": (RareBlendClassifier, {}),
}


def simulated(columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (60,000, d) and true probabilities, about 1 %."""
    X = np.random.default_rng(seed).normal(size=(60_000, columns))
    return X, sigmoid(-5.5 + 1.5 * X[:, 0] if columns == 3 else -6 + 0.8 * X[:, :5].sum(axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learners", nargs="*", choices=list(LEARNERS), default=list(LEARNERS))
    given = parser.parse_args()
    warnings.simplefilter("ignore", RareclassWarning)
    sums: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(2))
    worst: dict[str, float] = defaultdict(lambda: 1.0)
    columns = ("simulated, 3 columns", "simulated, 20 columns", "five real sets")
    for seed in range(given.seeds):
        rng = np.random.default_rng([seed, 1])
        for name in (*columns[:2], *SETS):
            if name in columns:
                X, truth = simulated(3 if "3" in name else 20, seed)
                y, codes = rng.random(truth.size) < truth, ()
                # the events of the fitted half are what is known of the prevalence: the truth is scaled to them
                half = rng.permutation(y.size) < y.size // 2
                truth = truth * (y[half].sum() / truth[half].sum())
            else:
                data = load(name)
                X, y, codes, truth = data.X, data.y, data.categorical, data.y.astype(float)
                half = np.zeros(y.size, dtype=bool)
                for rows in (np.flatnonzero(y), np.flatnonzero(~y)):
                    half[rng.permutation(rows)[: rows.size // 2]] = True
            for label in given.learners:
                make, options = LEARNERS[label]
                model = make(categorical_features=codes, random_state=seed, **options).fit(X[half], y[half])
                found = np.array([model.predict_proba(X[~half])[:, 1].sum(), truth[~half].sum()])
                sums[label, name if name in columns else columns[2]] += found
                ratio = found[0] / found[1]
                worst[label] = max(worst[label], ratio, key=lambda r: abs(np.log(r)))
    print("expected / observed events on new rows\n\n| learner | " + " | ".join(columns) + " | worst fit |")
    print("|" + "---|" * (len(columns) + 2))
    for label in given.learners:
        ratios = [sums[label, column][0] / sums[label, column][1] for column in columns]
        print(f"| {label} | " + " | ".join(f"{r:.3f}" for r in [*ratios, worst[label]]) + " |")


if __name__ == "__main__":
    main()
