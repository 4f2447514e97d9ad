"""Tables of named classes."""

import fractions

import pytest

from rareclass._names import Names
from rareclass.errors import InputError

TABLE: Names = Names("number", {"exact": "fractions:Fraction", "missing": "no_such_module:Class"})


def test_names_are_looked_up_when_asked_for_and_not_before():
    assert TABLE["exact"] is fractions.Fraction
    assert list(TABLE) == ["exact", "missing"]
    assert len(TABLE) == 2
    assert "exact" in TABLE
    assert "other" not in TABLE
    with pytest.raises(ModuleNotFoundError):
        TABLE["missing"]


def test_a_wrong_name_and_a_wrong_parameter_are_said():
    with pytest.raises(InputError, match="`number` must be one of 'exact', 'missing'; got 'rough'"):
        TABLE["rough"]
    assert TABLE.build("exact", {"numerator": 3, "denominator": 4}) == fractions.Fraction(3, 4)
    with pytest.raises(InputError, match=r"The number 'exact' cannot be built from \['digits'\]"):
        TABLE.build("exact", {"digits": 3})


def test_a_class_is_found_by_its_path_without_importing_the_others():
    assert TABLE.name_of(fractions.Fraction) == "exact"
    assert TABLE.name_of(int) is None
