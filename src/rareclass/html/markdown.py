"""The Markdown of model cards as HTML: headings, lists, tables, code and paragraphs; all text is escaped."""

import re
from collections.abc import Iterator
from html import unescape

from rareclass.html.parts import esc

_CODE = re.compile(r"\\(.)|(`+)(.+?)(?<!`)\2(?!`)", re.DOTALL)
_CELL = re.compile(r"(?:\\.|[^|\\])+")


def from_markdown(text: str, level: int = 2) -> str:
    """HTML of the Markdown that model cards are written in; the highest heading becomes ``h{level}``."""
    return "".join(_block(block, level - 1) for block in _blocks(text))


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines between empty ones; fenced code is one block."""
    lines: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fenced ^= line.startswith("```")
        if line.strip() or fenced:
            lines.append(line)
        elif lines:
            yield lines
            lines = []


def _block(lines: list[str], level: int) -> str:
    first = lines[0]
    heading = re.match(r"(#{1,6}) +(.*)", first)
    if heading:
        size = min(len(heading[1]) + level, 6)
        return f"<h{size}>{_inline(heading[2])}</h{size}>"
    if first.startswith("```"):
        return f"<pre><code>{esc(chr(10).join(lines[1:-1]))}</code></pre>"
    if first.startswith("- "):
        return f'<ul class="notes">{"".join(f"<li>{_inline(line[2:])}</li>" for line in lines)}</ul>'
    if first.startswith("|") and len(lines) > 2:
        head, _, *rows = ([_inline(cell.strip()) for cell in _CELL.findall(line.strip()[1:-1])] for line in lines)
        top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
        )
        drawn = f'<table class="small"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
        return f'<div class="scroll">{drawn}</div>'
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    out, last = "", 0
    for found in _CODE.finditer(text):
        out += esc(unescape(text[last : found.start()]))
        out += esc(found[1]) if found[1] else f"<code>{esc(found[3].strip() if len(found[2]) > 1 else found[3])}</code>"
        last = found.end()
    return out + esc(unescape(text[last:]))
