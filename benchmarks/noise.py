"""What `compare` says of features that mean nothing, or little: ROC AUC, average precision, coverage of intervals.

    python benchmarks/noise.py [--events 18] [--rows 500] [--runs 40] [--signal 0] [--learners ...]    about 5 s a run

Each run draws a table of five normal features, with `signal` standard deviations between the classes in the first and
half as much in the second, and takes the numbers of `compare` (all rows cross-fitted, none locked away). The truth of
an arm is its value on 20,000 new rows when it is fitted on the whole table: what would be deployed. Where features mean
nothing that is 0.5, and the prevalence.

Measured 2026-11-28 with `--learners logistic_regression` (and the two that always run): share of runs in which the 95 %
interval holds the truth, lightgbm / library default / logistic regression.

    events  rows  runs  signal  ROC AUC, said           held            average precision, held
        12   400    60     0    0.518 / 0.517 / 0.482    92 / 98 / 95     98 /  98 / 100
        30   900    60     0    0.502 / 0.502 / 0.495    98 / 98 / 95    100 / 100 / 100
       100  2500    40     0    0.501 / 0.502 / 0.504    92 / 92 / 95    100 / 100 / 100
       300  6000    25     0    0.499 / 0.502 / 0.505    96 / 96 / 92    100 / 100 / 100
        12   400    60     0.6  0.586 / 0.572 / 0.606    97 / 95 / 97     98 /  95 / 100
"""

import argparse
import warnings
from collections import defaultdict

import numpy as np

from rareclass.data.read import read_table
from rareclass.evaluation import compare
from rareclass.evaluation.run import members_of
from rareclass.fitting.blend import join_arms
from rareclass.fitting.out_of_fold import matrix_of
from rareclass.metrics import average_precision_score, roc_auc_score

METRICS = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}


def draw(rng: np.random.Generator, rows: int, events: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    y = np.zeros(rows, dtype=bool)
    y[rng.choice(rows, events, replace=False)] = True
    X = rng.normal(size=(rows, 5))
    X[y, 0] += signal
    X[y, 1] += signal / 2
    return X, y


def one_run(seed: int, asked: argparse.Namespace, found: dict) -> None:
    """Add the numbers of one table to those found so far."""
    rng = np.random.default_rng([1000, seed])
    X, y = draw(rng, asked.rows, asked.events, asked.signal)
    new, later = draw(rng, 20_000, 2000, asked.signal)
    prevalence = asked.events / asked.rows
    weight = np.where(later, prevalence / 0.1, (1 - prevalence) / 0.9)
    result = compare(X, y, learners=asked.learners, treatments=["none"], test_share=0, random_state=seed, n_jobs=1)
    whole = result.design.whole()
    rows = whole.encoder.transform(read_table(new)).matrix
    fitted = {r.name: whole.fit(r.arm) for r in result.results if not r.arm.is_blend}
    for r in result.results:
        if r.arm.is_blend:
            members = members_of([other.scores for other in result.results])
            fits = [fitted[m.arm.name] for m in members]
            model = join_arms(r.arm, fits, matrix_of(members), y)
        else:
            model = fitted[r.name]
        score = model.logit(rows)
        for name, metric in METRICS.items():
            said, truth = r.judgement.metrics[name], float(metric(later, score, sample_weight=weight))
            found[r.name, name].append((said.estimate, truth, truth in said, said.width))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=18)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--signal", type=float, default=0.0)
    parser.add_argument("--learners", nargs="*", default="auto")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict = defaultdict(list)
    for seed in range(asked.runs):
        one_run(seed, asked, found)
    print(f"{asked.events} events of {asked.rows} rows, signal {asked.signal:g}, {asked.runs} runs")
    print("| arm | metric | said | true | interval holds it | width |")
    print("|---|---|---|---|---|---|")
    for (arm, metric), rows in found.items():
        said, truth, held, width = np.mean(rows, axis=0)
        print(f"| {arm} | {metric} | {said:.3f} | {truth:.3f} | {held:.0%} | {width:.2f} |")


if __name__ == "__main__":
    main()
