"""What share of simulated transactions a gate passes, beside a gate that knows the true probabilities.

    python benchmarks/cascade_share.py [--rows 1000000] [--gate lightgbm]

A gate is placed at the m-th lowest of n events, so its share is a matter of luck, the more so the fewer events. A
`TwoStageLearner` is fitted on four fifths of the rows (prevalence 0.05 %); of the last fifth n events are drawn by the
true probabilities, 4,000 times, and the gate is placed by them: at the lowest for the highest recall that they carry,
else at the highest event that keeps the recall asked for (95 % confidence). *Oracle* is a gate of the true
probabilities under the same rule, *least* the smallest share of rows that holds the promised recall, *limit* five times
that and two points, *kept* how often a share is below the limit.

29 November 2026, 1,000,000 rows (10 seconds of processor), medians and means:

    104 events, recall 0.9716 promised, 0 let go: gate 26.8% (32.7%), oracle 19.1% (24.6%); least 4.9%, limit 26.7%
    200 events, recall 0.9851 promised, 0 let go: gate 36.8% (43.5%), oracle 27.7% (34.0%); least 10.2%, limit 53.2%
    500 events, recall 0.9800 promised, 4 let go: gate 21.4% (22.5%), oracle 15.1% (16.0%); least 7.6%, limit 39.8%
    500 events, recall 0.9940 promised, 0 let go: gate 61.7% (61.4%), oracle 44.2% (47.9%); least 20.5%, limit 100%

kept by the gate in 50, 72, 98 and 100 % of draws, by the oracle in 68, 81, 100 and 100 %.
"""

import argparse
import time
import warnings

import numpy as np
import pyarrow as pa

from rareclass.cascade import TwoStageLearner
from rareclass.cascade.gate import Promise
from rareclass.crossfit import raw_logit
from rareclass.data import simulate_transactions
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.kernels.intervals import clopper_pearson

DRAWS = 4_000


def encoded(rows: int, seed: int) -> tuple[np.ndarray, list[int], np.ndarray, np.ndarray]:
    """Matrix with the hour for the moment, its columns of codes, events and true probabilities."""
    made = simulate_transactions(rows, prevalence=0.0005, seed=seed)
    hour = (made.times - made.times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    table = made.table.drop_columns([made.target, made.time, made.group]).append_column("hour", pa.array(hour))
    told = TableEncoder(Schema.infer(table).columns).fit(table).transform(table)
    return told.matrix, list(told.categorical), made.y, made.probability


def shares(score: np.ndarray, truth: np.ndarray, events: int, lost: int, rng: np.random.Generator) -> np.ndarray:
    """Shares of the rows that pass a gate which lets `lost` of so many drawn events go; one for each draw."""
    found = np.cumsum(truth[np.argsort(-score, kind="stable")]) / truth.sum()
    drawn = np.sort(rng.random((DRAWS, events)), axis=1)[:, events - 1 - lost]
    return np.searchsorted(found, drawn) / truth.size


def most_lost(events: int, recall: float, confidence: float) -> int:
    """How many of the events may be let go while the lower bound of recall holds."""
    bounds = clopper_pearson(events - np.arange(events), np.full(events, events), confidence, side="lower")[0]
    return int(np.flatnonzero(bounds >= recall)[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gate", default="lightgbm")
    parser.add_argument("--events", type=int, nargs="+", default=[104, 200, 500])
    parser.add_argument("--recall", type=float, default=0.98)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    begin = time.process_time()
    X, codes, y, truth = encoded(options.rows, options.seed)
    rng = np.random.default_rng(options.seed)
    fitted = rng.random(y.size) < 0.8
    model = TwoStageLearner(
        gate=options.gate,
        judge="logistic_regression",
        judge_treatment="none",
        gate_recall=0.9,
        categorical_features=codes,
        random_state=options.seed,
    ).fit(X[fitted], y[fitted])
    truth, score = truth[~fitted], raw_logit(model.gate_, X[~fitted])
    ordered = np.sort(truth)[::-1]
    promise = Promise()
    print(f"{options.gate}, {options.rows:,} rows; medians (and means) of {DRAWS:,} draws")
    for events in options.events:
        for recall in sorted({promise.most(events), min(options.recall, promise.most(events))}):
            lost = most_lost(events, recall - 1e-12, promise.confidence)
            least = np.searchsorted(np.cumsum(ordered) / truth.sum(), recall) / truth.size
            limit = min(5 * least + 0.02, 1.0)
            gate, oracle = (shares(s, truth, events, lost, rng) for s in (score, truth))
            print(
                f"{events} events, recall {recall:.4f} promised, {lost} let go: gate {np.median(gate):.1%} "
                f"({gate.mean():.1%}), oracle {np.median(oracle):.1%} ({oracle.mean():.1%}); least {least:.1%}, "
                f"limit {limit:.1%}, kept in {(gate <= limit).mean():.0%} by the gate, "
                f"{(oracle <= limit).mean():.0%} by the oracle",
                flush=True,
            )
    print(f"{time.process_time() - begin:.0f} s of processor")


if __name__ == "__main__":
    main()
