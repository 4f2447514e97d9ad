"""The way back from balanced scores to the real prevalence: Bayes' shift, then what unseen rows say is still missing.

Bayes' shift is exact for the posterior of the drawn samples. The votes of trees and boosters are not that posterior:
averaged votes are too timid (observed/expected 1.2 to 1.8 after the shift alone), boosters on few rows too bold (down
to 0.02). Rows that the members did not draw, or folds that they did not see, show by how much.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from rareclass.calibration.intercept import InterceptCalibration
from rareclass.calibration.sigmoid import SigmoidCalibration
from rareclass.crossfit import out_of_fold
from rareclass.ensemble._training import Training

_FOLDS = 3
_EVENTS_FOR_A_SLOPE = 5
_SMALLEST = 1e-12


@dataclass(frozen=True)
class Correction:
    """P(k | x) is proportional to ``q_k ** slope * exp(shift_k)``, q the balanced score."""

    shift: np.ndarray  # (K,)
    slope: float = 1.0  # 1 for the exact shift
    # votes for no class in particular that are added to each row, as a share of the votes; keeps the log-odds of
    # unanimous votes finite, and the ranking as it is
    pseudo: float = 0.0
    how: str = "shift of the prior"  # what was done, in words

    def log_scores(self, balanced: np.ndarray) -> np.ndarray:
        """log q (n, K), finite, before slope and shift."""
        smooth = (balanced + self.pseudo / balanced.shape[1]) / (1 + self.pseudo)
        return np.log(np.maximum(smooth, _SMALLEST))

    def __call__(self, balanced: np.ndarray) -> np.ndarray:
        """Probabilities (n, K) at the real prevalence."""
        score = self.slope * self.log_scores(balanced) + self.shift
        e = np.exp(score - score.max(axis=1, keepdims=True))
        if self.pseudo == 0:
            e = np.where(balanced > 0, e, 0.0)  # a class that nobody can vote for stays impossible
        return e / e.sum(axis=1, keepdims=True)


def judged_rows(
    training: Training, seed: int, targets: np.ndarray, *, per_class: int, per_event: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows on which the correction is fitted, ascending, and their weights, which restore the real class masses.

    All rows of small classes; of large ones the largest of `per_class`, `per_event` for each row of the smallest class,
    and three times what a member draws (so that the draws of two folds of three can still be filled).
    """
    rng = np.random.default_rng([seed, 1])
    rows = training.rows_of_classes()
    fewest = min(part.size for part in rows)
    mass, chosen, weights = training.class_mass(), [], []
    for code, part in enumerate(rows):
        cap = int(max(per_class, per_event * fewest, 3 * targets[code]))
        take = part if part.size <= cap else rng.choice(part, size=cap, replace=False)
        weight = np.ones(take.size) if training.weight is None else training.weight[take]
        chosen.append(take)
        weights.append(weight * (mass[code] / weight.sum()))
    together = np.concatenate(chosen)
    order = np.argsort(together)
    return together[order], np.concatenate(weights)[order]


def cross_fitted(
    estimator: Any, training: Training, rows: np.ndarray, seed: int, plain: dict[str, Any]
) -> np.ndarray | None:
    """Balanced scores (m, K) of `rows` from clones fitted on the other folds; None where a class is too small.

    `plain` holds the parameters of the clones that differ.
    """
    codes = training.codes[rows]
    folds = min(_FOLDS, int(np.bincount(codes, minlength=training.classes.size).min()))
    if folds < 2:
        return None
    X, y = training.X[rows], training.classes[codes]
    weight = None if training.weight is None else training.weight[rows]
    seeds = count(seed)

    def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        member = clone(estimator).set_params(**plain, corrected=False, random_state=next(seeds))
        member.fit(X[train], y[train], None if weight is None else weight[train])
        return np.asarray(member.balanced_proba(X[test]))

    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, codes)
    return out_of_fold(rows.size, splits, fit_score).score


def unseen_votes(
    n_classes: int, rows: np.ndarray, n: int, bags: list[np.ndarray], vote: Callable[[int, np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean vote (m, K) on `rows` of the members that did not draw them, and how many those are (m,).

    `vote(i, rows)` is the vote of member i; rows that every member drew get zeros.
    """
    total, members = np.zeros((rows.size, n_classes)), np.zeros(rows.size)
    for number, bag in enumerate(bags):
        seen = np.zeros(n, dtype=bool)
        seen[bag] = True
        out = np.flatnonzero(~seen[rows])
        if out.size:
            total[out] += vote(number, rows[out])
            members[out] += 1
    return total / np.maximum(members, 1)[:, None], members


def fit_correction(
    balanced: np.ndarray, codes: np.ndarray, weight: np.ndarray, shift: np.ndarray, members: int, source: str
) -> Correction:
    """The shift, moved (and for two classes with 5 events or more, stretched) until it is right on unseen rows.

    Parameters
    ----------
    balanced : array (m, K)
        Scores of rows that their voters did not see.
    codes, weight : arrays (m,)
    shift : array (K,)
        Bayes' shift, the starting point.
    members : int
        Voters of the whole ensemble.
    source : str
        Where the scores come from, for `how`.
    """
    unanimous = bool(((balanced == 0) | (balanced == 1)).any())
    start = Correction(shift=shift, pseudo=1.0 / members if unanimous else 0.0)
    log = start.log_scores(balanced)
    if shift.size > 2:
        return Correction(_matched(log, codes, weight, shift), 1.0, start.pseudo, f"shift moved on {source}")
    z = log[:, 1] - log[:, 0] + shift[1] - shift[0]
    y = codes == 1
    if min(int(y.sum()), int((~y).sum())) >= _EVENTS_FOR_A_SLOPE:
        line = SigmoidCalibration().fit(z, y, sample_weight=weight)
        slope, intercept, word = line.slope_, line.intercept_, "moved and stretched"
    else:
        slope, word = 1.0, "moved"
        intercept = InterceptCalibration().fit(z, y, sample_weight=weight).shift_
    half = (slope * (shift[1] - shift[0]) + intercept) / 2
    return Correction(np.array([-half, half]), slope, start.pseudo, f"shift {word} on {source}")


def _matched(log: np.ndarray, codes: np.ndarray, weight: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Shift for which the mean probability of every class is its weighted share."""
    share = np.bincount(codes, weights=weight, minlength=shift.size) / weight.sum()
    shift = shift.copy()
    for _ in range(500):
        score = log + shift
        e = np.exp(score - score.max(axis=1, keepdims=True))
        mean = np.average(e / e.sum(axis=1, keepdims=True), axis=0, weights=weight)
        step = np.log(share / np.maximum(mean, 1e-300))
        shift += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return shift - shift.mean()
