"""What a cascade's judge should be: the blend as it is, under SMOTE-ENN, both together, each with and without the gate.

    python benchmarks/cascade_judges.py [--sets probe cover transactions]              2 to 4 minutes of processor a set

Sets and seeds that the cascade is not reported on: the probes of kddcup99 beside normal connections and the forest
cover, events thinned to 0.15 %, and 300,000 simulated transactions at 0.05 % of another seed. Gate and judges are
cross-fitted on the same five folds, the gate is placed at the lowest event, and each way is calibrated by the other
folds; a false alarm costs 10, a missed event 1,000. *By the truth*: decisions and ranking judged by the true
probabilities, without the luck of the labels. A judge is fitted on 40,000 rows at most, under SMOTE-ENN on 10,000.
Figures: docs/cascade.md.
"""

import argparse
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from rare_sets import data_root

from cascade import cost, load
from rareclass.calibration import choose_calibration
from rareclass.cascade import TwoStageLearner
from rareclass.cascade.gate import Promise, Scored
from rareclass.crossfit import Folds, out_of_fold
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.fitting.arm import Arm
from rareclass.fitting.blend import blend_members, blend_out_of_fold
from rareclass.kernels.logits import sigmoid
from rareclass.learners._inner import inner_folds
from rareclass.metrics import average_precision_score
from rareclass.treatments.base import NoTreatment, Treatment
from rareclass.treatments.combined import Combined
from rareclass.treatments.negatives import NegativeSampling
from rareclass.treatments.registry import make_treatment
from rareclass.treatments.sampling import SampledNegatives

SETS = ("probe", "cover", "transactions")
THRESHOLD = 10 / 1_010


@dataclass(frozen=True)
class Rows:
    """Encoded rows with their columns of codes, events, folds, and the true probabilities where they are known."""

    X: np.ndarray
    codes: tuple[int, ...]
    y: np.ndarray
    folds: Folds
    truth: np.ndarray | None

    def take(self, index: np.ndarray) -> "Rows":
        return replace(self, X=self.X[index], y=self.y[index], folds=self.folds.take(index), truth=None)

    def scores(self, arm: Arm) -> np.ndarray:
        """Out-of-fold log-odds (n,) of an arm."""
        number = iter(range(99))

        def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            fitted = arm.fit(self.X[train], self.y[train], categorical_features=self.codes, seed=next(number))
            return fitted.logit(self.X[test])

        return out_of_fold(self.y.size, self.folds.splits(), fit_score).score

    def calibrated(self, score: np.ndarray) -> np.ndarray:
        """Each fold calibrated by the others."""

        def mapped(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            return choose_calibration(score[train], self.y[train]).predict_logit(score[test])

        return out_of_fold(self.y.size, self.folds.splits(), mapped).score


def read(name: str, seed: int) -> Rows:
    """A set by its name, events thinned."""
    rng = np.random.default_rng(seed)
    if name == "transactions":
        case = load(name, 300_000, seed)
        frame, y, truth = case.table, case.y, case.truth
    else:
        if name == "cover":
            frame = pd.read_parquet(data_root() / "cover.parquet")
            y = frame.pop("label").to_numpy() == 1
        else:
            frame = pd.read_parquet(data_root() / "kddcup99_10pct.parquet").drop_duplicates()
            frame = frame[frame["category"].isin(["normal", name])]
            y = (frame.pop("category") == name).to_numpy()
            frame = frame.drop(columns="attack")
        few = rng.choice(np.flatnonzero(y), int(0.0015 * (~y).sum()), replace=False)
        kept = np.sort(np.concatenate([np.flatnonzero(~y), few]))
        frame, y, truth = frame.iloc[kept], y[kept], None
    table = pa.Table.from_pandas(frame, preserve_index=False)
    told = TableEncoder(Schema.infer(table).columns).fit(table).transform(table)
    folds = Folds(inner_folds(told.matrix, y, np.random.default_rng(seed), folds=5))
    return Rows(told.matrix, tuple(told.categorical), y, folds, truth)


def say(label: str, logit: np.ndarray, rows: Rows, seconds: float) -> None:
    """Cost, average precision and calibration of calibrated log-odds (n,), and processor seconds of what made them."""
    flagged, true = sigmoid(logit) >= THRESHOLD, ""
    if rows.truth is not None:
        ranked = rows.truth[np.argsort(-logit, kind="stable")]
        precision = float(np.average(np.cumsum(ranked) / np.arange(1, ranked.size + 1), weights=ranked))
        true = f"; by the truth {cost(rows.truth, flagged):.4f} and {precision:.4f}"
    level = rows.y.sum() / sigmoid(logit).sum()
    print(
        f"  {label:32s} cost {cost(rows.y.astype(float), flagged):.4f}, average precision "
        f"{average_precision_score(rows.y, logit):.4f}{true}; observed to expected {level:.2f}; {seconds:.0f} s",
        flush=True,
    )


def judge(name: str, seed: int) -> None:
    """Print what each way of judging does on one set."""
    rows = read(name, seed)
    gate = Arm(TwoStageLearner()._gate(), NegativeSampling(negatives_per_event=20, least_negatives=20_000))
    score = rows.scores(gate)
    promise = Promise(recall=Promise().most(int(rows.y.sum())))
    placed = Scored(score=score, y=rows.y).placed_by_recall(promise)
    through = np.flatnonzero(score >= placed.threshold)
    passed = rows.take(through)
    print(f"\n{name}: {rows.y.size:,} rows, {int(rows.y.sum())} events, {placed.passed:.1%} pass", flush=True)
    say("the gate alone", rows.calibrated(score), rows, 0)

    def tell(label: str, members: np.ndarray, seconds: float) -> None:
        out = np.full(rows.y.size, placed.rest)
        out[through] = passed.calibrated(blend_out_of_fold(members, passed.y, passed.folds))
        say(label, out, rows, seconds)

    def members(treatment: Treatment, most: int) -> tuple[np.ndarray, list[float]]:
        limited = Combined(SampledNegatives(rows=most), treatment) if through.size > most else treatment
        scores, seconds = [], []
        for arm in blend_members(limited):
            begin = time.process_time()
            scores.append(passed.scores(arm))
            seconds.append(time.process_time() - begin)
            tell(arm.name, scores[-1][:, None], seconds[-1])
        return np.column_stack(scores), seconds

    heard = score[through, None]
    plain, spent = members(NoTreatment(), 40_000)
    tell("blend", plain, sum(spent))
    tell("blend and gate", np.hstack([plain, heard]), sum(spent))
    multiplied, more = members(make_treatment("smote_enn"), 10_000)
    tell("smote_enn: blend", multiplied, sum(more))
    tell("smote_enn: blend and gate", np.hstack([multiplied, heard]), sum(more))
    tell("all, and gate", np.hstack([plain, multiplied, heard]), sum(spent) + sum(more))
    tell("blend, one multiplied", np.hstack([plain, multiplied[:, 1:2]]), sum(spent) + more[1])
    tell("blend, one multiplied, and gate", np.hstack([plain, multiplied[:, 1:2], heard]), sum(spent) + more[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.sets:
        judge(name, options.seed)


if __name__ == "__main__":
    main()
