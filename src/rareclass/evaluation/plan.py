"""Which arms run, in which order, within which budget."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rareclass._lazy import available
from rareclass.errors import InputError
from rareclass.evaluation.results import SkippedRecord
from rareclass.fitting.arm import Arm, make_arm
from rareclass.fitting.blend import blend_members
from rareclass.treatments.base import NoTreatment

LEARNERS = ("lightgbm", "logistic_regression", "random_forest", "hist_gradient_boosting", "blend")
TREATMENTS = ("none", "class_weight", "random_over", "random_under", "smote")
EXHIBIT = "lightgbm_library_default+none"

# Most telling first: what runs last is what a short budget leaves out.
PRIORITY = (
    "lightgbm+none",
    "logistic_regression+none",
    "random_forest+none",
    "hist_gradient_boosting+none",
    EXHIBIT,
    "blend+none",
    "lightgbm+class_weight",
    "lightgbm+smote",
    "lightgbm+random_under",
    "logistic_regression+smote",
    "logistic_regression+class_weight",
    "random_forest+random_under",
    "lightgbm+random_over",
    "random_forest+class_weight",
    "logistic_regression+random_under",
    "random_forest+smote",
    "hist_gradient_boosting+class_weight",
    "hist_gradient_boosting+random_under",
    "hist_gradient_boosting+smote",
    "logistic_regression+random_over",
    "random_forest+random_over",
    "hist_gradient_boosting+random_over",
)

_BLEND_UNTREATED = "it is made of the scores of untreated arms; RareClassifier('blend', treatment=...) fits it treated"


@dataclass
class Plan:
    """Arms to run, most telling first, and those that are left out, each with its reason."""

    arms: list[Arm]
    baseline: str
    not_run: list[SkippedRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def make_plan(learners: str | Sequence = "auto", treatments: str | Sequence = "auto", *, ranked: bool = True) -> Plan:
    """The arms of a comparison.

    Parameters
    ----------
    learners : "auto" or sequence of names and scikit-learn classifiers
    treatments : "auto" or sequence of names and `Treatment` objects
    ranked : bool, default=True
        False where there are too few events to rank: only the untreated arms run.
    """
    chosen = LEARNERS if isinstance(learners, str) and learners == "auto" else _sequence(learners, "learners")
    how = TREATMENTS if isinstance(treatments, str) and treatments == "auto" else _sequence(treatments, "treatments")
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
    skipped = [SkippedRecord(name=a.name, reason=_BLEND_UNTREATED) for a in asked if _treated_blend(a)]
    if chosen is LEARNERS:
        skipped = []  # nobody asked for it
    missing = available("lightgbm")
    baseline = "lightgbm+none" if missing is None else "hist_gradient_boosting+none"
    for needed in (baseline, EXHIBIT):
        names.setdefault(needed, make_arm(needed))
    plan = Plan([], baseline, skipped)
    if missing is not None:
        plan.warnings.append(f"{missing}. The comparison runs without LightGBM; the baseline is HistGradientBoosting.")
    rank = {name: i for i, name in enumerate(PRIORITY)}
    for name, arm in sorted(names.items(), key=lambda item: rank.get(item[0], -1 if item[0] != baseline else -2)):
        if missing is not None and arm.learner_name.startswith("lightgbm"):
            plan.not_run.append(SkippedRecord(name=name, reason=missing))
        else:
            plan.arms.append(arm)
    return plan


def _treated_blend(arm: Arm) -> bool:
    return arm.is_blend and not isinstance(arm.treatment, NoTreatment)


def _sequence(value: str | Sequence, name: str) -> tuple:
    items = tuple(value.split(",")) if isinstance(value, str) else tuple(value)
    if not items:
        raise InputError(f"`{name}` is empty. Name at least one, or use 'auto'.")
    return items


class Clock:
    """Says whether an arm still fits the budget, from the time that like arms took here.

    The baseline, the exhibit, logistic regression and the blend always run: a comparison without them says nothing.
    """

    always = frozenset(PRIORITY[:6])

    def __init__(self, seconds: float, n_jobs: int):
        self.seconds = seconds
        self.n_jobs = n_jobs
        self.started = time.perf_counter()
        self.took: dict[str, float] = {}

    def fits(self, arm: Arm) -> bool:
        """Whether `arm` is expected to end within the budget."""
        elapsed = time.perf_counter() - self.started
        return arm.name in self.always or elapsed + self.expected(arm) <= self.seconds

    def expected(self, arm: Arm) -> float:
        """Seconds that `arm` will take: as long as the untreated one, longer where the treatment adds events.

        Forests draw rows by the events, so many synthetic events make them eight times as dear (measured).
        """
        base = self.took.get(f"{arm.learner_name}+none", 0.0) / self.n_jobs
        adds = arm.treatment.name in ("smote", "random_over")
        return base * ((8.0 if arm.learner_name == "random_forest" else 4.0) if adds else 1.0)

    def note(self, arm: Arm, seconds: float) -> None:
        """Remember how many seconds on one core `arm` took."""
        self.took[arm.name] = seconds
