"""A lock says who holds it, and ends with its process."""

import pytest

from rareclass.artifact.lock import locked
from rareclass.errors import RegistryError


def refused(path, said):
    with pytest.raises(RegistryError, match=said), locked(path, "The state", patience=0):
        pass


def test_a_lock_that_is_held_is_refused_with_who_holds_it(tmp_path):
    path = tmp_path / "lock"
    with locked(path, "The state", patience=0):
        refused(path, "The state is held by process")
        path.write_bytes(b"no note")
        refused(path, "The state is held by another process")


def test_a_note_of_a_process_that_is_gone_holds_nothing(tmp_path):
    (tmp_path / "lock").write_text('{"pid": 1, "since": "2026-01-01 00:00:00+00:00"}')
    with locked(tmp_path / "lock", "The state", patience=0):
        pass
