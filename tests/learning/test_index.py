"""docs/learning.md is the index: it names every lesson, links every page that is there, and no link is dead."""

import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from rareclass.advisor import Diagnosis
from rareclass.cli.app import VERBS, app
from rareclass.learning.lessons import LESSONS
from rareclass.treatments.names import SPOKEN
from rareclass.treatments.registry import TREATMENTS, make_treatment

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


def key_terms() -> list[tuple[str, str]]:
    """(what people say, the code in the cell that says where it is), of the table at the end of the index."""
    table = INDEX.partition("## Key terms")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    return [(row[0], code) for row in rows for code in re.findall(r"`([^`]+)`", row[2])]


ROOMS = ("", ".calibration", ".decisions", ".losses", ".metrics", ".monitoring", ".lifecycle")


@pytest.mark.parametrize(("term", "code"), key_terms(), ids=lambda said: said)
def test_every_key_term_is_where_the_table_says(term, code):
    verbs = {verb.__name__.rsplit(".", 1)[-1].replace("_", "-") for verb in VERBS}
    if code.startswith("--"):
        options = typer.main.get_command(app).commands["compare"].params
        assert code in {name for option in options for name in option.opts}
    elif code.startswith("rareclass "):
        assert code.removeprefix("rareclass ") in verbs
    elif code.startswith("rareclass."):
        assert importlib.import_module(code).__all__
    else:
        named = {*verbs, *TREATMENTS, *SPOKEN, *(f.name for f in fields(Diagnosis))}
        assert code in named or any(hasattr(importlib.import_module(f"rareclass{room}"), code) for room in ROOMS)


def test_the_table_has_all_terms_with_their_steps():
    terms = {term for term, _ in key_terms()}
    assert len(terms) >= 18
    for number, name in re.findall(r"\*\*(\d+)\.\*\* \[[^\]]+\]\(learn/([a-z-]+)\.md\)", INDEX):
        assert [entry.name for entry in LESSONS if entry.kind == "step"][int(number) - 1] == name


def test_the_readme_leads_a_beginner_here():
    assert "docs/learning.md" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
