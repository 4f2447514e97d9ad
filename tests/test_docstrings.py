"""Examples in docstrings run, and everything that a user calls has one."""

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import rareclass
from rareclass.errors import DependencyError
from rareclass.losses.base import BatchLoss, RowLoss
from rareclass.treatments import Treatment

SOURCE = Path(rareclass.__file__).parent


EXAMPLES_WITH_TORCH = ("rareclass.artifact.network", "rareclass.learners.net", "rareclass.learners._net_training")


def deep(name: str):
    """The module's name, marked where importing it, or its examples, take torch or keras."""
    needs = {"torch", "keras"} & {*name.split(".")} or name in EXAMPLES_WITH_TORCH
    return pytest.param(name, marks=pytest.mark.deep) if needs else name


# by the files: walking the packages would import them
MODULES = [
    deep(".".join(("rareclass", *path.relative_to(SOURCE).with_suffix("").parts)))
    for path in sorted(SOURCE.rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py")
]
ROOMS = [
    "rareclass",
    *(deep(f"rareclass.{info.name}") for info in pkgutil.iter_modules(rareclass.__path__) if info.ispkg),
]
# what needs files, or serves authors of rooms rather than users
NO_EXAMPLE = {
    "atomic_directory", "atomic_file", "check_target_type", "class_streams", "count_labels", "dump_results",
    "is_sampler", "join", "list_data", "load_data", "load_results", "retrain", "sample_negatives",
    "simulate_production", "to_json", "write_text",
    "BaseSampler", "Sampler", "SamplerMixin", "BatchLoss", "Treatment", "Calibrator",
}  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module):
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"an optional extra is not installed: {error}")
    assert doctest.testmod(found).failed == 0


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_user_calls_has_a_docstring_and_an_example(room):
    found = importlib.import_module(room)
    for name in set(getattr(found, "__all__", ())) - NO_EXAMPLE:
        try:
            thing = getattr(found, name)
        except DependencyError as error:
            pytest.skip(f"an optional extra is not installed: {error}")
        called = inspect.isfunction(thing) or (
            inspect.isclass(thing) and issubclass(thing, BaseEstimator | RowLoss | BatchLoss | Treatment)
        )
        assert not callable(thing) or thing.__doc__, name
        assert not called or ">>>" in thing.__doc__, name


def test_the_examples_of_the_guide_run():
    pytest.importorskip("lightgbm")
    guide = Path(__file__).parents[1] / "docs" / "probabilities.md"
    found = doctest.testfile(str(guide), module_relative=False, encoding="utf-8")
    assert found.attempted > 25
    assert found.failed == 0
