"""Windows of days: their counts, their intervals, and what they cannot tell."""

import numpy as np
import pytest

from rareclass.kernels.intervals import poisson_limits, wilson
from rareclass.monitoring.timeline import LONG, SHORT, day_number, timeline


def days(n, matured):
    rows = []
    for i in range(n):
        row = {"day": str(np.datetime64("2026-03-01") + i), "rows": 10 + i, "alerts": i, "expected_events": 2.0}
        if i < matured:
            row |= {
                "labelled": 8,
                "events": 4,
                "missed": i % 3,
                "labelled_alerts": 3,
                "alert_events": 2,
                "expected": 2.5,
            }
        rows.append(row)
    return rows


def test_a_window_sums_its_days():
    found = timeline(days(20, 15))
    assert [w["window"] for w in found] == [SHORT] * 20
    last = found[14]
    missed = sum(i % 3 for i in range(8, 15))
    assert last["recall"] == [1 - missed / 28, *wilson(28 - missed, 28)]
    assert last["precision"][0] == 14 / 21
    assert last["prevalence"][0] == 28 / 56
    assert last["ratio"] == [28 / 17.5, *(np.array(poisson_limits(28)) / 17.5)]
    assert last["rows"] == np.mean([10 + i for i in range(8, 15)])
    assert found[15]["recall"] is None
    assert found[19]["alerts"] == np.mean(range(13, 20))


def test_days_that_are_missing_make_a_window_shorter_and_long_histories_take_long_windows():
    rows = days(20, 20)
    assert timeline([*rows[:5], rows[19]])[-1]["rows"] == 29
    assert timeline(days(300, 10))[-1]["window"] == LONG
    assert timeline([]) == []


@pytest.mark.parametrize(("day", "number"), [("1970-01-11", 10.0), (10.0, 10.0)])
def test_days_are_numbers(day, number):
    assert day_number(day) == number
