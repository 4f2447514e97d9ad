"""What it costs to say why: contributions of each column beside LightGBM's own, and those of a deployed champion.

    python benchmarks/reasons.py                                200 trees of 31 leaves, 30 numbers, 10,000 rows
    rareclass demo --out demo-run && python benchmarks/reasons.py --bundle demo-run/champion

Processor microseconds a row on one thread, both sides in turn, medians of the repetitions. One row: a new row at each
call, 100 calls a repetition. Batch: LightGBM gets a tenth of the rows. A champion: its members' contributions on rows
that `simulate_transactions` makes, encoded beforehand.

29 November 2026, AMD EPYC, LightGBM 4.7.0, a busy machine (on a quiet one LightGBM needs 930 us):

    200 trees, 12,200 nodes; apart 2.3e-14
    alone: 145 us a row, LightGBM 2131 us: 14.7 times
    batch: 117 us a row, LightGBM 1873 us: 16.1 times

    the demo's champion: trees of 50,680 nodes 24 us a row, of 2,900 nodes 50, a forest of 37,062 nodes 416, logistic
    regression 8; the blend of them 562
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from rareclass.data.simulate import simulate_transactions
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions
from rareclass.scoring.readers.lightgbm import from_lightgbm
from scoring import data


def spent(call: Callable[[], Any]) -> float:
    """Processor seconds of one call."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def alone(explain: Callable[[np.ndarray], Any], X: np.ndarray) -> float:
    """Processor microseconds a call with one row."""
    rows = [np.ascontiguousarray(X[i : i + 1]) for i in range(min(100, len(X)))]
    return 1e6 * spent(lambda: [explain(row) for row in rows]) / len(rows)


def beside_lightgbm(options: argparse.Namespace) -> None:
    """One row and a batch, ours and LightGBM's, which must say the same."""
    X, y = data(options.rows, options.columns, seed=0)
    known = {"objective": "binary", "num_leaves": options.leaves, "num_threads": 1, "verbose": -1}
    booster = lightgbm.train(known, lightgbm.Dataset(X, y), options.trees)
    trees = from_lightgbm(booster)

    def theirs(rows: np.ndarray) -> np.ndarray:
        return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1))

    from_lightgbm(booster).contributions(X[:1])  # compiled, or read from disk
    laid_out = spent(lambda: trees.covers)
    apart = np.abs(trees.contributions(X[:200]) - theirs(X[:200])[:, :-1]).max()
    found: dict[str, list[float]] = {"ours alone": [], "theirs alone": [], "ours batch": [], "theirs batch": []}
    some = X[: max(1, len(X) // 10)]
    for _ in range(options.repeats):
        found["ours alone"].append(alone(trees.contributions, X))
        found["theirs alone"].append(alone(theirs, X))
        found["ours batch"].append(1e6 * spent(lambda: trees.contributions(X)) / len(X))
        found["theirs batch"].append(1e6 * spent(lambda: theirs(some)) / len(some))
    us = {name: float(np.median(values)) for name, values in found.items()}
    print(
        f"{trees.n_trees} trees, {trees.feature.size:,} nodes, laid out in {1e3 * laid_out:.1f} ms; apart {apart:.1e}"
    )
    for kind in ("alone", "batch"):
        own, other = us[f"ours {kind}"], us[f"theirs {kind}"]
        print(f"{kind}: {own:.0f} us a row, LightGBM {other:.0f} us: {other / own:.1f} times")


def of_members(member: Any) -> list[Any]:
    """The members that are scored, those of sums and blends one by one."""
    return [one for part in getattr(member, "members", ()) for one in of_members(part)] or [member]


def of_champion(options: argparse.Namespace) -> None:
    """The members of a bundle one by one, and all of them."""
    scorer = Scorer.load(options.bundle)
    table = simulate_transactions(1_000, prevalence=0.01, seed=1).table.select(scorer.columns)
    X = scorer.encoded(table).matrix
    for member in [*of_members(scorer.member), scorer.member]:
        contributions(member, X[:2])
        cost = [alone(lambda row, m=member: contributions(m, row), X) for _ in range(options.repeats)]
        nodes = getattr(getattr(member, "trees", None), "feature", np.empty(0)).size
        print(f"{member.kind}, {nodes:,} nodes: {np.median(cost):.0f} us a row")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--leaves", type=int, default=31)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--bundle", type=Path, help="a bundle of columns like those of `rareclass demo`")
    options = parser.parse_args()
    if options.bundle is None:
        beside_lightgbm(options)
    else:
        of_champion(options)


if __name__ == "__main__":
    main()
