"""Examples in docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import rareclass.calibration as room

MODULES = [m.name for m in pkgutil.iter_modules(room.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    found = doctest.testmod(importlib.import_module(f"rareclass.calibration.{name}"))
    assert found.failed == 0


def test_every_name_of_the_room_is_importable():
    for name in room.__all__:
        assert getattr(room, name).__doc__
