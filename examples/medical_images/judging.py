"""How the medical project judges: at the real prevalence, with intervals over seeds and test images together."""

from typing import Any, NamedTuple

import numpy as np

from rareclass.learning import crossed_interval
from rareclass.uncertainty.estimate import Interval

COST_MISSED, COST_ALARM = 20.0, 1.0  # of a finding that nobody sees; of a look at an image without one
THRESHOLD = COST_ALARM / (COST_ALARM + COST_MISSED)  # an alarm pays from this probability on


def average_precision(finding: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Average precision (draws,) of scores (n,) under weights (draws, n): the mean precision at each finding.

    Images of one score count together, so that their order does not matter.
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # where a run of equal scores ends
    w, y = weight[..., order], finding[order]
    caught, alarms = np.cumsum(w * y, axis=-1)[..., last], np.cumsum(w, axis=-1)[..., last]
    precision = caught / np.maximum(alarms, 1e-300)
    return (np.diff(caught, axis=-1, prepend=0.0) * precision).sum(-1) / caught[..., -1]


def roc_area(finding: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Chance (draws,) that a finding's score is above that of an ordinary image; ties count half."""
    order = np.argsort(score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    w, y = weight[..., order], finding[order]
    below, caught = (np.cumsum(w * of, axis=-1)[..., last] for of in (~y, y))
    ordinary, events = (np.diff(total, axis=-1, prepend=0.0) for total in (below, caught))
    return (events * (below - ordinary / 2)).sum(-1) / (below[..., -1] * caught[..., -1])


def cost(finding: np.ndarray, alarm: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Cost (draws,) of 100 images."""
    paid = np.where(finding, np.where(alarm, 0.0, COST_MISSED), np.where(alarm, COST_ALARM, 0.0))
    return 100 * (weight * paid).sum(-1) / weight.sum(-1)


def expected_to_observed(finding: np.ndarray, probability: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """How many findings (draws,) the probabilities promise for each that there is."""
    return (weight * probability).sum(-1) / (weight * finding).sum(-1)


def recall_at_precision(finding: np.ndarray, score: np.ndarray, weight: np.ndarray, floor: float) -> np.ndarray:
    """The largest recall (draws,) of a threshold with at least this precision; 0 where there is none."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    w, y = weight[..., order], finding[order]
    caught, alarms = np.cumsum(w * y, axis=-1)[..., last], np.cumsum(w, axis=-1)[..., last]
    reached = caught >= floor * alarms
    return np.where(reached, caught, 0.0).max(-1) / caught[..., -1]


def resampled(weight: np.ndarray, finding: np.ndarray, draws: int, seed: int = 0) -> np.ndarray:
    """Weights (1 + draws, n): those given, then those of test images drawn with replacement within each class."""
    rng = np.random.default_rng(seed)
    found = np.empty((draws + 1, weight.size))
    found[0] = weight
    for rows in (np.flatnonzero(finding), np.flatnonzero(~finding)):
        found[1:, rows] = rng.multinomial(rows.size, np.full(rows.size, 1 / rows.size), size=draws) * weight[rows]
    return found


def interval(values: np.ndarray, comparisons: int = 1, between: tuple[float, float] = (-np.inf, np.inf)) -> Interval:
    """Mean over seeds of values (seeds, 1 + draws), the first column being the real test images."""
    return crossed_interval(values[:, 0], values[:, 1:], comparisons=comparisons, between=between)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def honest(span: Interval) -> str:
    return "too many" if span.low > 1 else "too few" if span.high < 1 else "right, as far as these images can tell"


class Judged(NamedTuple):
    """All runs of the table, the test labels, and the weights of the test images: real ones, then resampled."""

    runs: dict[Any, list[dict[str, Any]]]
    finding: np.ndarray
    weight: np.ndarray

    def each(self, way: Any, measure: Any, key: str = "score") -> np.ndarray:
        """(seeds, 1 + draws) of a measure of (finding, score, weight)."""
        return np.array([measure(self.finding, run[key], self.weight) for run in self.runs[way]])

    def probability(self, way: Any, measure: Any, key: str) -> np.ndarray:
        values = [sigmoid(run[key]) for run in self.runs[way]]
        return np.array([measure(self.finding, p, self.weight) for p in values])


def ratio_interval(values: np.ndarray) -> Interval:
    """`interval` of positive ratios (seeds, 1 + draws), by their logarithms: geometric mean, and limits above 0."""
    found = interval(np.log(np.maximum(values, 1e-12)))
    ends = (float(np.exp(v)) for v in (found.estimate, found.low, found.high))
    return Interval(*ends, found.level, found.method)
