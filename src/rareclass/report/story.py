"""What a report says: the results put into words and small records, which terminal and HTML then lay out.

Nothing is estimated here. Old and unfinished runs are drawn too: what their files lack is blank (see `Record`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rareclass._json import to_plain
from rareclass.evaluation import words
from rareclass.evaluation.results import (
    SEVERITIES,
    AppliedDecisionRecord,
    ArmRecord,
    CalibrationRecord,
    CostPoints,
    DataRecord,
    DecisionRecord,
    DesignRecord,
    Finding,
    Results,
)
from rareclass.html.reading import Reading
from rareclass.learners import registry
from rareclass.uncertainty.estimate import Interval


@dataclass(frozen=True, kw_only=True)
class ArmRow:
    """One arm as a row of the table: what was found of it, and the part it plays."""

    found: ArmRecord
    precision: Reading
    difference: Reading
    cost: Reading
    observed_to_expected: Reading
    brier_skill: Reading
    champion: bool
    baseline: bool
    exhibit: bool
    textbook: bool = False

    @property
    def off(self) -> bool:
        """Whether the number of events is not what was expected, by a tenth or more."""
        value = self.observed_to_expected.value
        return value is not None and not 0.9 <= value <= 1.1

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        return words.prose(self.found.sentence)


class Fact(NamedTuple):
    """A key figure: what it is, its value, what to hold it against."""

    label: str
    value: str
    detail: str
    note: str = ""
    estimate: Reading | None = None
    chance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """All words and rows of a report, beside the results that they tell."""

    results: Results
    title: str
    subject: str
    headline: str
    standing: str
    reason: str
    judged_on: str
    facts: list[Fact]
    arms: list[ArmRow]
    champion: str
    baseline: str
    chance: float | None
    test_chance: float | None
    has_costs: bool
    ranked: bool
    tally: str
    findings: list[Finding]
    data_notes: list[str]
    design_notes: list[str]
    warnings: list[str]

    @property
    def exhibits(self) -> list[str]:
        """Names of the arms that are only shown."""
        return [a.found.name for a in self.arms if a.exhibit]


def tell(results: Mapping[str, Any] | Results) -> Story:
    """Read `results` (the content of `results.json`) into a `Story`."""
    found = results if isinstance(results, Results) else Results.from_dict(to_plain(results))
    data, design, test = found.data, found.design, found.test
    arms = [_arm(a, found) for a in found.arms]
    chance = _chance(design.dev_prevalence, design.dev_events, design.dev_rows, data.prevalence)
    test_chance = None if test is None else _chance(test.prevalence, *test_counts(found), data.prevalence)
    shown, standing = _shown(found), _standing(arms, found)
    return Story(
        results=found,
        title=found.title or data.target or "Comparison",
        subject=_subject(data, len(arms)),
        headline=_headline(shown, found) or standing,
        standing=standing,
        reason=" ".join(t for t in (words.prose(found.champion_reason), _luck(found)) if t),
        judged_on=shown.where,
        facts=_facts(shown, test_chance if shown.locked else chance),
        arms=arms,
        champion=found.champion,
        baseline=found.baseline,
        chance=chance,
        test_chance=test_chance,
        has_costs=any(a.cost.value is not None for a in arms) or shown.reading("expected_cost").value is not None,
        ranked=design.ranked,
        tally=_tally(arms),
        findings=sorted(found.findings, key=lambda f: (*SEVERITIES, f.severity).index(f.severity)),
        data_notes=data.notes,
        design_notes=_design(design) + design.notes,
        warnings=found.warnings,
    )


def _chance(known: float | None, events: float | None, rows: float | None, otherwise: float) -> float | None:
    """Average precision of a score without information: the prevalence of the rows that were judged."""
    if words.finite(known) is not None:
        return words.finite(known)
    return events / rows if rows and events is not None else words.finite(otherwise)


def test_counts(found: Results) -> tuple[int | None, int | None]:
    """Events and rows of the locked test part."""
    design, test = found.design, found.test
    events, rows = (None, None) if test is None else (test.events, test.rows)
    return design.test_events if events is None else events, design.test_rows if rows is None else rows


def _reading(name: str, metrics: Mapping[str, Interval], otherwise: float | None = None) -> Reading:
    return Reading.of(metrics.get(name), otherwise)


def _arm(arm: ArmRecord, found: Results) -> ArmRow:
    return ArmRow(
        found=arm,
        precision=_reading("average_precision", arm.metrics),
        difference=Reading.of(arm.difference_to_baseline),
        cost=_reading("expected_cost", arm.metrics),
        observed_to_expected=_reading("observed_to_expected", arm.metrics, arm.calibration.observed_to_expected),
        brier_skill=_reading("brier_skill", arm.metrics, arm.calibration.brier_skill),
        champion=arm.name == found.champion,
        baseline=arm.name == found.baseline,
        exhibit=registry.is_exhibit(arm.learner),
        textbook=found.textbook is not None and arm.name == found.textbook.arm,
    )


def _subject(data: DataRecord, arms: int) -> str:
    said = [f"{words.counted(data.events, 'event')} in {words.counted(data.rows, 'row')}"]
    if words.finite(data.prevalence) is not None:
        by = f" by {data.weighted_by}" if data.weighted_by else ""
        weighted = "" if words.finite(data.weight) is None else f" of their weight{by}"
        said[0] += f" ({words.percent(data.prevalence, 3)}{weighted})"
    if data.target is not None:
        said.append(f"target {data.target}" + (f" = {data.pos_label}" if data.pos_label else ""))
    return " · ".join([*said, words.counted(arms, "arm")])


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The rows by which the champion is shown: the locked test part, or the out-of-fold ones where there is none."""

    locked: bool
    where: str
    metrics: Mapping[str, Interval]
    decision: DecisionRecord
    calibration: CalibrationRecord
    cost: CostPoints | None

    def reading(self, name: str) -> Reading:
        """A metric with its interval; costs only where somebody named them."""
        known = {**vars(self.calibration), **vars(self.decision), "expected_cost": None}
        return _reading(name, self.metrics, words.finite(known.get(name)))


def _shown(found: Results) -> Shown:
    test = found.test if found.test is not None and found.test.metrics else None
    if test is not None:
        events, rows = test_counts(found)
        return Shown(
            locked=True,
            where=f"On the locked test part: {words.counted(events, 'event')} in {words.counted(rows, 'row')}"
            + ("" if words.finite(test.weight) is None else ", weighted"),
            metrics=test.metrics,
            decision=test.decision,
            calibration=test.calibration,
            cost=None if found.figures_test is None else found.figures_test.cost,
        )
    arm = next((a for a in found.arms if a.name == found.champion), None)
    figures = found.figures.get(found.champion)
    return Shown(
        locked=False,
        where="Out of fold; no test part was locked away"
        + ("" if words.finite(found.data.weight) is None else "; weighted"),
        metrics={} if arm is None else arm.metrics,
        decision=AppliedDecisionRecord() if arm is None else arm.decision,
        calibration=CalibrationRecord() if arm is None else arm.calibration,
        cost=None if figures is None else figures.cost,
    )


def _headline(shown: Shown, found: Results) -> str:
    """What the deployed model does, in plain words; nothing where that is not known."""
    recall, precision, cost = (shown.reading(name).value for name in ("recall", "precision", "expected_cost"))
    if not found.champion or not found.design.ranked or recall is None:
        return ""
    data = found.data
    events = f"events ({data.target} = {data.pos_label})" if data.target and data.pos_label else "events"
    if not recall:
        said = f"{found.champion} catches none of the {events} at its threshold"
    else:
        right = "" if precision is None else f"; {words.percent(precision)} of its alerts are right"
        said = f"{found.champion} catches {words.percent(recall)} of the {events}{right}"
    trivial = {} if shown.cost is None else {"none": shown.cost.flag_none, "all": shown.cost.flag_all}
    known = {name: v for name, value in trivial.items() if (v := words.finite(value)) is not None}
    if cost is not None and known:
        cheaper = min(known, key=lambda name: known[name])
        said += f", at {words.number(cost)} instead of {words.number(known[cheaper])} per row (flagging {cheaper})"
    return said + "."


def _standing(arms: list[ArmRow], found: Results) -> str:
    """How the champion stands against the baseline."""
    champion = found.champion
    if not champion:
        return "No model is deployed."
    if not found.design.ranked:
        events = found.data.events if found.design.dev_events is None else found.design.dev_events
        return f"{words.counted(events, 'event')} cannot rank these models; {champion} is deployed as the default."
    if champion == found.baseline:
        better = sum(a.found.verdict == "helps" for a in arms)
        if better:
            return f"{champion}, the baseline, is deployed although {words.counted(better, 'arm')} ranked better."
        if len(arms) < 2:
            return f"{champion} is deployed."
        return f"No arm is shown to rank better than the baseline, {champion}: it is deployed."
    said = {
        "helps": "ranks the rare class better than the baseline and is deployed.",
        "no evidence": "is deployed; it ranks as well as the baseline.",
        "cannot tell": "is deployed; these data cannot tell it from the baseline.",
        "hurts": "is deployed although it ranks worse than the baseline.",
    }
    return f"{champion} {said.get(next((a.found.verdict for a in arms if a.champion), ''), 'is deployed.')}"


def _luck(found: Results) -> str:
    """How much of the champion's own number is luck of having been chosen by it."""
    luck = found.champion_luck
    size = None if luck is None else words.finite(luck.luck)
    if luck is None or size is None:
        return ""
    much = f"about {size:.3f}" if size >= 0.0005 else "less than 0.001"
    metric = words.metric_title(luck.metric).lower()
    return f"Chosen among {words.counted(luck.arms, 'arm')}: {much} of its {metric} out of fold is luck of choice."


def _tally(arms: list[ArmRow]) -> str:
    """ "1 arm helps, 2 show no evidence of a difference, 5 hurt, 2 cannot be told."""
    forms = {
        "helps": ("helps", "help"),
        "no evidence": ("shows no evidence of a difference", "show no evidence of a difference"),
        "cannot tell": ("cannot be told apart", "cannot be told apart"),
        "hurts": ("hurts", "hurt"),
    }
    said = []
    for verdict, (one, many) in forms.items():
        found = sum(a.found.verdict == verdict for a in arms)
        if found:
            said.append(f"{found} {one if found == 1 else many}")
    if not said:
        return ""
    others = words.counted(len(arms) - any(a.baseline for a in arms), "other arm")
    return f"Against the baseline, of {others}: {', '.join(said)}."


def _facts(shown: Shown, chance: float | None) -> list[Fact]:
    facts = [_ranking_fact(shown.reading("average_precision"), chance), *_decision_facts(shown)]
    ratio, skill = shown.reading("observed_to_expected"), shown.reading("brier_skill")
    if ratio.value is not None:
        span = words.interval(ratio.low, ratio.high, words.ratio)
        detail = " · ".join(t for t in (span, "1 is calibrated in the large") if t)
        note = "" if skill.value is None else f"Brier skill {skill.text()} (0: a constant)"
        facts.append(Fact("Observed / expected", words.ratio(ratio.value), detail, note))
    return facts


def _ranking_fact(ap: Reading, chance: float | None) -> Fact:
    against = "" if chance is None else f"chance {words.score(chance)}"
    times = words.times_chance(ap.value, chance)
    return Fact(
        "Average precision",
        words.score(ap.value),
        words.interval(ap.low, ap.high),
        f"{against} ({times})" if times else against,
        ap,
        chance,
    )


def _decision_facts(shown: Shown) -> list[Fact]:
    facts, decision = [], shown.decision
    threshold = words.finite(decision.threshold)
    rule = words.rule_title(decision.rule)
    if threshold is not None or rule:
        cut = words.NONE if threshold is None else f"p ≥ {words.number(threshold)}"
        if decision.per_row:
            cut = "its own costs say so"
        elif decision.threshold == "inf" or (threshold is None and decision.alert_rate == 0):
            cut = "never"
        elif decision.threshold == "-inf":
            cut = "always"
        facts.append(Fact("Decision: flag a row when", cut, rule + _reach(decision), decision.why))
    money, saving = shown.reading("expected_cost"), shown.reading("saving")
    if money.value is not None:
        trivial = {} if shown.cost is None else {"none": shown.cost.flag_none, "all": shown.cost.flag_all}
        rules = [f"flag\u00a0{n}\u00a0{words.number(v)}" for n, v in trivial.items() if words.finite(v) is not None]
        if saving.value is not None:
            rules.append(f"saves {saving.text(words.number)} against flagging none")
        span = words.interval(money.low, money.high, words.number)
        facts.append(Fact("Expected cost per row", words.number(money.value), span, ", ".join(rules)))
    recall, precision = shown.reading("recall"), shown.reading("precision")
    if recall.value is not None:
        rate = words.finite(decision.alert_rate)
        said = [] if precision.value is None else [f"{precision.text(words.percent)} of the alerts are right"]
        said += [] if rate is None else [f"{words.percent(rate)} of the rows are alerts"]
        span = words.interval(recall.low, recall.high, words.percent)
        facts.append(Fact("Events caught", words.percent(recall.value), span, "; ".join(said)))
    return facts


def _reach(decision: DecisionRecord) -> str:
    """Where the threshold falls when the rows are drawn again, unless it follows from the costs alone."""
    ends = [words.finite(v) for v in decision.interval or []]
    if len(ends) != 2 or ends[0] == ends[1]:
        return ""
    return f" {words.interval(ends[0], ends[1], words.number)}"


def _design(design: DesignRecord) -> list[str]:
    """The design in plain sentences."""
    said = []
    if design.folds is not None:
        split = {"group": "by group", "time": "forward in time"}.get(design.split, "stratified")
        again = f", repeated {design.repeats} times" if (design.repeats or 0) > 1 else ""
        said.append(f"{design.folds} folds, {split}{again}; every arm is scored on identical folds, once.")
    if design.test_rows:
        said.append(
            f"{words.counted(design.test_rows, 'row')} with {words.counted(design.test_events, 'event')} were locked "
            "away before anything was fitted and judged once, at the end."
        )
    elif design.test_rows == 0:
        said.append("No test part was locked away; all figures are out of fold.")
    if design.seed is not None:
        took = f" The run took {words.seconds(design.seconds)}." if words.finite(design.seconds) else ""
        said.append(f"Seed {words.count(design.seed)}.{took}")
    return said
