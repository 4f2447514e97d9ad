"""docs/learning.md is the index: it names every lesson, links every page that is there, and no link is dead."""

import re
from pathlib import Path

import pytest

from rareclass.learning.lessons import LESSONS
from rareclass.treatments.registry import make_treatment

DOCS = Path(__file__).resolve().parents[2] / "docs"
INDEX = (DOCS / "learning.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", LESSONS, ids=lambda entry: entry.name)
def test_every_lesson_is_named_and_its_page_linked(entry):
    page = f"learn/{entry.name}.md"
    assert f"]({page})" in INDEX or f"`rareclass learn {entry.name}`" in INDEX
    if (DOCS / page).is_file():
        assert f"]({page})" in INDEX


def test_no_link_is_dead():
    for target in {*re.findall(r"\]\(([^)#]+)\)", INDEX)}:
        assert (DOCS / target).exists(), target


def test_every_hybrid_is_a_treatment():
    table = INDEX.partition("## Hybrids by name")[2].partition("## Projects")[0]
    named = re.findall(r"^\| [^|]+ \| `([^`]+)`", table, flags=re.M)
    assert len(named) == 5
    for name in named:
        assert make_treatment(name).label.count("+") == 1


def test_the_readme_leads_a_beginner_here():
    assert "docs/learning.md" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
