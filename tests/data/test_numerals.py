"""Numbers as text: each way of writing gives the number, and what may be two numbers says so."""

import numpy as np
import pytest

from rareclass.data.numerals import DoubtfulError, has_zero_ahead, looks_numeric, read_numerals


@pytest.mark.parametrize("thousands", [",", ".", " ", "\u202f", "'", "’", ""])
@pytest.mark.parametrize("decimal", [",", "."])
@pytest.mark.parametrize("frame", ["{}", "{} €", "$ {}", "{}%", "CHF {}"])
def test_every_way_of_writing_gives_the_number(thousands, decimal, frame):
    if thousands == decimal:
        pytest.skip("one mark cannot mean both")
    values = np.round(np.random.default_rng(0).lognormal(6, 3, 200) * np.resize([1, -1], 200), 2)
    texts = [frame.format(f"{v:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)) for v in values]
    found = read_numerals(texts)
    np.testing.assert_array_equal(found.values, values)
    assert found.decimal == decimal


@pytest.mark.parametrize("texts", [["a"], ["1.2.3"], ["12:30"], ["31.12.2024"], ["5 kg"], ["(5"], ["1,2,3"], ["5-6"]])
def test_other_texts_are_no_numbers(texts):
    assert read_numerals(texts) is None


def test_whole_numbers_need_no_mark():
    found = read_numerals(["5", "?", None, "17"])
    np.testing.assert_array_equal(found.values, [5, np.nan, np.nan, 17])
    assert (found.decimal, found.marks) == (None, ("?",))


def test_the_decimal_mark_that_is_given_serves_only_where_nothing_is_shown():
    assert read_numerals(["1,234"], decimal=",").values[0] == 1.234
    assert read_numerals(["1,234"], decimal=".").values[0] == 1234
    assert read_numerals(["0,234"], decimal=".").values[0] == 0.234
    with pytest.raises(DoubtfulError, match=r"1234 or 1\.234"):
        read_numerals(["1,234"])


def test_shares_and_zeros_ahead():
    assert looks_numeric(["1,5", "<0.5", "?", "2.5"]) == 0.75
    assert has_zero_ahead(["5", "007"])
    assert not has_zero_ahead(["0", "0.5", None])
