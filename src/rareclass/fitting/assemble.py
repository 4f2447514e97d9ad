"""From a design to the deployed model: score out of fold, fit on all rows, calibrate, decide."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from rareclass.calibration import CalibrationUncertainty, choose_calibration
from rareclass.calibration.base import Calibrator
from rareclass.decisions.decision import Decision
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import CalibrationWarning, DroppedWarning
from rareclass.fitting.arm import Arm, FittedArm
from rareclass.fitting.as_fitted import over_correction_of
from rareclass.fitting.blend import blend_members, join_arms, join_known
from rareclass.fitting.calibrate import as_counts, cross_sliced
from rareclass.fitting.design import Design
from rareclass.fitting.level import level_of_whole
from rareclass.fitting.model import FittedModel, calibration_evidence, equal_costs_decision
from rareclass.fitting.out_of_fold import Watch, blend_scores, fit_side_by_side, folds_of, matrix_of, score_arms
from rareclass.fitting.part import Known, Part
from rareclass.fitting.policy import challengers, take_surely_better
from rareclass.fitting.rows import at, costs_at
from rareclass.fitting.sample import RowSample
from rareclass.fitting.slice_table import SlicedRows
from rareclass.fitting.slices import Slices
from rareclass.fitting.tiers import tier_evidence
from rareclass.kernels.logits import sigmoid
from rareclass.learners.blend import warn_of_absent_members

FEW_EVENTS = 10
"""Below, a fit warns: observed may be half or twice what is expected, and no one would know."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a model is to be: its arm, its calibration, its rule; `challenged` when the treatment is to be chosen."""

    arm: Arm
    calibration: str = "auto"
    rule: DecisionRule | None = None
    challenged: bool = False
    n_jobs: int = 1


@dataclass(frozen=True, kw_only=True)
class Held:
    """Out-of-fold log-odds of the arm that is deployed; NaN where never tested."""

    # raw, logit: (m,) restored, and calibrated such that no row is calibrated by itself
    raw: np.ndarray
    logit: np.ndarray
    members: np.ndarray  # (m, k) restored log-odds of the members of a blend; of the arm itself (k = 1) otherwise
    known: Sequence[Sequence[Known]] = ()  # what the fits of each member say of rows that they were fitted on
    decision: Decision | None = None  # where it was chosen already, on the same scores
    unsliced: np.ndarray | None = None  # (m,) `logit` before shifts by slice


def fit_model(design: Design, wanted: Wanted) -> FittedModel:
    """Cross-fit, bring back, calibrate, decide, and fit on all rows."""
    if wanted.arm.is_blend:
        warn_of_absent_members(stacklevel=3)
    arms = blend_members(wanted.arm.treatment) if wanted.arm.is_blend else (wanted.arm,)
    tried, why_not = (
        challengers(arms, design.rows.y[design.split.dev]) if wanted.challenged else ([(a,) for a in arms], "")
    )
    failed: list[tuple[Arm, Exception]] = []

    def fails(arm: Arm, error: Exception) -> bool:
        failed.append((arm, error))
        return wanted.arm.is_blend or arm not in arms

    watch, part = Watch(fails=fails), design.whole()
    if not len(design.split.parts):
        each = fit_side_by_side(part, arms, n_jobs=wanted.n_jobs, watch=watch)
        _warn_of_failed(failed)
        return assemble(
            design, wanted, part, each, None, {"tried": [], "not_tried": why_not} if wanted.challenged else {}
        )
    scores = score_arms(design, [a for group in tried for a in group], n_jobs=wanted.n_jobs, watch=watch)
    lost = [arm for arm, _ in failed]
    tried = [tuple(a for a in group if a not in lost) for group in tried if group[0] not in lost]
    if not tried:
        raise failed[0][1]
    scores = [s for s in scores if any(s.arm in group for group in tried)]
    for heard in dict.fromkeys(w for s in scores for w in s.warnings):
        heard.again(stacklevel=3)
    folds = folds_of(design, scores[0])
    how: dict[str, Any] = {"sample_weight": design.weight}
    kept, said = take_surely_better(
        tried, matrix_of(scores), design.y, folds, calibration=wanted.calibration, groups=design.groups, **how
    )
    each = fit_side_by_side(part, [scores[j].arm for j in kept], n_jobs=wanted.n_jobs, watch=watch)
    _warn_of_failed(failed)
    fitted = [f.arm.learner for f in each]  # by learner: the treatment that was fitted knows the costs
    members = [scores[j] for j in kept if scores[j].arm.learner in fitted]
    whole = blend_scores(design, wanted.arm, members) if wanted.arm.is_blend else members[0]
    how |= {"method": wanted.calibration, "groups": design.groups}
    unsliced, logit = cross_sliced(whole.oof.score, design.y, folds, design.slices, **how)
    held = Held(
        raw=whole.oof.score,
        logit=logit,
        members=matrix_of(members),
        known=[m.known for m in members],
        unsliced=unsliced,
    )
    told = {"tried": [asdict(t) for t in said], "not_tried": why_not} if wanted.challenged else {}
    if not wanted.arm.is_blend:
        told |= over_correction_of(whole, design.y, design.weight)
    return assemble(design, wanted, part, each, held, told)


def _warn_of_failed(failed: Sequence[tuple[Arm, Exception]]) -> None:
    """One sentence for each learner of which an arm failed and was left out."""
    for arm, error in {arm.learner_name: (arm, error) for arm, error in reversed(failed)}.values():
        told = f"{arm.name} is left out, since its fit failed ({type(error).__name__}: {error})."
        warnings.warn(told, DroppedWarning, stacklevel=4)


def assemble(
    design: Design,
    wanted: Wanted,
    part: Part,
    each: Sequence[FittedArm],
    held: Held | None,
    told: Mapping[str, Any] | None = None,
) -> FittedModel:
    """The deployed model of an arm that was scored out of fold: fitted on all rows, calibrated, deciding.

    Parameters
    ----------
    part : Part
        All rows, `design.whole()`.
    each : sequence of FittedArm
        The arm itself, or the members of the blend, fitted on them.
    held : Held or None
        The out-of-fold scores from which weights, calibration and decision come; None where events were too few.
    told : mapping, optional
        What else belongs into the evidence.
    """
    n = design.split.dev.size
    members = np.full((design.y.size, len(each)), np.nan) if held is None else held.members
    fitted = each[0]
    if wanted.arm.is_blend:
        worth = as_counts(design.weight, design.y, design.again)
        fitted = join_arms(wanted.arm, each, members, design.y, sample_weight=worth)
    rule = wanted.rule
    if rule is None and design.rows.costs is not None:
        rule = MinimumCost(design.rows.costs)
    evidence: dict[str, Any] = {"rows": 0, "events": 0}
    uncertainty = None
    deployed = np.full(design.y.size if design.split.forward else 0, np.nan)
    slices = None if design.slices is None else Slices.of(design.slices, part.encoder)
    if held is None:
        warnings.warn(
            f"{_too_few(design)} to hold any out: the probabilities are not calibrated.",
            CalibrationWarning,
            stacklevel=4,
        )
        calibrator = choose_calibration(np.zeros(2), np.array([False, True]), method="none")
        judged: tuple[Any, ...] = (part.y, sigmoid(fitted.logit(part.X)), None, part.costs)
    else:
        seen = np.flatnonzero(np.isfinite(held.raw))
        y, weight = design.y[seen], at(design.weight, seen)
        counts = as_counts(weight, y, at(design.again, seen))
        calibrator = choose_calibration(held.raw[seen], y, method=wanted.calibration, sample_weight=counts)
        fitted = replace(fitted, level=_level(design, wanted, part, fitted, held, calibrator))
        judged = (y, sigmoid(held.logit[seen]), weight, costs_at(design.rows.costs, design.split.scored[seen]))
        how: dict[str, Any] = {"sample_weight": weight, "groups": at(design.groups, seen)}
        calibrated = np.asarray(calibrator.predict_logit(held.raw[seen]))
        if design.slices is not None:
            column, again = design.slices.take(seen).known_to(part.encoder), at(design.again, seen)
            shifts = column.fit(calibrated, y, counts=counts, groups=how["groups"], row=again)
            slices = Slices.of(design.slices, part.encoder, shifts)
            calibrated = shifts.apply(calibrated, column.number)
        if deployed.size:
            deployed[seen] = calibrated
        uncertainty = CalibrationUncertainty.of(calibrated, y, **how)
        evidence = calibration_evidence(y, held.logit[seen], weight, how["groups"])
        evidence |= {"rows": int(np.isfinite(held.raw[:n]).sum()), "events": int(design.y[seen[seen < n]].sum())}
        evidence |= _weighted(design, seen[seen < n])
        if evidence["events"] < FEW_EVENTS:
            low, high = evidence["observed_to_expected_low"], evidence["observed_to_expected_high"]
            warnings.warn(
                f"{evidence['events']} event(s) are few: what the probabilities promise may come {low:.2g} to "
                f"{high:.2g} times as often (95 % interval). Collect more events before you rely on them.",
                CalibrationWarning,
                stacklevel=4,
            )
    decision = held.decision if held is not None else None
    if decision is None:
        decision = equal_costs_decision() if rule is None else rule.decided_on(*judged)
    held_groups = None if held is None else at(design.groups, seen)
    told = {**(told or {}), **getattr(fitted.learner, "evidence_", {})}
    told |= tier_evidence(decision, *judged[:2], weight=judged[2], costs=judged[3], groups=held_groups)
    if slices is not None and held is not None:
        slices = _judged(design, held, slices, decision)
    rows, dev = design.rows, design.split.dev
    sample = RowSample.of(
        rows.features, rows.y, index=dev, weight=rows.weight, groups=rows.groups, seed=design.sampling.seed
    )
    return FittedModel(
        schema=design.rows.schema,
        encoder=part.encoder,
        arm=fitted,
        calibrator=calibrator,
        decision=decision,
        rule=rule,
        pos_label=design.rows.pos_label,
        classes=design.rows.classes,
        evidence=evidence | told,
        calibration_uncertainty=uncertainty,
        slices=slices,
        oof_logit=np.full(n, np.nan) if held is None else held.logit[:n],
        oof_deployed=deployed[:n],
        oof_y=design.y[:n],
        oof_row=design.rows.of_caller(design.split.dev[:n]),
        sample=sample,
    )


def _weighted(design: Design, seen: np.ndarray) -> dict[str, float]:
    """Sum of the weights of these development rows and their share of events, where rows have weights."""
    weight = at(design.rows.weight, design.split.dev[seen])
    if weight is None:
        return {}
    return {"weight": float(weight.sum()), "prevalence": float(np.average(design.y[seen], weights=weight))}


def _judged(design: Design, held: Held, slices: Slices, decision: Decision) -> Slices:
    """The slices with how they do out of fold: on rows that no fit, calibration or shift has seen.

    In time order the first part that is tested has no earlier scores to learn shifts from. It is left out: what is
    asked is how shifts do, not how rows without one do.
    """
    assert design.slices is not None
    assert held.unsliced is not None
    judged, parts, said = np.isfinite(held.raw), design.split.parts, []
    if design.split.forward and len(parts) > 1:
        judged[parts[0][1]] = False
        said = ["In time order slices are judged from the second tested part on: earlier rows teach the shifts."]
    seen = np.flatnonzero(judged)
    rows = SlicedRows(
        number=slices.positions(design.slices.take(seen)),
        y=design.y[seen],
        before=held.unsliced[seen],
        after=held.logit[seen],
        weight=at(design.weight, seen),
        groups=at(design.groups, seen),
        row=at(design.again, seen),
        costs=costs_at(design.rows.costs, design.split.scored[seen]),
    )
    return slices.read(rows, decision, said)


def _level(design: Design, wanted: Wanted, part: Part, fitted: FittedArm, held: Held, calibrator: Calibrator) -> float:
    """See `level_of_whole`; 0 where the user wants the scores as they are."""
    if wanted.calibration == "none" or not held.known:
        return 0.0
    seen = np.flatnonzero(np.isfinite(held.raw))
    weight = np.ones(seen.size) if design.weight is None else design.weight[seen]
    known = join_known(fitted, held.known) if wanted.arm.is_blend else held.known[0]
    return level_of_whole(
        part.known(fitted, design.split.scored[seen]),
        Known(held.raw[seen], design.y[seen], weight),
        known,
        calibrator,
        # of the events, all of which a fit says something of
        share=min(float(np.mean([np.count_nonzero(k.y) for k in known])) / np.count_nonzero(part.y), 1.0),
    )


def _too_few(design: Design) -> str:
    """Why there are no parts: the events, or the groups that hold them or the other rows."""
    y, groups = design.y, design.rows.groups
    if groups is not None:
        for mask, what in ((y, "event"), (~y, "other row")):
            if np.count_nonzero(mask) > 1 and np.unique(groups[mask]).size == 1:
                return f"All {np.count_nonzero(mask)} {what}s lie in one group of `groups`, too few"
    return f"{int(y.sum())} event(s) are too few"
