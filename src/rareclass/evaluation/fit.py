"""Fit every arm on identical, once-encoded splits and keep the out-of-fold scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rareclass.crossfit import OutOfFold, cross_fit
from rareclass.evaluation.design import Design
from rareclass.treatments.arm import Arm, FittedArm
from rareclass.treatments.parts import Part, Source, fit_on


@dataclass(frozen=True)
class ArmScores:
    """Out-of-fold log-odds of one arm over the development rows, restored but not calibrated."""

    arm: Arm
    oof: OutOfFold
    seconds: float
    rows: int
    exact: bool
    note: str
    restoration: str
    warnings: list[str] = field(default_factory=list)


def source_of(design: Design) -> Source:
    """The table of a design as a source of encoded splits."""
    return Source(
        design.table, design.schema.columns, design.y, design.duplicate_id, design.sample_weight, design.fit_rows,
        design.seed,
    )  # fmt: skip


def prepare_parts(design: Design) -> list[Part]:
    """All splits of the design, encoded."""
    source = source_of(design)
    return [
        source.part(design.dev[train], design.dev[test], number=k) for k, (train, test) in enumerate(design.splits)
    ]


def cross_fit_arm(design: Design, parts: Sequence[Part], arm: Arm, *, n_jobs: int) -> ArmScores:
    """Fit `arm` on every part and collect the scores of the rows it did not see."""
    fitted: list[FittedArm] = []

    def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        k = len(fitted)
        model = fit_on(parts[k], arm, seed=design.seed, number=k, n_jobs=n_jobs)
        fitted.append(model)
        return model.logit(parts[k].test)[parts[k].expand]

    oof = cross_fit(design.dev.size, design.splits, fit_score)
    seconds = float(np.mean([f.seconds for f in fitted]))
    last = fitted[-1]
    return ArmScores(arm, oof, seconds, last.rows, last.exact, last.note, last.restoration)
