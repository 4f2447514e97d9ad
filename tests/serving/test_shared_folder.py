"""The folder of a running service goes with the last process that uses it, or with the next start."""

import subprocess
import sys

import pytest

from rareclass.serving import shared_folder
from rareclass.serving.shared_folder import make_folder, used


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_folder.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_removed_by_the_last_of_those_that_use_it():
    folder = make_folder()
    with used(folder):
        with used(folder):
            (folder / "counter_1.db").write_text("")
        assert (folder / "counter_1.db").exists()
    assert not folder.exists()


def test_what_a_killed_process_left_goes_with_the_next_start_and_what_is_in_use_stays():
    left, begun = make_folder(), make_folder()
    said = "import pathlib, os, sys; from rareclass.serving.shared_folder import used\n"
    said += "with used(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", said, left]).returncode == -9
    assert left.exists()
    other = make_folder()
    with used(other):
        make_folder()
        assert other.exists()
    assert (left.exists(), begun.exists()) == (False, True)  # one is perhaps just being made


def test_a_link_leads_to_nothing(root):
    own = root / "own"
    own.mkdir()
    (own / "in-use").write_text("")
    (root / "rareclass-serve-x").symlink_to(own)
    make_folder()
    assert own.exists()
