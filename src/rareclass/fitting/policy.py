"""What the treatment "auto" means: a challenger that the evidence leaves open, taken where it is surely better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.crossfit import Folds
from rareclass.fitting.arm import Arm
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.rows import at
from rareclass.kernels.logits import sigmoid
from rareclass.treatments.sampling import RandomUnderSampling
from rareclass.uncertainty.paired import paired_difference

LEAST_EVENTS = 50
LEAST_RATIO = 40
LEVEL = 0.95
"""At which the intervals of all challengers of a fit hold together."""


def challengers(arms: Sequence[Arm], y: np.ndarray) -> tuple[list[tuple[Arm, ...]], str]:
    """Each arm with what is tried beside it, and why nothing is tried ("" where something is).

    The only challenger is under-sampling to 20 negatives for each event. It is undone exactly, costs less than the fit
    that it challenges, and is surely better now and then (forests with about a hundred events) as it is surely worse
    elsewhere. The others cost more and won less often (`benchmarks/auto_treatment.py`).
    """
    events = int(y.sum())
    alone: list[tuple[Arm, ...]] = [(arm,) for arm in arms]
    if events < LEAST_EVENTS:
        return alone, f"{events} events are too few to choose between treatments ({LEAST_EVENTS} are needed)"
    if y.size - events < LEAST_RATIO * events:
        return alone, f"with fewer than {LEAST_RATIO} negatives for each event there is little to gain"
    return [(arm, Arm(arm.learner, RandomUnderSampling())) for arm in arms], ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A challenger: the share by which its log-loss is lower, with limits, and whether that made it a candidate."""

    learner: str
    treatment: str
    gain: float
    low: float
    high: float
    taken: bool


def take_surely_better(
    tried: Sequence[Sequence[Arm]],
    scores: np.ndarray,
    y: np.ndarray,
    folds: Folds,
    *,
    calibration: str = "auto",
    sample_weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> tuple[list[int], list[Tried]]:
    """Columns of `scores` (n, arms) that stay, one for each group of arms, and what was tried.

    The first arm of a group stays unless a challenger's log-loss, calibrated out of fold, is surely lower: the interval
    of the paired difference lies below zero at `LEVEL`, with the error divided by the challengers of all groups
    (Bonferroni), so that among many of equal merit the luckiest is not taken.

    Parameters
    ----------
    groups : ndarray of shape (n,), optional
        Entities whose rows belong together; the intervals then count groups, not rows.
    """
    kept: list[int] = []
    said: list[Tried] = []
    seen = np.flatnonzero(folds.fold >= 0)
    level = 1 - (1 - LEVEL) / max(sum(len(group) - 1 for group in tried), 1)
    rows: dict[str, Any] = {"sample_weight": at(sample_weight, seen), "groups": at(groups, seen), "level": level}

    def probability(j: int) -> np.ndarray:
        """Calibrated probabilities (m,) of the rows that were held out."""
        logit = cross_calibrated(scores[:, j], y, folds, method=calibration, sample_weight=sample_weight)
        return sigmoid(logit[seen])

    start = 0
    for group in tried:
        first, start = start, start + len(group)
        if len(group) == 1 or not seen.size:
            kept.append(first)
            continue
        own = probability(first)
        best, best_gain = first, 0.0
        for j, arm in enumerate(group[1:], first + 1):
            d = paired_difference("log_loss", y[seen], probability(j), own, **rows)
            sure, gain = d.high < 0, -d.estimate
            if sure and gain > best_gain:
                best, best_gain = j, gain
            share = np.array([gain, -d.high, -d.low]) / max(d.estimate_b, 1e-300)
            limits = dict(zip(("gain", "low", "high"), share.tolist(), strict=True))
            said.append(Tried(learner=arm.learner_name, treatment=arm.treatment.label, taken=sure, **limits))
        kept.append(best)
    return kept, said


def say_tried(tried: Sequence[dict[str, Any]], why_not: str) -> str:
    """One sentence on what was tried, or why nothing was; empty where the user chose the treatment."""
    if why_not:
        return f"Treatment: the data as they are; {why_not}."
    if not tried:
        return ""
    each = "; ".join(
        f"{t['treatment']} with {t['learner']} {-t['gain']:+.1%} [{-t['high']:+.1%}, {-t['low']:+.1%}]"
        f"{' (taken)' if t['taken'] else ''}"
        for t in tried
    )
    return (
        "Treatment: the data as they are, unless another treatment is surely better. Log-loss tried out of fold: "
        f"{each} (95 % intervals that hold together; below 0 is better)."
    )
