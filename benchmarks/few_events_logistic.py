"""Few-events logistic regression as it comes beside ridge logistic regression, on sets thinned to 20 and 40 events.

    OMP_NUM_THREADS=1 python benchmarks/few_events_logistic.py [--seeds 3] [--only NAME ...]

One shared set of each family (the first in the index with 20 events), its negatives thinned at random to at most 2,000,
its positives to 20 and to 40; of equal rows one is kept, categories become a column a level, missing values the median.
Three stratified folds, the same for every model. scikit-learn's two get columns standardised on the training part:
`LogisticRegression(C=1)`, and `LogisticRegressionCV` over six strengths by log-loss in three folds. Log-loss in nats a
row. The interval is that of the paired difference to C=1: rows of each class resampled (normal limits), seeds averaged
as if they were the same rows, which is too wide rather than too narrow; for the mean, that of the sets' differences.

Asked: on no set above C=1 by more than noise, and on the mean not above it. Measured: see docs/figures.md.
"""

import argparse
import json
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from rare_sets import data_root, row_groups
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rareclass.learners import FewEventsLogisticRegression

EVENTS, NEGATIVES, MOST_LEVELS = (20, 40), 2000, 40
# text, pictures, several classes, a drifting stream, forty columns of codes; and one family more than twice
LEFT_OUT = "sms_spam pneumoniamnist shuttle_multiclass weather_stream kddcup99_10pct diabetes130".split()
MODELS = {
    "ridge, C = 1": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
    "ridge, C by folds": lambda: make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(
            Cs=np.geomspace(1e-3, 1e2, 6),
            l1_ratios=(0,),
            cv=3,
            scoring="neg_log_loss",
            max_iter=2000,
            use_legacy_attributes=False,
        ),
    ),
    "few-events logistic": FewEventsLogisticRegression,
}


def sets(only: list[str] | None) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, features (n, d) and target of the first set of each family."""
    seen: set[str] = set()
    for meta in json.loads((data_root() / "index.json").read_text(encoding="utf-8")):
        if meta["family"] in seen or meta["name"] in LEFT_OUT or meta["positives"] < min(EVENTS):
            continue
        seen.add(meta["family"])
        if only and meta["name"] not in only:
            continue
        frame = pd.read_parquet(data_root() / meta["file"])
        labels = frame[meta["target"]].astype(str).str.removesuffix(".0")
        y = (labels == str(meta["positive_label"]).removesuffix(".0")).to_numpy()
        beside = {meta["target"], meta["group_column"], meta["split_column"], *meta["not_features"]}
        frame = frame.drop(columns=[column for column in frame if column in beside])
        coded = [c for c in frame if c in meta["categorical_columns"] or not pd.api.types.is_numeric_dtype(frame[c])]
        large = [column for column in coded if frame[column].nunique() > MOST_LEVELS]
        rows = thinned(y, np.random.default_rng(0), most=max(EVENTS) * 10, others=20_000)
        frame, y = frame.drop(columns=large).iloc[rows], y[rows]
        X = pd.get_dummies(frame, columns=[c for c in coded if c not in large]).to_numpy(dtype=np.float64)
        middle = pd.DataFrame(X).median().fillna(0).to_numpy()
        once = np.unique(row_groups(X), return_index=True)[1]
        yield meta["name"], np.where(np.isnan(X), middle, X)[once], y[once]


def thinned(y: np.ndarray, rng: np.random.Generator, *, most: int, others: int) -> np.ndarray:
    """Row numbers of at most `most` events and `others` other rows."""
    kept = [np.flatnonzero(side) for side in (y, ~y)]
    return np.concatenate([
        rng.choice(rows, min(rows.size, size), replace=False) for rows, size in zip(kept, (most, others), strict=True)
    ])  # fmt: skip


def row_losses(X: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Log-loss of each model and row (k, n), out of fold."""
    score = np.empty((len(MODELS), y.size))
    for seen, unseen in StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y):
        for k, make in enumerate(MODELS.values()):
            score[k, unseen] = make().fit(X[seen], y[seen]).decision_function(X[unseen])
    return np.logaddexp(0, score) - y * score


def difference(losses: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean difference of the last model to the first, and its variance with the numbers of both classes given."""
    d = losses[-1] - losses[0]
    return float(d.mean()), sum(float(side.sum() * d[side].var(ddof=1)) for side in (y, ~y)) / y.size**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| set | columns | events | " + " | ".join(MODELS) + " | difference to C = 1 [95 %] |")
    print("|" + "---|" * (len(MODELS) + 4))
    rows = []
    for name, X, y in sets(given.only):
        for events in (size for size in EVENTS if y.sum() >= 0.9 * size):
            means, gaps = [], []
            for seed in range(given.seeds):
                kept = thinned(y, np.random.default_rng(seed), most=events, others=NEGATIVES)
                losses = row_losses(X[kept], y[kept], seed)
                means.append(losses.mean(axis=1))
                gaps.append(difference(losses, y[kept]))
            mean, (gap, variance) = np.mean(means, axis=0), np.mean(gaps, axis=0)
            rows.append((*mean, gap, gap - 1.96 * variance**0.5 > 0, X.shape[1]))
            around = 1.96 * variance**0.5
            cells = " | ".join(f"{value:.4f}" for value in mean)
            print(
                f"| {name} | {X.shape[1]} | {min(events, y.sum())} | {cells} "
                f"| {gap:+.4f} [{gap - around:+.4f}, {gap + around:+.4f}] |",
                flush=True,
            )
    table = np.array(rows, dtype=float)
    for words, part in (("mean", table), ("mean, 30 columns or more", table[table[:, -1] >= 30])):
        cells = " | ".join(f"{value:.4f}" for value in part[:, : len(MODELS)].mean(axis=0))
        gap, around = part[:, -3].mean(), 1.96 * part[:, -3].std(ddof=1) / len(part) ** 0.5
        print(f"| {words} | | | {cells} | {gap:+.4f} [{gap - around:+.4f}, {gap + around:+.4f}] |")
    print(f"\nAbove C = 1 by more than noise: {int(table[:, -2].sum())} of {len(table)}.")


if __name__ == "__main__":
    main()
