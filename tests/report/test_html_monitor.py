"""The page and the terminal output of a monitor: what is said first, what is drawn, and that names stay text."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from rareclass.errors import InputError
from rareclass.kernels.intervals import wilson
from rareclass.monitoring.timeline import timeline
from rareclass.monitoring.told import Watched
from rareclass.report import watched as said
from rareclass.report.html_monitor import refuse_other_page, render_monitor
from rareclass.report.terminal_monitor import render_watched
from rareclass.report.timeline_drawings import MOST_POINTS, date_ticks, drawings, thinned

ALARM = {
    "code": "recall-fell",
    "sentence": "Recall has fallen from 80% to 60%.",
    "value": 0.6,
    "since": ["2026-04-01", "2026-04-03"],
    "evidence": {"detector": "recall", "day": "2026-04-05T00:00:00Z", "raised": "2026-04-09T00:00:00Z"},
    "what_to_do": "Look at the missed events; a model with `slices` may help.",
}
DETECTORS = [
    {"name": "recall", "code": "recall-fell", "on": True, "why_off": "", "share": 0.5,
     "statistic": 9.0, "threshold": 99.0},
    {"name": "new-mode", "code": "new-mode", "on": False, "why_off": "It needs 40 reference events; there are 3.",
     "statistic": 0.0, "threshold": 999.0, "share": 0.1},
    {"name": "slices", "code": "recall-fell", "on": True, "why_off": "", "share": 0.0,
     "statistic": 0.0, "threshold": None, "slices": {"<b>x</b>": {"events": 40.0, "missed": 10.0, "statistic": 3.0}}},
]  # fmt: skip

_SHARE = {"estimate": 0.5, "low": 0.4, "high": 0.6}
WEEKS = [
    {
        "day": "2026-04-23",
        "expected": {"rows": 700, "alerts": 200, "events": {"estimate": 140.0, "low": 120.0, "high": 160.0},
                     "precision": _SHARE, "recall": None, "sentence": "Expected of <em>200</em> alerts."},
        "label_shift": {"sentence": "By scores the prevalence is 20%."},
    }
]  # fmt: skip


def days(n, matured):
    known = {"labelled": 90, "events": 20, "missed": 4, "labelled_alerts": 30, "alert_events": 16, "expected": 19.0}
    out = []
    for i in range(n):
        day = {"day": str(np.datetime64("2026-03-01") + i), "rows": 100, "alerts": 30, "expected_events": 19.0}
        out.append(day | known if i < matured else day)
    return out


def found(state="drift", standing=(ALARM,), n=60, matured=50):
    history = days(n, matured)
    return Watched(
        model="<i>fraud</i>",
        version="0a1b",
        state=state,
        now="2026-04-30T00:00:00Z" if n else "",
        read={
            "predictions": 6_000,
            "labels": 10,
            "first": "2026-03-01T00:00:00Z" if n else None,
            "last": "2026-04-29T23:00:00Z" if n else None,
        },
        new=list(standing),
        standing=list(standing),
        alarms=list(standing),
        outlook=["Cannot tell yet."] if not matured else [],
        problems=["2 labels wait for <u>their</u> prediction."],
        notes=["The log holds no features."],
        detectors=DETECTORS,
        history=history,
        timeline=timeline(history),
        weeks=WEEKS if n else [],
        options={"false_alarms_per_year": 0.05},
        undelivered=1,
    )


def printed(watched, width=100):
    out = io.StringIO()
    render_watched(watched, Console(file=out, width=width))
    return out.getvalue()


def test_the_state_is_said_first_and_what_to_do_with_each_alarm():
    text = printed(found())
    lines = [line for line in text.splitlines() if line]
    assert lines[1] == "Drift: recall has fallen."
    assert lines[2].startswith("recall-fell (new): Recall has fallen from 80% to 60%.")
    assert "It began between 2026-04-01 and 2026-04-03. Raised on 2026-04-09 (recall)." in text
    assert "stands until it is acknowledged" in text
    assert "Kinds of events: It needs 40 reference events; there are 3." in text
    assert "at most one in 20 years" in text
    assert "- By scores the prevalence is 20%." in text
    assert "1 alarm could not be delivered yet." in text
    low, high = (f"{100 * v:.0f}%" for v in wilson(7 * 16, 7 * 20))
    assert f"80% [{low}, {high}]" in text


@pytest.mark.parametrize(
    ("state", "standing", "matured", "words"),
    [
        ("ok", (), 50, "ok: No drift found."),
        ("ok", (), 0, "ok: Nothing could be judged yet."),
        ("warn", (), 50, "warn: No alarm yet, but evidence of one builds up: recall."),
        ("warn", (ALARM | {"code": "volume"},), 50, "No drift of the rare class found, but the volume has moved."),
    ],
)
def test_headlines(state, standing, matured, words):
    watched = found(state, standing, matured=matured)
    assert words in printed(watched)
    assert ("Cannot tell yet." in printed(watched)) == (not matured)


def test_evidence_is_told_on_the_scale_on_which_it_grows():
    assert said.way({"statistic": 9.0, "threshold": 99.0}) == 0.5
    assert said.way({"statistic": 1e9, "threshold": 99.0}) == 1.0
    assert said.way({"statistic": 9.0, "threshold": None}) == 0.0


def test_the_page_shows_alarms_bands_slices_and_what_is_off():
    page = render_monitor(found())
    assert "<h1>Drift: recall has fallen.</h1>" in page
    assert page.count("<svg") == 6
    assert "<small>[40%, 60%]</small>" in page
    assert 'class="rule alarm"' in page
    assert 'class="since"' in page
    assert "It needs 40 reference events; there are 3." in page
    assert "<code>slices</code>" in page
    assert re.search(r"<b>&lt;b&gt;x&lt;/b&gt;</b>.*75%", page)
    assert page.count('class="band line-a"') == 4


def test_names_of_the_data_cannot_become_markup():
    page = render_monitor(found())
    assert "<i>fraud" not in page
    assert "<u>their" not in page
    assert "<em>200" not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("n", [0, 1, 2, 400])
def test_short_and_long_histories_are_drawn(n):
    page = render_monitor(found("ok", (), n=n, matured=n))
    assert ("<svg" in page) == (n > 0)
    assert "NaN" not in page
    assert "nan" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    assert printed(found("ok", (), n=n, matured=n), width=60)


def test_alarms_are_marked_where_they_belong():
    other = ALARM | {"code": "volume", "since": ["2026-04-01", "2026-04-01"]}
    watched = replace(found(), alarms=[ALARM, other])
    drawn = {d.title: d.svg for d in drawings(watched)}
    assert drawn["Recall"].count('class="rule alarm"') == 1
    assert drawn["Volume"].count('class="rule alarm other"') == 1
    assert "alarm" not in drawn["Precision"]


def test_dates_on_the_axis_are_few_and_round():
    for n in (1, 3, 10, 25, 60, 200, 700, 1_100):
        watched = found("ok", (), n=max(n, 2), matured=0)
        first = float(np.datetime64("2026-03-01").astype(int))
        ticks = date_ticks(watched, (first, first + n))
        assert 1 <= len(ticks) <= 4
        assert all(first <= at <= first + n for at, _ in ticks)
    assert len(thinned(timeline(days(1_100, 0)))) <= MOST_POINTS


def test_only_a_page_of_a_monitor_is_replaced(tmp_path):
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    refuse_other_page(page)
    page.write_text(render_monitor(found()))
    refuse_other_page(page)
    other.write_text("<html>")
    for path in (other, tmp_path):
        with pytest.raises(InputError, match="--overwrite"):
            refuse_other_page(path)
