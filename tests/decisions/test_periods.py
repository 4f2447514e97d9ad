"""Periods of budgets from times."""

import numpy as np
import pytest

from rareclass.decisions.periods import periods_of, rows_per_period
from rareclass.errors import InputError

HOURS = np.datetime64("2024-05-01T00:00") + np.arange(600) * np.timedelta64(1, "h")


def test_rows_of_an_hour_day_or_month_share_a_period():
    assert np.unique(periods_of(HOURS, "day")).size == 25
    assert periods_of(HOURS.astype(str), "day").tolist() == periods_of(HOURS, "day").tolist()
    for per, periods in (("hour", 600), ("day", 25), ("month", 1)):
        assert rows_per_period(HOURS, per) == 600 / periods
        # a row that stands for ten, as in a sample of the negatives, fills a period as ten rows do
        assert rows_per_period(HOURS, per, np.full(600, 10.0)) == 6000 / periods


def test_periods_that_times_cannot_tell_are_refused():
    with pytest.raises(InputError, match="needs dates as times"):
        periods_of(np.arange(5), "day")
    with pytest.raises(InputError, match="per run, hour, day, week or month"):
        periods_of(HOURS, "fortnight")
