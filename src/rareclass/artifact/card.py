"""The model card of a bundle: what it decides, on what data, how well, and what nobody measured; in plain Markdown."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rareclass._json import to_plain
from rareclass.decisions.decision import Decision
from rareclass.decisions.tier_rates import TierTable
from rareclass.decisions.tier_rule import ByTiers
from rareclass.evaluation import tiers, words
from rareclass.evaluation.drivers import DriversRecord
from rareclass.evaluation.measured import PARTS, measured_on
from rareclass.evaluation.results import SEVERITIES, Finding, GateRecord
from rareclass.evaluation.slices import left_out, told
from rareclass.fitting.model import FittedModel
from rareclass.uncertainty.estimate import Interval

MOST_COLUMNS = 200
FEW_EVENTS = 100
"""Below, the card says that they are few: a share of one half is then known to a fifth, at best (95 % interval)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MARKS = re.compile(r"([\\`*\[\]|~$#]|(?<![^\W_])_|_(?![^\W_]))")


def plain(value: object) -> str:
    """Text of the user's that is neither Markdown nor HTML nor a new line."""
    text = _CONTROL.sub(" ", str(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", text)


def model_card(model: FittedModel, manifest: Mapping[str, Any]) -> str:
    """The card of a fitted model.

    Parameters
    ----------
    model : FittedModel
    manifest : mapping
        What the bundle says of it: ``name``, ``target``, ``evidence``, ``recipe``, ``created``, ``rareclass``,
        ``libraries`` and ``scorer``.

    Returns
    -------
    str
        Markdown. What the evidence lacks is said not to be measured.
    """
    said = to_plain(manifest)
    evidence, recipe = said["evidence"], said["recipe"]
    measured = measured_on(evidence, to_plain(model.evidence))
    sections = {
        "What it decides": _decides(model, said["target"]),
        "Data": _data(model, evidence, recipe),
        "How it was made": _made(model, evidence, recipe),
        "How well it does": _well(measured),
        "Tiers": _tiers(model),
        "Gate": _gate(model),
        "Slices": _slices(model),
        "What drives it": _drives(model, said["scorer"]),
        "Known limits": _limits(model, evidence, measured),
        "Use": _use(said),
    }
    when = words.moment(said.get("created"))
    head = [
        f"# Model card: {plain(said['name'])}",
        f"Written by rareclass {plain(said['rareclass'])}{f' on {when}' if when else ''}. The figures stand in "
        "`manifest.json` and `model.json` beside this file. Brackets hold 95 % intervals.",
    ]
    parts = [*head, *(text for title, blocks in sections.items() if blocks for text in (f"## {title}", *blocks))]
    return "\n\n".join(parts) + "\n"


def _list(items: Iterable[str]) -> list[str]:
    """Sentences as one block; none where there are none."""
    lines = [f"- {item}" for item in items if item]
    return ["\n".join(lines)] if lines else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)] if rows else []


def _decides(model: FittedModel, target: str | None) -> list[str]:
    event = plain(model.pos_label) if target is None else f"{plain(target)} = {plain(model.pos_label)}"
    others = ", ".join(plain(c) for c in model.classes if str(c) != str(model.pos_label))
    d = model.decision
    lines = [
        f"Event: {event} (other labels: {others}).",
        "It gives each row the probability of the event at the prevalence of the data below, and a decision.",
        f"Decision: {plain(words.prose(d.why))}" if d.why else "",
        _threshold(d),
        _costs(d),
        _expected(d, "weight" in model.evidence),
    ]
    return _list(lines)


def _threshold(d: Decision) -> str:
    rule = words.rule_title(d.rule.kind)
    if isinstance(d.rule, ByTiers):
        return f"Rule: {rule}. A row is flagged in every tier but the first."
    if d.per_row:
        return f"Rule: {rule}. Each row is decided by its own costs, which are given with it."
    cut = {float("inf"): "never", float("-inf"): "always"}.get(d.threshold, f"from a probability of {_cut(d)} on")
    return f"Rule: {rule}. A row is flagged {cut}."


def _cut(d: Decision) -> str:
    """The threshold, and where it falls when the rows are drawn again."""
    low, high = (None, None) if d.interval is None or d.interval[0] == d.interval[1] else d.interval
    return f"{words.number(d.threshold)} {words.interval(low, high, words.number)}".strip()


def _costs(d: Decision) -> str:
    costs = to_plain(d.to_dict())["parameters"].get("costs")
    if not isinstance(costs, dict):
        return ""
    names = {"fp": "a false alarm", "fn": "a missed event", "tp": "a caught event", "tn": "a row rightly passed"}
    known = [f"{said} {words.number(costs[k])}" for k, said in names.items() if words.finite(costs.get(k)) is not None]
    return f"Costs: {', '.join(known)}." if known else ""


def _expected(d: Decision, weighted: bool) -> str:
    """What the decision brought where it was chosen."""
    known = [
        ("cost per row", words.number(d.expected_cost)),
        ("rows flagged", words.percent(d.alert_rate)),
        ("events caught", words.percent(d.recall)),
        ("alerts that are right", words.percent(d.precision)),
    ]
    said = ", ".join(f"{name} {value}" for name, value in known if value != words.NONE)
    if not said:
        return "What the decision brings was not measured where it was chosen."
    rows = "the model was calibrated on" if d.per_row else "the threshold was chosen on"
    return f"On the rows that {rows} (a little too good for that): {said}{', weighted' if weighted else ''}."


def _data(model: FittedModel, evidence: Mapping[str, Any], recipe: Mapping[str, Any]) -> list[str]:
    data = evidence.get("data") or {}
    rows, events = recipe.get("rows", model.evidence.get("rows")), recipe.get("events", model.evidence.get("events"))
    counts = words.sized(rows, events) if rows else "Rows: not recorded"
    weight = data.get("weight", model.evidence.get("weight"))
    share = data.get("prevalence", model.evidence.get("prevalence", events / rows if rows else None))
    columns = model.schema.columns
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(c.kind for c in columns).most_common())
    repeats = data.get("duplicates")
    notes = data.get("notes", model.schema.notes)
    lines = [
        f"{counts}{words.prevalence(share, weight, plain(data.get('weighted_by') or ''))}.",
        f"Fingerprint: `{recipe['fingerprint']}`" if recipe.get("fingerprint") else "",
        "" if repeats is None else f"Rows that repeat an earlier one exactly: {words.count(repeats)}.",
        *(plain(words.prose(note)) for note in notes),
        *(
            f"Left out: {plain(name)} ({plain(why)})."
            for name, why in model.schema.dropped.items()
            if not any(repr(name) in note for note in notes)
        ),
    ]
    cells = [[plain(c.name), plain(c.kind)] for c in columns[:MOST_COLUMNS]]
    more = [f"And {len(columns) - MOST_COLUMNS:,} more."] if len(columns) > MOST_COLUMNS else []
    said = f"{words.counted(len(columns), 'feature column')}: {kinds}."
    return [*_list(lines), said, *_table(["Column", "Kind"], cells), *more]


def _made(model: FittedModel, evidence: Mapping[str, Any], recipe: Mapping[str, Any]) -> list[str]:
    f, e = model.arm, model.evidence
    exact = "" if f.exact else " (only approximately)"
    level = f", {words.signed(f.level)} for the level of a fit on all rows" if f.level else ""
    shift = f" Log-odds added: {words.signed(f.shift)}{level}." if f.shift or f.level else ""
    calibration = "Calibration: none, too few events or groups to hold any out."
    if e.get("rows"):
        calibration = (
            f"Calibration: {type(model.calibrator).__name__}, from {words.sized(e['rows'], e['events'])} that the "
            f"model did not see{', weighted' if 'weight' in e else ''}."
        )
    split = {"group": "by group", "time": "forward in time"}.get(recipe.get("split", ""), "stratified")
    folds = f"Split: {recipe['folds']} folds, {split}." if recipe.get("folds") else ""
    chosen = evidence.get("reason")
    lines = [
        f"Learner: {plain(words.learner_title(f.arm.learner_name))}, {plain(words.prose(f.note))}.",
        f"Treatment of the training rows: {plain(words.treatment_title(f.arm.treatment.label))}. Way back to the real "
        f"prevalence: {plain(f.restoration)}{exact}.{shift}",
        calibration,
        folds,
        f"Seed: {recipe['seed']}." if recipe.get("seed") is not None else "",
        f"Why this one: {plain(words.prose(chosen))}" if chosen else "",
        f"Command: {_code(recipe['command'])}" if recipe.get("command") else "",
    ]
    return _list(lines)


def _code(text: str) -> str:
    """A span of code, fenced by more backticks than it holds."""
    text = _CONTROL.sub(" ", text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def _well(measured: Sequence[tuple[str, str, dict[str, Any]]]) -> list[str]:
    if not measured:
        return ["Not measured: no rows were held out. Judge it with `rareclass evaluate` on rows that it has not seen."]
    rows = []
    for title, size, metrics in measured:
        for key, v in metrics.items():
            write = words.writer(key)
            span = words.interval(v.get("low"), v.get("high"), write) or "not measured"
            rows.append([words.metric_title(key), f"{title} ({size})", write(v["estimate"]), span])
    named = {title for title, *_ in measured}
    lacking = [f"On a {title}: not measured." for title in PARTS.values() if title not in named]
    slope = " and calibration slope are" if any("calibration_slope" in m for *_, m in measured) else " is"
    right = f"Calibration is right where observed / expected{slope} 1; a Brier skill of 0 is a constant."
    return [*_table(["Metric", "Rows", "Estimate", "95 % interval"], rows), right, *_list(lacking)]


def _tiers(model: FittedModel) -> list[str]:
    """What each alert tier holds out of fold; nothing for a model without tiers."""
    if model.tiers is None:
        return []
    found = TierTable.from_dict(model.evidence.get("tiers"))
    if not found.tiers:
        return ["Not measured: no rows were held out."]
    said = "Out of fold, on the rows that the tiers were cut on; the costs of the tiers add up to that of a row."
    sliced = tiers.told_slices(None if model.slices is None else model.slices.table)
    each = _table(*_plain(sliced))
    return [said, *_table(*_plain(tiers.told(found))), *_list([plain(tiers.cost_said(found))]), *each]


def _plain(told: tuple[list[str], list[list[str]]]) -> tuple[list[str], list[list[str]]]:
    head, rows = told
    return [plain(h) for h in head], [[plain(c) for c in row] for row in rows]


def _gate(model: FittedModel) -> list[str]:
    """What the gate of a cascade promises, and what drives it; nothing for another model."""
    found = model.evidence.get("gate")
    if not found:
        return []
    columns = DriversRecord.from_dict(model.evidence.get("drivers")).gate
    named = [f"{plain(c.name)} {_interval(c.events)} over events, {_interval(c.rows)} over all rows" for c in columns]
    moves = [f"What moves its log-odds most (mean absolute contribution): {'; '.join(named)}."] if named else []
    return _list([*(plain(s) for s in tiers.gate_said(GateRecord.from_dict(found))), *moves])


def _interval(v: Interval) -> str:
    return f"{words.number(v.estimate)} {words.interval(v.low, v.high, words.number)}".strip()


def _slices(model: FittedModel) -> list[str]:
    """How well the model does in each slice."""
    if model.slices is None:
        return ["Not measured: no slices were asked for, so how well it does for a part of the rows is not known."]
    found = model.slices.table
    if found is None:
        return [f"Not measured: by {plain(model.slices.column)}, but no rows were held out."]
    head, rows = told(found)
    lines = [*(plain(text) for text in found.sentences), left_out(found)]
    return [
        f"By {plain(found.column)}, out of fold.",
        *_table(head, [[plain(c) for c in r] for r in rows]),
        *_list(lines),
    ]


def _drives(model: FittedModel, scorer: Mapping[str, Any]) -> list[str]:
    if not scorer.get("exact"):
        return [f"Not known: the model is not compiled ({plain(scorer.get('why_not', ''))}), so it gives no reasons."]
    found = DriversRecord.from_dict(model.evidence.get("drivers"))
    if found.why_not:
        return [f"Not known: the model gives no reasons, because {plain(found.why_not)}."]
    if found.rows is None:
        return ["Not measured: the rows to measure it on were not at hand."]
    if not found.columns:
        return [f"No column moved the log-odds of {words.counted(found.rows, 'row')} of the {plain(found.part)}."]
    rows = [
        [
            plain(c.name),
            *(_interval(v) for v in (c.events, c.rows)),
            words.NONE if c.rank_low is None else words.ranks(c.rank_low, c.rank_high),
        ]
        for c in found.columns
    ]
    said = (
        f"{'Weighted mean' if found.weighted else 'Mean'} absolute contribution to the log-odds of "
        f"{words.counted(found.events, 'event')} and of {words.counted(found.rows, 'row')} drawn evenly from the "
        f"{plain(found.part)}, with 95 % intervals; ranks over rows drawn anew, the model unchanged. No causes."
        + (" Columns that are one reason are one row." if found.grouped else "")
    )
    more = [f"{words.counted(found.more, 'other column')} contribute less."] if found.more else []
    return [said, *_table(["Column", "Events", "All rows", "Rank"], rows), *more]


def _limits(
    model: FittedModel, evidence: Mapping[str, Any], measured: Sequence[tuple[str, str, dict[str, Any]]]
) -> list[str]:
    events = model.evidence.get("events")
    lines = [
        "Its probabilities hold where events are as frequent as in the data above. Where the prevalence moves, so must "
        "they (`rareclass.calibration.prior_shift`).",
        "How it does on later rows, or on rows from elsewhere, was not measured.",
        "It knows associations in these data, not causes.",
    ]
    if not measured or not events:
        lines.append("Its probabilities are not calibrated on rows that were held out.")
    elif events < FEW_EVENTS:
        lines.append(f"{words.counted(events, 'event')} are few: every figure is as uncertain as its interval is wide.")
    if not model.arm.exact:
        lines.append("The way back to the real prevalence is approximate; calibration makes up for it on average only.")
    found = sorted(
        (Finding.from_dict(f) for f in evidence.get("findings", ())),
        key=lambda f: (*SEVERITIES, f.severity).index(f.severity),
    )
    for f in found:
        evident = f" ({plain(words.prose(f.evidence))})" if f.evidence else ""
        remedy = f" {plain(f.remedy)}" if f.remedy else ""
        lines.append(
            f"{f.severity.capitalize() or 'Note'} `{f.code}`: {plain(words.prose(f.title or f.code))}{evident}{remedy}"
        )
    if "findings" not in evidence:
        lines.append("Whether columns know the label otherwise than they should was not looked at.")
    lines += [plain(words.prose(w)) for w in evidence.get("warnings", ())]
    return _list(lines)


def _use(said: Mapping[str, Any]) -> list[str]:
    code = (
        "```python\nfrom rareclass.artifact import Bundle\n\nbundle = Bundle.load(FOLDER)  # verifies every file\n"
        "bundle.scorer.probability(rows)\nbundle.scorer.decide(rows)\n```"
    )
    versions = ", ".join(
        f"{plain(name)} {plain(v)}" for name, v in {"Python": said.get("python", ""), **said["libraries"]}.items()
    )
    return [
        "`rareclass predict FOLDER TABLE` scores a table; `rareclass evaluate FOLDER TABLE` judges the model on one "
        "whose labels are known. In Python:",
        code,
        "The bundle's version is the first 12 hex digits of the sha256 of `manifest.json`; `Bundle.version` says it.",
        f"Written with rareclass {plain(said['rareclass'])}, {versions}.",
    ]
