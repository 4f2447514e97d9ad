"""Copies of what is served, for workers that start while the folder is damaged."""

import shutil

from tests.serving.bundles import fitted, write

from rareclass.serving.kept import keep, last_kept
from rareclass.serving.models import Models


def test_a_worker_that_starts_while_the_folder_is_damaged_serves_the_last_version(tmp_path):
    folder, kept = tmp_path / "m", tmp_path / "kept"
    write("plain", folder)
    Models({"m": folder}, kept=kept).read()
    write("other", folder)
    first = Models({"m": folder}, kept=kept)
    first.read()
    (folder / "scorer.npz").write_bytes(b"damaged")
    heard = []
    later = Models({"m": folder}, lambda *said: heard.append(said[1:]), kept=kept)
    later.read()
    assert heard == [(None, later.problems["m"]), (first.get("m").version, None), (None, later.problems["m"])]
    assert later.get("m").version == first.get("m").version == fitted("other").version
    assert later.get("m").folder == folder
    assert "checksum" in later.problems["m"]
    without = Models({"m": folder})
    without.read()
    assert not without.ready
    shutil.rmtree(folder)
    version = write("plain", folder)
    assert later.reload("m").version == version
    assert not later.problems


def test_a_copy_that_is_damaged_itself_is_not_served(tmp_path):
    folder, kept = tmp_path / "m", tmp_path / "kept"
    write("plain", folder)
    Models({"m": folder}, kept=kept).read()
    for damaged in (folder, last_kept(kept, "m")):
        (damaged / "model.json").write_text("{}")
    later = Models({"m": folder}, kept=kept)
    later.read()
    assert not later.ready


def test_two_versions_are_kept_at_most_and_the_last_is_that_which_was_served_last(tmp_path):
    folder = tmp_path / "m"
    write("plain", folder)
    assert last_kept(tmp_path, "none") is None
    for version in ("aaa", "bbb", "ccc", "bbb"):
        keep(tmp_path / "kept", "m", version, folder)
    assert last_kept(tmp_path / "kept", "m").name == "bbb"
    assert {path.name for path in (tmp_path / "kept" / "m").iterdir()} == {"bbb", "ccc"}
