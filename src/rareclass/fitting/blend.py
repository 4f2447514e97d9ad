"""The blend of arms: members are fitted as arms of their own, and combined from their out-of-fold scores.

This is what `compare` and `RareClassifier` mean by "blend". Nothing is fitted twice: the scores that judge the members
also give the weights, and each fold is blended with weights from the other folds.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rareclass.crossfit import Folds, out_of_fold
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.calibrate import as_counts
from rareclass.fitting.part import Known
from rareclass.fitting.rows import at
from rareclass.learners.blend import loadable_members
from rareclass.learners.combination import fit_combination
from rareclass.learners.logit_blend import LogitBlend
from rareclass.treatments.base import NoTreatment, Treatment


def blend_members(treatment: Treatment | None = None) -> tuple[Arm, ...]:
    """The arms that are blended, each under `treatment` (none by default), without those that cannot be loaded here."""
    return tuple(Arm(name, NoTreatment() if treatment is None else treatment) for name in loadable_members())


def blend_out_of_fold(
    scores: np.ndarray, y: np.ndarray, folds: Folds, *, sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Blended log-odds (n,) of members' out-of-fold log-odds (n, k): each part by a combination of the others.

    In time order by one of the earlier parts; the first is then combined with equal weights.
    """

    def blended(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        if not y[train].any() or y[train].all():
            return scores[test].mean(axis=1)
        weight = as_counts(at(sample_weight, train), y[train], at(folds.row, train))
        how = fit_combination(scores[train], y[train], sample_weight=weight)
        return how.apply(scores[test])

    return out_of_fold(y.size, folds.splits(), blended).score


def join_arms(
    blend: Arm,
    fitted: Sequence[FittedArm],
    scores: np.ndarray,
    y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
) -> FittedArm:
    """The arm `blend` of members fitted on the same rows, combined by their out-of-fold log-odds `scores` (m, k).

    `sample_weight` (m,) counts events as the rows that they are worth (`as_counts`).
    """
    seen = np.flatnonzero(np.isfinite(scores).all(axis=1))
    if y[seen].any():
        how = fit_combination(scores[seen], y[seen], sample_weight=at(sample_weight, seen))
        intercept, slope, weight = (v.tolist() for v in (how.intercept, how.slope, how.weight))
    else:
        k = len(fitted)
        intercept, slope, weight = [0.0] * k, [1.0] * k, [1 / k] * k
    learner = LogitBlend([f.learner for f in fitted], [float(f.shift) for f in fitted], intercept, slope, weight)
    own = blend.treatment.label
    names = [f.arm.learner_name if f.arm.treatment.label == own else f.name for f in fitted]
    said = ", ".join(f"{name} {w:.2f}" for name, w in zip(names, weight, strict=True))
    notes, ways = ("; ".join(dict.fromkeys(v)) for v in zip(*((f.note, f.restoration) for f in fitted), strict=True))
    return FittedArm(
        arm=blend,
        learner=learner,
        shift=0.0,
        exact=all(f.exact for f in fitted),
        note=f"weights {said}; {notes}",
        restoration=ways,
        rows=max(f.rows for f in fitted),
        seconds=sum(f.seconds for f in fitted),
    )


def join_known(blend: FittedArm, known: Sequence[Sequence[Known]]) -> list[Known]:
    """What the blend says of rows that its members were fitted on, from what each member says: a `Known` a fit."""
    joined = (np.column_stack([one.logit for one in same]) for same in zip(*known, strict=True))
    return [replace(one, logit=blend.learner.join(logits)) for one, logits in zip(known[0], joined, strict=True)]
