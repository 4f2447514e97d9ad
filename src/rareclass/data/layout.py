"""How a file of separated text is laid out: encoding, separator, where its header stands."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rareclass.errors import InputError, ReadError

SEPARATORS = ("\t", ";", "|", ",")
_HEAD = 1 << 18
_ROWS = 200
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WINDOWS = "cp1252"


@dataclass(frozen=True, kw_only=True)
class TextFormat:
    """How a file of text is written; what is None is found out.

    Attributes
    ----------
    separator : str or None
        One character between the cells.
    encoding : str or None
        A name that Python knows, such as "cp1252" or "utf-16".
    decimal : {".", ","} or None
        Decimal mark of numbers that may be read either way, such as 1,234.
    date_format : str or None
        Such as "%d/%m/%Y".
    missing : tuple of str
        Texts that stand for no value, besides the usual ones.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            raise InputError(f"`separator` must be one character, such as ';' or 'tab'; got {self.separator!r}.")
        if self.decimal not in (None, ".", ","):
            raise InputError(f"`decimal` must be '.' or ','; got {self.decimal!r}.")
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError:
                raise InputError(
                    f"`encoding` must be one that Python knows, such as utf-8, cp1252, latin-1 or utf-16; "
                    f"got {self.encoding!r}."
                ) from None
        if self.date_format is not None and not re.search("%[a-zA-Z]", self.date_format):
            raise InputError(f"`date_format` must be written like %d.%m.%Y; got {self.date_format!r}.")


@dataclass(frozen=True)
class Source:
    """Bytes with a name: a file, or what came through a pipe."""

    name: str
    path: Path | None = None
    content: bytes = b""

    def open(self) -> io.IOBase:
        return io.BytesIO(self.content) if self.path is None else self.path.open("rb")

    def head(self, size: int) -> bytes:
        with self.open() as stream:
            found: bytes = stream.read(size)
        return found

    def __str__(self) -> str:
        return repr(self.name)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What was found.

    Attributes
    ----------
    encoding, separator : str
    names : tuple of str
        Names of the columns as they stand in the header.
    skip : int
        Lines up to and with the header.
    rows : bool
        Whether any line with cells follows.
    zipped : bool
    notes : tuple of str
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    skip: int
    rows: bool
    zipped: bool = False
    notes: tuple[str, ...] = ()


def find_layout(source: Source, how: TextFormat, *, zipped: bool) -> Layout:
    """Look at the first lines of a file of text.

    Raises
    ------
    ReadError
        It holds no text, cannot be decoded, or has no header.
    """
    head, whole = _first_bytes(source, zipped)
    text, encoding = _decode(head, how.encoding, source, whole)
    if "\0" in text:
        raise ReadError(f"{source} is not a text table. Save it as csv or parquet.")
    lines = re.split(r"\r\n|\n|\r", text)
    if not whole and len(lines) > 1:
        lines.pop()
    if not any(line.strip() for line in lines):
        raise ReadError(f"{source} does not begin with a line of column names: it holds blanks only.")
    first = next(i for i, line in enumerate(lines) if line.strip())
    declared = re.fullmatch(r'"?sep=(.)"?[;,\t|]*', lines[first].strip(), re.IGNORECASE)
    start = first + 1 if declared else 0
    separator = how.separator or (declared[1] if declared else None) or _separator(lines[start:], source.name)
    every = _records(lines[start:], separator)
    records = [r for r in every if any(cell.strip() for cell in r[1])]
    if not records:
        raise ReadError(f"{source} does not begin with a line of column names.")
    at = _header(records)
    names, notes = [name.strip() for name in records[at][1]], []
    begins = start + (records[at - 1][0] if at else 0)
    if at:
        notes.append(f"The column names of {source} were taken from line {_line(lines, begins)}, below other text.")
    if names[0].startswith("#"):
        names[0] = names[0].lstrip("# ")
    names = _same_width(names, [r for _, r in records[at + 1 :]], source, separator)
    if encoding == WINDOWS and how.encoding is None:
        notes.append(
            f"{source} is not encoded in UTF-8; it was read as {WINDOWS} (Windows, western Europe). If letters look "
            "wrong, name another with `encoding`."
        )
    return Layout(
        encoding=encoding,
        separator=separator,
        names=tuple(names),
        skip=start + records[at][0],
        rows=any(cells and line > records[at][0] for line, cells in every) or not whole,
        zipped=zipped,
        notes=tuple(notes),
    )


def _line(lines: list[str], begins: int) -> int:
    return next(i for i in range(begins, len(lines)) if lines[i].strip()) + 1


def _first_bytes(source: Source, zipped: bool) -> tuple[bytes, bool]:
    try:
        with source.open() as raw, gzip.open(raw, "rb") if zipped else raw as stream:
            head = stream.read(_HEAD + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{source} is cut off or damaged: {str(error).strip().rstrip('.')[:200]}.") from None
    return head[:_HEAD], len(head) <= _HEAD


def _decode(head: bytes, asked: str | None, source: Source, whole: bool) -> tuple[str, str]:
    if asked is not None:
        try:
            return codecs.getincrementaldecoder(asked)().decode(head, final=whole).removeprefix("\ufeff"), asked
        except UnicodeError:
            raise ReadError(f"{source} is not encoded in {asked}. Name the right one with `encoding`.") from None
    guesses = [name for mark, name in _MARKS if head.startswith(mark)][:1] or ["utf-8-sig", WINDOWS]
    zeros = head[:2000].count(0)
    if guesses[-1] == WINDOWS and zeros > 0.3 * len(head[:2000]):
        guesses = ["utf-16-le" if head[1:2000:2].count(0) > zeros / 2 else "utf-16-be"]
    for encoding in guesses:
        try:
            return codecs.getincrementaldecoder(encoding)().decode(head, final=whole), encoding
        except UnicodeError:
            continue
    raise ReadError(
        f"{source} is not encoded in UTF-8, and not in {WINDOWS} either. Name its encoding with `encoding`, or save it "
        "again as UTF-8."
    )


def _records(lines: Sequence[str], separator: str) -> list[tuple[int, list[str]]]:
    """Cells of the first records, each with the number of lines up to its end."""
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator)
    found: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            found.append((reader.line_num, cells))
            if len(found) == _ROWS:
                break
    except csv.Error:
        pass
    return found


def _separator(lines: Sequence[str], name: str) -> str:
    """The separator that cuts most lines into the same number of cells, at least two; then the most cells."""
    scores = {}
    for separator in SEPARATORS:
        widths = [len(cells) for _, cells in _records(lines, separator) if any(c.strip() for c in cells)]
        width, often = max(Counter(widths).items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        scores[separator] = (width > 1, often / max(len(widths), 1), width)
    if ".tsv" in name.lower() and scores["\t"][0]:
        return "\t"
    best = max(SEPARATORS, key=lambda s: scores[s])
    return best if scores[best][0] else ","


def _header(records: list[tuple[int, list[str]]]) -> int:
    """Which record names the columns: the first that is as wide as most and filled; lines above it are a title."""
    full = max(Counter(len(cells) for _, cells in records).items(), key=lambda item: (item[1], item[0]))[0]
    for i, (_, cells) in enumerate(records if full > 1 else []):
        filled = sum(bool(c.strip()) for c in cells)
        wide = len(cells) >= full or (len(cells) == full - 1 and full > 2)
        if wide and filled >= max(2, full / 2) and not _is_comment(records, i):
            above = records[i - 1][1] if i else []
            named_above = len(above) > 1 and all(c.strip() and not _is_number(c) for c in above)
            return i - 1 if named_above and any(map(_is_number, cells)) else i  # too few names for the rows
    return 0


def _is_comment(records: list[tuple[int, list[str]]], at: int) -> bool:
    """A line with # before a line of names; before a line of values it names the columns itself."""
    cells, following = records[at][1], (records[at + 1][1] if at + 1 < len(records) else [])
    numbers_later = any(any(map(_is_number, cells)) for _, cells in records[at + 2 :])
    return cells[0].lstrip().startswith("#") and not any(map(_is_number, following)) and numbers_later


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\s*[-+]?[\d.,]*\d[\d.,]*%?\s*", cell) is not None


def _same_width(names: list[str], rows: list[list[str]], source: Source, separator: str) -> list[str]:
    """Names for as many columns as the rows have: separators at the end of lines make no column."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(names)
    while len(names) > width and not names[-1]:
        names = names[:-1]
    if len(names) == width - 1:
        if any(row[-1].strip() for row in rows if len(row) == width):
            raise ReadError(
                f"Most rows of {source} have {width} cells, its header {len(names)}: an unnamed first column, or "
                f"decimal commas although {separator!r} separates the cells. Name every column, or export it with "
                "another separator."
            )
        names = [*names, ""]
    return names
