"""Days of a deployed model whose truth is known: the streams of `benchmarks/monitoring.py`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rareclass.artifact.bundle import score_reference
from rareclass.artifact.reference import sketched
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.residuals import residual_sums

CHANGE = 60
APART, EVENTS, ROWS, FEATURES = 3.0, 20, 400, 10
CUT = APART - 0.8416212335729143  # 80 % of the events lie above
LOG_ODDS = np.log(EVENTS / (ROWS - EVENTS))
THRESHOLD = float(sigmoid(APART * CUT - APART**2 / 2 + LOG_ODDS))
DIRECTION = np.repeat([1.0, 0.0], FEATURES // 2)


@dataclass(frozen=True, kw_only=True)
class Law:
    """What the rows of a day are drawn from."""

    lower: float = 0.0  # by how much events score lower
    new_mode: float = 0.0  # share of the events that lie elsewhere
    times: float = 1.0  # how many times as frequent events are
    negatives: float = 0.0  # by how much the other rows score higher
    feature: float = 0.0  # by how much the events move in three features
    daily: float = 0.0  # standard deviation of a shift of all scores of a day
    burst: float = 1.0  # events of an attack, which are alike, on average


@dataclass(frozen=True, kw_only=True)
class Day:
    """Rows (n,) of a day; labels come at `known`."""

    time: np.ndarray
    X: np.ndarray
    probability: np.ndarray
    alert: np.ndarray
    y: np.ndarray
    known: np.ndarray


SCENARIOS = {
    "usual": Law(),
    "recall 0.8 -> 0.6": Law(lower=0.5882741304430),
    "recall 0.8 -> 0.7": Law(lower=0.3172207208673),
    "new mode in 20 % of events": Law(new_mode=0.2),
    "prevalence doubled": Law(times=2.0),
    "negatives +0.25 sd": Law(negatives=0.25),
    "negatives +0.5 sd": Law(negatives=0.5),
    "events +0.6 sd in 3 features": Law(feature=0.6),
    "usual, days shift by 0.3 sd": Law(daily=0.3),
    "usual, events in bursts of 4": Law(burst=4.0),
}


def drawn(rng: np.random.Generator, law: Law, day: int, rows: int = ROWS) -> Day:
    """The rows of one day."""
    y = rng.random(rows) < law.times * EVENTS / ROWS
    score = rng.normal(np.where(y, APART - law.lower, law.negatives), 1.0)
    X = rng.normal(size=(rows, FEATURES)) + np.outer(y, DIRECTION)
    X[:, :3] += law.feature * y[:, None]
    if law.burst > 1 and y.any():  # rows of an attack score alike and look alike
        events = np.flatnonzero(y)
        first = np.append(True, rng.random(events.size - 1) < 1 / law.burst)
        alike = events[first][np.cumsum(first) - 1]
        score[events], X[events] = score[alike], X[alike]
    if law.daily:
        score += rng.normal(0.0, law.daily)
    other = y & (rng.random(rows) < law.new_mode)
    X[other] = rng.normal(-2.0, 0.5, size=(int(other.sum()), FEATURES))
    p = sigmoid(APART * score - APART**2 / 2 + LOG_ODDS)
    moment = day + rng.random(rows)
    return Day(time=moment, X=X, probability=p, alert=p >= THRESHOLD, y=y, known=moment + rng.gamma(2.0, 2.0, rows))


def reference(rng: np.random.Generator) -> tuple[dict, dict]:
    """What a bundle keeps of 12,000 rows, scored out of fold."""
    part = drawn(rng, Law(), 0, 30 * ROWS)
    p, y = part.probability, part.y
    decided = {"events": y, "missed": y & ~part.alert, "alerts": part.alert, "alert_events": y & part.alert}
    found = score_reference(np.log(p) - np.log1p(-p), y) | {"residuals": residual_sums(p, y.astype(float)).tolist()}
    return found | {"decided": {n: float(v.sum()) for n, v in decided.items()}}, sketched(part.X, y)


def days(rng: np.random.Generator, law: Law, until: int, change: int = CHANGE) -> Iterator[Day]:
    """Days in order; the law holds from `change` on."""
    for day in range(until):
        yield drawn(rng, law if day >= change else Law(), day)
