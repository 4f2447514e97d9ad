"""Choosing, fitting and testing the model that is deployed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass.decisions.rule import DecisionRule
from rareclass.evaluation.design import Design
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.fit import ArmScores, member_scores, source_of
from rareclass.evaluation.judge import (
    ArmResult,
    Judged,
    costs_of,
    judgement,
)
from rareclass.learners.registry import is_exhibit
from rareclass.treatments.arm import Arm
from rareclass.treatments.blend import is_blend, join_arms
from rareclass.treatments.classifier import RareClassifier
from rareclass.treatments.model import FittedModel, calibration_evidence
from rareclass.treatments.parts import fit_on
from rareclass.treatments.restore import fit_calibration
from rareclass.uncertainty.paired import paired_difference

DEFAULT = "blend+none"


def choose_champion(
    results: list[ArmResult], rows: Judged, tested: np.ndarray, baseline: str, *, ranked: bool
) -> tuple[ArmResult, str]:
    """The default blend, unless another arm is surely better; the reason in one sentence.

    The level is divided by the number of rivals (Bonferroni), so that with many arms the luckiest does not win.
    """
    by_name = {r.name: r for r in results}
    default = by_name.get(DEFAULT) or by_name[baseline]
    if not ranked:
        return default, f"Too few events to rank: cannot tell; {default.name} is deployed by default."
    rivals = [r for r in results if r is not default and not is_exhibit(r.learner)]
    default_ap = default.metrics["average_precision"].estimate
    rivals = sorted(rivals, key=lambda r: -r.metrics["average_precision"].estimate)
    for r in rivals:
        if r.metrics["average_precision"].estimate <= default_ap:
            break
        d = paired_difference(
            "average_precision", rows.y, r.logit[tested], default.logit[tested], sample_weight=rows.weight,
            groups=rows.groups, level=1 - (1 - rows.level) / max(len(rivals), 1), random_state=rows.seed,
        )  # fmt: skip
        if d.low > 0:
            return (
                r,
                f"It ranks better than the default {default.name} by {d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}].",
            )
    return default, f"The default; no other arm ranks surely better (average precision {default_ap:.3f})."


def fit_champion(
    design: Design, arm: Arm, result: ArmResult, rows: Judged, rule: DecisionRule, *, calibration: str, n_jobs: int,
    scores: Sequence[ArmScores], costs: Any = None,
) -> RareClassifier:  # fmt: skip
    """Fit the champion on the development rows; calibration and decision come from its out-of-fold scores."""
    last = len(design.splits)
    part = source_of(design, costs).part(design.dev, design.dev[:0], number=last)
    if is_blend(arm):
        members, matrix = member_scores(scores)
        each = [fit_on(part, m.arm, seed=design.seed, number=last, n_jobs=n_jobs) for m in members]
        fitted = join_arms(arm, each, matrix, rows.y, sample_weight=rows.weight)
    else:
        fitted = fit_on(part, arm, seed=design.seed, number=last, n_jobs=n_jobs)
    seen = np.isfinite(result.raw)
    weight = None if rows.weight is None else rows.weight[seen]
    calibrator = fit_calibration(result.raw[seen], rows.y[seen], method=calibration, sample_weight=weight)
    evidence = calibration_evidence(rows.y[seen], result.logit[seen], weight)
    model = FittedModel(design.schema, part.encoder, fitted, calibrator, result.decision, rule, design.pos_label,
                        design.classes, evidence, result.logit)  # fmt: skip
    return RareClassifier.from_model(
        model, calibration=calibration, cv=design.folds, fit_rows=design.fit_rows, random_state=design.seed
    )


def judge_test(
    design: Design, model: RareClassifier, name: str, costs: Any, *, level: float, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The champion on the locked test part: numbers and figures; both empty when no part was locked away."""
    if not design.test.size or not design.y[design.test].any():
        return {}, {}
    part = design.table.take(design.test)
    rows = Judged(
        design.y[design.test], np.zeros(design.test.size, dtype=np.int64),
        None if design.sample_weight is None else design.sample_weight[design.test],
        None if design.groups is None else design.groups[design.test],
        costs_of(costs, design.test), level=level, seed=seed,
    )  # fmt: skip
    logit = model.positive_logit(part)
    test, numbers = judgement(rows, logit, model.decision_)
    return {"arm": name, **test}, figure_data(rows, logit, numbers, model.decision_)
