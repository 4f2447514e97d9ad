"""The textbook says, measured here: the flowcharts walked by a table, and the numbers that answer their questions."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rareclass.data.schema import Schema
from rareclass.decisions.constrained import Constrained
from rareclass.decisions.constraints import PrecisionAtLeast, RecallAtLeast
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.search import best_threshold
from rareclass.errors import InfeasibleError
from rareclass.evaluation import words
from rareclass.evaluation.flowcharts import FLOWCHARTS, TableFacts
from rareclass.evaluation.judge import ArmResult, Judged, decision_numbers
from rareclass.evaluation.plan import TEXTBOOK, Plan
from rareclass.evaluation.results import SkippedRecord
from rareclass.evaluation.textbook_records import ChartRecord, FloorRecord, StepRecord, TextbookRecord
from rareclass.fitting.design import Design
from rareclass.kernels.logits import sigmoid

EXAMPLES = (RecallAtLeast(0.8), PrecisionAtLeast(0.5))
"""Floors that are answered where nobody named one."""
Floor = RecallAtLeast | PrecisionAtLeast


def facts_of(rows: int, prevalence: float, schema: Schema) -> TableFacts:
    """What the flowcharts ask of a table of so many rows with such a (weighted) share of events."""
    continuous = sum(column.kind == "number" for column in schema.columns)
    return TableFacts(rows=rows, ratio=(1 - prevalence) / prevalence, continuous=continuous)


def design_facts(design: Design) -> TableFacts:
    """The same for the table of a design."""
    rows = design.rows
    return facts_of(rows.y.size, float(np.average(rows.y, weights=rows.weight)), rows.schema)


def advised_treatment(facts: TableFacts) -> str:
    """The treatment that the flowchart by ratio leads a table to."""
    return FLOWCHARTS["ratio"].advised(facts)


def chart_records(facts: TableFacts) -> list[ChartRecord]:
    """The path of a table through every flowchart."""
    return [
        ChartRecord(
            name=chart.name,
            title=chart.title,
            path=[StepRecord(key=t.box.key, text=t.box.text, answer=t.answer) for t in chart.path(facts)],
            treatment=chart.advised(facts),
        )
        for chart in FLOWCHARTS.values()
    ]


def textbook_says(facts: TableFacts) -> str:
    """What the flowchart by ratio says, in one sentence."""
    last = FLOWCHARTS["ratio"].path(facts)[-1].box.text
    others = words.count(facts.ratio) if facts.ratio >= 10 else words.number(facts.ratio)
    return f"{last} (one event to {others} others)."


def textbook_record(
    design: Design,
    plan: Plan,
    cut: Sequence[SkippedRecord],
    results: Sequence[ArmResult],
    champion: ArmResult,
    *,
    rows: Judged,
    tested: np.ndarray,
    rule: DecisionRule,
) -> TextbookRecord:
    """The flowcharts' paths, the arm at the end of that by ratio, and the loop answered by the champion's numbers.

    Parameters
    ----------
    cut : sequence of SkippedRecord
        Arms of the plan that did not run.
    rows, tested : Judged, ndarray
        The rows that are judged, and their places among the out-of-fold scores.
    rule : DecisionRule
        Whose floors are answered.
    """
    floors = floors_reached(rule, rows, champion.logit[tested])
    at = champion.judgement.acted
    met = {f"{f.metric}_enough": bool(at[f.metric].estimate >= f.floor) for f in floors if f.asked}
    facts = replace(design_facts(design), **met)
    return TextbookRecord(
        treatment=advised_treatment(facts),
        arm=plan.textbook,
        says=textbook_says(facts),
        measured=_measured(design, plan, [*plan.not_run, *cut], results, champion),
        charts=chart_records(facts),
        floors=floors,
    )


def _measured(
    design: Design, plan: Plan, not_run: Sequence[SkippedRecord], results: Sequence[ArmResult], champion: ArmResult
) -> str:
    """What became of the textbook's arm, in a sentence or two."""
    if not design.ranked:
        return "Not measured: so few events cannot rank treatments, so only untreated arms ran."
    if not plan.textbook:
        return f"Not measured: other treatments were named. Name {TEXTBOOK!r} among them to see it judged."
    found = next((r for r in results if r.name == plan.textbook), None)
    if found is None:
        why = next((s.reason for s in not_run if s.name == plan.textbook), "it did not run")
        return f"Not measured: {plan.textbook} was left out, {why}."
    if found.name == champion.name:
        return f"{found.name} wins and is deployed. {found.verdict.sentence}"
    its, theirs = (
        f"{words.score(v.estimate)} {words.interval(v.low, v.high)}".rstrip()
        for v in (r.average_precision for r in (found, champion))
    )
    return (
        f"{found.name} is not deployed, {champion.name} is: average precision {its} beside {theirs}. "
        f"{found.verdict.sentence}"
    )


def floors_reached(rule: DecisionRule, rows: Judged, logit: np.ndarray) -> list[FloorRecord]:
    """Whether a threshold on calibrated log-odds (n,) reaches each floor of a rule; of `EXAMPLES` where it has none."""
    parts = (rule.rule, *rule.constraints) if isinstance(rule, Constrained) else (rule,)  # type: ignore[misc]
    asked = [part for part in parts if isinstance(part, Floor)]
    return [_reached(floor, rows, logit, asked=bool(asked)) for floor in (asked if asked else EXAMPLES)]


def _reached(floor: Floor, rows: Judged, logit: np.ndarray, *, asked: bool) -> FloorRecord:
    if isinstance(floor, RecallAtLeast):
        metric, wanted = "recall", floor.recall
    else:
        metric, wanted = "precision", floor.precision
    said = f"{metric.capitalize()} of at least {words.percent(wanted)}"
    try:
        decision = best_threshold(
            rows.y, sigmoid(logit), floor, sample_weight=rows.weight, level=rows.level, random_state=rows.seed
        )
    except InfeasibleError as error:
        return FloorRecord(metric=metric, floor=wanted, asked=asked, sentence=f"{said}: not reached. {error}")
    found = decision_numbers(decision, replace(rows, costs=None), logit)
    low, high = decision.interval if decision.interval is not None else (None, None)
    surely = bool(found[metric].low >= wanted)
    span = words.interval(low, high, words.number)
    caught, right = (
        f"{words.percent(found[k].estimate)} {words.interval(found[k].low, found[k].high, words.percent)}"
        for k in ("recall", "precision")
    )
    doubt = "" if surely else ", which on new rows it may miss"
    return FloorRecord(
        metric=metric,
        floor=wanted,
        asked=asked,
        reached=True,
        surely=surely,
        threshold=decision.threshold,
        threshold_low=low,
        threshold_high=high,
        recall=found["recall"],
        precision=found["precision"],
        alert_rate=found["alert_rate"],
        sentence=(
            f"{said}: reached at a threshold of {words.number(decision.threshold)} {span}".rstrip()
            + f"{doubt}. There {caught} of the events are caught and {right} of the alerts are right; "
            f"{words.percent(found['alert_rate'])} of the rows are alerts."
        ),
    )
