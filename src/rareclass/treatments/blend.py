"""The blend of arms: members are fitted as arms of their own, and combined from their out-of-fold scores.

This is what `compare` and `RareClassifier` mean by "blend". Nothing is fitted twice: the scores that judge the members
also give the weights, and each fold is blended with weights from the other folds.
"""

from collections.abc import Sequence

import numpy as np

from rareclass._lazy import available
from rareclass.learners.combination import fit_combination
from rareclass.learners.logit_blend import LogitBlend
from rareclass.treatments.arm import Arm, FittedArm
from rareclass.treatments.base import NoTreatment, Treatment

BLEND = "blend"


def blend_members(treatment: Treatment | None = None) -> tuple[Arm, ...]:
    """The arms that are blended, each under `treatment` (none by default); LightGBM only where it loads."""
    names = ["random_forest", "hist_gradient_boosting", "logistic_regression"]
    if available("lightgbm") is None:
        names.insert(0, "lightgbm")
    return tuple(Arm(name, NoTreatment() if treatment is None else treatment) for name in names)


def is_blend(arm: Arm) -> bool:
    """Whether an arm stands for the blend."""
    return isinstance(arm.learner, str) and arm.learner == BLEND


def blend_out_of_fold(
    scores: np.ndarray, y: np.ndarray, fold: np.ndarray, *, sample_weight: np.ndarray | None = None,
    forward: bool = False,
) -> np.ndarray:  # fmt: skip
    """Blended log-odds (n,) of members' out-of-fold log-odds (n, k): each fold by a combination of the other folds.

    With `forward`, of the earlier folds; the first is then combined with equal weights.
    """
    out = np.full(y.size, np.nan)
    for number in np.unique(fold[fold >= 0]):
        mine = fold == number
        others = (fold >= 0) & ((fold < number) if forward else (fold != number))
        if not others.any() or not y[others].any() or y[others].all():
            out[mine] = scores[mine].mean(axis=1)
            continue
        weight = None if sample_weight is None else sample_weight[others]
        out[mine] = fit_combination(scores[others], y[others], sample_weight=weight).apply(scores[mine])
    return out


def join_arms(
    blend: Arm, fitted: Sequence[FittedArm], scores: np.ndarray, y: np.ndarray, *,
    sample_weight: np.ndarray | None = None,
) -> FittedArm:  # fmt: skip
    """The arm `blend` of members fitted on the same rows, combined by their out-of-fold log-odds `scores` (m, k)."""
    seen = np.isfinite(scores).all(axis=1)
    if seen.any() and y[seen].any():
        how = fit_combination(
            scores[seen], y[seen], sample_weight=None if sample_weight is None else sample_weight[seen]
        )
        intercept, slope, weight = (v.tolist() for v in (how.intercept, how.slope, how.weight))
    else:
        k = len(fitted)
        intercept, slope, weight = [0.0] * k, [1.0] * k, [1 / k] * k
    learner = LogitBlend([f.learner for f in fitted], [float(f.shift) for f in fitted], intercept, slope, weight)
    own = f"+{blend.treatment.label}"
    said = ", ".join(f"{f.name.removesuffix(own)} {w:.2f}" for f, w in zip(fitted, weight, strict=True))
    notes, ways = ("; ".join(dict.fromkeys(v)) for v in zip(*((f.note, f.restoration) for f in fitted), strict=True))
    return FittedArm(
        blend.name, learner, 0.0, all(f.exact for f in fitted), f"weights {said}; {notes}", ways,
        max(f.rows for f in fitted),
        sum(f.seconds for f in fitted), blend.treatment.describe(),
    )  # fmt: skip
