"""The status page: what is served, how well it was found to do, and what is being asked of it."""

import datetime
from collections.abc import Sequence

from rareclass.evaluation import words
from rareclass.html.document import asset, document
from rareclass.html.parts import bullets, esc
from rareclass.serving.metrics import Metrics
from rareclass.serving.models import Models
from rareclass.serving.page_model import ModelView, model_section, span
from rareclass.serving.standing import Standing
from rareclass.serving.traffic import Counts, Recent, quantile


def status_page(models: Models, metrics: Metrics) -> str:
    """One HTML document that loads nothing, light and dark, for desktop and phone, and brings itself up to date.

    Every name, text and sentence of users is escaped. Without scripts the page is that of the moment.
    """
    standings = metrics.standings.of_all()
    recent = metrics.recent()
    views = [_view(i, name, models, standings.get(name, [])) for i, name in enumerate(models.names)]
    links = [("traffic", "Traffic"), *((view.id, esc(view.name)) for view in views)]
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    workers = max((len(found) for found in standings.values()), default=0)
    stamp = f"{words.moment(now)} · {words.counted(workers, 'worker')}"
    head = (
        f'<section class="answer"><p class="eyebrow"><span id="stamp" data-live>{esc(stamp)}</span>'
        '<span id="stale" role="status"></span></p>'
        f'<div id="standing" data-live>{_standing(views)}</div></section>'
    )
    traffic = f'<section id="traffic"><h2>Traffic</h2><div id="counts" data-live>{_traffic(recent)}</div></section>'
    sections = "".join(model_section(view, recent) for view in views)
    footer = (
        "<footer><p>Counts are sums over all workers since the service started; labels given later are not in them. "
        'The same figures for machines: <a href="metrics">metrics</a>, <a href="openapi.json">openapi.json</a>, '
        '<a href="v2/health/ready">health</a>.</p></footer>'
    )
    look, act = (asset("rareclass.serving", f"status.{kind}") for kind in ("css", "js"))
    return document(
        _title(views), links=links, main=head + traffic + sections, footer=footer, style=look, script=act, asks=True
    )


def _view(place: int, name: str, models: Models, standings: Sequence[Standing]) -> ModelView:
    served = models.get(name) if name in models.versions else None
    problem = models.told.get(name, "" if served is not None else "it is being read.")
    return ModelView(f"model-{place}", name, served, problem, standings)


def _title(views: Sequence[ModelView]) -> str:
    return views[0].name if len(views) == 1 else f"{len(views)} models"


def _standing(views: Sequence[ModelView]) -> str:
    """The headline, and what is wrong."""
    away = [v for v in views if v.served is None]
    stuck = [v for v in views if v.served is not None and v.problem]
    if away:
        said = f"{_listed(away)} cannot be asked."
    elif stuck:
        said = f"{_listed(stuck)}: the last reload failed; what was served before goes on being served."
    else:
        said = f"{_listed(views)} {'is' if len(views) == 1 else 'are'} being served."
    wrong = [f"{v.name}: {v.problem}" for v in away + stuck]
    more = f'<aside class="warnings"><h2>What is wrong</h2>{bullets(wrong)}</aside>' if wrong else ""
    return f"<h1>{esc(said)}</h1>{more}"


def _listed(views: Sequence[ModelView]) -> str:
    names = [v.name for v in views]
    if len(names) > 4:
        return f"{len(names)} models"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _traffic(recent: Recent) -> str:
    counts, change = recent.counts, recent.change
    rows, alerts = (counts.total(name) for name in ("rows_total", "alerts_total"))
    requests = counts.total("requests_total")
    wrong = {status: n for status, n in counts.by("status", "requests_total").items() if status >= "400" and n}
    lately = change if change.total("request_seconds_count") else counts
    over = f"over the last {span(recent.seconds)}" if lately is change else "since the start"
    half, late = (_milliseconds(lately, share) for share in (0.5, 0.99))
    lasting = f"over the last {span(recent.seconds)}"
    speed, pace = (_rate(change.total(name), recent.seconds) for name in ("requests_total", "rows_total"))
    refused = ", ".join(f"{words.count(n)} × {status}" for status, n in sorted(wrong.items()))
    facts = [
        ("Requests a second", speed, f"{lasting}; {words.count(requests)} in all"),
        ("Half answered within", half, over),
        ("99 of 100 within", late, over),
        ("Rows", words.count(rows), f"{pace} a second"),
        ("Alerts", words.count(alerts), f"{words.percent(alerts / rows)} of the rows" if rows else "no rows yet"),
        ("Refused", words.count(sum(wrong.values())), refused or "no request"),
    ]
    dropped = counts.total("log_dropped_rows_total")
    if dropped:
        facts.append(("Not logged", words.count(dropped), "rows that the prediction log had no room for"))
    drawn = "".join(
        f"<div><dt>{esc(title)}</dt><dd><strong>{esc(value)}</strong><p>{esc(said)}</p></dd></div>"
        for title, value, said in facts
    )
    return f'<dl class="facts">{drawn}</dl>'


def _rate(n: float, seconds: float) -> str:
    return words.number(n / seconds) if seconds > 0 else words.NONE


def _milliseconds(counts: Counts, share: float) -> str:
    found = quantile(counts.buckets("request_seconds"), share)
    if found is None:
        return words.NONE
    return "over 5 s" if found > 5 else f"{words.number(1e3 * found, 2)} ms"
