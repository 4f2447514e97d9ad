"""Experiment 4: balanced bagging against one model with SMOTE: how good, and how steady.

rareclass learn bagging        or: python examples/from_scratch/experiments/bagging.py [--quick] [--out DIR]

Balanced bagging fits many trees, each on a random draw of the rare rows and one as large of the ordinary rows, and
takes the mean of what they say. One tree on SMOTE's rows sees everything, once. Both depend on a seed: we ask how good
they are on new data, and how much the answer moves when nothing but the seed changes.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble import BalancedBaggingClassifier
from rareclass.learning import Figure, agree, from_command_line, lesson, mean_interval, shown, text_table, word

LEAF = 5
STEADY = {"better": "surely less steady", "worse": "surely steadier", "cannot tell": "not surely steadier"}
WAYS = ("one tree, SMOTE", "balanced bagging", "forest, SMOTE", "forest, nothing done")


def balanced_bagging(X: np.ndarray, y: np.ndarray, members: int, seed: int) -> list[Any]:
    """Trees (members,), each on a draw with replacement of the rare rows and one as large of the ordinary rows."""
    rng = np.random.default_rng(seed)
    rare, ordinary = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    trees = []
    for _ in range(members):
        rows = np.concatenate([rng.choice(rare, rare.size), rng.choice(ordinary, rare.size)])
        tree = DecisionTreeClassifier(min_samples_leaf=LEAF, random_state=int(rng.integers(2**31)))
        trees.append(tree.fit(X[rows], y[rows]))
    return trees


def vote(trees: list[Any], X: np.ndarray) -> np.ndarray:
    """The mean (n,) of what the trees say."""
    return np.mean([tree.predict_proba(X)[:, 1] for tree in trees], axis=0)


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    smote, forest, ap = lesson("smote").smote, lesson("seven-ways").forest, lesson("metrics").average_precision
    tables, runs, members = (2, 2, 10) if quick else (20, 5, 50)
    make = lesson("data").make_data
    values = np.zeros((len(WAYS), tables, runs))
    moved = np.zeros((len(WAYS), tables))
    theirs = np.zeros(tables)
    for table in range(tables):
        (X, y), (X_test, y_test) = make(950, 50, 2 * table), make(4_750, 250, 2 * table + 1)
        said = np.zeros((len(WAYS), runs, len(y_test)))
        for run in range(runs):
            made = smote(X[y == 1], 5, 900, run)
            more, labels = np.vstack([X, made]), np.append(y, np.ones(900, dtype=int))
            tree = DecisionTreeClassifier(min_samples_leaf=LEAF, random_state=run).fit(more, labels)
            said[0, run] = tree.predict_proba(X_test)[:, 1]
            said[1, run] = vote(balanced_bagging(X, y, members, run), X_test)
            said[2, run] = forest(more, labels, None, run)(X_test)
            said[3, run] = forest(X, y, None, run)(X_test)
        values[:, table] = [[ap(y_test, p) for p in way] for way in said]
        moved[:, table] = said.std(axis=1, ddof=1).mean(axis=1)
        tree = DecisionTreeClassifier(min_samples_leaf=LEAF)
        package = BalancedBaggingClassifier(tree, n_estimators=members, replacement=True, random_state=0).fit(X, y)
        theirs[table] = ap(y_test, package.predict_proba(X_test)[:, 1])
    off = 4 * values[1, :, 0].std(ddof=1) / np.sqrt(tables) + 0.02  # other draws: four standard errors
    agree("mean average precision of balanced bagging", values[1, :, 0].mean(), theirs.mean(), within=off)

    rows = []
    for w, way in enumerate(WAYS):
        run_spread = values[w].std(axis=1, ddof=1)
        three = [mean_interval(v, between=(0, 1)) for v in (values[w].mean(axis=1), run_spread, moved[w])]
        rows.append([way, *(shown(v) for v in three)])
    print(text_table(["way", "average precision", "its spread over seeds", "spread of a row's score"], rows))
    words = {}
    for w, way in enumerate(WAYS):
        if w == 1:
            continue
        gain = mean_interval((values[1] - values[w]).mean(axis=1), comparisons=6, between=(-1, 1))
        spreads = values[1].std(axis=1, ddof=1) - values[w].std(axis=1, ddof=1)
        wilder = mean_interval(spreads, comparisons=6, between=(-1, 1))
        words[way] = word(gain), STEADY[word(wilder)]
        print(f"Balanced bagging against {way}: average precision {shown(gain, sign=True)}, {word(gain)};")
        print(f"  its spread over seeds less theirs: {shown(wilder, 4, sign=True)}, {words[way][1]}.")
    print(conclusion({way: said for way, (said, _) in words.items()}))
    print(f"Over seeds it is {'; '.join(f'{said} than {way}' for way, (_, said) in words.items())}.")

    means = ", ".join(f"{way} {values[w].mean():.3f}" for w, way in enumerate(WAYS))
    figure = Figure("Balanced bagging against SMOTE", f"A dot is a run on a table. Mean average precision: {means}.")
    plot = figure.panel("Average precision, run by run", (0, 5), (0.3, 1), "way", "average precision", x_ticks=TICKS)
    spread = figure.panel("Spread over seeds", (0, 5), (0, 0.1), "way", "standard deviation", x_ticks=TICKS)
    for w in range(len(WAYS)):
        for table in range(tables):
            for run in range(runs):
                plot.dot(w + 0.75 + 0.5 * table / tables, values[w, table, run], "others", radius=1.5)
            spread.dot(w + 0.75 + 0.5 * table / tables, values[w, table].std(ddof=1), "others", radius=2)
        plot.dot(w + 1, values[w].mean(), "chosen")
        spread.dot(w + 1, values[w].std(axis=1, ddof=1).mean(), "chosen")
    figure.legend(*(("others", f"{i + 1} {way}") for i, way in enumerate(WAYS)), ("chosen", "mean"))
    figure.save(out, "bagging")
    return {"values": values, "words": words}


def conclusion(words: dict[str, str]) -> str:
    """Balanced bagging beside each other way, in one sentence."""
    said = {"better": "surely better than", "worse": "surely worse than", "cannot tell": "not surely other than"}
    parts = [
        f"{said[kind]} {' and '.join(w for w in words if words[w] == kind)}" for kind in said if kind in words.values()
    ]
    return f"Conclusion: in average precision balanced bagging is {'; '.join(parts)}."


TICKS = [(i + 1, str(i + 1)) for i in range(len(WAYS))]

if __name__ == "__main__":
    from_command_line(main)
