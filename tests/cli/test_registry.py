"""`rareclass promote`, `rollback` and `history`: the champion of a registry from the command line."""

import json

import pytest
from tests.cli.test_bad_input import refused
from tests.serving.bundles import fitted, write

from rareclass.artifact import Bundle
from rareclass.cli import main


@pytest.fixture
def versions(tmp_path):
    return [write(name, tmp_path / name) and fitted(name).version for name in ("plain", "other")]


def test_a_bundle_starts_a_registry_and_one_can_go_back(versions, tmp_path, capsys):
    registry, (plain, other) = str(tmp_path / "registry"), versions
    assert main(["promote", registry, str(tmp_path / "plain"), "--why", "the first"]) == 0
    assert capsys.readouterr().out == f"{plain} is the champion now.\n"
    assert main(["promote", registry, str(tmp_path / "other")]) == 0
    assert capsys.readouterr().out == f"{other} is the champion now, after {plain}.\n"
    assert main(["promote", registry, other]) == 0
    assert capsys.readouterr().out == f"{other} is the champion already.\n"
    assert main(["rollback", registry, "--why", "alarms"]) == 0
    assert capsys.readouterr().out == f"{plain} is the champion again, after {other}.\n"
    assert Bundle.load(registry).version == plain
    assert main(["history", registry, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [e["what"] for e in entries] == ["added", "promoted", "added", "promoted", "rolled back"]
    assert (entries[1]["why"], entries[-1]["why"]) == ("the first", "alarms")
    assert main(["history", registry]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 5
    assert said.err == f"The champion is {plain}.\n"


def test_what_is_no_registry_or_no_version_is_refused(versions, tmp_path, capsys):
    registry, bundle = tmp_path / "registry", tmp_path / "plain"
    for verb in ("rollback", "history"):
        refused(capsys, [verb, registry], "no registry", f"rareclass promote {registry} BUNDLE")
        refused(capsys, [verb, bundle], "is a bundle, not a registry")
    refused(capsys, ["promote", registry, versions[0]], "no registry")
    assert not registry.exists()
    assert main(["promote", str(registry), str(bundle)]) == 0
    refused(capsys, ["promote", registry, versions[0][:8]], f"Did you mean {versions[0]}?")
    refused(capsys, ["rollback", registry], "none to go back to")
