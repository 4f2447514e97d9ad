"""What a run of the monitor found, on a terminal: the state, the alarms, what is watched and what is not."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from rareclass.evaluation import words
from rareclass.monitoring.told import Watched
from rareclass.report import watched as said
from rareclass.report.terminal import Page

STYLES = {"ok": "bold green", "warn": "bold yellow", "drift": "bold red"}
FIGURES = (
    ("recall", "Recall", words.percent),
    ("precision", "Precision", words.percent),
    ("ratio", "Observed / expected events", words.ratio),
    ("prevalence", "Events among labelled rows", words.percent),
)


def render_watched(found: Watched, console: Console | None = None) -> None:
    """Print what `monitoring.watch.watch` found; data goes to the console, standard output by default."""
    page = Page(Console(highlight=False) if console is None else console)
    page.say(said.subject(found), "dim")
    page.gap()
    first = "" if found.drifted else f"{found.state}: "
    page.say(first + said.headline(found), STYLES[found.state])
    for alarm in found.standing:
        page.gap()
        _alarm(alarm, found.is_new(alarm), page)
    for sentence in found.outlook:
        page.say(sentence)
    rows = []
    for name, label, write in FIGURES:
        value, day = said.latest(found, name)
        if value.value is not None:
            rows.append((label, value.text(write), f"{found.timeline[-1]['window']} days to {day}"))
    if rows:
        page.gap()
        page.grid(rows)
    day, told = said.estimates(found)
    if told:
        page.gap()
        page.say(f"Before labels come, by the scores of the week from {day}", "bold")
    for sentence in told:
        page.say(sentence, "", "- ", "  ")
    _watched(found, page)
    for title, lines in (("To mind", found.problems), ("Notes", [*found.notes, said.new_to_run(found)])):
        page.gap() if lines else None
        page.say(title if lines else "", "bold")
        for line in lines:
            page.say(line, "", "- ", "  ")
    if found.undelivered:
        page.say(f"{words.counted(found.undelivered, 'alarm')} could not be delivered yet.", "yellow")


def _alarm(alarm: Mapping[str, Any], new: bool, page: Page) -> None:
    page.say(f"{alarm['code']}{' (new)' if new else ''}: {alarm['sentence']}", "bold")
    page.say(f"{said.began(alarm)} {said.raised(alarm)}", "", "  ", "  ")
    page.say(alarm["what_to_do"], "", "  ", "  ")


def _watched(found: Watched, page: Page) -> None:
    on = [d for d in found.detectors if d["on"] and d["code"]]
    off = [d for d in found.detectors if not d["on"]]
    if on:
        page.gap()
        page.say("Watched", "bold")
        page.grid([(said.title(d["name"]), *_far(d, found)) for d in on])
        page.say(said.budget(found), "dim")
    if off:
        page.gap()
        page.say("Off", "bold")
        for d in off:
            page.say(f"{said.title(d['name'])}: {d['why_off']}", "", "- ", "  ")


def _far(detector: Mapping[str, Any], found: Watched) -> tuple[str, str]:
    if said.stands(detector, found):
        return "alarm", "stands until it is acknowledged"
    return words.percent(said.way(detector)), "of the way to an alarm"
