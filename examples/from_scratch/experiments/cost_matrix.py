"""Experiment 2: from a cost matrix to the decisions that cost least, at 1 : 10, 1 : 100 and 1 : 1,000.

rareclass learn cost-matrix        or: python examples/from_scratch/experiments/cost_matrix.py [--quick] [--out DIR]

Of each decision one works out what it costs on average, given the probabilities of the classes, and takes the cheapest.
With two classes that is a threshold. With three or more it is not.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.decisions import expected_cost_decision
from rareclass.learning import Figure, agree, from_command_line, lesson, mean_interval, shown, text_table, word

SURELY = {"better": "surely cheaper", "worse": "surely dearer", "cannot tell": "not surely cheaper or dearer"}
RATIOS = (10, 100, 1_000)  # what a missed event costs, in false alarms


def minimum_cost_predictions(probability: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The decision (n,) with the least expected cost.

    `probability` (n, K): how probable each class is in each row. `costs` (K, K): ``costs[true, decided]``.
    """
    expected = np.asarray(probability) @ np.asarray(costs, dtype=float)
    return expected.argmin(axis=1)


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    seven, costs_of, compute = lesson("seven-ways"), lesson("costs"), lesson("metrics").compute_metrics
    seeds = 3 if quick else 20

    rng = np.random.default_rng(0)
    for classes in (2, 3, 5):
        p = rng.dirichlet(np.ones(classes), size=500)
        costs = rng.uniform(1, 10, (classes, classes)) * (1 - np.eye(classes))
        by_hand = minimum_cost_predictions(p, costs)
        agree(f"decisions among {classes} classes", by_hand, expected_cost_decision(p, costs))
    three = np.array([[0.0, 1.0, 20.0], [3.0, 0.0, 1.0], [50.0, 2.0, 0.0]])
    chosen = minimum_cost_predictions(np.array([[0.9, 0.05, 0.05]]), three)[0]
    print(
        f"Three classes: the most probable is 0 (0.9), the cheapest decision is {chosen}: a row of 2 called 0 costs 50."
    )

    rows, results = [], dict[int, Any]()
    names = ("one half", "closed form", "empirical")
    values = np.zeros((len(RATIOS), len(names), seeds, 3))
    cuts = np.zeros((len(RATIOS), seeds))
    for seed in range(seeds):
        train, validation, test = seven.toy(seed)
        model = seven.logistic(*train)
        p_valid, p = model(validation[0]), model(test[0])
        for r, ratio in enumerate(RATIOS):
            cuts[r, seed], _ = costs_of.cheapest_threshold(validation[1], p_valid, 1, ratio)
            for c, threshold in enumerate((0.5, costs_of.cost_threshold(1, ratio), cuts[r, seed])):
                alarm = (p >= threshold).astype(int)
                found = compute(test[1], alarm)
                cost = costs_of.cost_per_row(test[1], alarm, 1, ratio)
                values[r, c, seed] = found["precision"], found["recall"], cost
    for r, ratio in enumerate(RATIOS):
        for c, name in enumerate(names):
            rates = [shown(mean_interval(v, between=(0, 1))) for v in values[r, c, :, :2].T]
            rows.append([f"1 : {ratio:,}", name, *rates, shown(mean_interval(values[r, c, :, 2], between=(0, np.inf)))])
        closed = costs_of.cost_threshold(1, ratio)
        dearer = mean_interval(values[r, 2, :, 2] - values[r, 1, :, 2], comparisons=3)
        share = dearer.estimate / values[r, 1, :, 2].mean()
        results[ratio] = {"closed": closed, "cuts": cuts[r], "dearer": dearer, "word": word(dearer)}
        print(
            f"1 : {ratio:,}: closed form {closed:.4g}; empirical from {cuts[r].min():.4g} to {cuts[r].max():.4g} over "
            f"{seeds} validation sets. The empirical one costs {shown(dearer, 4, sign=True)} more per row "
            f"({share:+.1%}): the closed form is {SURELY[word(dearer)]}."
        )
    print(text_table(["false : missed", "threshold", "precision", "recall", "cost per row"], rows))
    precision, recall = values[:, 1, :, :2].mean(axis=1).T
    moves = [["falls", "rises"][int(v[-1] > v[0])] for v in (recall, precision)]
    print(f"The dearer a missed event, the lower the threshold: recall {moves[0]}, precision {moves[1]}.")
    print("The empirical threshold hangs on the lowest few events of the validation rows, the formula on none of them.")

    moved = " and ".join(
        f"{name} from {v[0]:.2f} to {v[-1]:.2f}" for name, v in (("recall", recall), ("precision", precision))
    )
    figure = Figure(
        "Three costs of a missed event", f"From 1 : 10 to 1 : 1,000 the closed-form threshold moves {moved}."
    )
    ticks = [(float(r), f"1 : {r:,}") for r in RATIOS]
    options: dict[str, Any] = {"x_kind": "log", "x_ticks": ticks}
    rates = figure.panel("Closed-form threshold", (7, 1_400), (0, 1), "false : missed", "value", **options)
    for m, cls in ((0, "line-c"), (1, "line-a")):
        means = [mean_interval(values[r, 1, :, m]) for r in range(3)]
        rates.band([*zip(RATIOS, [v.low for v in means])], [*zip(RATIOS, [v.high for v in means])])
        rates.line([*zip(RATIOS, [v.estimate for v in means])], cls)
    logs: dict[str, Any] = {"y_kind": "log", **options}
    places = figure.panel("Where the threshold lies", (7, 1_400), (3e-7, 1), "false : missed", "threshold", **logs)
    for r, ratio in enumerate(RATIOS):
        for t in cuts[r]:
            places.dot(ratio, float(t), "others", radius=2)
        places.dot(ratio, costs_of.cost_threshold(1, ratio), "chosen")
    figure.legend(("line-a", "recall"), ("line-c", "precision"), ("chosen", "closed form"))
    figure.legend(("others", "empirical, one a validation set"))
    figure.save(out, "cost_matrix")
    return results


if __name__ == "__main__":
    from_command_line(main)
