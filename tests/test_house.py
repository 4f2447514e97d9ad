"""How the house is built: what the counts of `tests/house.py` must keep to, and where each file is tested."""

from pathlib import Path

import pytest
from tests import house
from tests.where_tested import WHERE

ROOT = Path(__file__).resolve().parents[1]
AT_MOST = {
    "functions with more than 8 parameters": 12,
    "broad excepts": 5,
    "files over 400 lines": 0,
    "calls with 8 or more positional arguments": 0,
    "fmt: skip": 40,
    "parameters without annotation": 60,
    "dataclasses of six or more fields by position": 0,
}


@pytest.fixture(scope="module")
def found():
    return house.count()


def test_no_imports_go_in_a_circle():
    """All imports count: those at the top, those inside functions, and those for the type checker only."""
    assert not house.circles()


@pytest.mark.parametrize("what", AT_MOST)
def test_calls_signatures_and_files_stay_readable(found, what):
    places = found.get(what, [])
    assert len(places) <= AT_MOST[what], places


WORST = """
@dataclass
class Wide:
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int

def wide(a, b, c, d, e, f, g, h, i: Any):
    try:
        wide(1, 2, 3, 4, 5, 6, 7, 8)  # fmt: skip
    except Exception:
        pass
"""


def test_each_count_sees_what_it_counts(tmp_path):
    (tmp_path / "worst.py").write_text(WORST + "\n" * 400)
    found = house.count(tmp_path)
    once = {what: len(found[what]) for what in [*AT_MOST, "bare Any"]}
    assert once == dict.fromkeys(once, 1) | {"parameters without annotation": 8}


def test_few_annotations_say_nothing(found):
    bare = found.get("bare Any", [])
    assert len(bare) <= 0.12 * len(found["annotations"]), bare


def test_every_source_file_has_a_test_file_of_its_name_or_says_where_it_is_tested():
    lost, twice = [], []
    for path in sorted(house.SOURCE.rglob("*.py")):
        at = path.relative_to(house.SOURCE)
        if at.stem in ("__init__", "__main__"):
            continue
        own = ROOT / "tests" / at.parent / f"test_{at.stem.removeprefix('_')}.py"
        if own.is_file() and at.as_posix() in WHERE:
            twice.append(at.as_posix())
        elif not own.is_file() and at.as_posix() not in WHERE:
            lost.append(at.as_posix())
    assert not lost, "without tests: write them, or say in tests/where_tested.py where they are"
    assert not twice, "has a test file of its name: delete the line in tests/where_tested.py"


def test_the_table_of_where_files_are_tested_names_no_file_that_is_gone():
    gone = [source for source in WHERE if not (house.SOURCE / source).is_file()]
    gone += [test for test in WHERE.values() if not (ROOT / test).is_file()]
    assert not gone
