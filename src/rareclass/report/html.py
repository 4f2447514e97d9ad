"""The HTML report: one file that works offline, light and dark, on a phone, on paper and for screen readers."""

from collections.abc import Callable, Mapping
from typing import Any

from rareclass.evaluation import words
from rareclass.evaluation.results import Results
from rareclass.html.document import document
from rareclass.html.parts import bar, bullets, chip, esc, name, table
from rareclass.html.reading import Reading
from rareclass.html.svg import round_up
from rareclass.report import html_sections as sections_of
from rareclass.report.html_drivers import drivers
from rareclass.report.html_parts import verdict_chip
from rareclass.report.html_seven import seven_ways
from rareclass.report.html_textbook import textbook
from rareclass.report.html_tiers import gate, tiers
from rareclass.report.html_trade import trade_off
from rareclass.report.story import ArmRow, Fact, Story, tell


def render_html(results: Mapping[str, Any] | Results) -> str:
    """Draw `results` as one self-contained HTML page.

    Use it for a person who decides; use `render_terminal` while working. The page loads nothing from outside (its
    content security policy forbids it), needs no script to be read, and escapes every name that comes from the data.

    Parameters
    ----------
    results : Results or dict
        What `Comparison.to_dict` returns or `load_results` reads. Keys may be missing and numbers null.

    Returns
    -------
    str
        The page; write it with `rareclass.report.json.write_text`.

    Examples
    --------
    >>> page = render_html({"arms": [], "data": {"rows": 10, "events": 2, "prevalence": 0.2}})
    >>> page.startswith("<!doctype html>")
    True
    """
    story = tell(results)
    sections = [
        ("arms", "Arms", _arms(story)),
        ("seven-ways", "Seven ways", seven_ways(story)),
        ("trade-off", "Trade-off", trade_off(story)),
        ("curves", "Curves", sections_of.curves(story)),
        ("tiers", "Tiers", tiers(story)),
        ("gate", "Gate", gate(story)),
        ("slices", "Slices", sections_of.slices(story)),
        ("test", "Locked test part", sections_of.test(story)),
        ("drivers", "What drives it", drivers(story)),
        ("notes", "Data and design", sections_of.notes(story)),
        ("textbook", "Textbook", textbook(story)),
        ("advice", "Advice", sections_of.advice(story)),
        ("use", "Use it", sections_of.use(story)),
    ]
    sections = [s for s in sections if s[2]]
    first = [("findings", "Findings", "")] if story.findings else []
    links = [(key, title) for key, title, _ in first + sections]
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{inner}</section>' for key, title, inner in sections)
    return document(story.title, links=links, main=_answer(story) + body, footer=sections_of.footer(story.results))


def _answer(story: Story) -> str:
    facts = "".join(_fact(f, i == 0) for i, f in enumerate(story.facts))
    said = [story.standing if story.standing != story.headline else "", story.reason]
    reason = "".join(f'<p class="lead">{esc(text)}</p>' for text in said if text)
    alarm = (
        f'<aside class="warnings"><h2>Before you rely on it</h2>{bullets(story.warnings)}</aside>'
        if story.warnings
        else ""
    )
    return (
        f'<section class="answer"><p class="eyebrow">{esc(story.subject)}</p>{sections_of.findings(story)}'
        f"<h1>{esc(story.headline)}</h1>{reason}"
        f'<p class="where">{esc(story.judged_on)}. Brackets hold 95% intervals.</p>'
        f'<dl class="facts">{facts}</dl>{alarm}</section>'
    )


def _fact(fact: Fact, first: bool) -> str:
    drawn = ""
    if fact.estimate is not None and fact.estimate.value is not None:
        drawn = bar(fact.estimate, end=1.0, chance=fact.chance, cls="wide")
    note = f"<p>{esc(fact.note)}</p>" if fact.note else ""
    detail = f"<p>{esc(fact.detail)}</p>" if fact.detail else ""
    cls = ' class="first"' if first else ""
    return f"<div{cls}><dt>{esc(fact.label)}</dt><dd><strong>{esc(fact.value)}</strong>{drawn}{detail}{note}</dd></div>"


def _arms(story: Story) -> str:
    if not story.arms:
        return '<p class="muted">No arm was judged.</p>'
    known = [v for a in story.arms for v in (a.precision.high, a.precision.value) if v is not None]
    end = min(round_up(max(known, default=1.0)), 1.0)
    guide = next((a.precision.value for a in story.arms if a.baseline), None)
    cost = ["Cost per row"] if story.has_costs else []
    head = ["Arm", "Average precision", "To the baseline", "Verdict", *cost, "O/E", "Brier skill", "Fit time"]
    rows = [_arm(a, end, story.chance, guide, story.has_costs) for a in story.arms]
    caption = (
        f"Bars from 0 to {end:g}: dot the estimate, band its 95% interval, dashed line the baseline, "
        f"red tick chance ({words.score(story.chance)})."
    )
    tally = f"<p>{esc(story.tally)}</p>" if story.tally else ""
    kinds = ["champion" if a.champion else "exhibit" if a.exhibit else "" for a in story.arms]
    where = "<p>Out of fold: every row scored by models that did not see it.</p>"
    drawn = table(head, rows, caption=caption, cls="arms", row_cls=kinds)
    return where + tally + drawn + sections_of.verdicts(story)


def _arm(a: ArmRow, end: float, chance: float | None, guide: float | None, has_costs: bool) -> list[str]:
    arm, ratio, skill = a.found, a.observed_to_expected, a.brier_skill
    chips = (chip("champion", "accent") if a.champion else "") + (chip("exhibit", "bad") if a.exhibit else "")
    chips += chip("textbook") if a.textbook else ""
    learner, treatment = words.learner_title(arm.learner, arm.learner_label), words.treatment_title(arm.treatment)
    about = f"{esc(learner)}, {esc(treatment)}" + ("" if arm.exact else "; approximate way back")
    ap, gap = a.precision, words.interval(a.difference.low, a.difference.high, words.signed)
    difference = words.signed(a.difference.value)
    return [
        f'<b class="arm">{name(arm.name)}</b>{chips}<small>{about}</small>',
        f"{bar(ap, end=end, chance=chance, guide=guide, cls='lead' if a.champion else '')}"
        f'<span class="n">{words.score(ap.value)} <small>{words.interval(ap.low, ap.high)}</small></span>',
        f'<span class="n">{difference}<small>{gap}</small></span>',
        verdict_chip(arm.verdict),
        *([_with_limits(a.cost, words.number)] if has_costs else []),
        _with_limits(ratio, words.ratio, "off" if a.off else ""),
        _with_limits(skill, words.score),
        f'<span class="n">{words.seconds(arm.fit_seconds)}</span>',
    ]


def _with_limits(value: Reading, write: Callable[[object], str], cls: str = "") -> str:
    """A number and, below it, its interval."""
    span = words.interval(value.low, value.high, write)
    return f'<span class="n {cls}">{write(value.value)}<small>{span}</small></span>'
