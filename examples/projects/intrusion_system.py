"""Advanced project: an intrusion system that lives: cascade, tiers, reasons, serving, drift, retraining, trade-off.

rareclass learn intrusion-system        or: python examples/projects/intrusion_system.py [--quick] [--out DIR]

Connections of KDD Cup 1999; an event is somebody who gets in (the attacks "r2l" and "u2r"). The model learns the
attacks known on day 0. On day 60 a new one begins, of which it has seen nothing. What happens then is what the project
is about: the monitor notices it by labels that come a week late, a challenger is trained, judged on rows that neither
has seen, and promoted if it costs less and nothing is odd about the rows.

A *cascade* asks a quick model first, the *gate*, and a slow and better one only about the rows that the gate lets pass.
A *tier* is what is done about a row: allow, review or block. A *registry* is a folder that keeps every model; the
*champion* is the one that answers, a *challenger* one that may take its place. `examples/intrusion.py` shows the
cascade alone, at one attack in 2,800 connections.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier
from rareclass.data import simulate_transactions
from rareclass.data.catalogue import data_folder
from rareclass.data.problem import Roles, read_problem
from rareclass.decisions import CostMatrix, Tier, TierPolicy
from rareclass.evaluation import trade_off
from rareclass.kernels.intervals import wilson
from rareclass.learning import Figure, agree, from_command_line
from rareclass.lifecycle import Registry, retrain
from rareclass.metrics import expected_cost
from rareclass.monitoring import RareClassMonitor
from rareclass.monitoring.alarms import RARE_CLASS
from rareclass.workflow import train_table

COSTS = CostMatrix(fp=10.0, fn=2_000.0)  # an analyst's minutes; a machine that is taken over
POLICY = TierPolicy([Tier("allow"), Tier("review", cost=10, prevents=0.8), Tier("block", cost_fp=400)])
NEW = "warezclient"  # the attack that begins on day 60
DAYS, BEGINS, DELAY = 120, 60, 7.0
STAGES = {"judge": "logistic_regression", "judge_treatment": "none", "gate_trees": 60, "cv": 3, "gate_recall": 0.9}


class Stream(NamedTuple):
    """Rows to learn from, and what comes after them, day by day."""

    name: str
    known: pd.DataFrame
    known_event: np.ndarray
    later: pd.DataFrame
    later_event: np.ndarray
    day: np.ndarray


def connections(quick: bool, seed: int = 0) -> Stream:
    """Known attacks among normal connections; then 120 days, with the new attack from day 60 on."""
    rng = np.random.default_rng(seed)
    folder = data_folder()
    if folder is None:
        return transactions(quick, seed)
    frame = pd.read_parquet(folder / "kddcup99_10pct.parquet").drop_duplicates()
    kind, attack = frame.pop("category"), frame.pop("attack")
    normal = rng.permutation(np.flatnonzero(kind == "normal"))[: 5_000 if quick else 16_000]
    old = rng.permutation(np.flatnonzero(kind.isin(["r2l", "u2r"]) & (attack != NEW)))
    new = rng.permutation(np.flatnonzero(attack == NEW))[: 400 if quick else 893]
    half, begun = normal.size // 2, 110  # 110 of the 158 attacks of known kinds are in training
    known = rng.permutation(np.concatenate([normal[:half], old[:begun]]))
    later = np.concatenate([normal[half:], old[begun:], new])
    day = np.concatenate([rng.uniform(0, DAYS, half + old.size - begun), rng.uniform(BEGINS, DAYS, new.size)])
    later, day = later[np.argsort(day)], np.sort(day)
    event = kind.isin(["r2l", "u2r"]).to_numpy()
    parts = (frame.iloc[rows].reset_index(drop=True) for rows in (known, later))
    first, second = parts
    return Stream("connections of KDD Cup 1999", first, event[known], second, event[later], day)


def transactions(quick: bool, seed: int = 0) -> Stream:
    """Simulated card transactions whose fraud changes, where the connections are not on this machine."""
    print(
        "The connections are not on this machine: simulated card transactions stand in for them, so the numbers differ "
        "from those in the docs. Their frauds change bit by bit; no new attack begins on day 60."
    )
    found = simulate_transactions(8_000 if quick else 40_000, prevalence=0.03, drift={"concept": 3.0}, seed=seed)
    frame = found.table.drop_columns([found.target, found.time, found.group]).to_pandas()
    day = (found.times - found.times[0]) / np.timedelta64(1, "D") - 60.0
    known, later = day < 0, day >= 0
    return Stream(
        "simulated card transactions",
        frame[known].reset_index(drop=True), found.y[known],
        frame[later].reset_index(drop=True), found.y[later], day[later],
    )  # fmt: skip


def caught(event: np.ndarray, alarm: np.ndarray, day: np.ndarray, width: float = 10.0) -> list[tuple[float, ...]]:
    """(middle of the days, share of the events that are alarms, its interval) for each `width` days."""
    found = []
    for start in np.arange(0, day.max(), width):
        here = event & (day >= start) & (day < start + width)
        if n := int(here.sum()):
            low, high = wilson(np.array([float((here & alarm).sum())]), np.array([float(n)]), 0.95)
            found.append((start + width / 2, float((here & alarm).sum()) / n, low.item(), high.item()))
    return found


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    stream = connections(quick)
    stages = STAGES | ({"gate_trees": 10, "cv": 2} if quick else {})
    print(f"{stream.name}: {stream.known_event.sum()} events in {stream.known_event.size:,} rows to learn from.")

    print("\nDay 0: a cascade with tiers, in a registry")
    table = stream.known.assign(event=stream.known_event)
    problem = read_problem(table, "event", Roles(pos_label=True))
    train_table(problem, out=out / "first", cascade=True, costs=COSTS, decision=POLICY, n_jobs=1, **stages)
    registry = Registry(out / "registry")
    registry.promote(registry.add(Bundle.load(out / "first")), "the first model")
    champion = registry.champion()
    assert champion is not None
    model, scorer = champion.model, champion.scorer
    print(
        f"The gate passes {model.passed_:.1%} of the rows and catches at least {model.gate_recall_:.0%} of the events."
    )

    print("\nServing: one row at a time, with its reasons")
    p = scorer.probability(stream.later)
    strongest = stream.later.iloc[[int(np.argmax(p))]]
    print(f"{scorer.tier(strongest)[0]}, probability {p.max():.3f}:")
    for reason in scorer.explain(strongest)[0]:
        print(f"  {reason.text}")
    rows = stream.later.head(200).to_dict("records")
    scorer.probability(rows[0])
    started = time.perf_counter()
    alone = [float(scorer.probability(row)[0]) for row in rows]
    print(f"One row takes about {(time.perf_counter() - started) / len(rows) * 1e6:.0f} microseconds here.")
    together = model.predict_proba(stream.later.head(200))[:, 1]
    agree("probabilities one by one", alone, together, within=1e-9, of="the fitted model")
    print(f"As a service, in the folder of this run: rareclass serve intrusions={registry.folder.name}")

    print("\nDrift: labels come a week late")
    alarm, ids = scorer.tier(stream.later) != "allow", np.arange(p.size)
    monitor = RareClassMonitor.from_bundle(champion, mature_after=DELAY)
    monitor.predictions(ids, stream.day, p, features=stream.later, alerts=alarm)
    monitor.labels(ids, stream.later_event, times=stream.day + DELAY)
    alarms = monitor.check(float(DAYS) + DELAY + 2)
    for found in alarms:
        print(f"day {found.evidence['raised']:.0f}, {found.code}: {found.sentence}")
    print(
        f"State: {monitor.state}. What moved without labels (scores, inputs, volume) only warns; drift is about events."
    )
    alarms = [found for found in alarms if found.code in RARE_CLASS]

    print("\nRetraining: a challenger, judged on rows that neither has seen")
    labelled = stream.later.assign(event=stream.later_event, day=stream.day)
    told = retrain(registry, labelled, target="event", roles=Roles(time="day"), history="growing")
    print(f"{told.outcome}: {told.sentence}")
    doubts = told.figures.get("guards", {})
    gain = told.figures.get("difference")
    if told.outcome == "refused" and doubts and gain is not None and gain["high"] < 0:
        why = "the labels were looked at and are right: the new attack comes this way"
        print(f"It costs surely less, and guards doubt the rows ({', '.join(doubts)}). Somebody looks, and promotes it")
        print(f"by hand: rareclass promote {registry.folder.name} {told.version} --why '{why}'")
        registry.promote(told.version, why)
    newest = stream.day >= np.quantile(stream.day, 0.75)
    last, event = stream.later[newest], stream.later_event[newest]
    after = registry.champion()
    assert after is not None
    acts = {"doing nothing": np.zeros(event.size, bool), "the first model": alarm[newest]}
    acts["the champion"] = after.scorer.tier(last) != "allow"
    money = {way: expected_cost(event, act, COSTS) for way, act in acts.items()}
    for way, cost in money.items():
        print(f"On the newest quarter, {way}: {cost:.2f} per row, {(event & acts[way]).sum()} of {event.sum()} caught.")

    print("\nTrade-off: what the cascade brings against one model")
    arms = {"cascade": CascadeClassifier(**stages)}
    weighed = trade_off(
        stream.known, stream.known_event, costs=COSTS, learner="lightgbm", arms=arms, n_jobs=1,
        treatments=["class_weight"] if quick else ["class_weight", "random_under(negatives_per_event=20)", "smote_enn"],
        folds=2 if quick else 3,
    )  # fmt: skip
    print(weighed.paragraph)
    draw(out, stream, alarm, alarms, money, weighed.record.arms)
    return {
        "codes": [a.code for a in alarms], "raised": [a.evidence["raised"] for a in alarms], "state": monitor.state,
        "outcome": told.outcome, "cost": money, "passed": model.passed_, "arms": len(weighed.record.arms),
    }  # fmt: skip


def draw(out: Path, stream: Stream, alarm: np.ndarray, alarms: list, money: dict[str, float], arms: list) -> None:
    """What was caught day by day, what it costs, and cost against latency."""
    first = alarms[0].evidence["raised"] if alarms else None
    said = "No alarm was raised." if first is None else f"The first alarm about events comes on day {first:.0f}."
    figure = Figure("An intrusion system that lives", f"{said} {', '.join(f'{k} {v:.2f}' for k, v in money.items())}.")
    plot = figure.panel("events that the first model catches", (0, stream.day.max()), (0, 1), "day", "share caught")
    for middle, share, low, high in caught(stream.later_event, alarm, stream.day):
        plot.line([(middle, low), (middle, high)], "line-b")
        plot.dot(middle, share, "mark", f"{share:.0%} [{low:.0%}, {high:.0%}]")
    if first is not None:
        plot.upright(first, "chosen")
        figure.legend(("line-b", "first alarm about events"))
    figure.legend(("mark", "share caught, with 95% interval"))
    names = list(enumerate(way.removeprefix("the ") for way in money))
    top = 1.15 * max(money.values())
    plot = figure.panel("the newest quarter", (-0.5, 2.5), (0, top), "", "cost per row", x_ticks=names)
    for i, cost in enumerate(money.values()):
        plot.dot(i, cost, "mark", f"{cost:.2f}")
    top = 1.15 * max(arm.expected_cost.high for arm in arms)
    slow = 1.3 * max(arm.p50 for arm in arms)
    plot = figure.panel("the trade-off", (0, slow), (0, top), "microseconds a row (measured here)", "cost per row")
    for i, arm in enumerate(arms):
        plot.dot(arm.p50, arm.expected_cost.estimate, "open", arm.name)
        plot.text(plot.x(arm.p50) + 7, plot.y(arm.expected_cost.estimate) + 4, str(i + 1))
    figure.legend(*(("open", f"{i + 1} {arm.name}") for i, arm in enumerate(arms)))
    figure.save(out, "intrusion_system")


if __name__ == "__main__":
    from_command_line(main)
