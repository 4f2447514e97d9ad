"""Challengers that must not take over, and challengers that should: what `challenge_champion` says of them.

    python benchmarks/lifecycle.py challengers bad    [--runs 100]
    python benchmarks/lifecycle.py challengers better [--runs 50]
    python benchmarks/lifecycle.py challengers years  [--runs 50] [--drift 0 or 1]

*bad*: five kinds of faults in turn, each in the training rows alone and in the judged rows too: poisoned labels (a
block of events relabelled, half of all events relabelled, a block of other rows relabelled as events), a leaked
column, another unit, a dropped category, a stale window. *better*: fraud has moved, the challenger is trained on rows
since; kept are those whose true saving is a tenth or more, judged on about 200 events, and once more with the events
that were asked for. *years*: twelve months, a challenger a month; costs by the true labels of the next month, against
the first model left alone.

Measured (processor time 115, 80, 337 and 349 s): *bad* 112 challengers, seven of each kind and part: none promoted,
though 35 of them cost surely less on the judged rows, whose fault they shared: the guards alone refused those.
*better* 50 of 50 promoted, ten after they had asked for more, 336 events on average over all. *years* with ``--drift
0``: nothing promoted and the cost that of the frozen model, in 50 of 50; with ``--drift 1``: cost below that of the
frozen model in 50 of 50, half of it on average and 0.695 of it at most, two promotions a year.
"""

import argparse
import time
import warnings

import numpy as np

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.trained import trained_bundle
from rareclass.data.read import read_table
from rareclass.lifecycle import Challenge, challenge_champion

COSTS = {"fp": 5.0, "fn": 100.0}
CHANNELS = np.array(["chip", "online", "phone", "cash"])
Rows = tuple[dict[str, np.ndarray], np.ndarray]


def world(n: int, rng: np.random.Generator, moved: float = 0.0, prevalence: float = 0.03) -> Rows:
    """Payments; fraudsters bring rows of their own, mostly online, and move from the columns a and b to c and d."""
    y = rng.random(n) < prevalence
    X = rng.normal(size=(n, 4))
    angle = moved * np.pi / 2
    X[y] += 2.2 * np.array([np.cos(angle), 0.8 * np.cos(angle), np.sin(angle), -0.8 * np.sin(angle)])
    of = np.where(y[:, None], [0.15, 0.6, 0.2, 0.05], [0.4, 0.3, 0.1, 0.2]).cumsum(axis=1)
    channel = CHANNELS[(rng.random(n)[:, None] > of).sum(axis=1).clip(0, 3)]
    return {**{name: X[:, j] for j, name in enumerate("abcd")}, "channel": channel}, y


def fitted(rows: Rows, **recipe: object) -> Bundle:
    """A small model of these rows, as `replay` would leave it."""
    table = read_table(rows[0])
    model = RareClassifier("logistic_regression", treatment="none", calibration="intercept", cv=2).fit(
        table, rows[1], costs=COSTS
    )
    said = {"arm": "logistic", "fingerprint": model.model_.schema.fingerprint(table), **recipe}
    return trained_bundle(model, table, rows[1], weight=None, whole=table, recipe=said, target="fraud")


def cost(bundle: Bundle, rows: Rows) -> float:
    """True cost per row."""
    flagged = bundle.model.predict(read_table(rows[0])).astype(bool)
    return float(np.where(flagged, 5.0 * ~rows[1], 100.0 * rows[1]).mean())


def take(rows: Rows, kept: np.ndarray) -> Rows:
    return {k: v[kept] for k, v in rows[0].items()}, rows[1][kept]


def spoilt(kind: str, rows: Rows, rng: np.random.Generator) -> Rows:
    """The rows after a fault."""
    X, y = dict(rows[0]), rows[1].copy()
    if kind == "labels lost in a block":
        y[X["channel"] == "online"] = False
    elif kind == "half of the labels lost":
        y[y & (rng.random(y.size) < 0.5)] = False
    elif kind == "a block labelled as events":
        y[(X["channel"] == "cash") & (X["a"] < -1)] = True
        y[X["channel"] == "phone"] = True
    elif kind == "leaked column":
        X["d"] = np.where(y & (rng.random(y.size) < 0.9), 9.0, X["d"])
    elif kind == "new leaked column":
        X["refund"] = np.where(y & (rng.random(y.size) < 0.9), 1.0, rng.normal(scale=0.1, size=y.size))
    elif kind == "other unit":
        X["a"] = X["a"] * 100
    elif kind == "dropped category":
        return take((X, y), np.flatnonzero(X["channel"] != "online"))
    return X, y


KINDS = (
    "labels lost in a block", "half of the labels lost", "a block labelled as events", "leaked column",
    "new leaked column", "other unit", "dropped category", "stale window",
)  # fmt: skip


def bad(kind: str, both: bool, seed: int) -> Challenge:
    """A challenger with a fault in its training rows, or in the judged rows as well."""
    rng = np.random.default_rng(seed)
    champion = fitted(world(10_000, rng), period=[0, 1])
    train, judged = world(10_000, rng), world(8_000, rng)
    if kind == "stale window":
        challenger = fitted(world(5_000, rng, moved=0.0 if both else -0.4), period=[-3, -2])
    else:
        challenger = fitted(spoilt(kind, train, rng), period=[1, 2])
        if both:
            judged = spoilt(kind, judged, rng)
        elif kind == "new leaked column":
            judged[0]["refund"] = rng.normal(scale=0.1, size=judged[1].size)
    return challenge_champion(champion, challenger, *judged)


def better(seed: int) -> tuple[str, float, int]:
    """Verdict on a challenger of rows since fraud moved, its true saving, and the events asked for."""
    rng = np.random.default_rng(seed)
    moved = rng.uniform(0.15, 0.5)
    champion = fitted(world(10_000, rng), period=[0, 1])
    challenger = fitted(world(10_000, rng, moved), period=[1, 2])
    truth = world(100_000, rng, moved)
    saving = 1 - cost(challenger, truth) / cost(champion, truth)
    rows = world(round(200 / 0.03), rng, moved)
    found = challenge_champion(champion, challenger, *rows)
    asked = found.labels_needed
    if asked:
        more = world(round(asked / 0.03), rng, moved)
        rows = {k: np.concatenate([v, more[0][k]]) for k, v in rows[0].items()}, np.concatenate([rows[1], more[1]])
        found = challenge_champion(champion, challenger, *rows)
    said = "" if found.promote else "; ".join(g.name for g in found.failed) or found.verdict
    return said or "promote", saving, asked


def year(drift: float, seed: int) -> tuple[float, float, int]:
    """Cost of twelve months with and without retraining, and the promotions; fraud moves suddenly and slowly."""
    rng = np.random.default_rng(seed)
    sudden, slope = rng.integers(2, 8), rng.uniform(0.02, 0.05)
    moved = [drift * (slope * m + 0.35 * (m >= sudden)) for m in range(13)]
    seen = [world(6_000, rng, 0.0)]
    frozen = champion = fitted(seen[0], period=[0, 0])
    spent, left, taken, met = 0.0, 0.0, 0, 0
    for month in range(1, 13):
        now = world(6_000, rng, moved[month])
        spent, left = spent + cost(champion, now), left + cost(frozen, now)
        seen.append(now)
        recent = seen[-2:]
        whole = {k: np.concatenate([r[0][k] for r in recent]) for k in now[0]}, np.concatenate([r[1] for r in recent])
        cut = 8_000
        met += 1
        challenger = fitted(take(whole, np.arange(cut)), period=[0, month])
        last = take(whole, np.arange(cut, whole[1].size))
        if challenge_champion(champion, challenger, *last, attempt=met).promote:
            champion, taken, met = challenger, taken + 1, 0
    return spent, left, taken


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("bad", "better", "years"))
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--drift", type=float, default=1.0)


def run(asked: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    begin = time.process_time()
    if asked.what == "bad":
        for k, (kind, both) in enumerate((kind, both) for kind in KINDS for both in (False, True)):
            each = [bad(kind, both, 1000 * k + i) for i in range(-(-asked.runs // (2 * len(KINDS))))]
            won = sum(c.difference.high < 0 for c in each)
            guards = sorted({g.name for c in each for g in c.failed})
            part = "training and judged" if both else "training"
            print(
                f"| {kind} | {part} | {len(each)} | promoted {sum(c.promote for c in each)} | cheaper on the judged "
                f"rows {won} | {', '.join(guards) or 'cost'} |",
                flush=True,
            )
    elif asked.what == "better":
        found, seed = [], 0
        while len(found) < asked.runs:
            result, seed = better(seed), seed + 1
            found += [result] if result[1] >= 0.1 else []
        print(f"promoted {sum(f[0] == 'promote' for f in found)} of {len(found)}")
        print("others:", [f"{f[0]} ({f[1]:.0%}, asked for {f[2]})" for f in found if f[0] != "promote"])
        print(f"asked for more: {sum(f[2] > 0 for f in found)}, {np.mean([f[2] for f in found]):.0f} events on average")
    else:
        ratios = np.array([(a / b, n) for a, b, n in (year(asked.drift, i) for i in range(asked.runs))])
        below, worst = np.mean(ratios[:, 0] < 1), ratios[:, 0].max()
        print(
            f"retrained / frozen: mean {ratios[:, 0].mean():.3f}, below 1 in {below:.0%}, at most {worst:.3f};", end=""
        )
        print(f" promotions a year {ratios[:, 1].mean():.1f}")
    print(f"{time.process_time() - begin:.0f} s of processor time")
