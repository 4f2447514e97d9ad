"""What a cascade costs and saves beside single models: expected cost, average precision, rows shown, microseconds.

    python benchmarks/cascade.py [--sets u2r r2l creditcard transactions] [--rows 400000] [--treatment auto]

Cascade and single models are cross-fitted on the same three folds (distinct rows of kddcup99; copies of a row stay
together elsewhere), all calibrated, and decide by the same costs (a false alarm 10, a missed event 1,000). Differences
are paired, with 95 % intervals. `gate_recall` is the most that the events of a set carry. *least* is the
smallest share of rows that holds as many events by the true probabilities (simulated data only). One row: a mapping in,
a decision out, processor time; batch: encoded and scored, one thread. Figures: docs/cascade.md.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from rare_sets import data_root
from scoring_champion import one_row

from rareclass import RareClassifier
from rareclass.cascade import CascadeClassifier
from rareclass.cascade.gate import Promise
from rareclass.data import simulate_transactions
from rareclass.kernels.logits import sigmoid
from rareclass.scoring import Scorer
from rareclass.uncertainty.paired import paired_difference

COSTS = {"fp": 10.0, "fn": 1_000.0}
SETS = ("u2r", "r2l", "creditcard", "transactions")


def load(name: str, rows: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray | None]:
    """Table, events, and the true probabilities where they are known."""
    if name == "transactions":
        made = simulate_transactions(rows, prevalence=0.0005, seed=0)
        return made.table.drop_columns([made.target, made.time, made.group]).to_pandas(), made.y, made.probability
    if name == "creditcard":
        frame = pd.read_parquet(data_root() / "creditcard_ulb_int40.parquet")
        return frame.drop(columns="Class"), (frame["Class"] == 1).to_numpy(), None
    frame = pd.read_parquet(data_root() / "kddcup99_10pct.parquet").drop_duplicates().reset_index(drop=True)
    return frame.drop(columns=["category", "attack"]), (frame["category"] == name).to_numpy(), None


def cost(y: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Cost (n,) of each row's decision."""
    return np.where(flagged, COSTS["fp"] * ~y, COSTS["fn"] * y)


def speed(model: CascadeClassifier, table: pd.DataFrame) -> str:
    """Microseconds of one row by the stage that decides, and rows a second of a batch."""
    scorer = Scorer.from_model(model, table.head(20_000))
    if not scorer.exact:
        return f"not compiled: {scorer.why_not}"
    some = table.head(20_000)
    through = model.passes(some)
    said = []
    for stage, rows in (("first", ~through), ("both", through)):
        taken = (some[rows].head(200).to_dict("records") * 200)[:200]
        said.append(f"{stage} {one_row(scorer, taken, 15)[0]:.0f} us" if taken else f"{stage}: no row")
    X = scorer.encoded(some).matrix
    scorer.logit_of(X)
    best = np.inf
    for _ in range(5):
        begin = time.process_time()
        scorer.logit(some)
        best = min(best, time.process_time() - begin)
    return ", ".join(said) + f"; batch {len(some) / best:,.0f} rows a second"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--treatment", default="auto")
    parser.add_argument("--judge", default="auto")
    parser.add_argument("--single", nargs="+", default=["auto", "lightgbm"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.sets:
        table, y, truth = load(name, options.rows)
        recall = np.floor(1_000 * Promise().most(int(y.sum()))) / 1_000
        print(f"\n{name}: {y.size:,} rows, {int(y.sum())} events, gate_recall {recall:g}", flush=True)
        arms = {"cascade": CascadeClassifier(
            judge=options.judge, gate_recall=recall, cv=3, judge_treatment=options.treatment
        )}  # fmt: skip
        arms |= {single: RareClassifier(single, treatment="none", cv=3) for single in options.single}
        paid, scores = {}, {}
        for arm, model in arms.items():
            begin = time.process_time()
            model.fit(table, y, costs=COSTS)
            scores[arm] = np.nan_to_num(model.model_.oof_logit)
            paid[arm] = cost(y, model.decision_.apply(sigmoid(scores[arm])))
            print(f"  {arm}: {time.process_time() - begin:.0f} s, cost a row {paid[arm].mean():.4f}", flush=True)
        gate = arms["cascade"].model_.evidence["gate"]
        least = ""
        if truth is not None:
            found = np.cumsum(np.sort(truth)[::-1]) / truth.sum()
            least = f", least {np.searchsorted(found, gate['recall']) / y.size:.2%}"
        print(
            f"  passes {gate['passed']:.2%}{least}; bound {gate['recall']:.3f}, loses {gate['lost']}; {gate['judge']}"
        )
        for arm in options.single:
            gap = paid["cascade"] - paid[arm]
            half = 1.96 * gap.std() / np.sqrt(gap.size)
            d = paired_difference("average_precision", y, scores["cascade"], scores[arm])
            print(
                f"  less {arm}: cost {gap.mean():+.4f} [{gap.mean() - half:+.4f}, {gap.mean() + half:+.4f}], "
                f"average precision {d.estimate_a:.4f} against {d.estimate_b:.4f}, "
                f"{d.estimate:+.4f} [{d.low:+.4f}, {d.high:+.4f}]"
            )
        print(f"  {speed(arms['cascade'], table)}", flush=True)


if __name__ == "__main__":
    main()
