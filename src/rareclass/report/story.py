"""What a report says: the results put into words and small records, which terminal and HTML then lay out.

Nothing is estimated here. Missing keys and nulls are allowed everywhere, because old and unfinished runs are drawn too.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rareclass._json import to_plain
from rareclass.learners import registry
from rareclass.report import words


class Estimate(NamedTuple):
    """A number with its interval; each may be None."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def read(cls, entry: Any) -> "Estimate":
        """From ``{"estimate", "low", "high"}``, a plain number or None."""
        if isinstance(entry, dict):
            return cls(*(words.finite(entry.get(k)) for k in ("estimate", "low", "high")))
        return cls(words.finite(entry))

    def text(self, write: Any = words.score) -> str:
        """ "0.783 [0.660, 0.871]"."""
        return f"{write(self.value)} {words.interval(self.low, self.high, write)}".strip()


@dataclass(frozen=True)
class ArmRow:
    """One arm as a row of the table."""

    name: str
    learner: str
    treatment: str
    precision: Estimate
    difference: Estimate
    verdict: str
    sentence: str
    cost: Estimate
    observed_to_expected: float | None
    skill: float | None
    skill_ceiling: float | None
    seconds: float | None
    champion: bool
    baseline: bool
    exhibit: bool
    exact: bool
    restoration: str
    fit_rows: float | None
    notes: list[str]


class Fact(NamedTuple):
    """A key figure: what it is, its value, what to hold it against."""

    label: str
    value: str
    detail: str
    note: str = ""
    estimate: Estimate | None = None
    chance: float | None = None


@dataclass(frozen=True)
class Story:
    """All words and rows of a report."""

    title: str
    subject: str
    headline: str
    reason: str
    facts: list[Fact]
    arms: list[ArmRow]
    champion: str
    baseline: str
    chance: float | None
    has_costs: bool
    ranked: bool
    on_test: bool
    tally: str
    data_notes: list[str] = field(default_factory=list)
    design_notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def part(results: Any, *path: str) -> dict[str, Any]:
    """The dictionary at `path`, empty where anything on the way is missing."""
    for key in path:
        results = results.get(key) if isinstance(results, dict) else None
    return results if isinstance(results, dict) else {}


def entries(results: Any, key: str) -> list[Any]:
    """The list under `key`, empty where it is missing."""
    value = results.get(key) if isinstance(results, dict) else None
    return list(value) if isinstance(value, list | tuple) else []


def tell(results: dict[str, Any]) -> Story:
    """Read `results` (the content of `results.json`) into a `Story`."""
    results = to_plain(results)
    champion, baseline = (str(results.get(k) or "") for k in ("champion", "baseline"))
    arms = [_arm(a, champion, baseline) for a in entries(results, "arms") if isinstance(a, dict)]
    data, design, test = part(results, "data"), part(results, "design"), part(results, "test")
    on_test = bool(part(test, "metrics"))
    ranked = design.get("ranked") is not False
    paid = words.finite(part(test, "decision").get("expected_cost"))
    has_costs = paid is not None or any(a.cost.value is not None for a in arms)
    story_arms = [a for a in arms if a.name == champion]
    return Story(
        title=str(results.get("title") or data.get("target") or "Comparison"),
        subject=_subject(data, len(arms)),
        headline=_headline(arms, champion, baseline, ranked, data, design),
        reason=words.prose(results.get("champion_reason") or ""),
        facts=_facts(results, story_arms[0] if story_arms else None, on_test),
        arms=arms, champion=champion, baseline=baseline, chance=chance_level(data, design), has_costs=has_costs,
        ranked=ranked, on_test=on_test, tally=_tally(arms),
        data_notes=[str(n) for n in entries(data, "notes")],
        design_notes=_design(design) + [str(n) for n in entries(design, "notes")],
        warnings=[str(w) for w in entries(results, "warnings")],
    )  # fmt: skip


def chance_level(data: dict[str, Any], design: dict[str, Any], name: str = "dev") -> float | None:
    """Average precision of a score without information: the prevalence of the rows that were judged."""
    rows, events = (words.finite(design.get(f"{name}_{k}")) for k in ("rows", "events"))
    return events / rows if rows and events is not None else words.finite(data.get("prevalence"))


def _arm(arm: dict[str, Any], champion: str, baseline: str) -> ArmRow:
    name = str(arm.get("name") or "")
    learner = str(arm.get("learner") or name.partition("+")[0])
    metrics, calibration, decision = (part(arm, k) for k in ("metrics", "calibration", "decision"))
    cost = Estimate.read(metrics.get("expected_cost", decision.get("expected_cost")))
    return ArmRow(
        name=name,
        learner=words.learner_name(learner, arm.get("learner_label")),
        treatment=words.treatment_name(arm.get("treatment", name.partition("+")[2])),
        precision=Estimate.read(metrics.get("average_precision")),
        difference=Estimate.read(arm.get("difference_to_baseline")),
        verdict=str(arm.get("verdict") or ""),
        sentence=words.prose(arm.get("sentence") or ""),
        cost=cost,
        observed_to_expected=words.finite(calibration.get("observed_to_expected")),
        skill=words.finite(calibration.get("brier_skill")),
        skill_ceiling=words.finite(calibration.get("brier_skill_ceiling")),
        seconds=words.finite(arm.get("fit_seconds")),
        champion=name == champion,
        baseline=name == baseline,
        exhibit=is_exhibit(learner),
        exact=arm.get("exact") is not False,
        restoration=str(arm.get("restoration") or ""),
        fit_rows=words.finite(arm.get("fit_rows")),
        notes=[str(n) for n in [arm.get("note"), *entries(arm, "warnings")] if n],
    )


def is_exhibit(arm: str) -> bool:
    """Whether an arm shows the defaults of its library, to warn; it is never deployed."""
    return registry.is_exhibit(arm.partition("+")[0])


def _subject(data: dict[str, Any], arms: int) -> str:
    said = [f"{words.counted(data.get('events'), 'event')} in {words.counted(data.get('rows'), 'row')}"]
    if words.finite(data.get("prevalence")) is not None:
        said[0] += f" ({words.percent(data['prevalence'], 3)})"
    if data.get("target") is not None:
        label = data.get("pos_label")
        said.append(f"target {data['target']}" + ("" if label is None else f" = {label}"))
    return " · ".join([*said, words.counted(arms, "arm")])


def _headline(
    arms: list[ArmRow], champion: str, baseline: str, ranked: bool, data: dict[str, Any], design: dict[str, Any]
) -> str:
    if not champion:
        return "No model is deployed."
    if not ranked:
        events = design.get("dev_events", data.get("events"))
        return f"{words.counted(events, 'event')} cannot rank these models; {champion} is deployed as the default."
    verdict = next((a.verdict for a in arms if a.name == champion), "")
    better = sum(a.verdict == "helps" for a in arms)
    if champion == baseline:
        if better:
            return f"{champion}, the baseline, is deployed although {words.counted(better, 'arm')} ranked better."
        if len(arms) < 2:
            return f"{champion} is deployed."
        return f"No arm is shown to rank better than the baseline, {champion}: it is deployed."
    if verdict == "helps":
        return f"{champion} ranks the rare class better than the baseline and is deployed."
    if verdict == "no evidence":
        return f"{champion} is deployed; it ranks as well as the baseline."
    if verdict == "cannot tell":
        return f"{champion} is deployed; these data cannot tell it from the baseline."
    if verdict == "hurts":
        return f"{champion} is deployed although it ranks worse than the baseline."
    return f"{champion} is deployed."


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
        found = sum(a.verdict == verdict for a in arms)
        if found:
            said.append(f"{found} {one if found == 1 else many}")
    if not said:
        return ""
    others = words.counted(len(arms) - any(a.baseline for a in arms), "other arm")
    return f"Against the baseline, of {others}: {', '.join(said)}."


def _facts(results: dict[str, Any], champion: ArmRow | None, on_test: bool) -> list[Fact]:
    data, design, test = part(results, "data"), part(results, "design"), part(results, "test")
    arm = next((a for a in entries(results, "arms") if isinstance(a, dict) and a.get("name") == test.get("arm")), None)
    if arm is None and champion is not None:
        arm = next(a for a in results["arms"] if isinstance(a, dict) and a.get("name") == champion.name)
    source = test if on_test else part({"arm": arm}, "arm")
    metrics, decision = part(source, "metrics"), {**part(arm, "decision"), **part(source, "decision")}
    figures = part(results, "figures_test") if on_test else part(results, "figures", champion.name if champion else "")
    if on_test:
        rows = test.get("rows", design.get("test_rows"))
        events = test.get("events", design.get("test_events"))
        where = f"locked test part: {words.counted(events, 'event')} in {words.counted(rows, 'row')}"
        chance = chance_level(data, {"test_rows": rows, "test_events": events}, "test")
    else:
        where, chance = "out of fold; no test part was locked away", chance_level(data, design)
    facts = [_ranking_fact(Estimate.read(metrics.get("average_precision")), chance, where)]
    facts += _decision_facts(metrics, decision, part(figures, "cost"))
    calibration = part(source, "calibration") or part(arm, "calibration")
    ratio = words.finite(calibration.get("observed_to_expected"))
    if ratio is not None:
        skill = words.finite(calibration.get("brier_skill"))
        note = "" if skill is None else f"Brier skill {words.score(skill)} (0: a constant)"
        facts.append(Fact("Observed / expected", f"{ratio:.2f}", "1 is calibrated in the large", note))
    return facts


def _ranking_fact(ap: Estimate, chance: float | None, where: str) -> Fact:
    against = "" if chance is None else f"chance {words.score(chance)}"
    times = words.times_chance(ap.value, chance)
    detail = " · ".join(t for t in (words.interval(ap.low, ap.high), f"{against} ({times})" if times else against) if t)
    return Fact("Average precision", words.score(ap.value), detail, where, ap, chance)


def _decision_facts(metrics: dict[str, Any], decision: dict[str, Any], cost: dict[str, Any]) -> list[Fact]:
    facts = []
    threshold = words.finite(decision.get("threshold"))
    rule = words.rule_name(decision.get("rule"))
    if threshold is not None or rule:
        shown = words.NONE if threshold is None else f"p ≥ {words.number(threshold)}"
        if decision.get("per_row"):
            shown = "its own costs say so"
        elif decision.get("threshold") == "inf" or (threshold is None and decision.get("alert_rate") == 0):
            shown = "never"
        elif decision.get("threshold") == "-inf":
            shown = "always"
        facts.append(Fact("Decision: flag a row when", shown, rule + _reach(decision), str(decision.get("why") or "")))
    money = Estimate.read(metrics.get("expected_cost", decision.get("expected_cost")))
    if money.value is not None:
        rules = [
            f"{name}\u00a0{words.number(cost.get(key))}"
            for name, key in (("flag\u00a0none", "flag_none"), ("flag\u00a0all", "flag_all"))
            if words.finite(cost.get(key)) is not None
        ]
        facts.append(Fact("Expected cost per row", words.number(money.value),
                          words.interval(money.low, money.high, words.number), ", ".join(rules)))  # fmt: skip
    recall, precision = (Estimate.read(metrics.get(k, decision.get(k))) for k in ("recall", "precision"))
    if recall.value is not None:
        right = "" if precision.value is None else f"{words.percent(precision.value)} of the alerts are right"
        rate = words.finite(decision.get("alert_rate"))
        note = "" if rate is None else f"{words.percent(rate)} of the rows are alerts"
        facts.append(Fact("Events caught", words.percent(recall.value), right, note))
    return facts


def _reach(decision: dict[str, Any]) -> str:
    """Where the threshold falls when the rows are drawn again, unless it follows from the costs alone."""
    ends = [words.finite(v) for v in entries(decision, "interval")]
    if len(ends) != 2 or ends[0] == ends[1]:
        return ""
    return f" {words.interval(ends[0], ends[1], words.number)}"


def _design(design: dict[str, Any]) -> list[str]:
    """The design in plain sentences."""
    folds, repeats = words.finite(design.get("folds")), words.finite(design.get("repeats"))
    said = []
    if folds is not None:
        split = {"group": "by group", "time": "forward in time"}.get(str(design.get("split")), "stratified")
        again = f", repeated {repeats:.0f} times" if repeats is not None and repeats > 1 else ""
        said.append(f"{folds:.0f} folds, {split}{again}; every arm is scored on identical folds, once.")
    test_rows = words.finite(design.get("test_rows"))
    if test_rows:
        said.append(
            f"{words.counted(test_rows, 'row')} with {words.counted(design.get('test_events'), 'event')} were locked "
            "away before anything was fitted and judged once, at the end."
        )
    elif test_rows == 0:
        said.append("No test part was locked away; all figures are out of fold.")
    if words.finite(design.get("seed")) is not None:
        took = words.finite(design.get("seconds"))
        said.append(f"Seed {words.count(design['seed'])}." + (f" The run took {words.seconds(took)}." if took else ""))
    return said
