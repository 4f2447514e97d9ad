"""The sections of the HTML page below its table of arms; an empty string leaves a section out."""

from collections import Counter

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord, DataRecord, FiguresRecord, Results
from rareclass.evaluation.slices import left_out, told
from rareclass.fitting.slice_table import SliceTable
from rareclass.html.parts import bullets, chip, esc, name, table
from rareclass.html.reading import Reading
from rareclass.report import curve_drawings, row_drawings
from rareclass.report.drawing import layers
from rareclass.report.html_parts import SEVERITY_CHIPS, confusion, figure, verdict_chip
from rareclass.report.story import Story, test_counts

MOST_COLUMNS = 150
GLOSSARY = {
    "Average precision": "Mean precision over all events, from the most to the least suspicious. A score without "
    "information reaches the prevalence (chance), not 0.5.",
    "Interval": "95% confidence interval: where the value would lie for other rows of the same kind.",
    "Verdict": "Paired comparison with the baseline on the same rows. Helps or hurts: the interval of the difference "
    "excludes zero. No evidence: it includes zero and nothing that matters. Cannot tell: it includes both.",
    "O/E": "Observed over expected events: the number of events over the sum of the probabilities. 1 is calibrated in "
    "the large.",
    "Brier skill": "1 minus the Brier score over that of the constant prevalence. Below 0 is worse than a constant. "
    "results.json also holds that of a monotone recalibration of the same scores.",
    "Exhibit": "A learner with the defaults of its library. It shows what happens on rare events without guards and "
    "is never deployed.",
}


def findings(story: Story) -> str:
    """What was found about the data and the evaluation, worst first: it decides how far all else can be trusted."""
    items = ""
    for f in story.findings:
        mark = chip(f.severity or "note", SEVERITY_CHIPS.get(f.severity, "plain"))
        said = "".join(f"<p>{t}</p>" for t in (esc(f.evidence), f"<b>{esc(f.remedy)}</b>" if f.remedy else "") if t)
        code = f' <small class="id">{esc(f.code)}</small>' if f.title and f.code else ""
        items += f"<li>{mark}<b>{esc(f.title or f.code)}</b>{code}{said}</li>"
    drawn = f'<aside class="found" id="findings"><h2>Findings</h2><ul class="findings">{items}</ul></aside>'
    return drawn if items else ""


def curves(story: Story) -> str:
    """Out-of-fold pictures: the champion beside the baseline and the exhibit, then the others' own."""
    figures = story.results.figures
    if not figures:
        return ""
    first = story.champion if story.champion in figures else next(iter(figures))
    others = ""
    for arm in figures:
        if arm != first and (inner := _own(figures[arm], arm)):
            title = f"Probabilities and errors of {name(arm)}"
            others += f'<details><summary>{title}</summary><div class="board">{inner}</div></details>'
    said = "Out of fold: scores for rows that the model did not see while it was fitted. Point at a curve to read it."
    board = f'<div class="board">{_board(figures, first, story, story.chance)}</div>'
    return f"<p>{said}</p>{board}{_top(figures[first], first)}{others}"


def _board(figures: dict[str, FiguresRecord], first: str, story: Story, chance: float | None) -> str:
    kinds = ("precision_recall", "roc", "cost")
    shown = [layers(figures, kind, first, story.baseline, story.exhibits) for kind in kinds]
    ranking = figure(curve_drawings.precision_recall(shown[0], chance)) + figure(curve_drawings.roc(shown[1]))
    return ranking + figure(curve_drawings.cost(shown[2])) + _own(figures[first], first)


def _own(data: FiguresRecord, arm: str) -> str:
    """The pictures that show one arm only."""
    cut = data.confusion or ConfusionRecord()
    reliable = figure(row_drawings.reliability(data.reliability, arm))
    return reliable + figure(row_drawings.histogram(data.histogram, cut, arm)) + confusion(cut, arm)


def _top(data: FiguresRecord, arm: str) -> str:
    """What so many alerts would catch."""
    rows = []
    for t in data.top:
        right, caught = (Reading.of(v).text(words.percent) for v in (t.precision, t.recall))
        rows.append([words.count(t.alerts), f'<span class="n">{right}</span>', f'<span class="n">{caught}</span>'])
    head = ["Alerts", "Of them events", "Events caught"]
    return table(head, rows, caption=f"{name(arm)}: the rows with the highest scores", cls="small test")


def test(story: Story) -> str:
    """The champion on the locked test part."""
    found, figures = story.results.test, story.results.figures_test
    judged = {} if found is None else found.metrics
    if not judged and figures is None:
        return ""
    arm = (found.arm if found is not None else "") or story.champion
    events, rows = test_counts(story.results)
    weighted = "" if found is None or words.finite(found.weight) is None else ", by their weight"
    metrics = []
    for key, entry in judged.items():
        e = Reading.of(entry)
        write = words.writer(key)
        cells = (write(e.value), words.interval(e.low, e.high, write))
        metrics.append([esc(words.metric_title(key)), *(f'<span class="n">{esc(c)}</span>' for c in cells)])
    head = ["Metric", "Estimate", "95% interval"]
    drawn = table(head, metrics, caption=f"{name(arm)} on the locked test part", cls="small test")
    said = (
        f"{words.counted(rows, 'row')} with {words.counted(events, 'event')} that no fit, calibration or choice has "
        f"seen; {name(arm)} was judged on them once{weighted}."
    )
    board = (
        "" if figures is None else f'<div class="board">{_board({arm: figures}, arm, story, story.test_chance)}</div>'
    )
    top = "" if figures is None else _top(figures, arm)
    return f"<p>{said}</p>{drawn}{top}{board}"


def slices(story: Story) -> str:
    """The champion's slices out of fold, and on the locked test part."""
    found, test = story.results.slices, story.results.test
    if found is None:
        return ""
    last = _sliced(None if test is None else test.slices, "On the locked test part")
    folded = f"<details><summary>On the locked test part</summary>{last}</details>" if last else ""
    said = "<p>Out of fold: no slice is shifted by its own rows. Verdicts are about the whole's calibration.</p>"
    return said + _sliced(found, "Out of fold") + folded


def _sliced(found: SliceTable | None, where: str) -> str:
    if found is None or not found.slices:
        return ""
    head, rows = told(found)
    cells = [[f"<b>{name(row[0])}</b>", *(f'<span class="n">{esc(c)}</span>' for c in row[1:])] for row in rows]
    drawn = table(head, cells, caption=f"{where}, by {name(found.column)}", cls="small")
    more = left_out(found)
    return f'{bullets(found.sentences)}<div class="scroll">{drawn}</div>{bullets([more] if more else [])}'


def verdicts(story: Story) -> str:
    """Folded away: each arm's verdict in a sentence, what it was fitted on and how its probabilities came back."""
    items = ""
    for row in story.arms:
        a = row.found
        about = [n if n.endswith(".") else n + "." for n in [a.note, *a.warnings] if n]
        if not about and a.fit_rows is not None:
            about = [f"fitted on {words.counted(a.fit_rows, 'row')}."]
        if a.restoration:
            about.append(f"Way back to the real prevalence: {a.restoration}.")
        text = " ".join(about)
        small = f"<small>{esc(text[:1].upper() + text[1:])}</small>" if text else ""
        said = f'<b class="arm">{name(a.name)}</b><p>{esc(row.sentence)}</p>{small}'
        items += f"<li><div>{verdict_chip(a.verdict)}</div><div>{said}</div></li>"
    title = "How each arm was made and judged"
    return (
        f'<details id="verdicts"><summary>{title}</summary><ul class="verdicts">{items}</ul></details>' if items else ""
    )


def notes(story: Story) -> str:
    """Data, design, arms not run."""
    data = story.results.data
    skipped = [[f'<b class="arm">{name(s.name)}</b>', esc(s.reason)] for s in story.results.arms_not_run]
    blocks = {
        "Data": bullets(_data_lines(data) + story.data_notes) + _columns(data),
        "Design": bullets(story.design_notes),
        "Against the truth": bullets(story.results.truth),
        "Arms not run": table(["Arm", "Reason"], skipped, caption="Arms that are missing above, and why", cls="small"),
    }
    drawn = "".join(f"<div><h3>{title}</h3>{inner}</div>" for title, inner in blocks.items() if inner)
    return f'<div class="pairs">{drawn}</div>' if drawn else ""


def _data_lines(data: DataRecord) -> list[str]:
    counts = f"{words.counted(data.rows, 'row')}, {words.counted(data.events, 'event')}"
    label = f"; an event is {data.target} = {data.pos_label}" if data.pos_label else ""
    lines = [f"{counts}{words.prevalence(data.prevalence, data.weight, data.weighted_by)}{label}."]
    said = " ".join(data.notes)
    if data.duplicates and "repeat" not in said:
        lines.append(f"{words.counted(data.duplicates, 'row')} repeat an earlier row.")
    if data.conflicting and "other label" not in said:
        lines.append(f"{words.counted(data.conflicting, 'row')} share their features with a row of the other label.")
    return lines


def _columns(data: DataRecord) -> str:
    columns = data.columns
    if not columns:
        return ""
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(c.kind for c in columns).most_common())
    shown = [f"<li>{name(c.name)} <small>{esc(c.kind)}</small></li>" for c in columns[:MOST_COLUMNS]]
    if len(columns) > MOST_COLUMNS:
        shown.append(f"<li>and {len(columns) - MOST_COLUMNS:,} more</li>")
    title = f"{words.counted(len(columns), 'feature column')}: {esc(kinds)}"
    return f'<details><summary>{title}</summary><ul class="columns">{"".join(shown)}</ul></details>'


def advice(story: Story) -> str:
    """Textbook advice beside what was measured."""
    rows = []
    for a in story.results.advice:
        source = f' <small class="id">{esc(a.evidence_id)}</small>' if a.evidence_id else ""
        rows.append([f"<b>{esc(a.topic)}</b>", esc(a.textbook), esc(words.prose(a.measured)) + source])
    head = ["Topic", "The textbook says", "Measured on other tables"]
    caption = "Common advice beside what was measured on other tables; what holds on this one stands above"
    return table(head, rows, caption=caption, cls="advice")


def use(story: Story) -> str:
    """How to go on from here, as commands."""
    lines = [
        ("Score new rows with the champion", "rareclass predict champion NEW_ROWS.csv --out scored.csv"),
        ("Check it on rows whose labels are known", "rareclass evaluate champion LABELLED_ROWS.csv"),
        ("Draw this report again", "rareclass report ."),
        ("In Python", 'from rareclass.artifact import Bundle\nbundle = Bundle.load("champion")'),
    ]
    if story.results.command:
        lines.append(("This report came from", story.results.command))
    items = "".join(f"<div><h3>{esc(t)}</h3><pre><code>{esc(code)}</code></pre></div>" for t, code in lines)
    return f'<p>Run these in the folder that holds this report.</p><div class="commands">{items}</div>'


def footer(results: Results) -> str:
    """What the words mean, and where the page comes from."""
    terms = "".join(f"<dt>{esc(t)}</dt><dd>{esc(d)}</dd>" for t, d in GLOSSARY.items())
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    said = [versions or "rareclass", words.moment(results.created), results.data.fingerprint]
    return (
        f"<footer><details><summary>How to read this report</summary><dl>{terms}</dl></details>"
        f"<p>{esc(' · '.join(v for v in said if v))}</p></footer>"
    )
