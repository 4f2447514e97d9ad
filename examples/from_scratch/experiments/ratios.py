"""Experiment 5: from which ratio on does it matter? 50/50 to 99.9/0.1, with and without SMOTE.

rareclass learn ratios        or: python examples/from_scratch/experiments/ratios.py [--quick] [--out DIR]

The number of rare rows stays at 50 while the ordinary ones get more, so that nothing but the ratio changes. F1 is
measured twice: with alarms at one half, and with alarms at the threshold that was best on validation rows.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.learning import Figure, agree, from_command_line, lesson, mean_interval, shown, text_table, word
from rareclass.metrics import f1_score

RATIOS = {"50/50": 1, "70/30": 7 / 3, "90/10": 9, "95/5": 19, "99/1": 99, "99.9/0.1": 999}
RARE = 50
THRESHOLDS = ("one half", "tuned")


def f1_at(y: np.ndarray, p: np.ndarray, threshold: float) -> float:
    """F1 of alarms at or above a threshold."""
    return lesson("metrics").compute_metrics(y, (p >= threshold).astype(int))["f1"]


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    seven, ratios = lesson("seven-ways"), {k: v for k, v in RATIOS.items() if not quick or k in ("50/50", "95/5")}
    learners = {"logistic regression": seven.logistic, "15 neighbours": seven.neighbours}
    figure = Figure("F1 against the ratio", "Mean F1 with bands over seeds, as the rows are and with SMOTE.", across=2)
    found: dict[str, Any] = {}
    for learner, fit in learners.items():
        values, cuts = measured(fit, ratios, seeds=2 if quick else 20)
        table, words = [], dict[str, list[str]]()
        for r, name in enumerate(ratios):
            for t, threshold in enumerate(THRESHOLDS):
                less = values[r, 1, t] - values[r, 0, t]
                gain = mean_interval(less, comparisons=4 * len(ratios), between=(-1, 1))
                words.setdefault(threshold, []).append(word(gain))
                both = [shown(mean_interval(values[r, s, t], between=(0, 1))) for s in (0, 1)]
                table.append([name, threshold, *both, shown(gain, sign=True), word(gain)])
        print(f"{learner}:")
        print(text_table(["ratio", "threshold", "F1 without", "F1 with SMOTE", "difference", "SMOTE is"], table))
        conclusion = [sure(list(ratios), words[t], t) for t in THRESHOLDS]
        print("\n".join(conclusion))
        low, high = cuts[-1].mean(axis=1)
        print(f"The tuned threshold of the rarest: {low:.3f} without SMOTE, {high:.3f} with it.\n")
        draw(figure, learner, values, [1 + ratio for ratio in ratios.values()], list(ratios))
        found[learner] = {"values": values, "words": words, "conclusion": conclusion}
        figure.about += f" {learner.capitalize()}: {' '.join(conclusion)}"
    print("SMOTE moves what a model says. At one half that is another decision; a tuned threshold moves along.")
    print("What is left at the tuned threshold is what SMOTE does to the order of the rows.")
    figure.legend(("line-b", "as it is"), ("line-a", "with SMOTE"))
    figure.save(out, "ratios")
    return found


def measured(fit: Any, ratios: dict[str, float], seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """F1 (ratio, without or with SMOTE, threshold, seed) on test rows, and the tuned thresholds."""
    make, smote, tune = lesson("data").make_data, lesson("smote").smote, lesson("threshold").best_f1_threshold
    values, cuts = np.zeros((len(ratios), 2, 2, seeds)), np.zeros((len(ratios), 2, seeds))
    for r, (name, ratio) in enumerate(ratios.items()):
        ordinary = round(RARE * ratio)
        for seed in range(seeds):
            (X, y), (X_valid, y_valid) = (make(ordinary, RARE, 3 * seed + i) for i in (0, 1))
            X_test, y_test = make(4 * ordinary, 4 * RARE, 3 * seed + 2)
            made = smote(X[y == 1], 5, max(ordinary - RARE, 0), seed)
            more = np.vstack([X, made]), np.append(y, np.ones(len(made), dtype=int))
            for s, rows in enumerate(((X, y), more)):
                model = fit(*rows)
                p = model(X_test)
                cuts[r, s, seed] = tune(y_valid, model(X_valid))[0]
                values[r, s, :, seed] = f1_at(y_test, p, 0.5), f1_at(y_test, p, cuts[r, s, seed])
        agree(f"F1 at {name}", values[r, 1, 1, -1], f1_score(y_test, p >= cuts[r, 1, -1]), within=1e-12)
    return values, cuts


def draw(figure: Figure, learner: str, values: np.ndarray, at: list[float], names: list[str]) -> None:
    """F1 with bands against the ratio, for both thresholds."""
    options: dict[str, Any] = {"x_kind": "log", "x_ticks": [(v, "" if n == "70/30" else n) for v, n in zip(at, names)]}
    for t, threshold in enumerate(THRESHOLDS):
        plot = figure.panel(f"{learner}, {threshold}", (1.8, 1_200), (0, 1), "ordinary/rare", "F1", **options)
        for s, cls in ((0, "line-b"), (1, "line-a")):
            means = [mean_interval(v, between=(0, 1)) for v in values[:, s, t]]
            plot.band([*zip(at, [v.low for v in means])], [*zip(at, [v.high for v in means])])
            plot.line([*zip(at, [v.estimate for v in means])], cls)


def sure(ratios: list[str], said: list[str], threshold: str) -> str:
    """From which ratio on SMOTE surely changes F1, in one sentence."""
    those = [
        f"{kind} at {', '.join(r for r, each in zip(ratios, said) if each == kind)}"
        for kind in ("better", "worse")
        if kind in said
    ]
    if not those:
        return f"Threshold {threshold}: at no ratio does SMOTE surely change F1."
    return f"Threshold {threshold}: SMOTE is surely {' and '.join(those)}; elsewhere the intervals cannot tell."


if __name__ == "__main__":
    from_command_line(main)
