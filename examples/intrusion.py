"""Intrusions at 0.04 %: from a file of connections to a cascade with tiers and reasons.

    python examples/intrusion.py [--data ../shared/data/kddcup99_10pct.parquet] [--rows N] [--out DIR]

Reads KDD Cup 1999 (10 %), drops the rows that repeat an earlier one, and looks for 52 "user to root" attacks among
145,586 connections. Prints what the gate promises, what each tier holds out of fold, and why the three connections with
the highest probability alarm; then weighs the cascade against treatments of one model and draws cost against latency
(intrusion.png). With --out DIR the picture is drawn there, beside the bundle. The whole table takes some minutes.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier
from rareclass.cascade.gate import Promise
from rareclass.decisions import Tier, TierPolicy
from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation import trade_off

DATA = Path(os.environ.get("RARECLASS_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
COSTS = {"fp": 10.0, "fn": 2_000.0}  # an analyst's minutes; a machine that is taken over
POLICY = TierPolicy(
    [
        Tier("allow"),
        Tier("review", cost=10, prevents=0.8),  # somebody looks, and is late for one in five
        Tier("block", cost_fp=400),  # a user who is shut out
    ]
)


def read(path: str | os.PathLike, rows: int | None = None, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Distinct connections and which are attacks; with `rows` all attacks and so many connections altogether."""
    frame = pd.read_parquet(path).drop_duplicates().reset_index(drop=True)
    y = (frame.pop("category") == "u2r").to_numpy()
    frame = frame.drop(columns="attack")
    if rows is not None:
        others = np.random.default_rng(seed).choice(np.flatnonzero(~y), size=rows - int(y.sum()), replace=False)
        kept = np.sort(np.concatenate([np.flatnonzero(y), others]))
        frame, y = frame.iloc[kept].reset_index(drop=True), y[kept]
    return frame, y


def main(
    path: str | os.PathLike = DATA / "kddcup99_10pct.parquet",
    rows: int | None = None,
    out: str | os.PathLike = ".",
    treatments: Sequence[str] = ("class_weight", "random_under(negatives_per_event=20)", "smote_enn"),
    **stages: Any,
) -> dict[str, float]:
    """Fit, say what was promised and found, explain the strongest alarms, and weigh what it costs."""
    connections, attack = read(path, rows)
    # 52 attacks cannot carry a recall of 0.98: the gate takes the highest that they can
    recall = np.floor(1_000 * Promise().most(int(attack.sum()))) / 1_000
    model = CascadeClassifier(gate_recall=recall, tiers=POLICY, **stages)
    model.fit(connections, attack, costs=COSTS)
    print(model.summary())

    table = TierTable.from_dict(model.model_.evidence["tiers"])  # as the summary shows it

    bundle = Bundle(model, name="intrusions", target="category", rows=connections)
    bundle.save(Path(out) / "intrusions", overwrite=True)
    scorer = bundle.scorer
    strongest = connections.iloc[np.argsort(-scorer.logit(connections))[:3]]
    tiers, why = scorer.tier(strongest), scorer.explain(strongest)
    for tier, p, reasons in zip(tiers, scorer.probability(strongest), why, strict=True):
        print(f"\n{tier}, probability {p:.3f}")
        for reason in reasons:
            print(f"  {reason.text}")

    arms = {"cascade": CascadeClassifier(gate_recall=recall, **{"judge": "lightgbm", **stages})}
    learner = str(arms["cascade"].judge)
    weighed = trade_off(connections, attack, costs=COSTS, learner=learner, treatments=treatments, arms=arms, n_jobs=1)
    print(f"\n{weighed.paragraph}")
    axes = weighed.plot()
    axes.figure.savefig(Path(out) / "intrusion.png", dpi=150)
    return {
        "attacks": float(attack.sum()), "recall promised": model.gate_recall_, "passed": model.passed_,
        "cost per row": table.cost.estimate, "cost of doing nothing": table.cost_first_tier,
        "reasons": float(len(why[0])), "arms": float(len(weighed.record.arms)),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=DATA / "kddcup99_10pct.parquet")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--out", default=".")
    given = parser.parse_args()
    main(given.data, given.rows, given.out)
