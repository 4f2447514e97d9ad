"""A registry always loads with one champion, whatever stops a writer, and says what was done and why."""

import errno
import json
import os
import threading
import time

import pytest
from benchmarks.lifecycle_registry import child, ended, kill_at_every_step, make_world, several_at_once, whole
from tests.serving.bundles import fitted, write

from rareclass.artifact import Bundle
from rareclass.errors import BundleError, RegistryError
from rareclass.lifecycle import Registry

forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "registry", patience=0.2)


@pytest.fixture
def two(registry):
    """A registry whose champion is `other`, after `plain`."""
    for name in ("plain", "other"):
        registry.promote(registry.add(fitted(name)), f"{name} is good")
    return registry


def whats(registry):
    return [entry["what"] for entry in registry.history()]


def test_an_empty_registry_has_no_champion_and_reading_makes_no_folder(registry):
    assert (registry.champion(), registry.versions(), registry.history()) == (None, [], [])
    assert not registry.folder.exists()
    with pytest.raises(RegistryError, match="holds no version yet"):
        registry.promote("123456789abc")


def test_versions_are_named_by_content_and_adding_twice_changes_nothing(registry, tmp_path):
    version = registry.add(fitted("plain"))
    assert version == fitted("plain").version
    journal = (registry.folder / "journal.jsonl").read_bytes()
    write("plain", tmp_path / "elsewhere")
    loaded = Bundle.load(tmp_path / "elsewhere")
    assert [registry.add(b) for b in (fitted("plain"), tmp_path / "elsewhere", loaded)] == [version] * 3
    assert (registry.folder / "journal.jsonl").read_bytes() == journal
    assert registry.versions() == [version]
    assert registry.champion() is None


def test_a_bundle_that_was_changed_is_another_version(registry):
    registry.add(fitted("plain"))
    bundle = Bundle.load(registry.folder / "bundles" / fitted("plain").version)
    assert bundle.stored is not None
    bundle.recipe = {**bundle.recipe, "replayed": True}
    assert bundle.stored is None
    changed = registry.add(bundle)
    assert changed != fitted("plain").version
    assert registry.load(changed).recipe["replayed"]
    assert bundle.stored == registry.folder / "bundles" / changed
    assert registry.add(bundle) == changed


def test_the_journal_says_what_was_done_and_one_can_go_back(two):
    plain, other = two.versions()
    assert (two.champion_version, two.champion().name) == (other, "other")
    two.promote(other)  # it is so already
    assert two.rollback("alarms") == plain
    two.promote(other, "after all", figures={"difference": 0.25})
    assert whats(two) == ["added", "promoted", "added", "promoted", "rolled back", "promoted"]
    last = two.history()[-1]
    assert (
        last.items()
        >= {
            "version": other,
            "before": plain,
            "why": "after all",
            "pid": os.getpid(),
            "figures": {"difference": 0.25},
        }.items()
    )
    assert last["when"].endswith("+00:00")
    two.rollback()
    with pytest.raises(RegistryError, match="only one champion so far, so there is none to go back to"):
        two.rollback()


def test_versions_that_are_unknown_damaged_or_judged_against_another_champion_stay_out(two):
    plain, other = two.versions()
    with pytest.raises(RegistryError, match=f"Did you mean {plain}"):
        two.promote(plain[:8])
    with pytest.raises(RegistryError, match=f"The newest are {other}, {plain}"):
        two.promote("../outside")
    with pytest.raises(RegistryError, match="Judge it again"):
        two.promote(plain, over=plain)
    (two.folder / "bundles" / plain / "model.json").write_text("{}")
    with pytest.raises(BundleError, match="was altered"):
        two.rollback()
    assert two.champion_version == other
    two.add(fitted("plain"))  # mends it
    assert two.rollback() == plain


@pytest.mark.parametrize(
    ("held", "said"), [("notes.txt", "is no registry: it holds 'notes.txt'"), ("manifest.json", "is a bundle")]
)
def test_a_folder_that_is_no_registry_is_refused(tmp_path, held, said):
    (tmp_path / held).write_text("{}")
    with pytest.raises(RegistryError, match=said):
        Registry(tmp_path)
    with pytest.raises(RegistryError, match="is a file"):
        Registry(tmp_path / held)


def test_a_torn_last_line_was_never_written_and_a_damaged_one_is_named(two):
    journal = two.folder / "journal.jsonl"
    good = journal.read_bytes()
    plain, other = two.versions()
    for torn in (
        b'{"what": "promoted", "version": "' + plain.encode(),
        b'{"what": "promoted"}\n',
        b"\0" * 40,
        b"\xff\n",
    ):
        journal.write_bytes(good + torn)
        assert two.champion_version == other
        two.note("looked at", other, "")
        assert journal.read_bytes().startswith(good)
        assert torn not in journal.read_bytes()
        assert [json.loads(line)["what"] for line in journal.read_bytes().splitlines()][-1] == "looked at"
    journal.write_bytes(b"{}\n" + good)
    with pytest.raises(RegistryError, match="damaged in line 1"):
        two.champion()


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "its disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "put/output")]
)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_fails_leaves_the_registry_as_it_was(two, monkeypatch, number, said, call):
    before = (two.folder / "journal.jsonl").read_bytes()
    plain, other = two.versions()
    real = os.write

    def fails(file, *data):
        if data:
            real(file, data[0][:5])
        raise OSError(number, os.strerror(number))

    bundle = fitted("sliced")
    monkeypatch.setattr(os, call, fails)
    for act in (lambda: two.promote(plain), two.rollback, lambda: two.add(bundle)):
        with pytest.raises(RegistryError, match=f"was left as it was: .*{said}"):
            act()
    monkeypatch.undo()
    assert (two.folder / "journal.jsonl").read_bytes() == before
    assert two.champion_version == other
    assert two.add(bundle) == bundle.version


def test_a_writer_waits_for_another_and_is_then_refused_with_its_pid(two):
    inside, done = threading.Event(), threading.Event()

    def hold():
        with two._writing():
            inside.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(20)
    began = time.monotonic()
    with pytest.raises(RegistryError, match=rf"is held by process {os.getpid()} since 2.* UTC; waited 0\.2 seconds"):
        two.rollback()
    assert time.monotonic() - began >= 0.2
    assert two.champion() is not None  # who reads does not wait
    threading.Timer(0.1, done.set).start()
    Registry(two.folder, patience=20).rollback()
    holder.join()


def test_one_process_retrains_at_a_time_while_the_way_back_stays_open(two):
    with two.retraining():
        two.rollback("at once")
        with pytest.raises(RegistryError, match=r"The retraining of .* is held by process"), two.retraining():
            pass
    with two.retraining():
        pass


def test_pruning_keeps_the_newest_the_champion_and_the_one_before_it(two):
    plain, other = two.versions()
    sliced = two.add(fitted("sliced"))
    assert two.prune(keep=0) == [sliced]
    assert two.versions() == [plain, other]
    assert two.rollback() == plain
    assert sorted(path.name for path in (two.folder / "bundles").iterdir()) == sorted([plain, other])


def test_a_registry_stands_where_a_bundle_is_expected(two, registry):
    assert Bundle.load(two.folder).version == two.champion_version
    two.rollback()
    assert Bundle.load(two.folder).version == two.champion_version == fitted("plain").version


def test_an_empty_registry_is_told_where_a_bundle_is_expected(registry):
    registry.add(fitted("plain"))
    with pytest.raises(RegistryError, match=r"no champion yet\. Promote a bundle first: rareclass promote"):
        Bundle.load(registry.folder)


@forks
@pytest.mark.parametrize(("name", "every"), [("add", 2), ("promote", 2), ("rollback", 2), ("retrain", 9)])
def test_a_kill_at_any_step_leaves_one_champion(world, tmp_path, name, every):
    steps, new = kill_at_every_step(world, world.actions[name], tmp_path, again=False, every=every)
    assert steps >= 4
    assert new >= 1  # the last steps come after the line that counts


@forks
def test_two_processes_at_once_leave_every_entry_whole(world, tmp_path):
    assert several_at_once(world, tmp_path, 2, 8) >= 4


@forks
def test_a_killed_holder_keeps_nobody_waiting(world, tmp_path):
    registry = Registry(tmp_path / "r", patience=0.0)
    registry.promote(registry.add(world.outside), "first")
    assert not ended(child(lambda folder: Registry(folder).rollback(), registry.folder, at=3))
    whole(registry.folder, "")
