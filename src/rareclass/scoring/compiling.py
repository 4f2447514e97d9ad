"""From fitted learners to members of plain arrays; training libraries are needed here only."""

from dataclasses import replace
from typing import Any

import numpy as np

from rareclass._types import Rows
from rareclass.cascade.two_stage import TwoStageLearner
from rareclass.data.read import read_table
from rareclass.ensemble._scores import RealPrevalence
from rareclass.errors import InputError
from rareclass.fitting.model import FittedModel
from rareclass.learners._guarded import GuardedBooster
from rareclass.learners.blend import RareBlendClassifier
from rareclass.learners.combination import LIMIT
from rareclass.learners.few_events_logistic import FewEventsLogisticRegression
from rareclass.learners.forest import RareForestClassifier
from rareclass.learners.kernel_logistic import KernelLogisticRegression
from rareclass.learners.library_default import LibraryDefaultLGBMClassifier
from rareclass.learners.logit_blend import LogitBlend
from rareclass.learners.logit_sum import LogitSum
from rareclass.learners.net import RareNetClassifier
from rareclass.learners.quantile_logistic import QuantileLogisticRegression
from rareclass.scoring.checking import difference, some_rows
from rareclass.scoring.cut import Cut
from rareclass.scoring.grouping import MOST_ROWS, correlated_groups
from rareclass.scoring.maps import SliceMap, calibration_map
from rareclass.scoring.members import Blend, CompiledLearner, Linear, Member, QuantileLinear, Sum, Trees, Votes
from rareclass.scoring.quantile_net import QuantileNet
from rareclass.scoring.radial import Radial
from rareclass.scoring.readers.ensembles import from_ensemble
from rareclass.scoring.reasons import CORRELATION, ReasonRules, check_rules, group_name
from rareclass.scoring.rows import RowEncoder
from rareclass.scoring.scorer import Scorer
from rareclass.scoring.slow import Uncompiled
from rareclass.scoring.staged import Staged
from rareclass.scoring.trees_from import flat_guarded, flat_trees

_ORDERED = ("number", "integer", "boolean", "time")
"""Kinds of columns whose rank correlation means something."""


def compile_model(model: Any, rows: Rows | None = None, rules: ReasonRules | None = None) -> Scorer:
    """See `Scorer.from_model`."""
    fitted = getattr(model, "model_", None)
    if fitted is None:
        raise InputError("Only a fitted model of one rare class can be scored. Fit it, with `pos_label` if need be.")
    encoder = RowEncoder(fitted.encoder.to_dict())
    parts: dict[str, Any] = {
        "encoder": encoder,
        "added": float(fitted.arm.shift) + float(fitted.arm.level),
        "calibration": calibration_map(fitted.calibrator.to_dict()),
        "cut": Cut.of(fitted.decision.to_dict()),
        "slices": None if fitted.slices is None else SliceMap.of(fitted.slices.to_dict(), encoder.width),
        "rules": _settled(ReasonRules() if rules is None else rules, fitted, rows),
    }
    try:
        scorer = Scorer(member=as_member(fitted.arm.learner), **parts)
        why_not = difference(scorer, fitted, rows)
    except InputError as error:
        why_not = str(error)
    return Scorer(member=Uncompiled(fitted.arm.learner), why_not=why_not, **parts) if why_not else scorer


def _settled(rules: ReasonRules, model: FittedModel, rows: Rows | None) -> ReasonRules:
    """The rules with their groups, found on `rows` where none were asked for."""
    check_rules(rules, list(model.schema.names))
    if rules.groups is not None or rows is None:
        return replace(rules, groups=rules.groups or {}, correlation=CORRELATION)
    columns = [column.name for column in model.schema.columns if column.kind in _ORDERED]
    encoder = RowEncoder(model.encoder.to_dict())
    first = [encoder.starts[encoder.names.index(name)] for name in columns]
    X = model.encoder.transform(some_rows(read_table(rows), MOST_ROWS)).matrix[:, first]
    groups: dict[str, list[str]] = {}
    for members in correlated_groups(X, rules.correlation):
        names = [columns[j] for j in members]
        groups[group_name(names, [*encoder.names, *groups])] = names
    return replace(rules, groups=groups, correlation=CORRELATION)


def as_member(learner: Any) -> Member:
    """A fitted learner of two classes as plain arrays.

    Raises
    ------
    InputError
        It cannot be compiled; the message says why.
    """
    if isinstance(learner, CompiledLearner):
        return learner.member
    if len(getattr(learner, "classes_", (0, 1))) != 2:
        raise InputError(f"{type(learner).__name__} was fitted on more than two classes.")
    known = next((made for kind, made in _OURS.items() if isinstance(learner, kind)), None)
    if known is None:
        raise InputError(f"a {type(learner).__name__} is none of rareclass's learners")
    found: Member = known(learner)
    return found


def _quantile_linear(learner: QuantileLogisticRegression) -> Member:
    numeric, knots, linear, coded, base = learner.parts()
    typical = getattr(learner, "typical_", None)
    return QuantileLinear(numeric=numeric, knots=knots, linear=linear, coded=coded, base=base, typical=typical)


def _linear(learner: FewEventsLogisticRegression) -> Member:
    typical = getattr(learner, "typical_", None)
    return Linear(np.ascontiguousarray(learner.coef_[0], dtype=np.float64), float(learner.intercept_[0]), typical)


def _sum(learner: LogitSum) -> Member:
    factors = [1.0] * len(learner.members) if learner.factors is None else [float(f) for f in learner.factors]
    return Sum([as_member(member) for member in learner.members], factors)


def _blend(learner: LogitBlend) -> Member:
    used = [j for j, weight in enumerate(learner.weight) if weight > 0]
    numbers = {
        name: np.array([float(getattr(learner, name)[j]) for j in used]) for name in ("intercept", "slope", "weight")
    }
    shift = np.array([float(learner.shifts[j]) for j in used])
    return Blend(members=[as_member(learner.members[j]) for j in used], shift=shift, limit=LIMIT, **numbers)


def _forest(learner: RareForestClassifier) -> Member:
    return Votes(flat_trees(learner), float(learner.floor_), float(learner.intercept_), float(learner.slope_))


def _booster(learner: GuardedBooster) -> Member:
    learner.refuse_former()
    return Trees(*flat_guarded(learner))


def _staged(learner: TwoStageLearner) -> Member:
    return Staged.of(
        members=(as_member(learner.gate_), as_member(learner.judge_)),
        added=(float(learner.gate_shift_), float(learner.judge_shift_)),
        threshold=float(learner.placed_.threshold),
        rest=float(learner.placed_.rest),
        calibration=learner.calibration_,
    )


_OURS: dict[type, Any] = {
    QuantileLogisticRegression: _quantile_linear,
    RareNetClassifier: lambda learner: QuantileNet(learner.parts_),
    KernelLogisticRegression: lambda learner: Radial(learner.parts_, learner.typical_),
    FewEventsLogisticRegression: _linear,
    RareForestClassifier: _forest,
    RareBlendClassifier: lambda learner: as_member(learner.blend_),
    LogitBlend: _blend,
    TwoStageLearner: _staged,
    LogitSum: _sum,
    LibraryDefaultLGBMClassifier: lambda learner: Trees(flat_trees(learner.model_), float(learner.intercept_), 1.0),
    GuardedBooster: _booster,
    RealPrevalence: from_ensemble,
}
