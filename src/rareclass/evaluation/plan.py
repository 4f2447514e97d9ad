"""Which arms run, in which order, within which budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rareclass import _check
from rareclass._lazy import available
from rareclass.errors import InputError
from rareclass.evaluation.results import SkippedRecord
from rareclass.fitting.arm import Arm, make_arm
from rareclass.fitting.blend import blend_members
from rareclass.learners.table import LEARNERS as KNOWN_LEARNERS
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.registry import TREATMENTS as KNOWN_TREATMENTS

LEARNERS = ("lightgbm", "logistic_regression", "extra_trees", "hist_gradient_boosting", "catboost", "blend")
TREATMENTS = ("none", "class_weight", "random_over", "random_under", "smote")
EXHIBIT = "lightgbm_library_default+none"

# Most telling first: what runs last is what a short budget leaves out.
PRIORITY = (
    "lightgbm+none",
    "logistic_regression+none",
    "extra_trees+none",
    "hist_gradient_boosting+none",
    "catboost+none",
    EXHIBIT,
    "blend+none",
    "lightgbm+class_weight",
    "lightgbm+smote",
    "lightgbm+random_under",
    "logistic_regression+smote",
    "logistic_regression+class_weight",
    "extra_trees+random_under",
    "lightgbm+random_over",
    "extra_trees+class_weight",
    "logistic_regression+random_under",
    "extra_trees+smote",
    "hist_gradient_boosting+class_weight",
    "hist_gradient_boosting+random_under",
    "hist_gradient_boosting+smote",
    "logistic_regression+random_over",
    "extra_trees+random_over",
    "hist_gradient_boosting+random_over",
    "catboost+class_weight",
    "catboost+random_under",
    "catboost+smote",
    "catboost+random_over",
)

_BLEND_UNTREATED = "it is made of the scores of untreated arms; RareClassifier('blend', treatment=...) fits it treated"


@dataclass(frozen=True)
class Plan:
    """Arms to run, most telling first, and those that are left out, each with its reason.

    `asked` names the arms that somebody asked for: only these may be deployed. Empty where nobody chose.
    """

    arms: list[Arm]
    baseline: str
    not_run: list[SkippedRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    asked: tuple[str, ...] = ()

    @property
    def always(self) -> frozenset[str]:
        """Arms that run whatever the budget: what any comparison needs, and the first that may be deployed."""
        return ALWAYS | frozenset([a.name for a in self.arms if a.name in self.asked][:1])

    @property
    def rivals(self) -> int:
        """Arms that were asked for beside the baseline, run or not: what a correction for many has to count."""
        asked = {*(a.name for a in self.arms), *(s.name for s in self.not_run)}
        return max(len(asked - {self.baseline}), 1)


def make_plan(learners: str | Sequence = "auto", treatments: str | Sequence = "auto", *, ranked: bool = True) -> Plan:
    """The arms of a comparison.

    Parameters
    ----------
    learners : "auto" or sequence of names and scikit-learn classifiers
    treatments : "auto" or sequence of names and `Treatment` objects
        Baseline, exhibit and members of a blend run besides what is asked for, and are shown only.
    ranked : bool, default=True
        False where there are too few events to rank: only the untreated arms run.
    """
    chosen, how = asked_names(learners, treatments)
    chose = chosen is not LEARNERS or how is not TREATMENTS
    if not ranked:
        how = ("none",)
    asked = [make_arm((learner, t)) for learner in chosen for t in how]
    arms = [a for a in asked if not _treated_blend(a)]
    names = {a.name: a for a in arms}
    if len(names) < len(arms):
        raise InputError(
            "Two arms have the same name. Give learners of different classes, or compare them in two runs."
        )
    if any(a.is_blend for a in arms):
        for member in blend_members():
            names.setdefault(member.name, member)
    asked_for = tuple(a.name for a in arms) if chose else ()
    skipped = [SkippedRecord(name=a.name, reason=_BLEND_UNTREATED) for a in asked if _treated_blend(a)]
    if chosen is LEARNERS:
        skipped = []  # nobody asked for it
    if not arms:
        raise InputError(f"No arm is left to deploy: {skipped[0].name} is left out, {skipped[0].reason}.")
    missing = available("lightgbm")
    baseline = "lightgbm+none" if missing is None else "hist_gradient_boosting+none"
    for needed in (baseline, EXHIBIT):
        names.setdefault(needed, make_arm(needed))
    plan = Plan([], baseline, skipped, asked=asked_for)
    if missing is not None:
        plan.warnings.append(f"{missing}. The comparison runs without LightGBM; the baseline is HistGradientBoosting.")
    rank = {name: i for i, name in enumerate(PRIORITY)}
    for name, arm in sorted(names.items(), key=lambda item: rank.get(item[0], -1)):
        if missing is not None and arm.learner_name.startswith("lightgbm"):
            plan.not_run.append(SkippedRecord(name=name, reason=missing))
        else:
            plan.arms.append(arm)
    if asked_for and not set(asked_for) & {a.name for a in plan.arms}:
        raise InputError(f"{missing}, and nothing else was asked for. Name other learners, or leave them to 'auto'.")
    return plan


def _treated_blend(arm: Arm) -> bool:
    return arm.is_blend and not isinstance(arm.treatment, NoTreatment)


def asked_names(learners: str | Sequence, treatments: str | Sequence) -> tuple[Sequence, Sequence]:
    """The learners and treatments of `make_plan` one by one; raises `InputError` for a name that is none."""
    chosen = LEARNERS if isinstance(learners, str) and learners == "auto" else _sequence(learners, "learners")
    how = TREATMENTS if isinstance(treatments, str) and treatments == "auto" else _sequence(treatments, "treatments")
    for learner in chosen:
        if isinstance(learner, str):
            _check.one_of(learner, "learners", tuple(KNOWN_LEARNERS))
    for treatment in how:
        for part in treatment.split("+") if isinstance(treatment, str) else ():
            _check.one_of(part, "treatments", tuple(KNOWN_TREATMENTS))
    return chosen, how


def _sequence(value: str | Sequence, name: str) -> tuple:
    items = tuple(i.strip() for i in value.split(",") if i.strip()) if isinstance(value, str) else tuple(value)
    if not items:
        raise InputError(f"`{name}` is empty. Name at least one, or use 'auto'.")
    return items


ALWAYS = frozenset(PRIORITY[:7])
"""What always runs: a comparison without the baseline, the exhibit, logistic regression and the blend says nothing."""

CORES = 2
"""Of the reference machine, whatever this one has: a plan depends on data, options and seed only."""

COSTS = {
    "lightgbm": (-8.98, 0.63, 0.75),
    "logistic_regression": (-7.16, 0.45, 0.60),
    "random_forest": (-10.56, 1.12, 0.69),
    "hist_gradient_boosting": (-7.54, 0.51, 0.56),
    "catboost": (-7.54, 0.51, 0.56),
    "extra_trees": (-10.56, 1.0, 0.5),
}
"""Reference seconds of a fit on one core: exp(a) rows^b columns^c, measured by `benchmarks/plan_costs.py`."""

ADDS_EVENTS = {"smote": 4.0, "random_over": 4.0}
"""How much longer a fit takes where a treatment adds events; twice that for forests, which draw rows by the events."""


def reference_seconds(arm: Arm, rows: int, columns: int) -> float:
    """Seconds that a fit of an arm on so many rows takes one core of the reference machine."""
    constant, by_rows, by_columns = COSTS.get(arm.learner_name, COSTS["lightgbm"])
    dearer = ADDS_EVENTS.get(arm.treatment.name, 1.0)
    if arm.learner_name in ("random_forest", "extra_trees") and dearer > 1:
        dearer *= 2
    return float(np.exp(constant) * rows**by_rows * max(columns, 1) ** by_columns * dearer)


def within(plan: Plan, seconds: float, *, rows: int, columns: int, fits: int) -> Plan:
    """The plan without the arms whose work does not fit into so many reference seconds.

    Decided before the first fit, from the size of the work and nothing else: neither the clock nor the load of the
    machine changes which arms run. Arms are taken in order, so a larger budget only adds some.

    Parameters
    ----------
    rows, columns : int
        Rows of one fit, and features.
    fits : int
        Fits of each arm.
    """
    own = [0.0 if a.is_blend else fits * reference_seconds(a, rows, columns) / CORES for a in plan.arms]
    work = np.cumsum(own)
    stays = [a.name in plan.always or w <= seconds for a, w in zip(plan.arms, work, strict=True)]
    left_out = [
        SkippedRecord(name=a.name, reason=f"the budget of {seconds:g} s holds no more work; with {w:.0f} s it runs")
        for a, w, stay in zip(plan.arms, work, stays, strict=True)
        if not stay
    ]
    arms = [a for a, stay in zip(plan.arms, stays, strict=True) if stay]
    return replace(plan, arms=arms, not_run=[*plan.not_run, *left_out])
