"""The table of lessons names every file once, and a wrong name leads to the right one."""

from dataclasses import replace

import pytest

from rareclass.errors import InputError
from rareclass.learning.lessons import KINDS, LESSONS, find_lesson
from rareclass.learning.running import examples_folder


def test_each_file_of_the_path_is_in_the_table_once():
    folder = examples_folder()
    there = [p for part in ("from_scratch", "projects") for p in (folder / part).rglob("*.py")]
    there += [p for p in folder.glob("*/*.py") if p.stem == p.parent.name]  # a project in a folder of its own
    files = [entry.file for entry in LESSONS]
    assert sorted(files) == sorted(p.relative_to(folder).as_posix() for p in there)
    assert len({entry.name for entry in LESSONS}) == len(LESSONS)
    assert {entry.kind for entry in LESSONS} <= {*KINDS}


@pytest.mark.parametrize("name", ["data", "DATA", " data "])
def test_a_lesson_is_found_however_its_name_is_spelt(name):
    assert find_lesson(name).name == "data"


@pytest.mark.parametrize(
    ("minutes", "said"), [(0.2, "seconds"), (0.5, "about 0.5 minutes"), (1, "about 1 minute"), (5, "about 5 minutes")]
)
def test_how_long_it_takes_is_said_in_words(minutes, said):
    assert replace(find_lesson("data"), minutes=minutes).takes == said


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"no lesson 'datta'. Did you mean .*data"):
        find_lesson("datta")
    with pytest.raises(InputError, match="`rareclass learn` lists them all"):
        find_lesson("qqqq")
