"""The simulated months as a page: what retraining was worth, what changed, what was noticed, and what was done."""

from rareclass.html.document import document
from rareclass.html.parts import bullets, chip, esc, table
from rareclass.html.svg import Plot
from rareclass.production.drawings import ALERT_LEGEND, COST_LEGEND, Results, alert_plot, cost_plot

_STYLE = (
    ".wide .plot{min-width:720px}.wide{margin:0}.strong-bar{fill:var(--ink)}.rule.line-c{stroke:var(--bad)}"
    "figure.whole{display:block;padding-bottom:28px}.scroll table{min-width:680px;overflow-wrap:normal}"
)
_OUTCOME = {"promoted": "good", "refused": "plain", "more labels": "doubt"}


def render_page(results: Results) -> str:
    """Draw `results.json` as one self-contained page."""
    sections = [
        ("months", "What happened", _pictures(results)),
        ("changes", "Changes and alarms", _changes(results)),
        ("retrainings", "Retrainings", _retrainings(results)),
        ("how", "How it was simulated", _how(results)),
    ]
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{inner}</section>' for key, title, inner in sections)
    links = [(key, title) for key, title, _ in sections]
    return document("simulated production", links=links, main=_answer(results) + body, style=_STYLE)


def _answer(results: Results) -> str:
    cost, days = results["cost"], results["days"]
    saved = cost["frozen"] - cost["retrained"]
    share = abs(saved) / cost["frozen"] if cost["frozen"] else 0.0
    word = "less" if saved >= 0 else "more"
    over = sum(alerts > results["capacity"] for alerts in results["alerts_per_day"])
    facts = [
        (
            "Cost with retraining",
            f"{cost['retrained']:,.0f}",
            f"{cost['retrained'] / results['payments']:.3f} a payment",
        ),
        ("Cost of the frozen model", f"{cost['frozen']:,.0f}", f"{cost['frozen'] / results['payments']:.3f} a payment"),
        ("Promotions", f"{len(results['promotions'])}", f"of {len(results['retrainings'])} retrainings"),
        ("Alarms", f"{len(results['alarms'])}", f"{len(results['changes'])} true changes"),
        ("Days over capacity", f"{over}", f"of {len(days)}; {results['capacity']} alerts a day can be stopped"),
    ]
    drawn = "".join(
        f"<div{' class=first' if i == 0 else ''}><dt>{esc(label)}</dt><dd><strong>{esc(value)}</strong>"
        f"<p>{esc(note)}</p></dd></div>"
        for i, (label, value, note) in enumerate(facts)
    )
    return (
        f'<section class="answer"><p class="eyebrow">{results["payments"]:,} simulated payments, '
        f"{results['frauds']:,} frauds, {esc(days[0]['date'])} to {esc(days[-1]['date'])}, seed {results['seed']}</p>"
        f"<h1>Retraining cost {share:.0%} {word} than leaving the model alone</h1>"
        '<p class="lead">The champion of a registry was served over HTTP, watched, retrained and judged; the first '
        'model decided on the same payments.</p><p class="where">A missed fraud costs '
        f"{results['costs']['fn']:g}, a payment stopped wrongly {results['costs']['fp']:g}, looking into a stopped one "
        f'{results["costs"]["audit"]:g}.</p><dl class="facts">{drawn}</dl></section>'
    )


def _day(date: str) -> str:
    return f'<span class="n">{esc(date)}</span>'


def _pictures(results: Results) -> str:
    what = (
        "Cost of frauds that came through, of payments stopped wrongly, and of looking into stopped ones. The season "
        "is in no lane: it moves the frauds all year."
    )
    cost = _figure("Cost with and without retraining", cost_plot(results), COST_LEGEND, what)
    over = "Of more alerts than can be stopped, those of the highest probability are."
    return cost + _figure("Alerts a day", alert_plot(results), ALERT_LEGEND, over)


def _figure(title: str, plot: Plot, legend: tuple[tuple[str, str], ...], caption: str) -> str:
    keys = "".join(f'<li><i class="key {cls}"></i>{esc(said)}</li>' for cls, said in legend)
    return (
        f'<figure class="whole"><h3>{esc(title)}</h3><ul class="legend">{keys}</ul><div class="scroll wide">'
        f'<div class="canvas">{plot.render()}</div></div><figcaption>{esc(caption)}</figcaption></figure>'
    )


def _changes(results: Results) -> str:
    rows = []
    for change in results["changes"]:
        alarm = next((a["date"] for a in results["alarms"] if a["date"] > change["from"]), "none")
        done = next((p["date"] for p in results["promotions"] if p["date"] > change["from"]), "none")
        when = " to ".join(dict.fromkeys([change["from"], change["to"]]))
        rows.append(
            [f"<b>{esc(change['kind'])}</b><small>{esc(change['what'])}</small>", _day(when), _day(alarm), _day(done)]
        )
    head = ["Change", "When", "First alarm after", "First promotion after"]
    first = table(head, rows, caption="What the simulation changed", cls="small")
    rows = [
        [
            _day(a["date"]),
            f"model {a['model']}",
            chip(a["code"], "doubt"),
            _day(" to ".join(a["since"])),
            esc(a["sentence"]),
        ]
        for a in results["alarms"]
    ]
    head = ["Alarm", "Of", "Code", "Since", "Said"]
    second = table(head, rows, caption="What the monitor said", cls="small") if rows else "<p>There was no alarm.</p>"
    return f'<div class="scroll">{first}</div><div class="scroll">{second}</div>'


def _retrainings(results: Results) -> str:
    cause = {"drift": "the monitor spoke of drift", "month": "a month had passed"}
    rows = [
        [_day(r["date"]), esc(cause[r["cause"]]), chip(r["outcome"], _OUTCOME[r["outcome"]]), esc(r["sentence"])]
        for r in results["retrainings"]
    ]
    if not rows:
        return "<p>The months were too short for one.</p>"
    drawn = table(["Day", "Because", "Outcome", "Why"], rows, caption="Challengers and their judgement", cls="small")
    return f'<div class="scroll">{drawn}</div>'


def _how(results: Results) -> str:
    return bullets(
        [
            "Payments are drawn day by day; the first model was trained on the twelve weeks before the first day.",
            "The champion answers over HTTP and logs; once a week the monitor reads the log and the labels that came.",
            "A fraud that got through is reported after six days on average, three weeks at most. One that was stopped "
            "is never reported: a random quarter of what is stopped is looked into, and counts four times in training.",
            "Retraining is due every four weeks, and after two while the monitor speaks of drift: where more labels "
            "were asked for, once they have come or another alarm is raised. The challenger is promoted only where it "
            "surely costs less on rows that neither has seen.",
            "The same seed gives the same results.",
        ]
    )
