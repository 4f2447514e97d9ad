"""Page, pictures and file of simulated months: complete, escaped, drawn where things happened."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rareclass.production.drawings import cost_plot, month_ticks, place, smooth
from rareclass.production.figure import figure_svg
from rareclass.production.page import render_page


@pytest.fixture
def results() -> dict:
    dates = [str(np.datetime64("2025-01-06") + np.timedelta64(i, "D")) for i in range(90)]
    days = [
        {"date": date, "retrained": 100.0, "frozen": 100.0 if i < 40 else 150.0, "alerts": 30}
        for i, date in enumerate(dates)
    ]
    return {
        "seed": 0,
        "payments": 9_000,
        "frauds": 90,
        "costs": {"fp": 10.0, "fn": 200.0, "audit": 2.0},
        "cost": {"retrained": 9_000.0, "frozen": 11_500.0},
        "changes": [
            {"kind": "sudden", "what": "New <cards>.", "from": dates[40], "to": dates[40]},
            {"kind": "slow", "what": "Old ones.", "from": dates[50], "to": dates[80]},
        ],
        "alarms": [
            {
                "date": dates[49],
                "model": 1,
                "code": "recall-fell",
                "sentence": "Recall <b>fell</b>.",
                "since": [dates[39], dates[42]],
            }
        ],
        "alerts_per_day": [30] * 90,
        "capacity": 25,
        "promotions": [{"date": dates[56], "cause": "drift", "why": "It is better."}],
        "retrainings": [
            {"date": dates[28], "cause": "month", "outcome": "refused", "sentence": "It is not."},
            {"date": dates[56], "cause": "drift", "outcome": "promoted", "sentence": "It is better."},
        ],
        "days": days,
    }


def test_the_page_says_what_retraining_was_worth_and_escapes_what_it_is_told(results: dict) -> None:
    page = render_page(results)
    assert "Retraining cost 22% less than leaving the model alone" in page
    assert "<b>fell</b>" not in page
    assert "Recall &lt;b&gt;fell" in page
    assert "<cards>" not in page
    assert page.count("2025-03-03") >= 3  # day 56: promoted, and the first promotion after either change
    assert "90</strong><p>of 90; 25 alerts a day can be stopped" in page
    assert "http" not in page.replace("http-equiv", "").replace("over HTTP", "")


def test_a_page_of_a_month_without_alarms_and_retrainings_is_drawn_too(results: dict) -> None:
    page = render_page(results | {"alarms": [], "retrainings": [], "promotions": [], "changes": []})
    assert "There was no alarm." in page
    assert "too short" in page


def test_the_file_is_whole_on_its_own(results: dict) -> None:
    root = ElementTree.fromstring(figure_svg(results))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}title").text.endswith("over 90 days: with retraining 22% less cost")
    worse = results | {"cost": {"retrained": 12.0, "frozen": 10.0}}
    assert "with retraining 20% more cost" in figure_svg(worse)


def test_changes_alarms_and_promotions_stand_at_their_days(results: dict) -> None:
    plot = cost_plot(results)
    assert place(results, results["changes"][0]["from"]) == 40
    drawn = plot.render()
    for day, cls in ((49, "chosen"), (56, "mark")):
        assert f'<circle class="dot {cls}" cx="{plot.x(day):.1f}'.removesuffix(".0") in drawn
    assert [label for _, label in month_ticks(results)] == ["Feb", "Mar", "Apr"]
    assert dict(month_ticks(results))[26.0] == "Feb"


def test_means_of_a_week_are_of_the_days_up_to_each() -> None:
    values = np.arange(20.0) ** 2
    found = smooth(values)
    assert found[0] == (6.0, pytest.approx(values[:7].mean()))
    assert found[-1] == (19.0, pytest.approx(values[13:].mean()))
    assert smooth([1.0, 3.0]) == [(1.0, 2.0)]
