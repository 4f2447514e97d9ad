"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import rareclass.metrics

ROOMS = [f"rareclass.metrics.{info.name}" for info in pkgutil.iter_modules(rareclass.metrics.__path__)]
KERNELS = [
    f"rareclass.kernels.{name}" for name in "bootstrap counts hull influence intervals logits thresholds".split()
]


@pytest.mark.parametrize("module", ROOMS + KERNELS)
def test_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
