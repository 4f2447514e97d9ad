"""Simulated scores of a fixed model whose true average precision, recall, precision and cost are known."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import expit, ndtr, ndtri

from rareclass import _check
from rareclass._types import Seed
from rareclass.errors import InputError


@dataclass(frozen=True, kw_only=True)
class SimulatedScores:
    """Scores and labels with their truth.

    The score of a negative row is standard normal, that of a positive one normal with mean `separation` and standard
    deviation `spread`, before `distortion` is applied to the log-odds that are handed out.

    Attributes
    ----------
    y : ndarray of shape (n,), bool
        Labels.
    score : ndarray of shape (n,)
        Binormal score, higher = more likely positive.
    probability : ndarray of shape (n,)
        True P(positive | score).
    stated : ndarray of shape (n,)
        Probability as the model states it: equal to `probability`, or distorted on the log-odds by `slope` and `shift`.
    prevalence, separation, spread : float
        The parameters.
    """

    y: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    stated: np.ndarray
    prevalence: float
    separation: float
    spread: float

    def recall(self, threshold: float) -> float:
        """True share of positives with score >= threshold."""
        return float(ndtr((self.separation - threshold) / self.spread))

    def false_positive_rate(self, threshold: float) -> float:
        """True share of negatives with score >= threshold."""
        return float(ndtr(-threshold))

    def alert_rate(self, threshold: float) -> float:
        """True share of rows with score >= threshold."""
        return self.prevalence * self.recall(threshold) + (1 - self.prevalence) * self.false_positive_rate(threshold)

    def precision(self, threshold: float) -> float:
        """True share of positives among rows with score >= threshold."""
        return self.prevalence * self.recall(threshold) / self.alert_rate(threshold)

    def expected_cost(self, threshold: float, *, fp: float, fn: float, tp: float = 0.0, tn: float = 0.0) -> float:
        """True mean cost per row of flagging rows with score >= threshold."""
        recall, rate, share = self.recall(threshold), self.false_positive_rate(threshold), self.prevalence
        return share * (recall * tp + (1 - recall) * fn) + (1 - share) * (rate * fp + (1 - rate) * tn)

    def best_cost(self, *, fp: float, fn: float, tp: float = 0.0, tn: float = 0.0) -> tuple[float, float]:
        """Threshold on the score with the least true cost, and that cost. Exact where the spread is 1."""
        from scipy.optimize import minimize_scalar

        cost: Callable[[float], float] = lambda t: self.expected_cost(t, fp=fp, fn=fn, tp=tp, tn=tn)  # noqa: E731
        grid = np.linspace(-9, self.separation + 9 * self.spread, 400)
        near = int(np.argmin([cost(t) for t in grid]))
        found = minimize_scalar(cost, bounds=(grid[max(near - 1, 0)], grid[min(near + 1, 399)]), method="bounded")
        ends = [(np.inf, cost(np.inf)), (-np.inf, cost(-np.inf)), (float(found.x), float(found.fun))]
        return min(ends, key=lambda pair: pair[1])

    @property
    def average_precision(self) -> float:
        """True average precision: the integral of precision over recall."""
        share = self.prevalence

        def precision(recall: float) -> float:
            rate = ndtr(ndtri(recall) * self.spread - self.separation)
            return share * recall / (share * recall + (1 - share) * rate) if recall > 0 else 1.0

        # precision turns fast near recall 0, so the integral is taken piece by piece
        edges = np.concatenate([[0.0], np.logspace(-9, -1, 9), [0.5, 1.0]])
        return float(sum(quad(precision, a, b, limit=200)[0] for a, b in itertools.pairwise(edges)))

    @property
    def roc_auc(self) -> float:
        """True area under the ROC curve."""
        return float(ndtr(self.separation / np.hypot(1.0, self.spread)))


def simulate_scores(
    n: int,
    prevalence: float,
    *,
    separation: float = 2.5,
    spread: float = 1.0,
    events: int | None = None,
    slope: float = 1.0,
    shift: float = 0.0,
    seed: Seed = 0,
) -> SimulatedScores:
    """Draw labels and scores of a binormal scorer whose true performance is known in closed form.

    Use it to check that intervals cover and that thresholds have little regret.

    Parameters
    ----------
    n : int
        Rows, at least 2.
    prevalence : float in (0, 1)
        True share of positives.
    separation : float, default=2.5
        Distance between the class means in standard deviations of the negatives.
    spread : float, default=1.0
        Standard deviation of the positives' scores. Away from 1 the probability is not monotone in the score.
    events : int or None, default=None
        Fix the number of positives instead of drawing it; the truth then still refers to `prevalence`.
    slope, shift : float, default=1.0 and 0.0
        Miscalibration: the model states the log-odds ``slope * true log-odds + shift``. Slope > 1 is overconfident.
    seed : int, Generator or None, default=0
        The same seed gives the same rows.

    Examples
    --------
    >>> from rareclass.data import simulate_scores
    >>> simulated = simulate_scores(1000, 0.1, separation=0.0)
    >>> round(simulated.average_precision, 6), simulated.recall(0.0)
    (0.1, 0.5)
    """
    n = _check.whole_number(n, "n", low=2)
    prevalence = _check.fraction(prevalence, "prevalence", closed="neither")
    for name, value in {"separation": separation, "slope": slope, "shift": shift}.items():
        if not np.isfinite(value):
            raise InputError(f"`{name}` must be a finite number; got {value!r}.")
    spread = _check.fraction(spread, "spread", high=100, closed="right")
    rng = _check.random_generator(seed)
    if events is None:
        y = rng.random(n) < prevalence
    else:
        y = rng.permutation(n) < _check.whole_number(events, "events", low=0, high=n)
    score = rng.standard_normal(n)
    score = np.where(y, separation + spread * score, score)
    log_odds = (
        np.log(prevalence / (1 - prevalence)) - np.log(spread) + 0.5 * (score**2 - ((score - separation) / spread) ** 2)
    )
    stated = expit(slope * log_odds + shift)
    return SimulatedScores(
        y=y,
        score=score,
        probability=expit(log_odds),
        stated=stated,
        prevalence=prevalence,
        separation=float(separation),
        spread=float(spread),
    )
