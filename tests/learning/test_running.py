"""Lessons run into a folder that appears whole or not at all; importing one runs nothing."""

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from rareclass.errors import DependencyError, InputError
from rareclass.learning import lessons, running
from rareclass.learning.lessons import LESSONS, find_lesson

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", [entry.name for entry in LESSONS])
def test_importing_a_lesson_runs_nothing(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert callable(running.lesson(name).main)
    assert capsys.readouterr() == ("", "")
    assert not [*tmp_path.iterdir()]


def test_a_lesson_is_loaded_once():
    assert running.lesson("data") is running.lesson("Data")


def test_the_installed_package_runs_the_lessons_that_it_brought(tmp_path, monkeypatch):
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["sources"]["examples"] == "rareclass/examples"
    assert running.examples_folder() == ROOT / "examples"
    (tmp_path / "examples" / "from_scratch").mkdir(parents=True)
    monkeypatch.setattr("rareclass.__file__", str(tmp_path / "__init__.py"))
    assert running.examples_folder() == tmp_path / "examples"


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InputError, match=r"holds something already\. Name another one with --out"):
        running.run_lesson("data", tmp_path, quick=True)
    with pytest.raises(InputError, match="is a file; a folder is needed"):
        running.run_lesson("data", tmp_path / "mine", quick=True)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_lesson_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fails(out, quick):
        (out / "half").write_text("x")
        raise RuntimeError("stopped")

    monkeypatch.setattr(running.lesson("data"), "main", fails)
    with pytest.raises(RuntimeError):
        running.run_lesson("data", tmp_path / "out")
    assert not [*tmp_path.iterdir()]


def test_a_lesson_without_its_package_names_the_command(tmp_path, monkeypatch):
    without = replace(find_lesson("data"), name="needy", module="no_such_package", extra="torch")
    monkeypatch.setattr(lessons, "LESSONS", (*LESSONS, without))
    with pytest.raises(DependencyError, match=r'pip install "rareclass\[torch\]"'):
        running.run_lesson("needy", tmp_path / "out")


def test_a_part_is_loaded_once_and_another_process_finds_it():
    assert running.part("medical_images/images.py") is running.part("medical_images/images.py")
    code = (
        "from rareclass.learning.running import call_part as c; print(c('medical_images/judging.py', 'sigmoid', 0.0))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0.5\n"
    with pytest.raises(InputError, match="is not there"):
        running.part("medical_images/nothing.py")


def test_a_file_that_is_run_by_hand_writes_where_it_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["data.py", "--quick", "--out", str(tmp_path / "a" / "b")])
    running.from_command_line(running.lesson("data").main)
    assert (tmp_path / "a" / "b" / "data.svg").is_file()
    assert "check: " in capsys.readouterr().out
