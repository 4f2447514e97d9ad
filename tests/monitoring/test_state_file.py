"""The state of a monitor between runs: whole or as it was, one run at a time, of one bundle."""

import fcntl
import json

import pytest

from rareclass.errors import InputError
from rareclass.monitoring.state_file import StateFile

STATE = {"model": "fraud", "version": "0a1b", "monitor": {"days": [1, 2.5, 1e-300, None]}}
OURS = {"model": "fraud", "version": "0a1b"}


@pytest.fixture
def file(tmp_path):
    return StateFile(tmp_path / "deep" / "state.json", wait=0.1)


def test_what_was_written_is_read(file):
    with file.held():
        assert file.read(**OURS) is None
        file.write(STATE)
        assert file.read(**OURS) == STATE
        file.write(STATE | {"monitor": {}})
        assert file.read(**OURS)["monitor"] == {}


def test_another_run_is_waited_for_shortly(file):
    with file.held(), pytest.raises(InputError, match="Another run holds"), StateFile(file.path, wait=0.1).held():
        pass
    with file.held():  # and is free again
        pass


def test_a_lock_whose_holder_is_gone_holds_nobody_up(file):
    with file.held():
        beside = next(file.path.parent.glob(".*.lock"))
    with open(beside, "rb") as left:
        fcntl.flock(left, fcntl.LOCK_EX)
    with file.held():
        pass


@pytest.mark.parametrize(
    "damage", [lambda t: t[: len(t) // 2], lambda t: t.replace("2.5", "2.6"), lambda t: "", lambda t: "[" * 99_999]
)
def test_a_damaged_file_is_refused_and_left_as_it_is(file, damage):
    file.path.parent.mkdir()
    file.write(STATE)
    file.path.write_text(damage(file.path.read_text()))
    before = file.path.read_bytes()
    with pytest.raises(InputError, match="left as it is"):
        file.read(**OURS)
    assert file.path.read_bytes() == before


def test_a_file_that_is_no_state_is_refused(file):
    file.path.parent.mkdir()
    file.path.write_text(json.dumps({"some": "thing"}))
    with pytest.raises(InputError, match="is no, or a damaged"):
        file.read(**OURS)


def test_the_state_of_another_bundle_is_refused_with_a_way_out(file):
    file.path.parent.mkdir()
    file.write(STATE)
    with pytest.raises(InputError, match=r"version 0a1b of 'fraud'.*version ffff.*--state"):
        file.read(model="fraud", version="ffff")


def test_a_write_that_fails_leaves_the_old_state_and_no_litter(file):
    file.path.parent.mkdir()
    file.write(STATE)
    with pytest.raises(InputError, match="finite"):
        file.write(STATE | {"x": float("nan")})
    assert file.read(**OURS) == STATE
    assert [p.name for p in file.path.parent.iterdir()] == ["state.json"]


def test_a_folder_is_no_state_file(tmp_path):
    with pytest.raises(InputError, match="--state takes the name of a file"):
        StateFile(tmp_path)
