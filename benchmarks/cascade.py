"""What a cascade costs and saves beside single models: expected cost, average precision, rows shown, fit seconds.

    python benchmarks/cascade.py [--sets u2r r2l creditcard transactions] [--rows 1000000] [--gate-recall 0.98]
        [--arms cascade auto catboost xgboost lightgbm] [--folds 3] [--keep FOLDER] [--seed 0]

Cascade and single models are cross-fitted on the same folds (distinct rows of kddcup99; copies of a row stay
together elsewhere), all calibrated, and decide by the same costs (a false alarm 10, a missed event 1,000). *auto* is
the blend; with more than 50,000 rows each single model is fitted on all events and sampled negatives, 40,000 rows, and
so is the judge. Differences are paired, with 95 % intervals (`paired_difference`). `gate_recall` is by default the most
that the events of a set carry. *least* is the smallest share of rows that holds as many events by the true
probabilities, *oracle* the share that a gate of the true probabilities passes which lets as many events go (simulated
data only, where decisions are also judged by the true probabilities: without the luck of the labels). With `--keep` an
arm that was fitted before is read again, so that a long table can be made in pieces. Speed:
benchmarks/cascade_speed.py. Figures: docs/cascade.md.
"""

import argparse
import resource
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rare_sets import data_root

from rareclass import RareClassifier
from rareclass.cascade import CascadeClassifier
from rareclass.cascade.gate import Promise
from rareclass.data import simulate_transactions
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import average_precision_score
from rareclass.uncertainty.paired import paired_difference

COSTS = {"fp": 10.0, "fn": 1_000.0}
SETS = ("u2r", "r2l", "creditcard", "transactions")
ARMS = ("cascade", "auto", "catboost", "xgboost", "lightgbm")


@dataclass(frozen=True)
class Case:
    """A set as it is judged: table, events, and the true probabilities where they are known."""

    table: pd.DataFrame
    y: np.ndarray
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Outcome:
    """Out-of-fold log-odds (n,) and decisions (n,) of an arm, its processor seconds, and what is known of its gate."""

    logit: np.ndarray
    flagged: np.ndarray
    seconds: float
    gate: dict[str, float | str]


def load(name: str, rows: int, seed: int) -> Case:
    """A set by its name; of simulated transactions `rows`, with the hour for the moment."""
    if name == "transactions":
        made = simulate_transactions(rows, prevalence=0.0005, seed=seed)
        table = made.table.drop_columns([made.target, made.time, made.group]).to_pandas()
        table["hour"] = (made.times - made.times.astype("datetime64[D]")) / np.timedelta64(1, "h")
        return Case(table, made.y, made.probability)
    if name == "creditcard":
        frame = pd.read_parquet(data_root() / "creditcard_ulb_int40.parquet")
        return Case(frame.drop(columns="Class"), (frame["Class"] == 1).to_numpy())
    frame = pd.read_parquet(data_root() / "kddcup99_10pct.parquet").drop_duplicates().reset_index(drop=True)
    return Case(frame.drop(columns=["category", "attack"]), (frame["category"] == name).to_numpy())


def carried(case: Case) -> float:
    """The highest gate recall that the events carry, rounded down."""
    return float(np.floor(1_000 * Promise().most(int(case.y.sum()))) / 1_000)


def outcome(arm: str, case: Case, options: argparse.Namespace) -> Outcome:
    """The arm cross-fitted, by its name: "cascade", or a single model."""
    if arm == "cascade":
        recall = carried(case) if options.gate_recall is None else options.gate_recall
        model = CascadeClassifier(
            judge=options.judge,
            gate_recall=recall,
            cv=options.folds,
            judge_treatment=options.treatment,
            random_state=options.seed,
        )
    else:
        model = RareClassifier(arm, treatment="none", cv=options.folds, random_state=options.seed)
    begin = resource.getrusage(resource.RUSAGE_SELF)
    model.fit(case.table, case.y, costs=COSTS)
    end = resource.getrusage(resource.RUSAGE_SELF)
    spent = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    logit = np.nan_to_num(model.model_.oof_logit)
    gate = model.model_.evidence.get("gate", {})
    return Outcome(logit, model.decision_.apply(sigmoid(logit)), spent, gate | {"rows": model.model_.arm.rows})


def kept(arm: str, name: str, case: Case, options: argparse.Namespace) -> Outcome:
    """The outcome of an arm, from `--keep` where it stands there."""
    if options.keep is None:
        return outcome(arm, case, options)
    asked = f"-{options.judge}-{options.treatment}-{options.gate_recall}" if arm == "cascade" else ""
    drawn = f"{case.y.size}-{options.seed}-{options.folds}"
    path = Path(options.keep) / f"{name}-{drawn}-{arm}{asked}.npz"
    if path.exists():
        with np.load(path, allow_pickle=True) as found:
            return Outcome(found["logit"], found["flagged"], float(found["seconds"]), found["gate"].item())
    made = outcome(arm, case, options)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, logit=made.logit, flagged=made.flagged, seconds=made.seconds, gate=np.array(made.gate))
    return made


def cost(probability: np.ndarray, flagged: np.ndarray) -> float:
    """Mean expected cost of the decisions where events have these probabilities (0 and 1 for known labels)."""
    return float(np.where(flagged, COSTS["fp"] * (1 - probability), COSTS["fn"] * probability).mean())


def say_gate(gate: dict[str, float | str], case: Case) -> None:
    """What the gate lets pass, beside what the truth allows."""
    least = ""
    if case.truth is not None:
        order = np.sort(case.truth)[::-1]
        share = np.searchsorted(np.cumsum(order) / order.sum(), gate["recall"]) / case.y.size
        oracle = (case.truth >= np.sort(case.truth[case.y])[int(gate["lost"])]).mean()
        least = f" (least {share:.1%}, five times and two points {5 * share + 0.02:.1%}; oracle {oracle:.1%})"
    print(
        f"  gate: passes {gate['passed']:.2%}{least}; recall at least {gate['recall']:.4f}, loses {gate['lost']} of "
        f"{gate['events']} events worth {gate['independent']:g}; judge: {gate['judge']}"
    )


def say_arm(arm: str, made: Outcome, case: Case) -> None:
    """Cost, average precision, calibration and seconds of one arm."""
    true = "" if case.truth is None else f", by the truth {cost(case.truth, made.flagged):.4f}"
    level = case.y.sum() / sigmoid(made.logit).sum()
    print(
        f"  {arm:12s} cost a row {cost(case.y.astype(float), made.flagged):.4f}{true}; average precision "
        f"{average_precision_score(case.y, made.logit):.4f}; observed to expected {level:.2f}; "
        f"{made.seconds:.0f} s of processor",
        flush=True,
    )


def say_difference(arm: str, cascade: Outcome, single: Outcome, case: Case) -> None:
    """Cascade less a single model."""
    money = paired_difference("expected_cost", case.y, cascade.flagged, single.flagged, costs=COSTS)
    rank = paired_difference("average_precision", case.y, cascade.logit, single.logit)
    true = ""
    if case.truth is not None:
        true = f" (by the truth {cost(case.truth, cascade.flagged) - cost(case.truth, single.flagged):+.4f})"
    print(
        f"  less {arm:9s} cost {money.estimate:+.4f} [{money.low:+.4f}, {money.high:+.4f}]{true}; average precision "
        f"{rank.estimate:+.4f} [{rank.low:+.4f}, {rank.high:+.4f}]",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--arms", nargs="+", default=ARMS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gate-recall", type=float)
    parser.add_argument("--treatment", default="auto")
    parser.add_argument("--judge", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--keep", help="folder that keeps the scores of each arm")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.sets:
        case = load(name, options.rows, options.seed)
        print(
            f"\n{name}: {case.y.size:,} rows, {int(case.y.sum())} events, which carry a recall of {carried(case):g}",
            flush=True,
        )
        made = {}
        for arm in options.arms:
            made[arm] = kept(arm, name, case, options)
            say_arm(arm, made[arm], case)
        if "cascade" in made:
            say_gate(made["cascade"].gate, case)
            for arm in options.arms:
                if arm != "cascade":
                    say_difference(arm, made["cascade"], made[arm], case)


if __name__ == "__main__":
    main()
