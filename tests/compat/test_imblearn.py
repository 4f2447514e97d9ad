"""The re-exports under imbalanced-learn's module paths: names, identity, no code."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import rareclass.compat.imblearn as alias
from rareclass.compat import imblearn as package

ROOT = Path(inspect.getfile(package)).parent
PUBLIC = [
    "base",
    "combine",
    "datasets",
    "ensemble",
    "exceptions",
    "metrics",
    "metrics.pairwise",
    "model_selection",
    "over_sampling",
    "over_sampling.base",
    "pipeline",
    "tensorflow",
    "under_sampling",
    "under_sampling.base",
    "utils",
    "utils.deprecation",
]


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_name_of_the_peer_is_there(path):
    peer = pytest.importorskip(f"imblearn.{path}")
    ours = importlib.import_module(f"rareclass.compat.imblearn.{path}")
    names = getattr(peer, "__all__", None) or [
        name
        for name, value in vars(peer).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == peer.__name__
    ]
    assert [name for name in names if not hasattr(ours, name)] == []


@pytest.mark.parametrize("path", PUBLIC)
def test_signatures_start_with_those_of_the_peer(path):
    peer = pytest.importorskip(f"imblearn.{path}")
    ours = importlib.import_module(f"rareclass.compat.imblearn.{path}")
    for name in getattr(peer, "__all__", []):
        theirs, mine = getattr(peer, name), getattr(ours, name)
        if not inspect.isclass(theirs) or path == "base":
            continue
        asked = inspect.signature(theirs).parameters
        given = inspect.signature(mine).parameters
        for parameter in asked.values():
            assert given[parameter.name].default == parameter.default, f"{name}.{parameter.name}"
            assert given[parameter.name].kind == parameter.kind, f"{name}.{parameter.name}"


def test_it_holds_no_code():
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    for file in ROOT.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            assert isinstance(node, allowed), f"{file.name}: {ast.unparse(node)[:60]}"


def test_nobody_imports_it():
    source = ROOT.parent.parent
    for file in source.rglob("*.py"):
        if "compat" not in file.parts:
            text = file.read_text()
            assert "from rareclass.compat" not in text and "import rareclass.compat" not in text  # noqa: PT018


def test_sub_packages_load_on_first_use():
    assert alias.under_sampling.TomekLinks.__name__ == "TomekLinks"
    assert alias.__version__ == "0.14.2"
    assert len(alias.__path__) == 1


def test_helpers_work(capsys):
    alias.show_versions()
    assert "scikit-learn" in capsys.readouterr().out
    with pytest.raises(ValueError, match="has to be one of"):
        alias.exceptions.raise_isinstance_error("k", [int], 1.5)
