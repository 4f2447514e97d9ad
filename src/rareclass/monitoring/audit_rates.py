"""Recall, precision and prevalence from a stratified audit: Horvitz-Thompson sums and their intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtri

from rareclass.uncertainty.estimate import Interval

_FACTORS = np.exp(np.linspace(-3.0, 3.0, 121))
_DRAWS = 4000


@dataclass(frozen=True)
class Stratum:
    """Rows of a stratum, how many were labelled, events among these, and events that the probabilities expect."""

    rows: int
    audited: int
    events: int
    expected: float

    def joined(self, other: "Stratum") -> "Stratum":
        """Both as one."""
        return Stratum(
            self.rows + other.rows,
            self.audited + other.audited,
            self.events + other.events,
            self.expected + other.expected,
        )

    @property
    def weight(self) -> float:
        """Rows that each labelled one stands for."""
        return self.rows / max(self.audited, 1)

    @property
    def rest(self) -> float:
        """Share of the rows without label."""
        return 1 - self.audited / self.rows


@dataclass(frozen=True, kw_only=True)
class AuditRates:
    """What an audit says of its period.

    Attributes
    ----------
    recall, precision, prevalence, missed : Interval or None
        By the design of the sample alone, whatever the model thinks; `missed` is the number of events without alert.
        None without events or alerts. The lower end of recall is far off where a stratum of many rows was audited
        thinly: nobody looked.
    recall_by_scores, missed_by_scores : Interval or None
        The same where the probabilities may be trusted but for a factor that differs from stratum to stratum (its
        standard deviation is 1 in each) and a common one; much narrower while audits find few events.
    events_found, unanswered : int
    sentence : str
    """

    recall: Interval | None
    precision: Interval | None
    prevalence: Interval
    missed: Interval
    recall_by_scores: Interval | None
    missed_by_scores: Interval
    events_found: int
    unanswered: int
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def weighted_count(strata: Sequence[Stratum], level: float = 0.95) -> tuple[Interval, float]:
    """Events of strata by Horvitz and Thompson, with an interval that has width without events, and the variance.

    Notes
    -----
    Fay and Feuer (1997), Stat. Med. 16:791: the gamma interval of a weighted sum of Poisson counts, which takes the
    largest weight for the event that was not seen; variances are those of sampling without replacement, and the
    interval stays within what the rows not looked at allow.

    Examples
    --------
    >>> found, _ = weighted_count([Stratum(1000, 100, 0, 1.0)])
    >>> found.estimate, found.low, round(found.high, 1)
    (0.0, 0.0, 35.0)
    """
    events = float(sum(s.events for s in strata))
    hidden = float(sum(s.rows - s.audited for s in strata))
    total = sum(s.weight * s.events for s in strata)
    variance = sum(s.weight**2 * s.rest * s.events for s in strata)
    largest = max((s.weight * s.rest**0.5 for s in strata), default=0.0)
    # events seen count themselves; the others, each of weight - 1, are what chance rules
    unseen, error = total - events, (1 - level) / 2
    low = events
    if unseen > 0 and variance > 0:
        low += float(gammaincinv(unseen**2 / variance, error)) * variance / unseen
    high = events
    if largest > 0 and hidden > 0:
        mean, spread = unseen + largest, variance + largest**2
        high += min(float(gammaincinv(mean**2 / spread, 1 - error)) * spread / mean, hidden)
    return Interval(float(total), min(low, float(total)), max(high, float(total)), level, "gamma"), float(variance)


def assisted_count(strata: Sequence[Stratum], level: float = 0.95) -> Interval:
    """Events of strata where probabilities are right but for factors: a gamma factor of mean 1 and standard deviation 1
    for each stratum, times a common one that is log-normal around 1; what was audited corrects both."""
    events = sum(s.events for s in strata)
    parts = [s for s in strata if s.rest > 0 and s.expected > 0]
    rng = np.random.default_rng(0)
    log = -(np.log(_FACTORS) ** 2) / 2
    for s in parts:
        mean = s.expected * (1 - s.rest) * _FACTORS
        log = (
            log + gammaln(s.events + 1) + s.events * np.log(np.maximum(mean, 1e-300)) - (s.events + 1) * np.log1p(mean)
        )
    weight = np.exp(log - log.max())
    factor = rng.choice(_FACTORS, size=_DRAWS, p=weight / weight.sum())
    drawn = np.zeros(_DRAWS)
    for s in parts:
        rate = rng.gamma(1.0 + s.events, 1.0, _DRAWS) / (1.0 + s.expected * factor * (1 - s.rest))
        drawn += rng.poisson(np.minimum(rate * factor * s.expected * s.rest, s.rows - s.audited))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(events + float(drawn.mean()), events + float(low), events + float(high), level, "by scores")


def _per(count: Interval, rows: int) -> Interval:
    """The share that a number of events has of as many rows."""
    share = np.minimum(np.array([count.estimate, count.low, count.high]) / rows, 1.0)
    return Interval(float(share[0]), float(share[1]), float(share[2]), count.level, count.method)


def audit_rates(
    others: Sequence[Stratum], alerts: Sequence[Stratum], *, unanswered: int = 0, level: float = 0.95
) -> AuditRates:
    """Rates of a period from the strata of rows without and with alert."""
    missed, missed_variance = weighted_count(others, level)
    caught, caught_variance = weighted_count(alerts, level)
    rows, flagged = sum(s.rows for s in (*others, *alerts)), sum(s.rows for s in alerts)
    by_scores = assisted_count(others, level)
    total, _ = weighted_count([*others, *alerts], level)
    recall = _recall(caught, missed, caught_variance, missed_variance)
    assisted = _recall(caught, by_scores, caught_variance, ((by_scores.high - by_scores.low) / 4) ** 2)
    found = sum(s.events for s in (*others, *alerts))
    return AuditRates(
        recall=recall,
        precision=_per(caught, flagged) if flagged else None,
        prevalence=_per(total, rows),
        missed=missed,
        recall_by_scores=assisted,
        missed_by_scores=by_scores,
        events_found=found,
        unanswered=unanswered,
        sentence=_said(recall, assisted, sum(s.audited for s in others), sum(s.events for s in others)),
    )


def _recall(caught: Interval, missed: Interval, v_caught: float, v_missed: float) -> Interval | None:
    total = caught.estimate + missed.estimate
    if total <= 0:
        return None
    # the mean of a ratio is not the ratio of means: the second order is taken off
    denominator = total + (v_caught + v_missed) / total
    value = float(np.clip(caught.estimate / denominator + v_caught / total**2, 0.0, 1.0))
    # the share's ends lie where the larger of the two errors leads, the other in squares
    t, m = caught.estimate, missed.estimate

    def end(t_end: float, m_end: float) -> float:
        plain = t / total
        by_caught = t_end / (t_end + m) if t_end + m > 0 else plain
        by_missed = t / (t + m_end) if t + m_end > 0 else plain
        return float(np.hypot(by_caught - plain, by_missed - plain))

    low = max(t / total - end(caught.low, missed.high), 0.0)
    high = min(t / total + end(caught.high, missed.low), 1.0)
    return Interval(value, min(low, value), max(high, value), missed.level, missed.method)


def half_width(others: Sequence[Stratum], alerts: Sequence[Stratum], *, periods: int = 1) -> dict[str, float]:
    """What an audit will tell of recall, if the probabilities are right."""
    sums = [sum(s.expected for s in part) * periods for part in (others, alerts)]
    variances = [
        periods * sum(s.weight * s.rest * s.expected for s in part if s.rows > s.audited) for part in (others, alerts)
    ]
    missed, caught = sums
    total = max(missed + caught, 1e-12)
    spread = (caught**2 * variances[0] + missed**2 * variances[1]) ** 0.5 / total**2
    thin = max((s.weight for s in others if s.rest > 0), default=0.0)
    return {
        "recall": caught / total,
        "half_width": float(ndtri(0.975)) * spread,
        "fall": float(ndtri(0.975) + ndtri(0.8)) * spread,
        "found": periods * sum(s.expected / s.weight for s in others),
        "unseen": float(-np.log(0.025)) * thin / periods,
    }


def _said(recall: Interval | None, assisted: Interval | None, audited: int, found: int) -> str:
    if recall is None or assisted is None:
        return f"{audited:,} audited rows without alert hold no event, and no alert is one; recall is not defined."
    return (
        f"Recall is {recall.estimate:.0%} [{recall.low:.0%}, {recall.high:.0%}] by {audited:,} audited rows without "
        f"alert, {found} of them events; if the scores may be trusted roughly, "
        f"{assisted.estimate:.0%} [{assisted.low:.0%}, {assisted.high:.0%}]."
    )
