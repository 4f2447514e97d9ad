"""The sections of the HTML page below its table of arms; an empty string leaves a section out."""

from collections import Counter
from typing import Any

from rareclass.report import curve_drawings, row_drawings, words
from rareclass.report.drawing import layers
from rareclass.report.html_parts import SEVERITIES, bullets, chip, confusion, esc, figure, name, table, verdict_chip
from rareclass.report.story import Estimate, Story, chance_level, entries, part

MOST_COLUMNS = 150
GLOSSARY = (
    ("Average precision", "Mean precision over all events, from the most to the least suspicious. A score without "
     "information reaches the prevalence (chance), not 0.5."),
    ("Interval", "95% confidence interval: where the value would lie for other rows of the same kind."),
    ("Verdict", "Paired comparison with the baseline on the same rows. Helps or hurts: the interval of the difference "
     "excludes zero. No evidence: it includes zero and nothing that matters. Cannot tell: it includes both."),
    ("O/E", "Observed over expected events: the number of events over the sum of the probabilities. 1 is calibrated in "
     "the large."),
    ("Brier skill", "1 minus the Brier score over that of the constant prevalence. Below 0 is worse than a constant. "
     "The ceiling is what a cross-fitted monotone recalibration of the same scores would reach."),
    ("Exhibit", "A learner with the defaults of its library. It shows what happens on rare events without guards and "
     "is never deployed."),
)  # fmt: skip


def curves(results: dict[str, Any], story: Story) -> str:
    """Out-of-fold pictures: the champion beside the baseline and the exhibit, then the others' own."""
    figures = {k: v for k, v in part(results, "figures").items() if isinstance(v, dict)}
    if not figures:
        return ""
    first = story.champion if story.champion in figures else next(iter(figures))
    others = ""
    for arm in figures:
        if arm != first and (inner := _own(figures[arm], arm)):
            title = f"Probabilities and errors of {name(arm)}"
            others += f'<details><summary>{title}</summary><div class="board">{inner}</div></details>'
    said = "Out of fold: scores for rows that the model did not see while it was fitted. Point at a curve to read it."
    return f'<p>{said}</p><div class="board">{_board(figures, first, story.baseline, story.chance)}</div>{others}'


def _board(figures: dict[str, Any], first: str, baseline: str, chance: float | None) -> str:
    shown = [layers(figures, kind, first, baseline) for kind in ("precision_recall", "roc", "cost")]
    ranking = figure(curve_drawings.precision_recall(shown[0], chance)) + figure(curve_drawings.roc(shown[1]))
    return ranking + figure(curve_drawings.cost(shown[2])) + _own(figures[first], first)


def _own(data: dict[str, Any], arm: str) -> str:
    """The pictures that show one arm only."""
    counts = part(data, "confusion")
    reliable = figure(row_drawings.reliability(part(data, "reliability"), arm))
    return reliable + figure(row_drawings.histogram(part(data, "histogram"), counts, arm)) + confusion(counts, arm)


def test(results: dict[str, Any], story: Story) -> str:
    """The champion on the locked test part."""
    found, design, figures = part(results, "test"), part(results, "design"), part(results, "figures_test")
    if not part(found, "metrics") and not figures:
        return ""
    arm = str(found.get("arm") or story.champion)
    rows, events = found.get("rows", design.get("test_rows")), found.get("events", design.get("test_events"))
    chance = chance_level(part(results, "data"), {"test_rows": rows, "test_events": events}, "test")
    metrics = []
    for key, entry in part(found, "metrics").items():
        e = Estimate.read(entry)
        write = words.number if key == "expected_cost" else words.score
        cells = (write(e.value), words.interval(e.low, e.high, write))
        metrics.append([esc(words.metric_name(key)), *(f'<span class="n">{esc(c)}</span>' for c in cells)])
    head = ["Metric", "Estimate", "95% interval"]
    drawn = table(head, metrics, caption=f"{name(arm)} on the locked test part", cls="small test")
    said = (
        f"{words.counted(rows, 'row')} with {words.counted(events, 'event')} that no fit, calibration or choice has "
        f"seen; {name(arm)} was judged on them once."
    )
    board = f'<div class="board">{_board({arm: figures}, arm, "", chance)}</div>' if figures else ""
    return f"<p>{said}</p>{drawn}{board}"


def verdicts(story: Story) -> str:
    """The verdict of each arm in a sentence, what it was fitted on and how its probabilities came back."""
    items = ""
    for a in story.arms:
        about = [n if n.endswith(".") else n + "." for n in a.notes]
        if not about and a.fit_rows is not None:
            about = [f"fitted on {words.counted(a.fit_rows, 'row')}."]
        if a.restoration:
            about.append(f"Way back to the real prevalence: {a.restoration}.")
        text = " ".join(about)
        small = f"<small>{esc(text[:1].upper() + text[1:])}</small>" if text else ""
        said = f'<b class="arm">{name(a.name)}</b><p>{esc(a.sentence)}</p>{small}'
        items += f"<li><div>{verdict_chip(a.verdict)}</div><div>{said}</div></li>"
    return f'<ul class="verdicts">{items}</ul>' if items else ""


def notes(results: dict[str, Any], story: Story) -> str:
    """Data, design, findings, arms not run."""
    data = part(results, "data")
    blocks = {
        "Data": bullets(_data_lines(data) + story.data_notes) + _columns(data),
        "Design": bullets(story.design_notes),
        "Findings": _findings(results),
        "Arms not run": _not_run(results),
    }
    drawn = "".join(f"<div><h3>{title}</h3>{inner}</div>" for title, inner in blocks.items() if inner)
    return f'<div class="pairs">{drawn}</div>' if drawn else ""


def _findings(results: dict[str, Any]) -> str:
    items = ""
    for f in entries(results, "findings"):
        if isinstance(f, dict):
            severity = str(f.get("severity") or "note")
            mark = chip(severity, SEVERITIES.get(severity, "plain"))
            title = esc(f.get("title") or f.get("code") or "")
            items += f"<li>{mark}<b>{title}</b><p>{esc(f.get('evidence') or '')}</p></li>"
    return f'<ul class="findings">{items}</ul>' if items else ""


def _not_run(results: dict[str, Any]) -> str:
    skipped = [s for s in entries(results, "arms_not_run") if isinstance(s, dict)]
    rows = [[f'<b class="arm">{name(s.get("name"))}</b>', esc(s.get("reason") or "")] for s in skipped]
    return table(["Arm", "Reason"], rows, caption="Arms that are missing above, and why", cls="small")


def _data_lines(data: dict[str, Any]) -> list[str]:
    counts = f"{words.counted(data.get('rows'), 'row')}, {words.counted(data.get('events'), 'event')}"
    label = "" if data.get("pos_label") is None else f"; an event is {data.get('target')} = {data['pos_label']}"
    lines = [f"{counts}, prevalence {words.percent(data.get('prevalence'), 3)}{label}."]
    said = " ".join(str(n) for n in entries(data, "notes"))
    known = {"duplicates": "repeat an earlier row", "conflicting": "share their features with a row of the other label"}
    for (key, text), sign in zip(known.items(), ("repeat", "other label"), strict=True):
        if words.finite(data.get(key)) and sign not in said:
            lines.append(f"{words.counted(data[key], 'row')} {text}.")
    return lines


def _columns(data: dict[str, Any]) -> str:
    columns = [c for c in entries(data, "columns") if isinstance(c, dict)]
    if not columns:
        return ""
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(str(c.get("kind")) for c in columns).most_common())
    shown = [f"<li>{name(c.get('name'))} <small>{esc(c.get('kind'))}</small></li>" for c in columns[:MOST_COLUMNS]]
    if len(columns) > MOST_COLUMNS:
        shown.append(f"<li>and {len(columns) - MOST_COLUMNS:,} more</li>")
    title = f"{words.counted(len(columns), 'feature column')}: {esc(kinds)}"
    return f'<details><summary>{title}</summary><ul class="columns">{"".join(shown)}</ul></details>'


def advice(results: dict[str, Any]) -> str:
    """Textbook advice beside what was measured."""
    rows = []
    for a in entries(results, "advice"):
        if isinstance(a, dict):
            source = f' <small class="id">{esc(a["evidence_id"])}</small>' if a.get("evidence_id") else ""
            measured = esc(words.prose(a.get("measured") or "")) + source
            rows.append([f"<b>{esc(a.get('topic') or '')}</b>", esc(a.get("textbook") or ""), measured])
    head = ["Topic", "The textbook says", "Measured on these data"]
    return table(head, rows, caption="Common advice beside what was measured", cls="advice")


def use(results: dict[str, Any]) -> str:
    """How to go on from here, as commands."""
    lines = [
        ("Score new rows with the champion", "rareclass predict champion NEW_ROWS.csv --out scored.csv"),
        ("Check it on rows whose labels are known", "rareclass evaluate champion LABELLED_ROWS.csv"),
        ("Draw this report again", "rareclass report ."),
        ("In Python", 'from rareclass.artifact import Bundle\nbundle = Bundle.load("champion")'),
    ]
    if results.get("command"):
        lines.append(("This report came from", str(results["command"])))
    items = "".join(f"<div><h3>{esc(t)}</h3><pre><code>{esc(code)}</code></pre></div>" for t, code in lines)
    return f'<p>Run these in the folder that holds this report.</p><div class="commands">{items}</div>'


def footer(results: dict[str, Any]) -> str:
    """What the words mean, and where the page comes from."""
    terms = "".join(f"<dt>{esc(t)}</dt><dd>{esc(d)}</dd>" for t, d in GLOSSARY)
    said = ["rareclass", words.moment(results.get("created")), part(results, "data").get("fingerprint")]
    return (
        f"<footer><details><summary>How to read this report</summary><dl>{terms}</dl></details>"
        f"<p>{esc(' · '.join(str(v) for v in said if v))}</p></footer>"
    )
