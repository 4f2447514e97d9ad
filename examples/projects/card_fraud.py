"""Beginner project: card fraud with a forest and SMOTE, and what is wrong with stopping there.

rareclass learn card-fraud        or: python examples/projects/card_fraud.py [--quick] [--out DIR]

Part one is the project as it is usually taught: split, SMOTE on the training part only, a random forest, a
precision-recall curve. Part two asks the four questions that come next: how sure is the number, are the probabilities
true, what does the threshold of one half cost, and what if SMOTE had come before the split?
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score as library_average_precision
from sklearn.model_selection import train_test_split

from rareclass import RareClassifier
from rareclass.decisions import CostMatrix
from rareclass.learning import Figure, agree, from_command_line, table_or_simulated
from rareclass.metrics import average_precision_score, confidence_interval, expected_cost
from rareclass.metrics.curve import ThresholdCurve
from rareclass.over_sampling import SMOTE
from rareclass.uncertainty import paired_difference

COSTS = CostMatrix(fp=10, fn=500)  # somebody's call to the customer; the money that is gone
RATIO = 0.1  # SMOTE makes one fraud to ten honest payments


def read(quick: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Features (n, d), fraud or not (n,), and the table's name; with `quick` all frauds and few honest payments."""
    table = table_or_simulated("creditcard_ulb_int40", rows=6_000 if quick else 40_000, prevalence=0.01)
    X, y = table.matrix, table.y
    if quick and not table.simulated:
        kept = y | (np.random.default_rng(0).random(y.size) < 0.05)
        X, y = X[kept], y[kept]
    return X, y, table.name


def forest(X: np.ndarray, y: np.ndarray, quick: bool) -> RandomForestClassifier:
    return RandomForestClassifier(30 if quick else 100, min_samples_leaf=5, n_jobs=2, random_state=0).fit(X, y)


def curve(y: np.ndarray, score: np.ndarray) -> list[tuple[float, float]]:
    """Precision against recall, at every threshold."""
    found = ThresholdCurve.from_predictions(y, score)
    return [(float(r), float(p)) for r, p in zip(found.recall, found.precision, strict=True) if np.isfinite(p)]


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y, name = read(quick)
    print(f"{name}: {y.size:,} payments, {y.sum()} frauds ({y.mean():.2%}).\n\nPart one: the project as it is taught")
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    more, y_more = SMOTE(sampling_strategy=RATIO, random_state=0).fit_resample(train, y_train)
    print(f"SMOTE on the training part: {y_train.sum()} frauds become {y_more.sum():,}, of {y_more.size:,} rows.")
    p = forest(more, y_more, quick).predict_proba(test)[:, 1]
    shown = average_precision_score(y_test, p)
    theirs = library_average_precision(y_test, p)
    agree("the forest's average precision", shown, theirs, within=1e-12, of="scikit-learn")
    print(f"Average precision {shown:.3f} on {y_test.sum()} frauds that it did not see. Here most tutorials stop.")

    print("\nPart two, first question: how sure is that number?")
    ap = confidence_interval("average_precision", y_test, p)
    plain = forest(train, y_train, quick).predict_proba(test)[:, 1]
    gain = paired_difference("average_precision", y_test, p, plain, random_state=0)
    sure = "SMOTE helps" if gain.low > 0 else "SMOTE hurts" if gain.high < 0 else "these frauds cannot tell"
    print(f"Average precision {ap.estimate:.3f} [{ap.low:.3f}, {ap.high:.3f}].")
    print(f"With SMOTE less without: {gain.estimate:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]: {sure}.")

    print("\nSecond question: are the probabilities true?")
    model = RareClassifier("random_forest", treatment="smote(ratio=0.1)", n_jobs=1).fit(train, y_train, costs=COSTS)
    true = model.predict_proba(test)[:, 1]
    scores = {"as it is taught": p, "brought back": true}
    spans = {way: confidence_interval("observed_to_expected", y_test, q) for way, q in scores.items()}
    ratios = {way: span.estimate for way, span in spans.items()}
    expected = {way: q.sum() for way, q in scores.items()}
    for way, span in spans.items():
        sure = "too high" if span.high < 1 else "too low" if span.low > 1 else "right, as far as these frauds can tell"
        print(
            f"{way}: {expected[way]:,.0f} frauds expected, {y_test.sum()} seen; observed / expected "
            f"{span.estimate:.2f} [{span.low:.2f}, {span.high:.2f}]: its probabilities are {sure}."
        )
    print(f"These intervals are about these two models; other {y_train.sum()} frauds to learn from would give others.")

    print("\nThird question: what does it cost?")
    money = {"nobody is called": expected_cost(y_test, np.zeros(y_test.size, bool), COSTS)}
    money["calls from one half"] = expected_cost(y_test, p >= 0.5, COSTS)
    money["calls where they pay"] = expected_cost(y_test, model.predict(test).astype(bool), COSTS)
    alarm = p >= 0.5
    by_hand = (COSTS.fp * (alarm & ~y_test).sum() + COSTS.fn * (~alarm & y_test).sum()) / y_test.size
    agree("the cost per payment", by_hand, money["calls from one half"], within=1e-12)
    acted = (p >= 0.5, model.predict(test).astype(bool))
    saved = paired_difference(
        "expected_cost", y_test, *(a.astype(float) for a in acted), threshold=0.5, costs=COSTS, random_state=0
    )
    for way, cost in money.items():
        print(f"{way}: {cost:.3f} per payment.")
    word = "surely saved" if saved.low > 0 else "surely lost" if saved.high < 0 else "these frauds cannot tell"
    print(
        f"A call pays from a probability of {COSTS.threshold:.3f}, not from one half. Saved per payment: "
        f"{saved.estimate:.3f} [{saved.low:.3f}, {saved.high:.3f}]: {word}."
    )

    print("\nFourth question: what if SMOTE comes before the split?")
    all_rows, all_y = SMOTE(sampling_strategy=RATIO, random_state=0).fit_resample(X, y)
    leaked, held, y_leaked, y_held = train_test_split(all_rows, all_y, test_size=0.3, stratify=all_y, random_state=0)
    wrong = forest(leaked, y_leaked, quick).predict_proba(held)[:, 1]
    told = average_precision_score(y_held, wrong)
    print(
        f"Then it shows {told:.3f} instead of {shown:.3f}: the test part holds made-up frauds whose parents were in "
        f"training, and one fraud to ten payments instead of one to {(~y_test).sum() / y_test.sum():,.0f}."
    )

    figure = Figure(
        "Card fraud: the curve, the probabilities, the money",
        f"Average precision {ap.estimate:.3f} [{ap.low:.3f}, {ap.high:.3f}]; SMOTE before the split would show "
        f"{told:.3f}. Observed / expected {ratios['as it is taught']:.2f} before, {ratios['brought back']:.2f} after.",
    )
    plot = figure.panel("precision and recall", (0, 1), (0, 1), "recall", "precision")
    for (labels, score), cls in zip(((y_test, p), (y_test, plain), (y_held, wrong)), ("line-a", "line-b", "line-c")):
        plot.line(curve(labels, score), cls, step=True)
    figure.legend(("line-a", "SMOTE in training"), ("line-b", "no SMOTE"), ("line-c", "SMOTE before the split: a leak"))
    most = max(*expected.values(), float(y_test.sum())) * 1.15
    plot = figure.panel(
        "frauds expected and seen", (-0.5, 1.5), (0, most), "", "frauds", x_ticks=[*enumerate(expected)]
    )
    plot.across(float(y_test.sum()), "chance")
    for i, n in enumerate(expected.values()):
        plot.dot(i, n, "mark", f"{n:,.0f} expected")
    plot = figure.panel(
        "cost", (-0.5, 2.5), (0, max(money.values()) * 1.15), "", "per payment",
        x_ticks=[(0, "nobody"), (1, "from 1/2"), (2, "by cost")],
    )  # fmt: skip
    for i, cost in enumerate(money.values()):
        plot.dot(i, cost, "mark", f"{cost:.3f}")
    figure.legend(("mark", "expected, or cost"), ("chance", "frauds seen"))
    figure.save(out, "card_fraud")
    return {
        "shown": shown, "low": ap.low, "high": ap.high, "gain": gain, "leaked": told, "cost": money,
        "observed_to_expected": ratios, "saved": saved,
    }  # fmt: skip


if __name__ == "__main__":
    from_command_line(main)
