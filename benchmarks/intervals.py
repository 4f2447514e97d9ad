"""Coverage and width of the intervals in `rareclass.metrics`, beside those of reference methods.

    python benchmarks/intervals.py                   1,000 simulations a cell, a few minutes on one core
    python benchmarks/intervals.py --runs 200        a quick look
    python benchmarks/intervals.py --only paired     one table (ap, rate, cost, paired, groups, groups_paired)

A fixed scorer is binormal (negatives N(0, 1), positives N(d, 1)); rows are independent and the number of events is
random around 10, 30, 100, 300. The truth comes from numerical integration. Coverage is of the nominal 95 % interval,
its Monte Carlo standard error 0.7 points; width is the mean width, and beside it that of the reference method.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

from rareclass.kernels.bootstrap import bootstrap_average_precision
from rareclass.kernels.intervals import logit_interval, wilson
from rareclass.kernels.thresholds import threshold_counts
from rareclass.metrics import confidence_interval, paired_difference

EVENTS = (10, 30, 100, 300)
COSTS = {"fp": 1.0, "fn": 20.0}


def true_average_precision(d: float, prevalence: float, points: int = 200_001) -> float:
    """Average precision of the binormal scorer in the population."""
    recall = (np.arange(points) + 0.5) / points
    false_positive_rate = ndtr(-(d - ndtri(recall)))
    return float(np.mean(prevalence * recall / (prevalence * recall + (1 - prevalence) * false_positive_rate)))


def true_value(metric: str, d: float, prevalence: float, cut: float) -> float:
    """A metric of the binormal scorer in the population, cut at `cut`."""
    if metric == "average_precision":
        return true_average_precision(d, prevalence)
    recall, alarms = float(ndtr(d - cut)), float(ndtr(-cut))
    if metric == "recall":
        return recall
    if metric == "precision":
        return prevalence * recall / (prevalence * recall + (1 - prevalence) * alarms)
    return prevalence * (1 - recall) * COSTS["fn"] + (1 - prevalence) * alarms * COSTS["fp"]


def draw(rng: np.random.Generator, events: int, prevalence: float, ds: tuple[float, ...], correlation: float = 0.0):
    """Rows of correlated binormal scorers, at least two events."""
    n = round(events / prevalence)
    while True:
        y = rng.random(n) < prevalence
        if y.sum() >= 2:
            break
    noise = rng.normal(size=(len(ds), n))
    for i in range(1, len(ds)):
        noise[i] = correlation * noise[0] + np.sqrt(1 - correlation**2) * noise[i]
    return y, [d * y + z for d, z in zip(ds, noise)]


def draw_groups(rng, events, prevalence, ds, correlation, groups=50, share=0.3, spread=0.5):
    """Rows in groups of unequal size; a group shifts the scores (variance `share`**2 of 1) and the prevalence."""
    while True:
        size = rng.lognormal(0, 0.7, groups)
        size = np.maximum((size / size.sum() * events / prevalence).astype(int), 1)
        group = np.repeat(np.arange(groups), size)
        rate = prevalence * rng.lognormal(-(spread**2) / 2, spread, groups)
        y = rng.random(group.size) < rate[group]
        if y.sum() >= 2:
            break
    common = rng.normal(size=groups)
    out = []
    first = rng.normal(size=group.size)
    for i, d in enumerate(ds):
        own = rng.normal(size=group.size)
        noise = first if i == 0 else correlation * first + np.sqrt(1 - correlation**2) * own
        shift = common if i == 0 else 0.7 * common + np.sqrt(1 - 0.49) * rng.normal(size=groups)
        out.append(d * y + np.sqrt(1 - share**2) * noise + share * shift[group])
    return y, out, group


class Tally:
    """Coverage and mean width of several methods."""

    def __init__(self) -> None:
        self.covered: dict[str, list[bool]] = {}
        self.width: dict[str, list[float]] = {}
        self.better: list[bool] = []

    def add(self, method: str, low: float, high: float, truth: float) -> None:
        self.covered.setdefault(method, []).append(low <= truth <= high)
        self.width.setdefault(method, []).append(high - low)

    def line(self) -> str:
        parts = [f"{m} {100 * np.mean(c):5.1f} % {np.mean(self.width[m]):8.4f}" for m, c in self.covered.items()]
        if self.better:
            parts.append(f"A called better {100 * np.mean(self.better):5.1f} %")
        return " | ".join(parts)

    def first(self) -> float:
        return float(np.mean(next(iter(self.covered.values()))))


def table(title: str, cells: list[tuple[str, Callable[[np.random.Generator, Tally], None]]], runs: int) -> float:
    """Run and print; returns the lowest coverage of the first method."""
    print(f"\n{title}", flush=True)
    lowest = 1.0
    for number, (name, simulate) in enumerate(cells):
        rng = np.random.default_rng([number, runs])
        tally = Tally()
        for _ in range(runs):
            simulate(rng, tally)
        lowest = min(lowest, tally.first())
        print(f"  {name:44s} {tally.line()}", flush=True)
    print(f"  lowest coverage {100 * lowest:.1f} %", flush=True)
    return lowest


def average_precision_cells():
    cells = []
    for d, prevalence in ((1.0, 0.01), (1.5, 0.01), (2.0, 0.005), (2.5, 0.01), (4.0, 0.01), (2.5, 0.1)):
        truth = true_average_precision(d, prevalence)
        for events in EVENTS:

            def simulate(rng, tally, d=d, prevalence=prevalence, events=events, truth=truth):
                y, (score,) = draw(rng, events, prevalence, (d,))
                ours = confidence_interval("average_precision", y, score)
                tally.add("ours", ours.low, ours.high, truth)
                tally.add("logit (Boyd)", *logit_interval(ours.estimate, int(y.sum())), truth)
                _, tp, fp = threshold_counts(y, score)
                values, _ = bootstrap_average_precision(tp, fp, 200, rng)
                tally.add("percentile bootstrap", *np.nanquantile(values, [0.025, 0.975]), truth)

            cells.append((f"d={d} prevalence={prevalence} AP={truth:.3f} events={events}", simulate))
    return cells


def rate_cells():
    cells = []
    d, prevalence = 2.0, 0.01
    for metric, cuts in (("recall", (1.0, -0.2)), ("precision", (1.5, 3.0))):
        for cut in cuts:
            recall, fpr = float(ndtr(d - cut)), float(ndtr(-cut))
            truth = (
                recall if metric == "recall" else prevalence * recall / (prevalence * recall + (1 - prevalence) * fpr)
            )
            for events in EVENTS:

                def simulate(rng, tally, metric=metric, cut=cut, events=events, truth=truth):
                    y, (score,) = draw(rng, events, prevalence, (d,))
                    flag = score >= cut
                    among = y if metric == "recall" else flag
                    if not among.any():
                        return
                    ours = confidence_interval(metric, y, flag)
                    tally.add("ours", ours.low, ours.high, truth)
                    tally.add("Wilson", *wilson(int((y & flag).sum()), int(among.sum())), truth)

                cells.append((f"{metric}={truth:.3f} events={events}", simulate))
    return cells


def cost_cells():
    cells = []
    d, prevalence = 2.0, 0.01
    for ratio in (1.0, 10.0, 100.0):
        cut = (np.log((1 - prevalence) / prevalence / ratio) + d * d / 2) / d
        for spread in (0.0, 0.5):
            truth = (1 - prevalence) * float(ndtr(-cut)) + prevalence * float(ndtr(cut - d)) * ratio
            for events in EVENTS:

                def simulate(rng, tally, ratio=ratio, cut=cut, spread=spread, events=events, truth=truth):
                    y, (score,) = draw(rng, events, prevalence, (d,))
                    fn = ratio * np.exp(spread * rng.normal(size=y.size) - spread**2 / 2) if spread else ratio
                    costs = {"fp": 1.0, "fn": fn}
                    ours = confidence_interval("expected_cost", y, score, threshold=cut, costs=costs)
                    tally.add("ours", ours.low, ours.high, truth)
                    loss = np.where(y, np.where(score >= cut, 0.0, fn), (score >= cut) * 1.0)
                    half = 1.96 * loss.std(ddof=1) / np.sqrt(loss.size)
                    tally.add("normal", ours.estimate - half, ours.estimate + half, truth)

                cells.append((f"fn/fp={ratio:g} spread of fn={spread} events={events}", simulate))
    return cells


def single_limits(metric: str, y: np.ndarray, first: np.ndarray, second: np.ndarray, **more) -> tuple[float, float]:
    """Reference for a difference: the two single intervals combined as if the scorers had seen different rows."""
    a, b = (confidence_interval(metric, y, score, **more) for score in (first, second))
    gap = a.estimate - b.estimate
    return (
        gap - float(np.hypot(a.estimate - a.low, b.high - b.estimate)),
        gap + float(np.hypot(a.high - a.estimate, b.estimate - b.low)),
    )


def paired_cells():
    cells = []
    for metric, a, b, correlation, prevalence in (
        ("average_precision", 2.0, 2.0, 0.5, 0.01), ("average_precision", 3.0, 3.0, 0.8, 0.01),
        ("average_precision", 2.5, 1.5, 0.5, 0.01), ("average_precision", 4.0, 3.0, 0.9, 0.01),
        ("recall", 2.0, 2.0, 0.5, 0.01), ("recall", 3.0, 2.0, 0.8, 0.01),
        ("precision", 2.0, 2.0, 0.5, 0.01), ("precision", 3.0, 2.0, 0.8, 0.01),
        ("expected_cost", 2.0, 2.0, 0.5, 0.01), ("expected_cost", 3.0, 2.0, 0.8, 0.01),
    ):  # fmt: skip
        cut = 1.5
        truth = true_value(metric, a, prevalence, cut) - true_value(metric, b, prevalence, cut)
        more = {} if metric == "average_precision" else {"threshold": cut, "costs": COSTS}
        # for a cost the lower one is better
        sign = -1 if metric == "expected_cost" else 1
        for events in EVENTS:

            def simulate(
                rng, tally, metric=metric, a=a, b=b, correlation=correlation, prevalence=prevalence, events=events,
                truth=truth, more=more, sign=sign,
            ):  # fmt: skip
                y, (first, second) = draw(rng, events, prevalence, (a, b), correlation)
                ours = paired_difference(metric, y, first, second, **more)
                tally.add("ours", ours.low, ours.high, truth)
                tally.better.append((ours.low if sign > 0 else -ours.high) > 0)
                tally.add("unpaired", *single_limits(metric, y, first, second, **more), truth)

            name = f"{metric} d={a:g},{b:g} correlation={correlation} events={events}"
            cells.append((name + (" (no difference)" if a == b else ""), simulate))
    return cells


def group_cells(paired: bool):
    cells = []
    for a, b, prevalence, share, spread in (
        (2.0, 2.0, 0.01, 0.0, 0.0),
        (2.0, 2.0, 0.01, 0.3, 0.5),
        (2.0, 1.5, 0.01, 0.3, 0.5),
        (3.0, 2.5, 0.02, 0.5, 0.5),
    ):
        if not paired and share and a == b:
            continue
        cut = a - 0.8
        for events in EVENTS:
            for metric in ("difference",) if paired else ("average_precision", "recall", "precision", "expected_cost"):
                if paired:
                    first, second = true_average_precision(a, prevalence), true_average_precision(b, prevalence)
                    truth = first - second
                else:
                    truth = true_value(metric, a, prevalence, cut)

                def simulate(
                    rng, tally, a=a, b=b, prevalence=prevalence, share=share, spread=spread, events=events,
                    metric=metric, truth=truth, cut=cut,
                ):  # fmt: skip
                    y, (first, second), group = draw_groups(
                        rng, events, prevalence, (a, b), 0.5, share=share, spread=spread
                    )
                    if metric == "difference":
                        ours = paired_difference("average_precision", y, first, second, groups=group)
                        plain = paired_difference("average_precision", y, first, second)
                        tally.better.append(ours.low > 0)
                    else:
                        more = {} if metric == "average_precision" else {"threshold": cut, "costs": COSTS}
                        ours = confidence_interval(metric, y, first, groups=group, **more)
                        plain = confidence_interval(metric, y, first, **more)
                    tally.add("ours", ours.low, ours.high, truth)
                    tally.add("groups ignored", plain.low, plain.high, truth)

                name = f"{metric} d={a:g},{b:g} share={share} events={events}"
                cells.append((name + (" (no difference)" if paired and a == b else ""), simulate))
    return cells


TABLES = {
    "ap": ("Average precision: ours, Boyd's logit, percentile bootstrap (200 resamples)", average_precision_cells),
    "rate": ("Recall and precision: ours, Wilson", rate_cells),
    "cost": ("Expected cost per row (fp = 1): ours, normal", cost_cells),
    "paired": (
        "Paired difference: ours, two single intervals (A called better: 2.5 % is nominal without a difference)",
        paired_cells,
    ),
    "groups": ("50 groups: ours, and rows taken as independent", lambda: group_cells(False)),
    "groups_paired": ("50 groups, paired difference of average precision", lambda: group_cells(True)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="simulations a cell")
    parser.add_argument("--only", choices=TABLES, action="append", help="tables to run")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    lowest = {}
    for key, (title, cells) in TABLES.items():
        if arguments.only is None or key in arguments.only:
            lowest[key] = table(title, cells(), arguments.runs)
    said = ", ".join(f"{key} {100 * value:.1f} %" for key, value in lowest.items())
    print(f"\nlowest coverage of ours: {said}; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
