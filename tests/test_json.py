"""JSON of the whole package: plain values, one sentence for what JSON cannot hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from rareclass._json import to_json, to_plain
from rareclass.errors import InputError
from rareclass.uncertainty.interval import Interval


def test_numbers_of_numpy_become_plain_and_what_is_not_finite_becomes_null():
    mixed = {
        "a": np.float32(0.5), "b": np.int64(7), "c": np.bool_(True), "d": np.array([[1.0, np.nan], [np.inf, -np.inf]]),
        "e": float("nan"), "f": (1, None), 3: "key", "g": np.datetime64("2026-11-21"),
        "h": Interval(0.5, 0.4, float("nan")), "i": Path("a") / "b", "j": np.str_("x"),
    }  # fmt: skip
    said = json.loads(to_json(mixed))
    assert said["a"] == 0.5
    assert said["b"] == 7
    assert said["c"] is True
    assert said["d"] == [[1.0, None], [None, None]]
    assert said["e"] is None
    assert said["f"] == [1, None]
    assert said["3"] == "key"
    assert said["g"] == "2026-11-21"
    assert said["h"]["high"] is None
    assert said["i"] == str(Path("a") / "b")
    assert said["j"] == "x"


def test_a_value_that_json_cannot_hold_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="type object cannot be written"):
        to_plain({"x": object()})


@pytest.mark.parametrize("value", [float("nan"), np.inf, np.array([1.0, -np.inf]), {"a": [np.float32("nan")]}])
def test_numbers_that_must_come_back_as_they_were_are_refused_where_json_has_none(value):
    with pytest.raises(InputError, match="only finite numbers"):
        to_json(value, finite_only=True)


def test_text_is_ascii_unless_it_is_to_be_read():
    assert to_json({"b": "日", "a": 1}, sort_keys=True) == '{\n "a": 1,\n "b": "\\u65e5"\n}'
    assert "日" in to_json({"b": "日"}, readable=True)
