"""What the audit finds: planted faults of sixteen kinds, and evaluations without a fault.

    OMP_NUM_THREADS=1 python benchmarks/audit_faults.py [--only KIND] [--talk] [--cost]      about 15 minutes

Each fault is planted into the code or the rows of an evaluation, on real tables of the catalogue (RARECLASS_DATA) and
on simulated ones, with learners from scikit-learn, LightGBM and this package. It counts as found where a finding of
severity error or warning has one of the codes that name it. A clean evaluation with any error or warning is a false
alarm. Equal rows are dropped when tables are read, because a random split of them is a fault.
"""

import argparse
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator

import lightgbm
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from rareclass.audit import Subject, audit_subject
from rareclass.compat.imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from rareclass.compat.imblearn.pipeline import make_pipeline as chain
from rareclass.compat.imblearn.under_sampling import RandomUnderSampler
from rareclass.data.catalogue import load_data
from rareclass.data.problem import read_problem

REAL = (
    "annthyroid",
    "imblearn_satimage",
    "imblearn_abalone",
    "polish_5year",
    "imblearn_pen_digits",
    "imblearn_letter_img",
)
MIXED = ("adult", "german_credit", "diabetes130")
ROWS = 2_500
Table = tuple[pd.DataFrame, np.ndarray]
Case = tuple[str, str, Callable[[], Subject]]
"""What it is; the kind of fault, empty for none; what is audited."""

CODES = {
    "resampled before the split": {"resampled-before-split", "synthetic-rows-tested"},
    "scaler or filler fitted outside": {
        "fitted-before-split",
        "fitted-outside-the-fold",
        "predictions-depend-on-test-rows",
    },
    "encoder fitted outside": {"encoded-before-split", "fitted-outside-the-fold", "learns-what-is-not-there"},
    "selector fitted outside": {"selected-before-split", "fitted-outside-the-fold", "test-part-used-twice"},
    "model fitted outside": {"model-fitted-outside"},
    "calibrated on the judged rows": {"calibrated-on-judged-rows"},
    "threshold on the judged rows": {"threshold-on-judged-rows"},
    "early stopping on resampled rows": {"early-stopping-on-resampled-rows"},
    "inner splits of resampled rows": {"validated-on-resampled-rows"},
    "test part used twice": {"test-part-used-twice"},
    "groups across the split": {"group-across-split"},
    "copies across the split": {"duplicates-across-split", "near-duplicates-across-split"},
    "future rows": {"future-in-training"},
    "column that knows the label": {"column-too-good"},
    "another prevalence": {"test-part-resampled", "prevalence-differs", "resampled-before-split"},
    "averaged parts with few events": {"averaged-folds-few-events"},
}


def simulated(seed: int, n: int = ROWS, d: int = 8, rate: float = 0.06) -> Table:
    """Normal columns, three of which matter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    z = X[:, 0] + 0.7 * X[:, 1] * X[:, 2] + 0.6 * rng.logistic(size=n)
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(d)]), (z >= np.quantile(z, 1 - rate)).astype(int)


def real(name: str, seed: int = 0) -> Table:
    """A table of the catalogue without its repeated rows, at most `ROWS` of them, gaps filled where all are numbers."""
    entry = load_data(name)
    problem = read_problem(entry.table, entry.target, entry.roles)
    X = problem.features.to_pandas()
    labels = pd.Series(problem.y).astype(str)
    rare = labels.value_counts().index[-1]
    keep = ~X.duplicated()
    X, y = X[keep].reset_index(drop=True), (labels[keep] == rare).to_numpy().astype(int)
    if len(X) > ROWS:
        kept = train_test_split(np.arange(len(X)), train_size=ROWS, stratify=y, random_state=seed)[0]
    else:
        kept = np.random.default_rng(seed).permutation(len(X))
    # in random order: some of these tables are sorted by their labels
    return X.iloc[kept].reset_index(drop=True), y[kept]


def numbers(name: str) -> Table:
    """As `real`, with gaps filled by a constant that knows no other row."""
    X, y = real(name)
    return X.select_dtypes("number").fillna(-1.0), y


def tables() -> Iterator[Table]:
    """Tables of numbers, real and simulated in turn, for ever."""
    seed = 0
    while True:
        yield simulated(seed)
        yield numbers(REAL[seed % len(REAL)])
        seed += 1


def half(X: pd.DataFrame, y: np.ndarray, seed: int = 0) -> list:
    return train_test_split(X, y, test_size=0.4, stratify=y, random_state=seed)


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(25, min_samples_leaf=2, random_state=0)


def booster() -> lightgbm.LGBMClassifier:
    return lightgbm.LGBMClassifier(n_estimators=30, num_leaves=7, verbose=-1, n_jobs=1, random_state=0)


def logistic() -> LogisticRegression:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))


def score(model: object, X: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(X)[:, 1]


def faults() -> Iterator[Case]:
    table = tables()

    def plant(kind: str, what: str, make: Callable[..., Subject], data: Table | None = None) -> Case:
        X, y = next(table) if data is None else data
        return what, kind, lambda: make(X, y)

    # resampling before the split
    for sampler, learner in ((SMOTE, forest), (RandomOverSampler, KNeighborsClassifier), (ADASYN, booster)):

        def before(X, y, sampler=sampler, learner=learner):
            X, y = sampler(random_state=0).fit_resample(X, y)
            return y, cross_val_predict(learner(), X, y, cv=5, method="predict_proba")[:, 1]

        yield plant(
            "resampled before the split",
            f"evaluate: {sampler.__name__}, then folds",
            lambda X, y, f=before: Subject(f, X, y),
        )
    for sampler in (SMOTE, BorderlineSMOTE, RandomOverSampler):

        def resampled(X, y, sampler=sampler):
            X, y = sampler(random_state=0).fit_resample(X, y)
            return Subject(logistic(), X, y, cv=StratifiedKFold(5, shuffle=True, random_state=0))

        yield plant("resampled before the split", f"pipeline on rows that {sampler.__name__} made", resampled)

    # scalers, encoders, selectors and models fitted outside
    kind = "scaler or filler fitted outside"
    yield plant(
        kind,
        "standardised table in folds",
        lambda X, y: Subject(forest(), pd.DataFrame(StandardScaler().fit_transform(X)), y, cv=5),
    )

    def scaled_pair(X, y):
        Z = pd.DataFrame(MinMaxScaler().fit_transform(X), columns=X.columns).assign(y=y)
        return Subject(train_test_split(Z, stratify=y, random_state=0), target="y")

    yield plant(kind, "tables scaled to [0, 1] before the split", scaled_pair, simulated(91))

    def closure(X, y):
        scaler = StandardScaler().fit(X)
        return Subject(
            make_pipeline(FunctionTransformer(lambda rows: scaler.transform(rows)), LogisticRegression()), X, y, cv=5
        )

    yield plant(kind, "FunctionTransformer with a fitted scaler", closure)

    def both(X_train, y_train, X_test):
        scaler = StandardScaler().fit(np.vstack([X_train, X_test]))
        return score(KNeighborsClassifier(15).fit(scaler.transform(X_train), y_train), scaler.transform(X_test))

    yield plant(kind, "fit_predict: scaler on training and test rows", lambda X, y: Subject(both, X, y))

    def filled(X, y):
        Z = X.mask(np.random.default_rng(0).random(X.shape) < 0.05)
        Z = pd.DataFrame(SimpleImputer().fit_transform(Z), columns=X.columns)
        return Subject(booster(), Z, y, cv=StratifiedKFold(5))

    yield plant(kind, "gaps filled before the split", filled, simulated(92))

    kind = "encoder fitted outside"
    for number, name in enumerate(MIXED):
        X, y = real(name)
        texts = list(X.select_dtypes(exclude="number"))[:6]

        def encoded(X, y, texts=texts):
            for column in texts:
                X = X.assign(**{column: pd.Series(y, index=X.index).groupby(X[column].astype(str)).transform("mean")})
            return Subject(GaussianNB() if len(X) < 100 else booster(), X.select_dtypes("number").fillna(-1), y, cv=5)

        yield plant(kind, f"levels of {name} replaced by shares of events", encoded, (X, y))

        def inside(X, y, wide=number != 1):
            levels = [c for c in X if X[c].dtype.kind not in "biuf"]
            for column in levels if wide else levels[:]:
                X = X.assign(**{column: pd.Series(y, index=X.index).groupby(X[column].astype(str)).transform("mean")})
            Z = X.select_dtypes("number").fillna(-1)
            return y, cross_val_predict(logistic(), Z, y, cv=5, method="predict_proba")[:, 1]

        yield plant(kind, f"evaluate: the same on {name}", lambda X, y, f=inside: Subject(f, X, y), (X, y))

    kind = "selector fitted outside"
    for learner in (logistic, forest, GaussianNB):

        def chosen(X, y, learner=learner):
            X = SelectKBest(k=5).fit_transform(X, y)
            return y, cross_val_predict(learner(), X, y, cv=5, method="predict_proba")[:, 1]

        yield plant(
            kind, f"evaluate: SelectKBest, then folds ({learner.__name__})", lambda X, y, f=chosen: Subject(f, X, y)
        )
    yield plant(
        kind,
        "pipeline with a frozen selector",
        lambda X, y: Subject(make_pipeline(FrozenEstimator(SelectKBest(k=4).fit(X, y)), forest()), X, y, cv=5),
    )

    def picks(X, y):
        selector = SelectKBest(k=4).fit(X, y)

        def fit_predict(X_train, y_train, X_test):
            return score(booster().fit(selector.transform(X_train), y_train), selector.transform(X_test))

        return Subject(fit_predict, X, y)

    yield plant(kind, "fit_predict with a selector of all rows", picks)

    kind = "model fitted outside"
    yield plant(
        kind,
        "calibrator around a frozen forest",
        lambda X, y: Subject(CalibratedClassifierCV(FrozenEstimator(RandomForestClassifier(30).fit(X, y))), X, y, cv=5),
    )
    yield plant(
        kind,
        "threshold around a frozen model",
        lambda X, y: Subject(TunedThresholdClassifierCV(FrozenEstimator(logistic().fit(X, y))), X, y, cv=5),
    )

    def uses(X, y):
        model = booster().fit(X, y)
        return Subject(lambda X_train, y_train, X_test: score(model, X_test), X, y)

    yield plant(kind, "fit_predict with a fitted booster", uses)

    # calibrators and thresholds on the judged rows
    kind = "calibrated on the judged rows"
    for learner in (forest, logistic, booster):

        def isotonic(X, y, learner=learner):
            a, b, c, d = half(X, y)
            p = score(learner().fit(a, c), b)
            return d, IsotonicRegression(out_of_bounds="clip").fit(p, d).predict(p)

        yield plant(
            kind, f"evaluate: isotonic on the test part ({learner.__name__})", lambda X, y, f=isotonic: Subject(f, X, y)
        )

    def platt(X, y):
        a, b, c, d = half(X, y)
        model = CalibratedClassifierCV(FrozenEstimator(booster().fit(a, c)), method="sigmoid").fit(b, d)
        return d, score(model, b)

    def sigmoid(X_train, y_train, X_test, y_test):
        z = forest().fit(X_train, y_train).predict_proba(X_test)[:, 1:]
        return score(LogisticRegression(C=1e6).fit(z, y_test), z)

    def frozen(X_train, y_train, X_test, y_test):
        model = CalibratedClassifierCV(
            FrozenEstimator(forest().fit(X_train, y_train)), method="isotonic", ensemble=False
        )
        return score(model.fit(X_test, y_test), X_test)

    for f in (platt, sigmoid, frozen):
        yield plant(kind, f"{f.__name__} on the test part", lambda X, y, f=f: Subject(f, X, y))

    kind = "threshold on the judged rows"

    def cut_of(truth, p, measure):
        cuts = np.unique(p)
        return (
            p
            >= cuts[
                np.argmax([measure(truth, p >= cut) for cut in cuts[:: max(cuts.size // 200, 1)]])
                * max(cuts.size // 200, 1)
            ]
        )

    def youden(truth, flagged):
        return flagged[truth == 1].mean() - flagged[truth == 0].mean()

    for measure, learner in ((f1_score, booster), (youden, logistic), (f1_score, forest)):

        def cut(X, y, measure=measure, learner=learner):
            a, b, c, d = half(X, y)
            p = score(learner().fit(a, c), b)
            return {"y_true": d, "y_score": p, "y_pred": cut_of(d, p, measure).astype(int)}

        def flags(X_train, y_train, X_test, y_test, measure=measure, learner=learner):
            return cut_of(y_test, score(learner().fit(X_train, y_train), X_test), measure).astype(int)

        yield plant(kind, f"evaluate: best {measure.__name__} of the test part", lambda X, y, f=cut: Subject(f, X, y))
        yield plant(
            kind, f"fit_predict: best {measure.__name__} of the test part", lambda X, y, f=flags: Subject(f, X, y)
        )

    # early stopping and inner splits behind a sampler
    kind = "early stopping on resampled rows"
    for sampler, learner in (
        (SMOTE(random_state=0), HistGradientBoostingClassifier(early_stopping=True, max_iter=30)),
        (RandomOverSampler(random_state=0), GradientBoostingClassifier(n_iter_no_change=5, n_estimators=20)),
        (BorderlineSMOTE(random_state=0), MLPClassifier((8,), early_stopping=True, max_iter=20)),
        (RandomUnderSampler(random_state=0), SGDClassifier(loss="log_loss", early_stopping=True)),
    ):
        yield plant(
            kind,
            f"{type(sampler).__name__}, {type(learner).__name__}",
            lambda X, y, s=sampler, m=learner: Subject(chain(StandardScaler(), s, m), X, y, cv=5),
        )

    kind = "inner splits of resampled rows"
    for last in (
        CalibratedClassifierCV(GaussianNB()),
        GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 6]}),
        TunedThresholdClassifierCV(LogisticRegression(max_iter=300)),
    ):
        yield plant(
            kind,
            f"SMOTE, {type(last).__name__}",
            lambda X, y, m=last: Subject(chain(SMOTE(random_state=0), m), X, y, cv=5),
        )

    # the test part chooses
    kind = "test part used twice"

    def stopped(X_train, y_train, X_test, y_test):
        model = lightgbm.LGBMClassifier(n_estimators=60, verbose=-1, n_jobs=1, learning_rate=0.3)
        model.fit(X_train, y_train, eval_set=[(X_test, y_test)], callbacks=[lightgbm.early_stopping(5, verbose=False)])
        return score(model, X_test)

    def best_epoch(X_train, y_train, X_test, y_test):
        scaler = StandardScaler().fit(X_train)
        model, best, kept = SGDClassifier(loss="log_loss", random_state=0), -1.0, None
        for _ in range(15):
            model.partial_fit(scaler.transform(X_train), y_train, classes=[0, 1])
            p = score(model, scaler.transform(X_test))
            if average_precision_score(y_test, p) > best:
                best, kept = average_precision_score(y_test, p), p
        return kept

    def best_model(X, y):
        a, b, c, d = half(X, y)
        tried = [
            DecisionTreeClassifier(max_depth=k, max_features=3, random_state=s) for k in (2, 4, 8) for s in range(6)
        ]
        return d, max((score(m.fit(a, c), b) for m in tried), key=lambda p: roc_auc_score(d, p))

    def best_seed(X, y):
        a, b, c, d = half(X, y)
        tried = [RandomForestClassifier(4, max_depth=4, random_state=s) for s in range(12)]
        return d, max((score(m.fit(a, c), b) for m in tried), key=lambda p: average_precision_score(d, p))

    for f in (stopped, best_epoch, best_model, best_seed):
        yield plant(kind, f.__name__, lambda X, y, f=f: Subject(f, X, y))
    yield plant(
        kind,
        "best_score_ of a search",
        lambda X, y: Subject(
            GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 4, 8]}, scoring="roc_auc").fit(X, y), X, y
        ),
    )

    # rows on both sides
    kind = "groups across the split"

    def customers(X, y, size=5):
        n = len(X) // size
        rng = np.random.default_rng(0)
        own, group = rng.normal(size=(n, 4)), np.repeat(np.arange(n), size)
        Z = pd.DataFrame(np.hstack([X.to_numpy()[: n * size], own[group] + 0.05 * rng.normal(size=(n * size, 4))]))
        labels = (rng.random(n) < 0.08).astype(int)[group]
        return Z, labels, group

    for cv in (StratifiedKFold(5, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)):
        yield plant(
            kind,
            f"{type(cv).__name__} of customers",
            lambda X, y, cv=cv: (lambda Z, v, g: Subject(logistic(), Z, v, cv=cv, groups=g))(*customers(X, y)),
        )

    def ignores(X, y, groups=None):
        return y, cross_val_predict(
            forest(), X, y, cv=StratifiedKFold(5, shuffle=True, random_state=0), method="predict_proba"
        )[:, 1]

    yield plant(
        kind,
        "evaluate that takes groups and ignores them",
        lambda X, y: (lambda Z, v, g: Subject(ignores, Z, v, groups=g))(*customers(X, y)),
    )

    kind = "copies across the split"

    def doubled(X, y, noise=0.0):
        rows = np.r_[np.arange(len(X)), np.random.default_rng(0).choice(len(X), len(X) // 4)]
        order = np.random.default_rng(1).permutation(rows.size)
        Z = X.iloc[rows[order]].reset_index(drop=True).astype(float)
        wide = (Z.quantile(0.75) - Z.quantile(0.25)).to_numpy()
        return Z + noise * wide * np.random.default_rng(2).normal(size=Z.shape), y[rows[order]]

    def pair(Z, v):
        return Subject(train_test_split(Z.assign(y=v), stratify=v, random_state=0), target="y")

    def plain_folds(X, y):
        return y, cross_val_predict(
            KNeighborsClassifier(3), X, y, cv=StratifiedKFold(5, shuffle=True, random_state=0), method="predict_proba"
        )[:, 1]

    yield plant(
        kind,
        "repeated rows in shuffled folds",
        lambda X, y: (lambda Z, v: Subject(forest(), Z, v, cv=StratifiedKFold(5, shuffle=True, random_state=0)))(
            *doubled(X, y)
        ),
    )
    yield plant(kind, "repeated rows in two tables", lambda X, y: pair(*doubled(X, y)))
    yield plant(
        kind,
        "evaluate on repeated rows",
        lambda X, y: (lambda Z, v: Subject(plain_folds, Z, v))(*doubled(X, y)),
        simulated(93),
    )
    yield plant(kind, "near copies in two tables", lambda X, y: pair(*doubled(X, y, 1e-3)), simulated(94))
    yield plant(
        kind,
        "near copies in folds",
        lambda X, y: (lambda Z, v: Subject(forest(), Z, v, cv=StratifiedKFold(5, shuffle=True, random_state=0)))(
            *doubled(X, y, 1e-3)
        ),
        numbers("polish_5year"),
    )

    kind = "future rows"
    for cv in (KFold(5, shuffle=True, random_state=0), StratifiedKFold(5)):
        yield plant(
            kind,
            f"{type(cv).__name__} of dated rows",
            lambda X, y, cv=cv: Subject(
                booster(), X, y, cv=cv, times=pd.date_range("2025-01-01", periods=len(X), freq="h")
            ),
        )

    def dated(X, y):
        Z = X.assign(y=y, day=pd.date_range("2025-01-01", periods=len(X), freq="h"))
        return Subject(train_test_split(Z, stratify=y, random_state=0), target="y", time="day")

    yield plant(kind, "two tables, split at random", dated)

    kind = "column that knows the label"

    def told(X, y):
        return X.assign(paid_back=100 * y + np.random.default_rng(0).normal(size=y.size))

    yield plant(kind, "pipeline", lambda X, y: Subject(logistic(), told(X, y), y, cv=5))
    yield plant(kind, "fit_predict", lambda X, y: Subject(lambda a, b, c: score(booster().fit(a, b), c), told(X, y), y))
    yield plant(kind, "two tables", lambda X, y: pair(told(X, y), y))

    kind = "another prevalence"

    def balanced(X, y):
        X, y = RandomUnderSampler(random_state=0).fit_resample(X, y)
        a, b, c, d = half(X, y)
        return d, score(forest().fit(a, c), b)

    def balanced_folds(X, y):
        X, y = RandomUnderSampler(sampling_strategy=0.5, random_state=0).fit_resample(X, y)
        return y, cross_val_predict(GaussianNB(), X, y, cv=5, method="predict_proba")[:, 1]

    def rich_test(X, y):
        a, b, c, d = half(X, y)
        b, d = RandomUnderSampler(random_state=0).fit_resample(b, d)
        return Subject((a.assign(y=c), b.assign(y=d)), target="y")

    def known(X, y):
        Z, v = RandomUnderSampler(sampling_strategy=0.4, random_state=0).fit_resample(X, y)
        return Subject(logistic(), Z, v, cv=5, prevalence=float(np.mean(y)))

    yield plant(kind, "evaluate: under-sampled, then split", lambda X, y: Subject(balanced, X, y))
    yield plant(kind, "evaluate: under-sampled, then folds", lambda X, y: Subject(balanced_folds, X, y))
    yield plant(kind, "balanced test table", rich_test)
    yield plant(kind, "pipeline on under-sampled rows", known)

    kind = "averaged parts with few events"

    def fold_scores(X, y):
        return cross_val_score(GaussianNB(), X, y, cv=20, scoring="average_precision")

    for seed in (95, 96):
        yield plant(
            kind,
            "ten folds of few events",
            lambda X, y: Subject(forest(), X, y, cv=10),
            simulated(seed, n=1500, rate=0.03),
        )
    yield plant(
        kind,
        "evaluate: a score for each of twenty folds",
        lambda X, y: Subject(fold_scores, X, y, metric="average_precision"),
    )


def clean() -> Iterator[Case]:
    table = tables()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    def inside(X, y, learner, sampler):
        model = chain(StandardScaler(), sampler, learner)
        return y, cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]

    def held_out(X, y):
        a, b, c, d = half(X, y)
        p = cross_val_predict(forest(), a, c, cv=5, method="predict_proba")[:, 1]
        cut = max(np.unique(p)[::5], key=lambda t: f1_score(c, p >= t))
        q = score(forest().fit(a, c), b)
        return {"y_true": d, "y_score": q, "y_pred": (q >= cut).astype(int)}

    def calibrated(X, y):
        a, b, c, d = half(X, y)
        return d, score(CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=5).fit(a, c), b)

    reported = []

    def stopped_inside(X_train, y_train, X_test, y_test):
        a, b, c, d = half(X_train, y_train)
        model = lightgbm.LGBMClassifier(n_estimators=60, verbose=-1, n_jobs=1)
        model.fit(a, c, eval_set=[(b, d)], callbacks=[lightgbm.early_stopping(5, verbose=False)])
        reported.append(roc_auc_score(y_test, score(model, X_test)))
        return score(model, X_test)

    def plain(X_train, y_train, X_test):
        Z, v = SMOTE(random_state=0).fit_resample(X_train, y_train)
        return score(forest().fit(Z, v), X_test)

    def labels(X_train, y_train, X_test):
        return LogisticRegression(class_weight="balanced", max_iter=500).fit(X_train, y_train).predict(X_test)

    def number(X, y):
        return float(np.mean(cross_val_score(GaussianNB(), X, y, cv=3, scoring="roc_auc")))

    def by_group(X, y, groups):
        return y, cross_val_predict(forest(), X, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]

    def selected(X, y):
        model = make_pipeline(SelectKBest(k=4), GaussianNB())
        search = GridSearchCV(model, {"selectkbest__k": [2, 4]}, cv=3, scoring="roc_auc")
        return y, cross_val_predict(search, X, y, cv=4, method="predict_proba")[:, 1]

    under, over = RandomUnderSampler(random_state=0), SMOTE(random_state=0)
    searched = GridSearchCV(chain(under, GaussianNB()), {"gaussiannb__var_smoothing": [1e-9, 1e-3]})
    corrected = CalibratedClassifierCV(make_pipeline(StandardScaler(), SelectKBest(k=4), LogisticRegression()))

    def four(X):
        return np.arange(len(X)) // 4

    makers: list[tuple[str, Callable[..., Subject]]] = [
        ("pipeline, SMOTE inside", lambda X, y: Subject(chain(StandardScaler(), over, forest()), X, y, cv=folds)),
        ("search around a pipeline with a sampler", lambda X, y: Subject(searched, X, y, cv=folds)),
        ("calibrated pipeline", lambda X, y: Subject(corrected, X, y, cv=folds)),
        ("evaluate: sampler inside", lambda X, y: Subject(lambda X, y: inside(X, y, booster(), over), X, y)),
        ("evaluate: under-sampler inside", lambda X, y: Subject(lambda X, y: inside(X, y, GaussianNB(), under), X, y)),
        ("evaluate: threshold by inner folds", lambda X, y: Subject(held_out, X, y)),
        ("evaluate: calibrated by inner folds", lambda X, y: Subject(calibrated, X, y)),
        ("evaluate: nested search with a selector", lambda X, y: Subject(selected, X, y)),
        ("evaluate: a number", lambda X, y: Subject(number, X, y, metric="roc_auc")),
        ("evaluate by group", lambda X, y: Subject(by_group, X, y, groups=np.arange(len(X)) // 3)),
        ("fit_predict: stops on inner rows", lambda X, y: Subject(stopped_inside, X, y)),
        ("fit_predict: SMOTE on the training part", lambda X, y: Subject(plain, X, y)),
        ("fit_predict: labels", lambda X, y: Subject(labels, X, y)),
        ("two tables", lambda X, y: Subject(train_test_split(X.assign(y=y), stratify=y, random_state=0), target="y")),
        ("pipeline by group", lambda X, y: Subject(booster(), X, y, cv=StratifiedGroupKFold(4), groups=four(X))),
        ("pipeline forward in time", lambda X, y: Subject(forest(), X, y, cv=TimeSeriesSplit(3), times=X.index)),
        ("threshold in a pipeline", lambda X, y: Subject(TunedThresholdClassifierCV(logistic()), X, y, cv=folds)),
    ]  # fmt: skip
    for repeat in range(3):
        for what, make in makers:
            X, y = next(table)
            yield f"{what} {repeat}", "", lambda make=make, X=X, y=y: make(X, y)
    for name in MIXED:
        X, y = real(name)

        def mixed(X=X):
            return make_column_transformer(
                (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
                (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
            )

        def encode():
            return make_column_transformer(
                (SimpleImputer(), make_column_selector(dtype_include="number")),
                (TargetEncoder(random_state=0), make_column_selector(dtype_exclude="number")),
            )

        def targets(X, y, encode=encode):
            model = make_pipeline(encode(), booster())
            return y, cross_val_predict(model, X.fillna(np.nan), y, cv=folds, method="predict_proba")[:, 1]

        X = X.apply(lambda c: c if c.dtype.kind in "biuf" else c.astype(str))
        yield (
            f"columns of {name}",
            "",
            lambda X=X, y=y, m=mixed: Subject(make_pipeline(m(), LogisticRegression(max_iter=300)), X, y, cv=folds),
        )
        yield f"target encoder inside, {name}", "", lambda X=X, y=y, f=targets: Subject(f, X, y)
        yield (
            f"target encoder in a pipeline, {name}",
            "",
            lambda X=X, y=y, e=encode: Subject(make_pipeline(e(), booster()), X, y, cv=folds),
        )


def run(cases: Iterator[Case], only: str, talk: bool) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for what, kind, make in cases:
        if only not in f"{kind or 'clean'}: {what}":
            continue
        started = time.perf_counter()
        loud = [f for f in audit_subject(make()) if f.severity != "note"]
        codes = {f.code for f in loud}
        right = bool(codes & CODES[kind]) if kind else not codes
        found[kind].append(right)
        if talk or not right:
            took = time.perf_counter() - started
            print("ok " if right else "NOT", f"{kind or 'clean'}: {what}: {sorted(codes)} {took:.1f} s", flush=True)
    return found


def default() -> lightgbm.LGBMClassifier:
    return lightgbm.LGBMClassifier(verbose=-1, n_jobs=1)


def cost() -> None:
    """CPU seconds of the checks beside those of the cross-fitting; the first audit, which compiles, is left out."""
    audit_subject(Subject(forest(), *simulated(1), cv=5))
    print("| rows | columns | learner | 5 fits, s | checks, s | (fits + checks) / fits |")
    print("|---|---|---|---|---|---|")
    for n, d, learner in ((5_000, 10, forest), (20_000, 30, default), (20_000, 30, forest), (100_000, 30, default)):
        X, y = simulated(0, n, d)
        cv = StratifiedKFold(5, shuffle=True, random_state=0)
        started = time.process_time()
        cross_val_predict(learner(), X, y, cv=cv, method="predict_proba")
        fits = time.process_time() - started
        started = time.process_time()
        audit_subject(Subject(learner(), X, y, cv=cv))
        checks = time.process_time() - started
        print(f"| {n:,} | {d} | {learner.__name__} | {fits:.2f} | {checks:.2f} | {1 + checks / fits:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of the name of a kind or case")
    parser.add_argument("--talk", action="store_true", help="show every case")
    parser.add_argument("--cost", action="store_true", help="measure the cost of the checks instead")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.cost:
        cost()
        return
    planted, honest = run(faults(), asked.only, asked.talk), run(clean(), asked.only, asked.talk)
    print("| planted fault | found |")
    print("|---|---|")
    for kind, right in planted.items():
        print(f"| {kind} | {sum(right)} of {len(right)} |")
    every = [r for right in planted.values() for r in right]
    print(f"| **all** | **{sum(every)} of {len(every)}** |")
    print(f"| false alarms on clean evaluations | {sum(not r for r in honest[''])} of {len(honest[''])} |")


if __name__ == "__main__":
    main()
