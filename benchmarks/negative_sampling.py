"""Score-weighted negative sampling against a fit on all rows: fitting time and average precision.

    python benchmarks/negative_sampling.py                          all five tables, about 15 minutes on two cores
    python benchmarks/negative_sampling.py --only cover --splits 1  one of them, quickly

The learner is the guarded LightGBM of rareclass on one thread, with the guard that arms use and no inner trials. Each
table is split 70/30 at random, stratified by class (`--splits` times). Times are processor seconds of this process,
which other programs on the machine disturb less than wall time. "Pilot" is all that sampling costs: fitting the
pilot, scoring rows with it, drawing. The time ratio is given with it and without it (a pilot of an earlier day, or
one pilot for many fits). Average precision is judged on the full, unsampled 30 %; its standard error comes from the
interval of `rareclass.metrics` for the full fit, the mean over splits. Data: `RARECLASS_DATA` or ../shared/data;
donors is thinned to 0.3 % events. Prints a table in Markdown.
"""

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rareclass.data.catalogue import load_data
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.data.simulate import simulate_transactions
from rareclass.kernels.logits import sigmoid
from rareclass.learners.registry import make_learner
from rareclass.metrics import average_precision_score, confidence_interval
from rareclass.treatments.base import NoTreatment, Treatment, fit_on_training
from rareclass.treatments.negatives import NegativeSampling, ScoreNegatives


@dataclass
class Numbers:
    """An encoded table."""

    X: np.ndarray
    y: np.ndarray
    categorical: tuple[int, ...]


def real(name: str, share: float | None = None) -> Numbers:
    """A table of the catalogue; events thinned at random to `share` of the rows."""
    entry = load_data(name)
    y = np.asarray(entry.table.column(entry.target).to_numpy(zero_copy_only=False) == entry.pos_label)
    found = encoded(entry.features, tuple(entry.categorical or ()), y)
    if share is None:
        return found
    events, negatives = np.flatnonzero(found.y), np.flatnonzero(~found.y)
    wanted = round(share / (1 - share) * negatives.size)
    rows = np.sort(np.concatenate([negatives, np.random.default_rng(0).choice(events, wanted, replace=False)]))
    return Numbers(found.X[rows], found.y[rows], found.categorical)


def encoded(features, categorical: tuple[str, ...], y: np.ndarray) -> Numbers:
    """Float matrix of a table; the same encoder for both sides, since only fits are compared here."""
    columns = Schema.infer(features, categorical=categorical).columns
    found = TableEncoder(columns).fit(features).transform(features)
    return Numbers(found.matrix, y, tuple(found.categorical))


def transactions() -> Numbers:
    """A million simulated transactions, 0.1 % frauds."""
    made = simulate_transactions(1_000_000, prevalence=0.001, seed=0)
    features = made.table.drop_columns([made.target, made.time, made.group])
    return encoded(features, (), made.y)


TABLES: dict[str, Callable[[], Numbers]] = {
    "cover": lambda: real("cover"),
    "http": lambda: real("http"),
    "kddcup99_10pct": lambda: real("kddcup99_10pct"),
    "donors 0.3 %": lambda: real("donors", 0.003),
    "transactions": transactions,
}


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds and the result."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def one_fit(treatment: Treatment, data: Numbers, train: np.ndarray, seed: int) -> dict:
    """Seconds of preparing and of fitting, rows, and log-odds of the other rows."""
    X, y = data.X[train], data.y[train]
    rng = np.random.default_rng(seed)
    prepare, training = seconds(lambda: treatment.prepare(X, y, categorical_features=data.categorical, rng=rng))
    learner = make_learner("lightgbm", categorical_features=data.categorical, random_state=seed, n_jobs=1)
    learner.set_params(guard="steady", calibrate=False, collapse_alarm=False)  # as in an arm, which is judged outside
    fit, model = seconds(lambda: fit_on_training(learner, training, treatment.name))
    test = np.setdiff1d(np.arange(data.y.size), train)
    logit = model.decision_function(data.X[test]) + training.shift
    return {"prepare": prepare, "fit": fit, "rows": training.y.size, "logit": logit, "y": data.y[test]}


def halves(y: np.ndarray, splits: int) -> Iterator[np.ndarray]:
    """Training rows of stratified 70/30 splits."""
    for seed in range(splits):
        rng = np.random.default_rng([seed, 70])
        yield np.sort(
            np.concatenate(
                [rng.permutation(rows)[: round(0.7 * rows.size)] for rows in (np.flatnonzero(y), np.flatnonzero(~y))]
            )
        )


def compare(name: str, data: Numbers, treatments: dict[str, Treatment], splits: int) -> Iterator[dict]:
    """One row for each treatment: means over splits beside the full fit."""
    full: list[dict] = []
    found: dict[str, list[dict]] = {label: [] for label in treatments}
    for seed, train in enumerate(halves(data.y, splits)):
        full.append(one_fit(NoTreatment(), data, train, seed))
        for label, treatment in treatments.items():
            found[label].append(one_fit(treatment, data, train, seed))
    ap = np.array([average_precision_score(f["y"], f["logit"]) for f in full])
    intervals = [confidence_interval("average_precision", f["y"], sigmoid(f["logit"]), level=0.6827) for f in full]
    error = float(np.mean([(i.high - i.low) / 2 for i in intervals]))
    for label, fits in found.items():
        theirs = np.array([average_precision_score(f["y"], f["logit"]) for f in fits])
        total = {k: sum(f[k] for f in fits) for k in ("prepare", "fit")}
        whole = sum(f["fit"] for f in full)
        yield {
            "table": name, "events in training": round(0.7 * data.y.sum()), "sample": label,
            "rows": f"{full[0]['rows']:,} -> {round(np.mean([f['rows'] for f in fits])):,}",
            "full s": whole / splits, "pilot s": total["prepare"] / splits, "fit s": total["fit"] / splits,
            "ratio": whole / (total["prepare"] + total["fit"]), "without pilot": whole / total["fit"],
            "AP full": ap.mean(), "AP": theirs.mean(), "SE": error, "difference/SE": (theirs - ap).mean() / error,
            "O/E": sum(f["y"].sum() for f in fits) / sum(sigmoid(f["logit"]).sum() for f in fits),
        }  # fmt: skip


def show(row: dict) -> str:
    """A row of Markdown."""
    return "| " + " | ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--per-event", type=float, nargs="*", default=[2, 5, 20])
    parser.add_argument("--score-all", action="store_true", help="also with a pilot that scores all rows")
    options = parser.parse_args()
    treatments: dict[str, Treatment] = {"score, default": ScoreNegatives()}
    for k in options.per_event:
        treatments[f"score {k:g}"] = ScoreNegatives(negatives_per_event=k, least_negatives=0)
        if options.score_all:
            treatments[f"score {k:g}, all scored"] = ScoreNegatives(
                negatives_per_event=k, least_negatives=0, pool_factor=float("inf")
            )
        treatments[f"uniform {k:g}"] = NegativeSampling(negatives_per_event=k, least_negatives=0)
    import lightgbm

    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, Python {platform.python_version()}, "
          f"LightGBM {lightgbm.__version__}, one thread, {options.splits} split(s)\n")  # fmt: skip
    header = False
    for name in options.only:
        for row in compare(name, TABLES[name](), treatments, options.splits):
            if not header:
                print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
                header = True
            print(show(row), flush=True)


if __name__ == "__main__":
    main()
