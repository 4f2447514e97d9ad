"""The page of a monitor: the state, the alarms, a timeline with bands, slices, and what is watched."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rareclass import __version__
from rareclass.errors import InputError
from rareclass.evaluation import words
from rareclass.html.document import asset, document
from rareclass.html.parts import bullets, chip, esc, name, stacked, table
from rareclass.html.reading import Reading
from rareclass.monitoring.alarms import RARE_CLASS as RARE
from rareclass.monitoring.told import Watched
from rareclass.report import watched as said
from rareclass.report.html_parts import figure
from rareclass.report.timeline_drawings import drawings

_OURS = '<p class="eyebrow" id="monitor">'


def refuse_other_page(path: str | os.PathLike) -> None:
    """Raise where a file stands that is no page of a monitor."""
    there = Path(path)
    if there.is_dir() or (there.exists() and _OURS.encode() not in there.read_bytes()):
        raise InputError(
            f"{path} is no page of a monitor. Name another file, or allow it to be replaced (--overwrite)."
        )


def render_monitor(found: Watched) -> str:
    """One self-contained HTML page of what `monitoring.watch.watch` found.

    The page loads nothing from outside, needs no script to be read, and escapes every name that comes from the data.

    Parameters
    ----------
    found : Watched

    Returns
    -------
    str
    """
    sections = [
        ("alarms", "Alarms", _alarms(found)),
        ("timeline", "Timeline", _timeline(found)),
        ("scores", "Before labels come", _weeks(found)),
        ("slices", "Slices", _slices(found)),
        ("watched", "What is watched", _detectors(found)),
        ("notes", "What was read", bullets([*found.notes, said.new_to_run(found)])),
    ]
    sections = [s for s in sections if s[2]]
    links = [(key, title) for key, title, _ in sections]
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{inner}</section>' for key, title, inner in sections)
    footer = (
        f"<footer><p>Drawn by rareclass {esc(__version__)}; judged as of {esc(found.now or 'no day')}.</p></footer>"
    )
    style = asset("rareclass.report", "monitor.css")
    return document(f"Monitor of {found.model}", links=links, main=_answer(found) + body, footer=footer, style=style)


def _answer(found: Watched) -> str:
    lead = [a["sentence"] for a in found.standing[-1:]] + found.outlook
    minded = [*found.problems]
    if found.undelivered:
        minded.append(
            f"{words.counted(found.undelivered, 'alarm')} could not be delivered yet; the next run tries again."
        )
    aside = f'<aside class="warnings"><h2>To mind</h2>{bullets(minded)}</aside>' if minded else ""
    text = "".join(f'<p class="lead">{esc(sentence)}</p>' for sentence in lead)
    return (
        f'<section class="answer">{_OURS}{chip(found.state, said.CHIPS[found.state])} {esc(said.subject(found))}</p>'
        f"<h1>{esc(said.headline(found))}</h1>{text}"
        f'<dl class="facts">{_facts(found)}</dl><p class="where">{esc(said.budget(found))} '
        "Brackets hold 95% intervals.</p>"
        f"{aside}</section>"
    )


def _facts(found: Watched) -> str:
    figures = (
        ("recall", "Recall", words.percent),
        ("precision", "Precision", words.percent),
        ("ratio", "Observed / expected events", words.ratio),
        ("prevalence", "Events among labelled rows", words.percent),
        ("alerts", "Alerts a day", words.number),
        ("rows", "Rows a day", words.number),
    )
    out: list[str] = []
    for key, label, write in figures:
        value, day = said.latest(found, key)
        span = words.interval(value.low, value.high, write)
        window = f"{found.timeline[-1]['window']} days to {day}" if day else "no day has all its labels yet"
        cls = ' class="first"' if not out else ""
        out.append(
            f"<div{cls}><dt>{label}</dt><dd><strong>{write(value.value)}</strong>"
            f"<p>{esc(span)}</p><p>{esc(window)}</p></dd></div>"
        )
    return "".join(out)


def _alarms(found: Watched) -> str:
    stand = found.standing
    closed = [a for a in found.alarms if a not in stand]
    items = "".join(_alarm(a, found.is_new(a)) for a in reversed(stand))
    drawn = f'<ul class="findings">{items}</ul>' if items else "<p>No alarm stands.</p>"
    past = "".join(_alarm(a, False) for a in reversed(closed[-50:]))
    more = f'<details><summary>Earlier alarms ({len(closed)})</summary><ul class="findings">{past}</ul></details>'
    return drawn + (more if past else "")


def _alarm(alarm: Mapping[str, Any], new: bool) -> str:
    mark = chip(alarm["code"], "bad" if alarm["code"] in RARE else "doubt") + (chip("new", "accent") if new else "")
    began = f"{said.began(alarm)} {said.raised(alarm)}"
    return (
        f"<li>{mark}<b>{esc(alarm['sentence'])}</b><p>{esc(began)}</p><p><b>{_code(alarm['what_to_do'])}</b></p></li>"
    )


def _timeline(found: Watched) -> str:
    if not found.timeline:
        return ""
    window = found.timeline[-1]["window"]
    drawn = "".join(figure(d) for d in drawings(found))
    return (
        f"<p>Each point holds the {window} days that end on it; shades are 95% intervals. An upright line marks an "
        f'alarm, the shade beside it the days on which its change may have begun.</p><div class="board">{drawn}</div>'
    )


def _weeks(found: Watched) -> str:
    day, told = said.estimates(found)
    if not told:
        return ""
    rows = [
        [
            f"<b>{esc(week['day'])}</b>",
            words.count(week["expected"]["rows"]),
            words.count(week["expected"]["alerts"]),
            *(
                stacked(_interval(week["expected"][name]).text(write))
                for name, write in (("events", words.number), ("precision", words.percent), ("recall", words.percent))
            ),
        ]
        for week in found.weeks[:-9:-1]
    ]
    head = ["Week from", "Rows", "Alerts", "Events expected", "Precision expected", "Recall expected"]
    caption = "By the calibrated probabilities alone, with 95% intervals; true while these stay calibrated"
    lead = f"Week from {day}; estimates by the scores alone, which raise no alarm."
    return f"<p>{esc(lead)}</p>{bullets(told)}{table(head, rows, caption=caption, cls='cards')}"


def _interval(value: Mapping[str, Any] | None) -> Reading:
    if value is None:
        return Reading(None)
    return Reading(*(words.finite(value[end]) for end in ("estimate", "low", "high")))


def _slices(found: Watched) -> str:
    rows = [
        [
            f"<b>{name(slice_)}</b>",
            words.count(events),
            words.count(missed),
            words.percent(1 - missed / events) if events else words.NONE,
            _way(share),
        ]
        for slice_, events, missed, share in said.slices(found)
    ]
    caption = "Events of all matured days; slices with most events first"
    return table(["Slice", "Events", "Missed", "Recall", "Evidence of a fall"], rows, caption=caption, cls="cards few")


def _detectors(found: Watched) -> str:
    rows = []
    for d in found.detectors:
        if d["on"] and not d["code"]:
            rows.append([f"<b>{esc(said.title(d['name']))}</b>", "", "", "", chip("estimate")])
            continue
        state = chip("alarm stands", "bad") if said.stands(d, found) else _way(said.way(d)) if d["on"] else chip("off")
        why = "" if d["on"] else f"<small>{_code(d['why_off'])}</small>"
        rows.append(
            [
                f"<b>{esc(said.title(d['name']))}</b>{why}",
                f"<code>{esc(d['code'])}</code>",
                words.percent(d["share"]),
                esc(said.once_in(d, found)),
                state,
            ]
        )
    head = ["Detector", "Alarm", "Share of the budget", "False alarms", "Evidence"]
    return table(head, rows, caption="An alarm is raised where the bar is full", cls="cards detectors")


def _code(text: str) -> str:
    """A sentence whose names of arguments are set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", esc(text))


def _way(share: float) -> str:
    said_ = f"{100 * share:.0f}% of the way to an alarm"
    full = " full" if share >= 1 else ""
    return f'<span class="way{full}" role="img" aria-label="{said_}"><i style="width:{100 * share:.0f}%"></i></span>'
