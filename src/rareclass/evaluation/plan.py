"""Which arms run, in which order, within which budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rareclass import _check
from rareclass._lazy import available
from rareclass.errors import InputError
from rareclass.evaluation.results import SkippedRecord
from rareclass.evaluation.work import Work
from rareclass.fitting.arm import BLEND, Arm, make_arm
from rareclass.fitting.blend import blend_members
from rareclass.learners.blend import MEMBERS
from rareclass.learners.table import LEARNERS as KNOWN_LEARNERS
from rareclass.learners.table import PACKAGES
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.registry import listed, make_treatment

TREATMENTS = ("none", "class_weight", "random_over", "random_under", "smote")
"""Tried on learners that somebody named."""
BASELINE = "lightgbm+none"
"""Where LightGBM loads; else the guarded HistGradientBoosting."""
EXHIBIT = "lightgbm_library_default+none"

TREATED = ("logistic_regression+random_under", "lightgbm+class_weight", "logistic_regression+smote")
"""What is tried where nobody chose, after the untreated learners: each treatment that everybody asks about, on the
learner that it can help. Of 90 pairs in docs/figures.md five were surely better than the data as they are."""

TEXTBOOK = "textbook"
"""Among the treatments that somebody names: what the textbook's flowchart by ratio leads the table to."""
TEXTBOOK_LEARNER = "logistic_regression"
"""What the textbook's treatment is tried on where no pair of `TREATED` holds it."""

DEFAULT = f"{BLEND}+none"

SHARE = 0.1
"""Of the budget, what an arm may take where nobody asked for it: SMOTE on a large table takes more than it tells,
and so do library defaults on a wide one."""

BUDGET = 45.0
"""Reference seconds of a comparison where nobody says how many."""

_BLEND_UNTREATED = "it is made of the scores of untreated arms; RareClassifier('blend', treatment=...) fits it treated"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Arms to run, most telling first, and those that are left out, each with its reason.

    `asked` names the arms that somebody asked for: only these may be deployed. Empty where nobody chose. `absent` are
    those of `not_run` that cannot be loaded here: they keep their share of a budget, so that the others run everywhere
    alike. `textbook` is the arm that the textbook advises, run or not; "" where the choice of somebody leaves it out.
    """

    arms: list[Arm]
    baseline: str
    not_run: list[SkippedRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    asked: tuple[str, ...] = ()
    absent: list[Arm] = field(default_factory=list)
    textbook: str = ""

    @property
    def needed(self) -> list[str]:
        """What a comparison says nothing without: baseline, logistic regression, members, exhibit and blend."""
        return [
            *dict.fromkeys([BASELINE, self.baseline, "logistic_regression+none", *member_names(), EXHIBIT, DEFAULT])
        ]

    @property
    def always(self) -> frozenset[str]:
        """Arms that run whatever the budget: what any comparison needs, and the first that may be deployed."""
        return frozenset([*self.needed, *[a.name for a in self.arms if a.name in self.asked][:1]])

    @property
    def rivals(self) -> int:
        """Arms that were asked for beside the baseline, run or not: what a correction for many has to count."""
        asked = {*(a.name for a in self.arms), *(s.name for s in self.not_run)}
        return max(len(asked - {self.baseline}), 1)


def make_plan(
    learners: str | Sequence = "auto", treatments: str | Sequence = "auto", *, ranked: bool = True, textbook: str = ""
) -> Plan:
    """The arms of a comparison, most telling first.

    Where nobody chose these are the baseline, logistic regression, the members of the blend, the exhibit, the blend,
    `TREATED`, and what the textbook advises. Otherwise each learner that was named under each treatment.

    Parameters
    ----------
    learners : "auto" or sequence of names, scikit-learn classifiers and arms
        "auto" stands for the members of the blend and the blend. An `Arm` brings its treatment.
    treatments : "auto" or sequence of names and `Treatment` objects
        "textbook" stands for the treatment `textbook`, which "auto" tries on one learner. Baseline,
        exhibit and members of a blend run besides what is asked for, and are shown only.
    ranked : bool, default=True
        False where there are too few events to rank: only the untreated arms run.
    textbook : str, default=""
        Name of the treatment that the textbook's flowchart by ratio leads the table to.
    """
    chosen, how = asked_names(learners, treatments, textbook)
    if not ranked:
        how = ("none",)
    nobody = _is_auto(learners) and _is_auto(treatments)
    asked = [] if nobody else [arm for learner in chosen for arm in _under(learner, how)]
    advised = _advised(chosen, treatments, textbook, asked) if ranked and textbook else None
    if advised is not None and asked and advised.name not in {a.name for a in asked}:
        asked.append(advised)
    arms = [a for a in asked if not _treated_blend(a)]
    names = {a.name: a for a in arms}
    if len(names) < len(arms):
        raise InputError(
            "Two arms have the same name. Give learners of different classes, or compare them in two runs."
        )
    skipped = [] if _is_auto(learners) else [a.name for a in asked if _treated_blend(a)]
    if asked and not arms:
        raise InputError(f"No arm is left to deploy: {skipped[0]} is left out, {_BLEND_UNTREATED}.")
    plan = Plan(
        arms=[],
        baseline=BASELINE if available("lightgbm") is None else "hist_gradient_boosting+none",
        not_run=[SkippedRecord(name=name, reason=_BLEND_UNTREATED) for name in skipped],
        asked=tuple(names),
        textbook="" if advised is None else advised.name,
    )
    order = [*plan.needed, *(TREATED if ranked else ())]
    if nobody and advised is not None and advised.name not in order:
        order.append(advised.name)
    blended = nobody or any(a.is_blend for a in arms)
    for name in order if nobody else [plan.baseline, EXHIBIT, *(member_names() if blended else ())]:
        names.setdefault(name, make_arm(name))
    out: dict[str, str] = {}
    for name, arm in sorted(names.items(), key=lambda item: _rank(item[1], order)):
        package = PACKAGES.get(arm.learner_name)
        missing = None if package is None else available(package)
        if missing is None:
            plan.arms.append(arm)
        else:
            plan.absent.append(arm)
            plan.not_run.append(SkippedRecord(name=name, reason=missing))
            out[package or ""] = missing
    plan.warnings.extend(_said_of_missing(why, package, plan.baseline, blended) for package, why in out.items())
    if asked and not {*plan.asked} & {a.name for a in plan.arms}:
        why = next(s.reason for s in plan.not_run if s.name in plan.asked)
        way = ' Install it with: pip install "rareclass[torch]".' if why.startswith("torch ") else ""
        raise InputError(f"{why}, and nothing else was asked for.{way} Name other learners, or leave them to 'auto'.")
    return plan


def _advised(chosen: Sequence, treatments: str | Sequence, textbook: str, asked: Sequence[Arm]) -> Arm | None:
    """The arm by which the textbook's treatment is judged; None where treatments were named, and not this one."""
    if not asked:
        known = (make_arm(name) for name in TREATED)
        return next((a for a in known if a.treatment.label == textbook), make_arm((TEXTBOOK_LEARNER, textbook)))
    same = next((a for a in asked if a.treatment.label == textbook and not a.is_blend), None)
    if same is not None or not _is_auto(treatments):
        return same
    first = next((c for c in chosen if not isinstance(c, Arm) and c != BLEND), None)
    return None if first is None else make_arm((first, textbook))


def _under(learner: Any, treatments: Sequence) -> list[Arm]:
    """A learner under each treatment; an arm is one already."""
    return [learner] if isinstance(learner, Arm) else [make_arm((learner, t)) for t in treatments]


def member_names() -> list[str]:
    """The untreated arms that the default blend is made of, those included that cannot be loaded here."""
    return [f"{name}+none" for name in MEMBERS]


def _rank(arm: Arm, order: Sequence[str]) -> tuple[int, int, str]:
    """Learners of one's own first, then what every comparison needs, then the other pairs by treatment."""
    if not isinstance(arm.learner, str):
        return 0, 0, arm.name
    if arm.name in order:
        return 1, order.index(arm.name), ""
    own = arm.treatment.label
    return 2, TREATMENTS.index(own) if own in TREATMENTS else len(TREATMENTS), arm.name


def _said_of_missing(why: str, package: str, baseline: str, blended: bool) -> str:
    changes = [f"its arms are left out, the blend is made of {', '.join(m.learner_name for m in blend_members())}"]
    if not blended or package not in {PACKAGES.get(name) for name in MEMBERS}:
        changes = ["its arms are left out"]
    if package == "lightgbm":
        changes.append(f"the baseline is {baseline.partition('+')[0]}")
    return f"{why}. The comparison runs without it: {', '.join(changes)}."


def _treated_blend(arm: Arm) -> bool:
    return arm.is_blend and not isinstance(arm.treatment, NoTreatment)


def _is_auto(value: str | Sequence) -> bool:
    return isinstance(value, str) and value == "auto"


def asked_names(learners: str | Sequence, treatments: str | Sequence, textbook: str = "") -> tuple[Sequence, Sequence]:
    """The learners and treatments of `make_plan` one by one; raises `InputError` for a name that is none.

    The name "textbook" stands for the treatment `textbook`, and for none as long as that is not known.
    """
    chosen = (*MEMBERS, "blend") if _is_auto(learners) else listed(learners, "learners")
    how: Sequence = TREATMENTS if _is_auto(treatments) else listed(treatments, "treatments")
    if TEXTBOOK in [t for t in how if isinstance(t, str)]:
        how = [t for t in how if not (isinstance(t, str) and t == TEXTBOOK)]
        if textbook and textbook not in [make_treatment(t, name="treatments").label for t in how]:
            how = [*how, textbook]
    for learner in chosen:
        if isinstance(learner, str):
            _check.one_of(learner, "learners", tuple(KNOWN_LEARNERS))
    labels = [make_treatment(treatment, name="treatments").label for treatment in how]
    for name in dict.fromkeys(labels):
        if labels.count(name) > 1:
            raise InputError(f"Two arms have the same name: `treatments` names {name!r} twice. Name it once.")
    return chosen, how


def within(plan: Plan, seconds: float | None, work: Work, *, named_columns: bool = False) -> tuple[Plan, Work]:
    """The plan without the arms whose work does not fit into so many reference seconds, and the work that is left.

    Decided before the first fit, from the size of the work and nothing else: neither the clock nor the load of the
    machine changes which arms run. What always runs is fitted on fewer rows where it would not fit otherwise; library
    defaults are no longer part of it where they would take more than `SHARE`. Then the others are taken in order, so a
    larger budget only adds some.

    Parameters
    ----------
    seconds : float or None
        Budget; None is `BUDGET`, and what was asked for by name runs all the same.
    named_columns : bool
        Whether the audit named columns, without which one arm is fitted anew.
    """
    budget = BUDGET if seconds is None else seconds
    needed_names = plan.always
    if EXHIBIT not in plan.asked and work.smaller()[-1].arm(make_arm(EXHIBIT)) > SHARE * max(budget, BUDGET):
        needed_names -= {EXHIBIT}  # its bins take as long on few rows as on many
    always = needed_names | (frozenset(plan.asked) if seconds is None else frozenset())
    absent, order = {a.name for a in plan.absent}, [*plan.needed, *TREATED]
    planned = sorted([*plan.arms, *plan.absent], key=lambda arm: _rank(arm, order))
    needed = [a for a in planned if a.name in needed_names]

    def base(work: Work) -> float:
        again = max((work.fits(a) for a in needed), default=0.0) if named_columns else 0.0
        return planned_seconds(replace(plan, arms=needed), work) + again

    work = next((smaller for smaller in work.smaller() if base(smaller) <= budget), [*work.smaller()][-1])
    total, arms, left_out = base(work), [], []
    for arm in planned:
        more = 0.0 if arm.name in needed_names else work.arm(arm)
        if arm.name in absent:
            pass
        elif arm.name in always or (total + more <= budget and (plan.asked or more <= SHARE * budget)):
            arms.append(arm)
        else:
            why = f"the budget of {budget:g} s holds no more work; with {total + more:.0f} s it runs"
            if total + more <= budget:
                why = f"it takes {more:.0f} s of the budget of {budget:g} s, and nobody asked for it; name it to see it"
            left_out.append(SkippedRecord(name=arm.name, reason=why))
        total += more
    return replace(plan, arms=arms, not_run=[*plan.not_run, *left_out]), work


def planned_seconds(plan: Plan, work: Work) -> float:
    """Reference seconds of a comparison of the arms of a plan, from reading the table to the written report."""
    return work.fixed([a for a in plan.arms if a.name in plan.always]) + sum(work.arm(a) for a in plan.arms)
