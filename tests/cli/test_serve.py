"""`rareclass serve` without a server: what it says where its packages are missing, or its options are wrong."""

import json
import sys

import pytest

from rareclass.cli import main


@pytest.fixture
def bundle(tmp_path):
    manifest = {"format": 2, "name": "m", "target": None, "evidence": {}, "reference": {}, "recipe": {}, "files": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return str(tmp_path)


@pytest.mark.parametrize("module", ["uvicorn", "uvloop", "httptools", "orjson", "prometheus_client"])
def test_without_its_packages_it_names_the_pip_command(bundle, monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert main(["serve", bundle]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert 'pip install "rareclass[serving]"' in line


def test_wrong_options_exit_with_2_and_one_sentence(bundle, monkeypatch, capsys):
    for module in ("uvicorn", "uvloop", "httptools", "orjson", "prometheus_client"):
        pytest.importorskip(module)
    monkeypatch.delenv("RARECLASS_TOKEN", raising=False)
    for options, words in (
        (["--port", "99999"], "--port"),
        (["--workers", "0"], "--workers"),
        (["--id", "x"], "--log"),
        (["--tls-cert", "none"], "--tls-key"),
    ):
        assert main(["serve", bundle, *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
    assert main(["serve"]) == 2
    monkeypatch.setenv("RARECLASS_TOKEN", "short")
    capsys.readouterr()
    assert main(["serve", bundle]) == 2
    assert "RARECLASS_TOKEN" in capsys.readouterr().err
