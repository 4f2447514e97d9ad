"""Calibration by slice, through the whole road: simulated tables with a known truth, `RareClassifier(slices=...)`.

    python benchmarks/slices.py [--simulations 100] [--tests 200]

Slices of equal size; two other features; a false alarm costs 1, a missed event 50. Events and costs on 20,000 fresh
rows are those of the true probabilities, so they carry no chance of their own. Calibration is the intercept, which
"auto" takes here nearly always after ten times the work.

- hidden: the log-odds of ten slices differ by up to log(10), but the learner (scikit-learn's logistic regression) reads
  their codes as a number, in no order.
- learnt: the same with a learner that reads categories (`QuantileLogisticRegression`).
- unequal: half of the rows in one slice (-0.5), the others in eighty small ones that are alike (+0.45).
- missing: three of ten slices have no name in the table; O/E is that of these rows.
- alike: the slices do not differ. With three slices, ten and a hundred.
- weighted: log-normal weights, the standard deviation of whose log is 0.7: 8,200 such rows hold as many effective
  events as 5,000 plain ones. timed: split forward in time, 5/6 of the rows held out.

Measured (defaults): in the slices with 50 events observed/expected by the whole is 0.91 to 2.24, by slice 0.99 to 1.03,
and the cost 12.0 % lower (10.9 % at least), 0.7 % above the least possible. Where slices are alike the cost is 0.02 %
higher, at worst of 100 runs 0.40 %; learnt slices are not shifted. With unequal slices O/E of all rows is 0.995 by the
whole and by slice, of the small ones 1.14 and 1.03; of rows without a name 1.83 and 1.07. docs/slices.md has the rest.
"""

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from rareclass import RareClassifier
from rareclass.data.read import read_table
from rareclass.kernels.logits import sigmoid

FRESH = 20_000
COSTS = {"fp": 1.0, "fn": 50.0}
LEARNERS: dict[str, Any] = {
    "number": LogisticRegression(),
    "category": "logistic_regression",
    "filled": make_pipeline(SimpleImputer(), LogisticRegression()),
}


def draw(
    rng: np.random.Generator, n: int, effects: np.ndarray, base: float, kind: str = ""
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Columns, slices (n,) and true probabilities (n,)."""
    number, x = rng.integers(0, effects.size, n), rng.normal(size=(n, 2))
    if kind == "unequal":
        number = np.where(rng.random(n) < 0.5, 0, number)
    code = np.where(number < 3, np.nan, number) if kind == "missing" else number * 37 % 83 if kind else number
    columns = {"a": x[:, 0], "b": x[:, 1], "slice": code}
    return columns, number, sigmoid(base + x[:, 0] + effects[number])


def one(seed: int, n: int, effects: np.ndarray, base: float, learner: str, kind: str = "") -> dict[str, Any]:
    """A fit, and what its probabilities and decisions are worth on fresh rows, by the whole and by slice."""
    rng, k = np.random.default_rng(seed), effects.size
    columns, number, p = draw(rng, n, effects, base, kind)
    y = rng.random(n) < p
    how: dict[str, Any] = {"treatment": "none", "calibration": "intercept", "slices": "slice"}
    codes = ("slice",) if learner == "category" else ()
    model = RareClassifier(LEARNERS[learner], categorical=codes, **how).fit(columns, y, costs=COSTS)
    fit, threshold = model.model_, model.decision_.threshold
    fresh, place, truth = draw(rng, FRESH, effects, base, kind)
    after = model.positive_logit(fresh)
    before = replace(fit, slices=None).logit(read_table(fresh))[0]

    def cost(logit: np.ndarray) -> float:
        return float(np.where(sigmoid(logit) >= threshold, COSTS["fp"] * (1 - truth), COSTS["fn"] * truth).mean())

    each = {"truth": truth, "before": sigmoid(before), "after": sigmoid(after)}
    return {
        **{name: np.bincount(place, v, minlength=k) for name, v in each.items()},
        "events": np.bincount(number, y, minlength=k),
        "cost_before": cost(before),
        "cost_after": cost(after),
        "cost_best": float(np.minimum(COSTS["fp"] * (1 - truth), COSTS["fn"] * truth).mean()),
        "p": fit.slices.table.heterogeneity,
        "remaining": fit.slices.table.remaining,
        "shifted": bool(fit.slices.shift.any()),
    }


def by_slice(title: str, effects: np.ndarray, learner: str, simulations: int) -> None:
    """Calibration and cost of one scenario."""
    runs = [one(s, 20_000, effects, -4.2, learner) for s in range(simulations)]
    total = {k: np.sum([r[k] for r in runs], axis=0) for k in ("truth", "before", "after")}
    events = np.mean([r["events"] for r in runs], axis=0)
    many = events >= 50 if (events >= 50).any() else events > 0
    spans = [total["truth"][many] / total[k][many] for k in ("before", "after")]
    costs = {k: np.array([r[f"cost_{k}"] for r in runs]) for k in ("before", "after", "best")}
    change = costs["after"] / costs["before"] - 1
    said = [f"{r.min():.3f} to {r.max():.3f}" for r in spans] + [f"{c.mean():.4f}" for c in costs.values()]
    said += [f"{change.mean():+.2%}", f"{change.max():+.2%}", f"{np.mean([r['p'] < 0.05 for r in runs]):.0%}"]
    print(f"{title:8}{effects.size:5} ({many.sum()})   " + "   ".join(said), flush=True)


def single(title: str, n: int, simulations: int, *, spread: float = 0.0, timed: bool = False) -> None:
    """How far from 1 single fits leave slices with 50 events: on fresh rows, and as their table says out of fold."""
    effects, off, said = np.linspace(-0.5, 0.5, 8) * np.log(10), [], []
    for seed in range(simulations):
        rng = np.random.default_rng(seed)
        columns, number, p = draw(rng, n, effects, -3.2, "code")
        y, weight = rng.random(n) < p, np.exp(spread * rng.normal(size=n))
        how: dict[str, Any] = {"treatment": "none", "calibration": "intercept", "slices": "slice"}
        beside = {"times": np.arange(n)} if timed else {}
        model = RareClassifier(LEARNERS["number"], **how).fit(columns, y, weight if spread else None, **beside)
        fresh, place, truth = draw(rng, FRESH, effects, -3.2, "code")
        found = np.bincount(place, truth) / np.bincount(place, sigmoid(model.positive_logit(fresh)))
        off.extend(np.log(found[np.bincount(number, y) >= 50]))
        table = model.model_.slices.table.slices
        said.extend(np.log([r.observed_to_expected.estimate for r in table if r.events >= 50]))
    each = [
        f"{np.mean(np.abs(np.expm1(v)) > 0.1):.0%} ({np.mean(v):+.3f}, {np.std(v):.3f})"
        for v in map(np.array, (off, said))
    ]
    print(f"{title:9}{n:6}   " + "   ".join(each), flush=True)


def totals(kind: str, effects: np.ndarray, simulations: int) -> None:
    """Observed/expected of all rows and of those in question, by the whole and by slice."""
    runs = [one(s, 5000, effects, -3.4, "filled", kind) for s in range(simulations)]
    asked = slice(0, 3) if kind == "missing" else slice(1, None)
    said = []
    for part in (slice(None), asked):
        for k in ("before", "after"):
            ratio = np.array([r["truth"][part].sum() / r[k][part].sum() for r in runs])
            said.append(f"{ratio.mean():.3f} ({ratio.min():.2f} to {ratio.max():.2f})")
    change = np.array([r["cost_after"] / r["cost_before"] - 1 for r in runs])
    print(f"{kind:8}   " + "   ".join(said) + f"   {change.mean():+.2%}   {change.max():+.2%}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--tests", type=int, default=200)
    asked = parser.parse_args()
    differ = np.random.default_rng(0).permutation(np.linspace(-0.5, 0.5, 10)) * np.log(10)
    print("scenario, slices (with 50 events), O/E of these by the whole, by slice, cost by the whole, by slice, least,")
    print("change on average, at worst, test below 0.05")
    by_slice("hidden", differ, "number", asked.simulations)
    by_slice("alike", np.zeros(10), "number", asked.simulations)
    few = max(asked.simulations // 3, 1)
    by_slice("alike", np.zeros(3), "number", few)
    by_slice("alike", np.zeros(100), "number", few)
    by_slice("learnt", differ, "category", few)
    print(
        "5,000 rows: O/E of all rows by the whole, by slice, of the rows in question so, change of the cost, at worst"
    )
    totals("unequal", np.append(-0.5, np.full(80, 0.45)), few)
    totals("missing", np.append(np.full(3, 0.9), np.linspace(-0.9, 0.3, 7)), few)
    print("eight slices, 10-fold apart: single O/E of those with 50 events outside 0.9 to 1.1 (mean, deviation of the")
    print("log) on fresh rows, out of fold")
    single("plain", 5000, few)
    single("weighted", 8200, few, spread=0.7)
    single("timed", 6000, few, timed=True)
    print("slices alike: how often the test says that they differ (nominal 5 %), after shifts, and any is shifted")
    for rows, base, k in ((1500, -4.8, 2), (1500, -4.8, 10), (5000, -4.6, 5), (5000, -4.6, 100)):
        runs = [one(1000 + s, rows, np.zeros(k), base, "number") for s in range(asked.tests)]
        events = np.mean([r["events"].sum() for r in runs])
        found, left = (np.mean([r[name] < 0.05 for r in runs]) for name in ("p", "remaining"))
        shifted = np.mean([r["shifted"] for r in runs])
        print(f"{events:4.0f} events, {k:4} slices: {found:.1%}, {left:.1%}, {shifted:.0%}", flush=True)


if __name__ == "__main__":
    main()
