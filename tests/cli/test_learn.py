"""`rareclass learn` lists every lesson, runs one, and answers what cannot be in a sentence."""

import sys
from pathlib import Path

from tests.cli.test_bad_input import refused

from rareclass.cli import main
from rareclass.learning.lessons import KINDS, LESSONS


def test_without_a_name_it_lists_all(capsys):
    assert main(["learn"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {entry.name} " in said for entry in LESSONS)
    assert all(title in said for title in KINDS.values())


def test_it_runs_one_and_says_what_to_look_at(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["learn", "data", "--quick"]) == 0
    said = capsys.readouterr()
    assert "check: " in said.out
    assert "Wrote learn-data/. Look at data.svg" in said.err
    assert (tmp_path / "learn-data" / "data.svg").is_file()
    code = Path(said.err.rpartition("The code, to read and to change: ")[2].strip())
    assert "def make_data(" in code.read_text(encoding="utf-8")
    refused(capsys, ["learn", "data"], "learn-data holds something", "--out DIR")


def test_what_cannot_be_is_refused(capsys, tmp_path):
    refused(capsys, ["learn", "datta"], "no lesson 'datta'", "Did you mean", "data")
    (tmp_path / "mine").write_text("")
    refused(capsys, ["learn", "data", "--out", tmp_path], "holds something")


def test_the_image_project_without_torch_says_what_installs_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    refused(capsys, ["learn", "medical-images", "--out", tmp_path / "out"], 'pip install "rareclass[torch]"')
    assert not [*tmp_path.iterdir()]
