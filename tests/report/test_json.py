"""results.json: plain values, one step, checked on reading."""

import json
import os

import numpy as np
import pytest

from rareclass.errors import InputError, ReadError
from rareclass.metrics.interval import Interval
from rareclass.report.json import dump_results, load_results, to_json, to_plain, write_text


def test_results_survive_the_round_trip(results, tmp_path):
    path = dump_results(results, tmp_path / "new" / "results.json")
    assert load_results(path) == to_plain(results)
    assert load_results(path.parent) == to_plain(results)


def test_numbers_of_numpy_become_plain_and_what_is_not_finite_becomes_null():
    mixed = {
        "a": np.float32(0.5), "b": np.int64(7), "c": np.bool_(True), "d": np.array([[1.0, np.nan], [np.inf, -np.inf]]),
        "e": float("nan"), "f": (1, None), 3: "key", "g": np.datetime64("2026-11-21"),
        "h": Interval(0.5, 0.4, float("nan")),
    }  # fmt: skip
    mixed["g"] = mixed["g"].item()
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


def test_a_value_that_json_cannot_hold_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="type object cannot be written"):
        to_plain({"x": object()})


def test_names_in_any_script_stay_readable_in_the_file(tmp_path):
    path = dump_results({"arms": [], "title": "日付 ü"}, tmp_path / "results.json")
    assert "日付 ü" in path.read_text(encoding="utf-8")


def test_an_interrupted_write_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = write_text(tmp_path / "results.json", "old")

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["results.json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ('{"schema_version": 1, "arms": [', "truncated or no JSON"),
        ("[1, 2]", "holds no results"),
        ('{"arms": []}', "holds no results"),
        ('{"schema_version": 1}', "holds no results"),
        ('{"schema_version": 99, "arms": []}', "Upgrade rareclass"),
    ],
)
def test_an_unusable_file_is_refused_in_a_sentence(tmp_path, content, said):
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(ReadError, match=said):
        load_results(path)


def test_a_missing_file_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        load_results(tmp_path / "none.json")
