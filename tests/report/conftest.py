"""The example results, loaded by path because tests are no package."""

import runpy
from pathlib import Path

import pytest

CASES = runpy.run_path(str(Path(__file__).with_name("example_results.py")))["CASES"]
_made: dict = {}


@pytest.fixture(params=sorted(CASES))
def results(request):
    """Each example in turn: full, without costs, with twelve events, minimal."""
    return _make(request.param)


@pytest.fixture
def full():
    return _make("full")


@pytest.fixture
def few_events():
    return _make("few_events")


@pytest.fixture
def no_cost():
    return _make("no_cost")


def _make(case):
    if case not in _made:
        _made[case] = CASES[case]()
    return _made[case]
