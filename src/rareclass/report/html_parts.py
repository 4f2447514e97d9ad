"""Pieces of the report's page: verdicts, figures, the confusion matrix. Strings of users go through `esc`."""

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord
from rareclass.html.parts import chip, esc, name, table
from rareclass.report.drawing import Drawing

CHIPS = {"helps": "good", "hurts": "bad", "cannot tell": "doubt", "no evidence": "plain", "baseline": "plain"}
SEVERITY_CHIPS = {"error": "bad", "warning": "doubt"}


def verdict_chip(verdict: str) -> str:
    """The verdict of an arm."""
    return chip(verdict, CHIPS.get(verdict, "plain")) if verdict else words.NONE


def figure(drawing: Drawing | None) -> str:
    """A picture with its title, legend, caption and its main numbers as a table."""
    if drawing is None:
        return ""
    keys = "".join(f'<li><i class="key {cls}"></i>{name(text)}</li>' for cls, text in drawing.legend)
    numbers = ""
    if drawing.rows:
        cells = [[esc(c) for c in r] for r in drawing.rows]
        inner = table([esc(h) for h in drawing.head], cells, caption=esc(drawing.title), cls="small")
        numbers = f"<details class='numbers'><summary>Numbers</summary>{inner}</details>"
    return (
        f'<figure><h3>{esc(drawing.title)}</h3><ul class="legend">{keys}</ul><div class="canvas">{drawing.svg}</div>'
        f"<figcaption>{esc(drawing.caption)}</figcaption>{numbers}</figure>"
    )


def confusion(data: ConfusionRecord, arm: str) -> str:
    """The four outcomes in counts and as shares of the true class."""
    tp, fp, fn, tn = map(words.finite, (data.tp, data.fp, data.fn, data.tn))
    if tp is None or fp is None or fn is None or tn is None:
        return ""
    events = _outcome(tp, tp + fn, "caught", "right", "events") + _outcome(fn, tp + fn, "missed", "wrong", "events")
    others = _outcome(fp, fp + tn, "false alerts", "wrong", "others") + _outcome(
        tn, fp + tn, "passed", "right", "others"
    )
    alerts = "no row is flagged."
    if tp + fp > 0:
        alerts = f"{words.counted(tp + fp, 'alert')}, {words.percent(tp / (tp + fp))} of them right."
    threshold = words.finite(data.threshold)
    cut = "" if threshold is None else f" at p ≥ {words.number(threshold)}"
    return (
        '<figure><h3>Confusion matrix</h3><table class="confusion">'
        "<caption>Counts, and shares of each true class</caption>"
        '<thead><tr><td></td><th scope="col">flagged</th><th scope="col">not flagged</th></tr></thead><tbody>'
        f'<tr><th scope="row">events<small>{words.count(tp + fn)}</small></th>{events}</tr>'
        f'<tr><th scope="row">others<small>{words.count(fp + tn)}</small></th>{others}</tr>'
        f"</tbody></table><figcaption>{name(arm)}{cut}: {alerts}</figcaption></figure>"
    )


def _outcome(value: float, total: float, word: str, cls: str, of: str) -> str:
    share = value / total if total else 0.0
    said = f"{words.percent(share)} of the {of}" if total else ""
    return (
        f'<td class="{cls}" style="--depth:{100 * share:.0f}%"><b>{words.count(value)}</b>'
        f"<span>{word}</span><small>{said}</small></td>"
    )
