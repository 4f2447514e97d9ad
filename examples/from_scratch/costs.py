"""What errors cost: a cost matrix, the threshold that follows from it, and the one that these rows would have liked.

rareclass learn costs        or: python examples/from_scratch/costs.py [--quick] [--out DIR]

A *cost matrix* says what each of four outcomes costs: a false alarm (fp), a missed event (fn), a caught event (tp) and
a quiet ordinary row (tn). If a missed event costs 50 and a false alarm 1, it pays to alarm at a probability far below
one half.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.decisions import CostMatrix, MinimumCost, best_threshold
from rareclass.learning import Figure, agree, from_command_line, lesson
from rareclass.metrics import expected_cost


def cost_threshold(fp: float, fn: float, tp: float = 0.0, tn: float = 0.0) -> float:
    """The probability from which an alarm is the cheaper choice.

    An alarm costs p x tp + (1 - p) x fp on average, silence p x fn + (1 - p) x tn. They are equal at this p.
    """
    if not (fp > tn and fn > tp):
        raise ValueError("A false alarm must cost more than a quiet row, and a missed event more than a caught one.")
    return (fp - tn) / ((fp - tn) + (fn - tp))


def cost_per_row(y_true: np.ndarray, y_pred: np.ndarray, fp: float, fn: float) -> float:
    """What a row costs on average, where right decisions cost nothing."""
    return float(np.mean(fp * ((y_true == 0) & (y_pred == 1)) + fn * ((y_true == 1) & (y_pred == 0))))


def cheapest_threshold(y_true: np.ndarray, p: np.ndarray, fp: float, fn: float) -> tuple[float, float]:
    """The threshold at which these rows cost least, and that cost; infinite where silence is cheapest."""
    order = np.argsort(-p, kind="stable")
    y, s = y_true[order], p[order]
    cost = np.append(fn * y.sum(), fn * (y.sum() - np.cumsum(y)) + fp * np.cumsum(1 - y)) / y.size
    ends = np.append(0, 1 + np.flatnonzero(np.append(s[1:] != s[:-1], True)))  # rows of one score stay together
    best = ends[np.argmin(cost[ends])]
    return (float(s[best - 1]) if best else float("inf")), float(cost[best])


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    data, weights = lesson("data"), lesson("class-weights")
    size = (1_900, 100) if quick else (9_500, 500)
    (X_fit, y_fit), (X, y), (X_test, y_test) = (data.make_data(*size, seed=seed) for seed in (1, 2, 3))
    beta = weights.fit_logistic(X_fit, y_fit)
    p, p_test = weights.predict(beta, X), weights.predict(beta, X_test)
    agree("a threshold with a benefit", cost_threshold(5, 100, -20), CostMatrix(fp=5, fn=100, tp=-20).threshold)

    figure = Figure("Cost per row against the threshold", "The formula's threshold costs about what the best one does.")
    found = {}
    for fn in (5, 50):
        costs, closed = CostMatrix(fp=1, fn=fn), cost_threshold(1, fn)
        agree(f"the threshold at 1 : {fn}", closed, costs.threshold, within=1e-15)
        liked, least = cheapest_threshold(y, p, 1, fn)
        searched = best_threshold(y, p, MinimumCost(costs, search="empirical"))
        agree(f"the least cost at 1 : {fn}", least, searched.expected_cost, within=1e-12)
        cuts = {"one half": 0.5, "formula": closed, "best of the validation rows": liked}
        paid = {name: cost_per_row(y_test, p_test >= t, 1, fn) for name, t in cuts.items()}
        by_package = expected_cost(y_test, p_test >= closed, costs)
        agree(f"cost per row at 1 : {fn}", paid["formula"], by_package, within=1e-12)
        print(f"A missed event costs {fn}: formula {closed:.4f}, cheapest on the validation rows {liked:.4f}.")
        print("  On the test rows, per row: " + ", ".join(f"{name} {value:.4f}" for name, value in paid.items()))
        found[fn] = {"closed": closed, "liked": liked, **paid}

        tried = np.geomspace(2e-3, 0.95, 80)
        curve = [(t, cost_per_row(y_test, p_test >= t, 1, fn)) for t in tried]
        top = max(v for _, v in curve)
        ticks = [(v, f"{v:g}") for v in (0.01, 0.1, 0.5)]
        options: dict[str, Any] = {"x_kind": "log", "x_ticks": ticks}
        plot = figure.panel(f"Missed : false = {fn} : 1", (2e-3, 1), (0, top), "threshold", "cost per row", **options)
        plot.line(curve, "line-a")
        plot.dot(closed, paid["formula"], "chosen")
        plot.dot(liked, paid["best of the validation rows"], "open")
        plot.dot(0.5, paid["one half"], "others")
    print("The formula needs no labels, only probabilities that are right; the search needs labelled rows, and luck.")
    for fn, v in found.items():
        figure.about += f" At {fn} : 1 a row costs {v['formula']:.2f} by the formula, {v['one half']:.2f} at one half."
    figure.legend(("line-a", "cost on the test rows"), ("chosen", "formula"), ("others", "one half"))
    figure.legend(("open", "best of the validation rows"))
    figure.save(out, "costs")
    return found


if __name__ == "__main__":
    from_command_line(main)
