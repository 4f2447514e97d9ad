"""What a custom loss costs inside LightGBM and XGBoost, beside the libraries' built-in log-loss.

    python benchmarks/losses.py                      200,000 x 30 rows, 200 trees, 2 threads, 7 interleaved repetitions
    python benchmarks/losses.py --repeats 3 --threads 1 --row-losses
    python benchmarks/losses.py --catboost           CatBoost too, which calls Python for blocks of 1,000 rows
    python benchmarks/losses.py --kernels            nanoseconds a row of each objective alone
    python benchmarks/losses.py --quality            ranking and calibration of each loss on six public sets

Every repetition trains all arms once in rotated order, so that load from elsewhere hits all alike; reported are the
median of the per-repetition ratios to the built-in objective of the same library, of wall-clock and of CPU time, and
the time spent in the objective itself. Data sets are binned before the clock starts. The goal is a ratio <= 1.3 for
row losses; batch losses sort the scores in each round and are listed for information.
"""

import argparse
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow.parquet
import xgboost
from sklearn.model_selection import StratifiedGroupKFold

from rareclass.kernels.logits import log_loss_from_logits
from rareclass.learners.objectives import BoosterObjective, average_precision, booster_objective
from rareclass.losses import (
    AsymmetricLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    PairwiseSquaredHingeLoss,
    PolyLoss,
    SmoothAveragePrecisionLoss,
    TverskyLoss,
)
from rareclass.metrics import paired_difference

GOAL = 1.3


def simulate(rows: int, columns: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian features, a non-linear signal, about 1.5 % positives."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    logit = X[:, 0] + X[:, 1] * X[:, 2] - 5.0
    return X, rng.random(rows) < 1 / (1 + np.exp(-logit))


class Timed:
    """An objective that adds up the time spent in it. LightGBM copies its parameters, hence the shared list."""

    def __init__(self, objective: BoosterObjective) -> None:
        self.objective, self.seconds = objective, []

    def __call__(self, scores, data):
        start = time.perf_counter()
        found = self.objective(scores, data)
        self.seconds.append(time.perf_counter() - start)
        return found

    def __deepcopy__(self, memo):
        return self


def losses_for(y: np.ndarray, row_losses: bool = False) -> dict[str, object]:
    counts = (int((~y).sum()), int(y.sum()))
    found = {
        "cross-entropy": CrossEntropy(),
        "focal, gamma 2": FocalLoss(2.0),
        "focal, gamma 1.5, alpha": FocalLoss(1.5, 0.25),
        "Poly-1 focal": PolyLoss(1.0, 2.0),
        "LDAM": LDAMLoss(counts),
        "asymmetric, margin .05": AsymmetricLoss(1.0, 4.0, 0.05),
        "* Tversky": TverskyLoss(),
        "* squared hinge AUC": PairwiseSquaredHingeLoss(),
        "* smooth average precision": SmoothAveragePrecisionLoss(),
    }
    return {name: loss for name, loss in found.items() if not (row_losses and name.startswith("*"))}


def lightgbm_arms(X, y, options) -> dict[str, Callable[[], Timed | None]]:
    parameters = {"num_threads": options.threads, "verbose": -1, "max_bin": 255}
    plain = lightgbm.Dataset(X, y, free_raw_data=False).construct()

    def built_in() -> None:
        lightgbm.train(parameters | {"objective": "binary"}, plain, options.trees)

    def custom(loss) -> Callable[[], Timed]:
        objective = booster_objective(loss, y)
        data = lightgbm.Dataset(X, y, init_score=objective.initial_scores(len(y)), free_raw_data=False).construct()
        chosen = objective.lightgbm_parameters()

        def run() -> Timed:
            timed = Timed(objective)
            lightgbm.train(parameters | chosen | {"objective": timed}, data, options.trees)
            return timed

        return run

    return {"built-in log-loss": built_in} | {
        name: custom(loss) for name, loss in losses_for(y, options.row_losses).items()
    }


def xgboost_arms(X, y, options) -> dict[str, Callable[[], Timed | None]]:
    parameters = {"nthread": options.threads, "max_bin": 256, "tree_method": "hist"}
    plain = xgboost.QuantileDMatrix(X, y)

    def built_in() -> None:
        xgboost.train(parameters | {"objective": "binary:logistic"}, plain, options.trees)

    def custom(loss) -> Callable[[], Timed]:
        objective = booster_objective(loss, y)
        data = xgboost.QuantileDMatrix(X, y, base_margin=objective.initial_scores(len(y)))
        chosen = objective.xgboost_parameters(native=True)

        def run() -> Timed:
            timed = Timed(objective)
            xgboost.train(parameters | chosen, data, options.trees, obj=timed)
            return timed

        return run

    return {"built-in log-loss": built_in} | {
        name: custom(loss) for name, loss in losses_for(y, options.row_losses).items()
    }


def catboost_arms(X, y, options) -> dict[str, Callable[[], Timed | None]]:
    import catboost

    common = {
        "iterations": options.trees, "thread_count": options.threads, "verbose": False, "allow_writing_files": False,
        "leaf_estimation_method": "Newton", "leaf_estimation_iterations": 1, "boosting_type": "Plain",
    }  # fmt: skip
    objective = booster_objective(FocalLoss(2.0), y)
    baseline = objective.initial_scores(len(y))[:, None]
    pool = catboost.Pool(X, y.astype(int))
    shifted = catboost.Pool(X, y.astype(int), baseline=baseline)

    def built_in() -> None:
        catboost.CatBoostClassifier(**common).fit(pool)

    def custom() -> None:
        catboost.CatBoostClassifier(**(common | objective.catboost_parameters())).fit(shifted)

    return {"built-in log-loss": built_in, "focal, gamma 2": custom}


def measure(arms: dict[str, Callable[[], Timed | None]], repeats: int) -> dict[str, dict[str, list[float]]]:
    """Wall, CPU and objective seconds of every arm and repetition; the first round only warms up."""
    names, found = list(arms), {name: defaultdict(list) for name in arms}
    for repetition in range(repeats + 1):
        turn = repetition % len(names)
        for name in names[turn:] + names[:turn]:
            wall, cpu = time.perf_counter(), time.process_time()
            timed = arms[name]()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if repetition:
                found[name]["wall"].append(wall)
                found[name]["cpu"].append(cpu)
                found[name]["objective"].append(sum(timed.seconds) if timed else float("nan"))
    return found


def show(library: str, found: dict[str, dict[str, list[float]]], trees: int) -> None:
    base = found["built-in log-loss"]
    print(f"\n{library:28s} {'wall s':>8s} {'ratio':>7s} {'CPU s':>8s} {'ratio':>7s} {'objective ms/tree':>18s}")
    for name, seen in found.items():
        wall = float(np.median(np.array(seen["wall"]) / np.array(base["wall"])))
        cpu = float(np.median(np.array(seen["cpu"]) / np.array(base["cpu"])))
        own = float(np.median(seen["objective"])) / trees * 1e3
        mark = "" if name.startswith("*") or wall <= GOAL else "  above the goal"
        row = f"{np.median(seen['wall']):8.2f} {wall:7.2f} {np.median(seen['cpu']):8.2f} {cpu:7.2f} {own:18.2f}"
        print(f"{name:28s} {row}{mark}")


def kernels(rows: int) -> None:
    """Fastest of 30 calls of each objective on float64 scores, in nanoseconds a row."""
    rng = np.random.default_rng(0)
    y, z = rng.random(rows) < 0.015, rng.normal(size=rows) * 3 - 4
    for name, loss in losses_for(y).items():
        seconds = []
        for _ in range(31):
            start = time.perf_counter()
            loss.newton(y, z)  # type: ignore[attr-defined]
            seconds.append(time.perf_counter() - start)
        print(f"{name:28s} {min(seconds[1:]) / rows * 1e9:8.1f} ns a row")


QUALITY_SETS = {"mammography": "class", "annthyroid": "label", "polish_5year": "class", "imblearn_satimage": "label",
                "imblearn_abalone": "label", "imblearn_letter_img": "label"}  # fmt: skip


def quality(threads: int) -> None:
    """Out-of-fold (5 stratified folds) scores of one guarded LightGBM under each loss.

    Average precision, its paired difference to cross-entropy with a 95 % interval, and for losses with a link what the
    link alone achieves without any calibration: observed over expected positives, and log-loss.
    """
    root = Path(os.environ.get("RARECLASS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    guard = {"n_estimators": 200, "learning_rate": 0.05, "num_leaves": 15, "reg_lambda": 1.0, "max_delta_step": 1.0,
             "min_child_weight": 0.1, "colsample_bytree": 0.7, "verbose": -1, "random_state": 0}  # fmt: skip
    for name, target in QUALITY_SETS.items():
        table = pyarrow.parquet.read_table(root / f"{name}.parquet")
        y = np.asarray(table.column(target)) == 1
        X = np.column_stack([np.asarray(table.column(c), dtype=float) for c in table.column_names if c != target])
        _, groups = np.unique(X, axis=0, return_inverse=True)  # exact duplicates stay together
        folds = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(X, y, groups.ravel()))
        print(f"\n{name}: {len(y):,} rows, {int(y.sum())} events")
        print(f"{'loss':28s} {'AP':>7s} {'difference to cross-entropy':>30s} {'O/E':>6s} {'log-loss':>9s}")
        base = None
        for label, loss in losses_for(y).items():
            score, logit = np.empty(len(y)), np.empty(len(y))
            for train, test in folds:
                objective = booster_objective(loss, y[train])
                chosen = guard | objective.lightgbm_parameters() | {"n_jobs": threads}
                for key in ("reg_lambda", "min_child_weight"):
                    chosen[key] = guard[key] * objective.curvature_ratio
                del chosen["min_sum_hessian_in_leaf"]
                model = lightgbm.LGBMClassifier(**chosen)
                model.fit(X[train], y[train], init_score=objective.initial_scores(len(train)))
                raw = model.predict(X[test], raw_score=True)
                # ranks of different folds are compared on the scale of log-odds where there is one
                score[test] = raw if objective.needs_calibration else objective.logit(raw)
                logit[test] = score[test]
            row = f"{label:28s} {average_precision(y, score):7.4f}"
            if base is None:
                base = score
                row += f" {'':>30s}"
            else:
                gap = paired_difference("average_precision", y, score, base)
                row += f" {gap.estimate:+10.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
            if not label.startswith("*"):
                p = 1 / (1 + np.exp(-logit))
                row += f" {y.sum() / p.sum():6.2f} {log_loss_from_logits(y, np.clip(logit, -700, 700)):9.5f}"
            print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--catboost", action="store_true")
    parser.add_argument("--row-losses", action="store_true", help="leave the batch losses out")
    parser.add_argument("--kernels", action="store_true", help="time the objectives alone and stop")
    parser.add_argument("--quality", action="store_true", help="compare what the losses achieve and stop")
    options = parser.parse_args()
    if options.kernels:
        return kernels(options.rows)
    if options.quality:
        return quality(options.threads)
    X, y = simulate(options.rows, options.columns)
    print(
        f"{options.rows:,} x {options.columns} rows, {int(y.sum()):,} events, {options.trees} trees, {options.threads} "
        f"threads, {options.repeats} repetitions; {platform.processor() or platform.machine()}, lightgbm "
        f"{lightgbm.__version__}, xgboost {xgboost.__version__}, numpy {np.__version__}"
    )
    show("LightGBM", measure(lightgbm_arms(X, y, options), options.repeats), options.trees)
    show("XGBoost", measure(xgboost_arms(X, y, options), options.repeats), options.trees)
    if options.catboost:
        show("CatBoost", measure(catboost_arms(X, y, options), options.repeats), options.trees)


if __name__ == "__main__":
    main()
