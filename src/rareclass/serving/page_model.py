"""One model on the status page: standing, evidence with intervals, decision, alerts, unknown values, its card."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rareclass.evaluation import words
from rareclass.evaluation.measured import measured_on
from rareclass.html.markdown import from_markdown
from rareclass.html.parts import bar, chip, esc, name, table
from rareclass.html.reading import Reading
from rareclass.html.svg import Plot
from rareclass.serving.slice_names import shown
from rareclass.serving.standing import Standing
from rareclass.serving.traffic import Recent

MOST_SLICES = 12
MOST_COLUMNS = 12
_FLOOR = 1e-4
"""Share of the rows below which a bar of the drawing has no height."""


class ModelView(NamedTuple):
    """A model as the page tells of it: `served` is None where it cannot be asked."""

    id: str
    name: str
    served: Any
    problem: str
    standings: Sequence[Standing]

    @property
    def label(self) -> str:
        """Its name in the metrics."""
        return shown(self.name)


def span(seconds: float) -> str:
    """A while in words: 30 s, 12 min, 3 h."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5940 else f"{seconds / 3600:.0f} h"


def model_section(view: ModelView, recent: Recent) -> str:
    """The section of a model; its parts are replaced as they change."""
    parts = {"said": _head(view)}
    if view.served is not None:
        parts = {"said": parts["said"] + _evidence(view), "answers": _answers(view, recent)}
    live = "".join(f'<div id="{view.id}-{key}" data-live>{inner}</div>' for key, inner in parts.items())
    drawn = f'<div class="sides">{live}</div>'
    text = "" if view.served is None else view.served.card.get("text", "")
    card = (
        f'<details><summary>Model card</summary><div class="card" id="{view.id}-card" data-live>'
        f"{from_markdown(text, level=3)}</div></details>"
        if text
        else ""
    )
    return f'<section id="{view.id}"><h2>{name(view.name)}</h2>{drawn}{card}</section>'


def _head(view: ModelView) -> str:
    if view.served is None:
        return f"<p>{chip('not ready', 'bad')} {esc(view.problem)}</p>"
    served, card = view.served, view.served.card
    mark = chip("last reload failed", "bad") if view.problem else chip("ready", "good")
    rare = served.labels[1]
    event = f"{served.target} = {rare}" if served.target else rare
    said = [f"<dt>Version</dt><dd><code>{esc(served.version)}</code>{_workers(view)}</dd>"]
    loaded = max((s.loaded for s in view.standings if s.version == served.version), default=0.0)
    if loaded:
        said.append(f"<dt>Loaded</dt><dd>{_when(loaded)}</dd>")
    if view.problem:
        failed = min((s.failed for s in view.standings if s.failed), default=None)
        since = f"since {_when(failed)}: " if failed else ""
        said.append(f"<dt>Reload</dt><dd>{since}{esc(view.problem)}</dd>")
    if card.get("created"):
        said.append(f"<dt>Made</dt><dd>{esc(words.moment(card['created']))}</dd>")
    said.append(f"<dt>Event</dt><dd>{esc(event)}</dd><dt>Decision</dt><dd>{_decision(card)}</dd>")
    if served.slice_column:
        said.append(f"<dt>Slices</dt><dd>{name(served.slice_column)}</dd>")
    return f'<p class="marks">{mark}</p><dl class="told">{"".join(said)}</dl>'


def _workers(view: ModelView) -> str:
    """Where workers differ for a moment: how many serve this version."""
    same = sum(s.version == view.served.version for s in view.standings)
    if same == len(view.standings):
        return ""
    return f" <small>{same} of {len(view.standings)} workers</small>"


def _when(seconds: float) -> str:
    return words.moment(datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds"))


def _decision(card: Mapping[str, Any]) -> str:
    """The rule with its threshold and costs, or the tiers."""
    found = card.get("decision") or {}
    why = words.prose(str(found.get("why") or ""))
    said = [why] if why else []
    threshold = words.finite(found.get("threshold"))
    if threshold is not None and not found.get("per_row") and "from a probability" not in why:
        said.append(f"A row is flagged from a probability of {words.number(threshold)} on.")
    return esc(" ".join(said) or words.rule_title(str(found.get("rule", ""))))


def _evidence(view: ModelView) -> str:
    """Metrics with intervals on the best rows that the model was judged on."""
    card = view.served.card
    measured = measured_on(card.get("evidence") or {}, card.get("fit") or {})
    if not measured:
        return '<h3>Evidence</h3><p class="muted">Not measured: no rows were held out.</p>'
    title, size, metrics = measured[0]
    data = (card.get("evidence") or {}).get("data") or card.get("fit") or {}
    chance = words.finite(data.get("prevalence"))
    rows = []
    for key, held in metrics.items():
        value = Reading(*(words.finite(held.get(k)) for k in ("estimate", "low", "high")))
        write = words.writer(key)
        share = key in ("average_precision", "roc_auc", "recall", "precision")
        drawn = bar(value, end=1.0, chance=chance if key == "average_precision" else None, cls="lead") if share else ""
        said = f"{write(value.value)} <small>{words.interval(value.low, value.high, write)}</small>"
        rows.append([esc(words.metric_title(key)), _n(said), drawn])
    order = {"average_precision": 0, "observed_to_expected": 1, "recall": 2, "precision": 3, "expected_cost": 4}
    first = sorted(zip(metrics, rows, strict=True), key=lambda pair: order.get(pair[0], 9))
    caption = f"On the {esc(title)}, {esc(size)}; brackets hold 95% intervals"
    if chance is not None and "average_precision" in metrics:
        caption += f", the red tick is chance ({words.percent(chance)})"
    head = ["Metric", "Estimate", "0 to 1"]
    if not any(drawn for *_, drawn in rows):
        head, first = head[:2], [(key, row[:2]) for key, row in first]
    return f"<h3>Evidence</h3>{table(head, [row for _, row in first], caption=caption, cls='small evidence')}"


def _n(said: object) -> str:
    return f'<span class="n">{said}</span>'


def _answers(view: ModelView, recent: Recent) -> str:
    counts = recent.counts
    rows = counts.total("rows_total", model=view.label)
    if not rows:
        return '<h3>Answers</h3><p class="muted">No row was asked for yet.</p>'
    tables = _tiers(view, recent, rows) + _slices(view, recent) + _unknown(view, recent, rows)
    return f"<h3>Answers</h3>{_distribution(view, recent, rows)}{tables}"


def _tiers(view: ModelView, recent: Recent, rows: float) -> str:
    found = recent.counts.by("tier", "alerts_total", model=view.label)
    order = {tier: i for i, tier in enumerate(view.served.tiers)}
    flagged = [
        [name(tier), _n(words.count(n)), _n(words.percent(n / rows))]
        for tier, n in sorted(found.items(), key=lambda pair: (order.get(pair[0], 99), pair[0]))
    ]
    passed = rows - sum(found.values())
    calm = view.served.tiers[0] if view.served.tiers else "no alert"
    first = [esc(calm), _n(words.count(passed)), _n(words.percent(passed / rows))]
    return table(
        ["Tier", "Rows", "Share"], [first, *flagged], caption=f"Alerts of {words.counted(rows, 'row')}", cls="small"
    )


def _slices(view: ModelView, recent: Recent) -> str:
    rows = recent.counts.by("slice", "rows_total", model=view.label)
    if set(rows) <= {""}:
        return ""
    alerts = recent.counts.by("slice", "alerts_total", model=view.label)
    largest = sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))
    cells = [
        [
            name(key or "not told"),
            _n(words.count(n)),
            _n(words.count(alerts.get(key, 0.0))),
            _n(words.percent(alerts.get(key, 0.0) / n)),
        ]
        for key, n in largest[:MOST_SLICES]
    ]
    caption = "Alerts by slice" + (f", the {MOST_SLICES} largest of {len(rows)}" if len(rows) > MOST_SLICES else "")
    return table(["Slice", "Rows", "Alerts", "Share"], cells, caption=caption, cls="small")


def _unknown(view: ModelView, recent: Recent, rows: float) -> str:
    found = {k: n for k, n in recent.counts.by("column", "unknown_values_total", model=view.label).items() if n}
    if not found:
        return '<p class="muted">No value was unknown to training.</p>'
    most = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_COLUMNS]
    cells = [[name(key), _n(words.count(n)), _n(words.percent(n / rows))] for key, n in most]
    return table(["Column", "Values", "Of the rows"], cells, caption="Values that training never saw", cls="small")


def _distribution(view: ModelView, recent: Recent, rows: float) -> str:
    """Log-odds of the answers as bars, those of the training rows as a line, both as shares on a log scale."""
    buckets = recent.counts.buckets("log_odds", model=view.label)
    ends = [end for end, _ in buckets[:-1]]
    if len(ends) < 2:
        return ""
    lows = [ends[0] - 0.5, *ends]
    highs = [*ends, ends[-1] + 0.5]
    plot = Plot("", (lows[0], highs[-1]), (_FLOOR, 1.0), y_kind="log", width=460, height=220, margin=(10, 12, 38, 52))
    at = [(math.log(p / (1 - p)), words.percent(p)) for p in (1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99)]
    plot.axes(
        "Probability, spaced by its log-odds",
        "Share of rows",
        x_ticks=at,
        y_ticks=[(p, words.percent(p)) for p in (1e-4, 1e-3, 0.01, 0.1, 1.0)],
    )
    for low, high, (_, n) in zip(lows, highs, buckets, strict=True):
        if n / rows > _FLOOR:
            tip = f"{_chance(low)} to {_chance(high)}: {words.counted(n, 'row')}"
            plot.rect(plot.x(low) + 0.5, plot.y(_FLOOR), plot.x(high) - 0.5, plot.y(n / rows), "events", tip)
    trained = _of_training(view.served.card.get("reference") or {}, lows, highs)
    plot.line([((a + b) / 2, share) for a, b, share in zip(lows, highs, trained, strict=True) if share > 0], "line-b")
    legend = f'<li><i class="key events"></i>answers ({words.count(rows)})</li>'
    if any(trained):
        legend += '<li><i class="key line-b"></i>training rows, out of fold</li>'
    threshold = words.finite((view.served.card.get("decision") or {}).get("threshold"))
    if threshold is not None and 0 < threshold < 1:
        plot.upright(math.log(threshold / (1 - threshold)), "chosen")
        legend += f'<li><i class="key chosen-line"></i>threshold {words.number(threshold)}</li>'
    plot.label = (
        f"Distribution of the log-odds of {words.counted(rows, 'answered row')}, beside that of the training rows."
    )
    return f'<figure class="wide"><ul class="legend">{legend}</ul><div class="canvas">{plot.render()}</div></figure>'


def _chance(log_odds: float) -> str:
    return words.percent(1 / (1 + math.exp(-log_odds)))


def _of_training(reference: Mapping[str, Any], lows: Sequence[float], highs: Sequence[float]) -> list[float]:
    """The share of the training rows in each bin; rows beyond the outer ones count to these."""
    edges, counts = reference.get("edges") or [], reference.get("counts") or []
    shares = [0.0] * len(lows)
    whole = sum(counts)
    for left, n in zip(edges, counts, strict=False):
        place = min(max(int((left - lows[0]) // 0.5), 0), len(lows) - 1)
        shares[place] += n / whole if whole else 0.0
    return shares
