"""The pages of docs/learn say what the lessons say, and their notebooks hold the code that the examples hold."""

import ast
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rareclass.learning import lesson
from rareclass.learning.lessons import LESSONS
from rareclass.learning.running import examples_folder

DOCS = Path(__file__).resolve().parents[2] / "docs" / "learn"
HERE = [entry for entry in LESSONS if (DOCS / f"{entry.name}.md").is_file()]


@pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.name)
def test_a_page_has_the_lessons_text_its_command_and_its_figure(entry):
    page = (DOCS / f"{entry.name}.md").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse((examples_folder() / entry.file).read_text(encoding="utf-8"))).split("\n\n")
    assert all(block in page for block in text if not block.startswith("rareclass learn")), "write the page anew"
    assert f"`rareclass learn {entry.name}`" in page
    assert "check: " in page
    figures = re.findall(r"\]\((\S+\.svg)\)", page)
    assert figures
    for figure in figures:
        ElementTree.parse(DOCS / figure)


@pytest.mark.parametrize("entry", [e for e in HERE if e.kind == "step"], ids=lambda entry: entry.name)
def test_a_notebook_holds_the_code_of_the_example(entry):
    made = json.loads((DOCS / f"{entry.name}.ipynb").read_text(encoding="utf-8"))
    source = (examples_folder() / entry.file).read_text(encoding="utf-8")
    code = [cell["source"] for cell in made["cells"] if cell["cell_type"] == "code"]
    assert all(part in source for part in code[:-1]), "write the notebook anew with benchmarks/learning_pages.py"
    functions = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in ast.parse("\n".join(code)).body if isinstance(node, ast.FunctionDef)] == functions
    assert len({cell["id"] for cell in made["cells"]}) == len(made["cells"])
    printed = made["cells"][-2]["outputs"][0]["text"]
    assert "check: " in printed
    page = (DOCS / f"{entry.name}.md").read_text(encoding="utf-8")
    assert page.partition("```text\n")[2].partition("\n```")[0] == printed, "page and notebook are of two runs"


SECONDS = ("data", "accuracy", "metrics", "resampling", "focal-loss", "costs", "flowcharts", "cost-matrix")


@pytest.mark.parametrize("name", SECONDS)
def test_a_page_shows_what_a_full_run_prints_today(name, tmp_path, capsys):
    lesson(name).main(tmp_path)
    printed = capsys.readouterr().out.strip("\n")
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8").partition("```text\n")[2].partition("\n```")[0]
    off = r"largest difference \S+"  # the last digit, which may differ from machine to machine, as pixels do below
    assert re.sub(off, "", page) == re.sub(off, "", printed), "write the page anew"
    for figure in tmp_path.glob("*.svg"):
        shown, drawn = ((folder / figure.name).read_text(encoding="utf-8") for folder in (DOCS, tmp_path))
        assert re.sub(r"-?[\d.]+", "", shown) == re.sub(r"-?[\d.]+", "", drawn), "draw it anew"
