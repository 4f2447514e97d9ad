"""results.json: plain values, one step, checked on reading."""

import os

import pytest

from rareclass._json import to_plain
from rareclass.errors import ReadError
from rareclass.report.json import dump_results, load_results, write_text


def test_results_survive_the_round_trip(results, tmp_path):
    path = dump_results(results, tmp_path / "new" / "results.json")
    assert load_results(path) == to_plain(results)
    assert load_results(path.parent) == to_plain(results)


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
