"""Runs lessons from scratch in full, and writes what docs/learn/ shows of them: a page, its figure, and a notebook.

    python benchmarks/learning_pages.py data accuracy metrics ...      (without names: all steps and experiments)
    python benchmarks/learning_pages.py medical-images                 its table goes into docs/deep_learning.md
    python benchmarks/learning_pages.py --runs DIR seven-ways          takes DIR/seven-ways.txt and its figures instead

A page says what the lesson's own text says, what it printed and what to look at; a notebook holds its code, cell by
cell, with what it printed. Steps take seconds, seven-ways and the experiments minutes each.
"""

import argparse
import ast
import contextlib
import io
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rareclass.learning import lesson
from rareclass.learning.lessons import LESSONS, Lesson, find_lesson
from rareclass.learning.running import examples_folder

DOCS = Path(__file__).resolve().parents[1] / "docs" / "learn"


def ran(entry: Lesson, runs: Path | None) -> tuple[str, list[Path]]:
    """What a lesson printed, and its figures."""
    if runs is not None:
        folder, said = runs, (runs / f"{entry.name}.txt").read_text(encoding="utf-8")
    else:
        folder, told = Path(tempfile.mkdtemp()), io.StringIO()
        with contextlib.redirect_stdout(told):
            lesson(entry.name).main(folder)
        said = told.getvalue()
    drawn = re.findall(r"^figure: (\S+):", said, flags=re.M)
    return said.strip("\n"), [folder / name for name in drawn]


def quote(entry: Lesson, said: str) -> None:
    """Put what the medical project prints about its table where docs/deep_learning.md shows it."""
    page = DOCS.parent / "deep_learning.md"
    if entry.name != "medical-images":
        return
    table = said.partition("Part four: the honest table\n")[2].partition("\n\nPart five")[0]
    before, start, rest = page.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    _, end, after = rest.partition("<!-- end of measured -->")
    if not (table and start and end):
        raise SystemExit(f"{page} or what the lesson printed has no place for its table.")
    page.write_text(f"{before}{start}```text\n{table}\n```\n{end}{after}", encoding="utf-8")


def page(entry: Lesson, text: str, said: str, figures: list[Path]) -> str:
    """The page as Markdown."""
    return f"""# {entry.title}

{text}

{pictures(figures)}

{entry.look}

## What it prints

```text
{said}
```

Made by `rareclass learn {entry.name}`, which takes {entry.takes}{quicker(entry)}.
The code: [{entry.file}](../../examples/{entry.file}){notebook_link(entry)}.
All lessons: [the learning path](../learning.md).
"""


def pictures(figures: list[Path]) -> str:
    """Each figure, with what it says to a screen reader."""
    return "\n\n".join(f"![{spoken(figure)}]({figure.name})" for figure in figures)


def spoken(figure: Path) -> str:
    """Title and description of an SVG, in one line."""
    top = ElementTree.parse(figure).getroot()
    parts = (top.findtext(f"{{http://www.w3.org/2000/svg}}{tag}", "").strip() for tag in ("title", "desc"))
    return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in parts if part)


def quicker(entry: Lesson) -> str:
    return "" if entry.takes == "seconds" else "; with `--quick` seconds"


def notebook_link(entry: Lesson) -> str:
    return f", and cell by cell [as a notebook]({entry.name}.ipynb)" if entry.kind == "step" else ""


def notebook(entry: Lesson, source: str, said: str, figures: list[Path]) -> dict[str, Any]:
    """The lesson's code, a cell for the imports and one for each function, and what its last cell printed."""
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    parts: list[str] = [""]
    before = tree.body[0].end_lineno or 0  # behind the text of the module
    for node in tree.body[1:]:
        if isinstance(node, ast.If):  # runs the file from the command line
            break
        code = "".join(lines[before : node.end_lineno])
        parts += [code] if isinstance(node, ast.FunctionDef) else []
        if not isinstance(node, ast.FunctionDef):
            parts[-1] += code
        before = node.end_lineno or 0
    parts.append('found = main(Path("."))')
    cells: list[dict[str, Any]] = [said_cell(f"# {entry.title}\n\n{prose(tree)}")]
    for i, code in enumerate(part.strip() for part in parts if part.strip()):
        cell = {"cell_type": "code", "id": f"code-{i}", "metadata": {}, "source": code, "outputs": []}
        cells.append(cell | {"execution_count": i + 1})
    cells[-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": said}]
    cells.append(said_cell(f"{pictures(figures)}\n\n{entry.look}"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}


def said_cell(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"text-{len(text)}", "metadata": {}, "source": text}


def prose(tree: ast.Module) -> str:
    """The module's text without its first line and without the lines that say how to run it."""
    blocks = (ast.get_docstring(tree) or "").split("\n\n")
    kept = [b for b in blocks[1:] if not b.startswith("rareclass learn")]
    return "\n\n".join([blocks[0], *kept])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=Path, help="folder of runs made before: NAME.txt and figures")
    given = parser.parse_args()
    names = given.names or [e.name for e in LESSONS if e.kind != "project"]
    DOCS.mkdir(parents=True, exist_ok=True)
    for name in names:
        entry = find_lesson(name)
        source = (examples_folder() / entry.file).read_text(encoding="utf-8")
        said, figures = ran(entry, given.runs)
        (DOCS / f"{entry.name}.md").write_text(page(entry, prose(ast.parse(source)), said, figures), encoding="utf-8")
        quote(entry, said)
        for figure in figures:
            shutil.copy(figure, DOCS / figure.name)
        if entry.kind == "step":
            made = json.dumps(notebook(entry, source, said, figures), indent=1, ensure_ascii=False)
            (DOCS / f"{entry.name}.ipynb").write_text(made + "\n", encoding="utf-8")
        print(f"docs/learn/{entry.name}.md")


if __name__ == "__main__":
    main()
