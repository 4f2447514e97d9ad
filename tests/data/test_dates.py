"""Dates as text: each way of writing gives the date, and what may be two dates says so."""

import datetime

import numpy as np
import pytest

from rareclass.data.dates import no_dates, order_of, read_dates, read_formatted
from rareclass.data.numerals import DoubtfulError

RNG = np.random.default_rng(0)
MOMENTS = [datetime.datetime(2024, 12, 31, 23, 5, 9)] + [
    datetime.datetime(1990, 1, 1) + datetime.timedelta(seconds=int(s)) for s in RNG.integers(0, 1_300_000_000, 100)
]
FORMATS = ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %B %Y", "%b %d, %Y"]


@pytest.mark.parametrize("clock", ["", " %H:%M", " %H:%M:%S", " %I:%M:%S %p", "T%H:%M:%S"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_way_of_writing_gives_the_date(form, clock):
    texts = [m.strftime(form + clock) for m in MOMENTS]
    wanted = [datetime.datetime.strptime(t, form + clock) for t in texts]
    assert read_dates(texts).values.tolist() == wanted
    np.testing.assert_array_equal(read_formatted(texts, form + clock), read_dates(texts).values)


@pytest.mark.parametrize("texts", [["1.2.3"], ["31.02.2024"], ["99/99/2024"], ["12.5"], ["soon"], ["1/2024"], ["?"]])
def test_other_texts_are_no_dates(texts):
    assert read_dates(texts) is None


def test_a_day_that_may_be_a_month_needs_an_order():
    with pytest.raises(DoubtfulError, match="03/04/2024"):
        read_dates(["03/04/2024", None])
    day_first, month_first = (read_dates(["03/04/2024"], order=o).values[0] for o in ("dmy", "mdy"))
    assert (str(day_first)[:10], str(month_first)[:10]) == ("2024-04-03", "2024-03-04")
    assert str(read_dates(["31/12/2024"], order="mdy").values[0])[:10] == "2024-12-31"
    with pytest.raises(DoubtfulError, match="mixes"):
        read_dates(["31/12/2024", "12/31/2024"])


def test_years_of_two_digits_and_dates_that_are_none():
    found = read_dates(["31.12.68", "31.12.69", "00.00.0000", "?"])
    assert found.short_years
    assert [str(v)[:10] for v in found.values] == ["2068-12-31", "1969-12-31", "NaT", "NaT"]


def test_formats_and_their_order():
    assert [order_of(f) for f in ("%d.%m.%y", "%m/%d/%Y", "%Y-%m-%d", "%H:%M")] == ["dmy", "mdy", None, None]
    assert read_formatted(["20241231", "x"], "%Y%m%d") is None
    assert read_formatted([None, "?"], "%Y%m%d") is None
    assert str(read_formatted(["2024-01-01 00:30 +0100"], "%Y-%m-%d %H:%M %z")[0])[:16] == "2023-12-31T23:30"


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y-%m-%d", "%m/%d/%Y", "%d %B %Y"])
@pytest.mark.parametrize("odd", ["31.02.2024", "2024-02-31", "02/31/2024", "unknown"])
def test_the_one_text_that_is_no_date_is_found(form, odd):
    texts = [None, *(m.strftime(form) for m in MOMENTS[:30]), odd]
    assert no_dates(texts) == [31]
    assert no_dates(texts[:-1]) == []
    assert no_dates(["Bern", "Köln", "31.02.2024", "1.1.2024"]) == []
