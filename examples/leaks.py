"""Three mistakes of well-known tutorials: what they show, what is true, and where the difference comes from.

python examples/leaks.py

Each is an F1 of a model on rare events. Three steps lead from the number that is shown to the honest one, in this
order: take the *leak* away, test at the real *prevalence*, choose the *threshold* on training rows. The audit
names each.
"""

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split

from rareclass.audit import Subject, audit_subject
from rareclass.decisions import Maximize, best_threshold
from rareclass.over_sampling import SMOTE
from rareclass.pipeline import make_pipeline

STEPS = ("shown", "leak", "prevalence", "threshold", "honest")


def rows(seed: int, n: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    """Six columns, about 4 % events, much overlap."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    return X, (rng.random(n) < 1 / (1 + np.exp(4.4 - 1.3 * X[:, 0] - 0.9 * X[:, 1] * X[:, 2]))).astype(int)


def halves(X: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """X_train, X_test, y_train, y_test."""
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


def positive(model: object, X: np.ndarray) -> np.ndarray:
    return model.predict_proba(X)[:, 1]


def cut(y: np.ndarray, score: np.ndarray) -> float:
    """The threshold of the best F1."""
    return best_threshold(y, score, Maximize("f1")).threshold


def out_of_fold(model: object, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]


# Mistake 1: SMOTE before the split ------------------------------------------------------------------------------------


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(20, random_state=0)


def smote_before_the_split(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As tutorials do it: tested events are mixtures of fitted ones, and half of the rows are events."""
    X_train, X_test, y_train, y_test = halves(*SMOTE(random_state=0).fit_resample(X, y))
    return y_test, positive(forest().fit(X_train, y_train), X_test)


def smote(X: np.ndarray, y: np.ndarray) -> list[float]:
    truth, score = smote_before_the_split(X, y)
    X_train, X_test, y_train, y_test = halves(X, y)
    model = make_pipeline(SMOTE(random_state=0), forest())
    t = cut(y_train, out_of_fold(model, X_train, y_train))
    p = positive(model.fit(X_train, y_train), X_test)
    as_many = np.where(y_test == 1, (y_test == 0).sum() / y_test.sum(), 1.0)
    return [
        f1_score(truth, score >= 0.5),
        f1_score(y_test, p >= 0.5, sample_weight=as_many),
        f1_score(y_test, p >= 0.5),
        f1_score(y_test, p >= t),
    ]


# Mistake 2: calibration on the test labels ----------------------------------------------------------------------------


def calibrated_on_the_test(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The calibrator learns the labels that it is judged by."""
    X_train, X_test, y_train, y_test = halves(X, y)
    score = positive(forest().fit(X_train, y_train), X_test)
    return y_test, IsotonicRegression().fit(score, y_test).predict(score)


def calibration(X: np.ndarray, y: np.ndarray) -> list[float]:
    truth, told = calibrated_on_the_test(X, y)
    X_train, X_test, y_train, y_test = halves(X, y)
    inner = out_of_fold(forest(), X_train, y_train)
    calibrator = IsotonicRegression(out_of_bounds="clip").fit(inner, y_train)
    p = calibrator.predict(positive(forest().fit(X_train, y_train), X_test))
    best = cut(truth, told)
    without = f1_score(y_test, p >= cut(y_test, p))  # the threshold is still that of the test labels
    honest = f1_score(y_test, p >= cut(y_train, calibrator.predict(inner)))
    return [f1_score(truth, told >= best), without, without, honest]


# Mistake 3: the best epoch on the test part ---------------------------------------------------------------------------


def epochs(X_train: np.ndarray, y_train: np.ndarray, *parts: np.ndarray) -> list[list[np.ndarray]]:
    """Scores of the parts after each epoch of a booster."""
    model = HistGradientBoostingClassifier(max_iter=40, learning_rate=0.3, max_leaf_nodes=8, early_stopping=False)
    model.fit(X_train, y_train)
    return [[p[:, 1] for p in model.staged_predict_proba(part)] for part in parts]


def best_epoch_on_the_test(
    X_train: np.ndarray, y_train: np.ndarray, X_test: np.ndarray, y_test: np.ndarray
) -> np.ndarray:
    """The epoch whose F1 on the test part is best, as a callback with the test part as validation keeps it."""
    (after,) = epochs(X_train, y_train, X_test)
    return max(after, key=lambda p: f1_score(y_test, p >= cut(y_test, p)))


def epoch(X: np.ndarray, y: np.ndarray) -> list[float]:
    X_train, X_test, y_train, y_test = halves(X, y)
    told = best_epoch_on_the_test(X_train, y_train, X_test, y_test)
    X_fit, X_stop, y_fit, y_stop = train_test_split(X_train, y_train, test_size=0.3, stratify=y_train, random_state=0)
    watched, tested = epochs(X_fit, y_fit, X_stop, X_test)
    number = int(np.argmax([f1_score(y_stop, p >= cut(y_stop, p)) for p in watched]))
    p = tested[number]
    without = f1_score(y_test, p >= cut(y_test, p))
    honest = f1_score(y_test, p >= cut(y_stop, watched[number]))
    return [f1_score(y_test, told >= cut(y_test, told)), without, without, honest]


MISTAKES: dict[str, tuple[Callable[..., list[float]], Callable]] = {
    "SMOTE before the split": (smote, smote_before_the_split),
    "calibration on test labels": (calibration, calibrated_on_the_test),
    "best epoch on the test part": (epoch, best_epoch_on_the_test),
}


def main(seeds: int = 5) -> dict[str, dict[str, float]]:
    """The table, each number a mean over tables, and what the audit says of each mistake."""
    found = {}
    print(f"F1 on {rows(0)[1].mean():.1%} events, mean of {seeds} tables")
    print(f"{'':30s}" + "".join(f"{s:>12s}" for s in STEPS))
    for name, (chain, _) in MISTAKES.items():
        shown, leakless, real, honest = np.mean([chain(*rows(seed)) for seed in range(seeds)], axis=0)
        found[name] = dict(zip(STEPS, (shown, shown - leakless, leakless - real, real - honest, honest), strict=True))
        print(f"{name:30s}" + "".join(f"{v:12.3f}" for v in found[name].values()))
    X, y = rows(0)
    for name, (_, function) in MISTAKES.items():
        said = [f for f in audit_subject(Subject(function, X, y)) if f.severity == "error"]
        print(f"\n{name}: the audit says ({', '.join(f.code for f in said)})")
        for f in said:
            print(f"  {f.title}\n  {f.remedy}")
    return found


if __name__ == "__main__":
    main()
