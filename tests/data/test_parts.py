"""Files read part by part: the same table, notes and refusals as read whole."""

import random
from decimal import Decimal

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from rareclass.data import delimited, parts
from rareclass.data.layout import TextFormat
from rareclass.data.parts import ReadWholeError, read_parts
from rareclass.data.read import read_source
from rareclass.errors import ReadError, SchemaError

N = 5_000


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(parts, "ROWS", 700)
    monkeypatch.setattr(delimited, "_BLOCK", 20_000)


def money(i, mark=",", thousands="."):
    whole = f"{(i * 7_919) % 10_000_000 / 100:,.2f}"
    return whole.replace(",", "t").replace(".", mark).replace("t", thousands)


def moment(i):
    return (
        f"{i % 28 + 1:02d}.{i % 12 + 1:02d}.20{i % 9 + 10} {i % 24:02d}:{i % 60:02d}:{(i * 7) % 60:02d}.{i % 1000:03d}"
    )


STYLES = {
    "integers": lambda i: str(i),
    "fractions": lambda i: repr(random.Random(i).gauss(0, 1)),
    "comma": lambda i: money(i),
    "swiss": lambda i: f"CHF {money(i, '.', chr(39))}",
    "percent": lambda i: f"{i % 313 / 4}%" if i % 50 else "?",
    "thousands": lambda i: f"{i % 7 + 1}.{i % 1000:03d}",
    "words": lambda i: f" shop {i} " if i % 3 else "",
    "flags": lambda i: "true" if i % 3 else "false",
    "iso": lambda i: f"20{i % 90 + 10}-{i % 12 + 1:02d}-{i % 28 + 1:02d}",
    "iso moments": lambda i: f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}:{i % 59:02d}",
    "german": moment,
    "short dates": lambda i: f"{i % 28 + 1}/{i % 12 + 1}/{i % 30:02d}",
    "codes": lambda i: f"{i % 400:05d}",
    "nothing": lambda i: "",
    "marks": lambda i: "?" if i % 2 else "-",
    "gaps": lambda i: "" if i % 5 else str(i),
    "long": lambda i: str(10**17 + i * 10**15),
    "powers": lambda i: f"{i}e-3",
    "late fraction": lambda i: f"{i}" if i != N - 2 else "0.5",
    "late code": lambda i: f"{i}" if i != N - 2 else "007",
    "late mark": lambda i: f"{i / 8}" if i != N - 2 else "-",
    "late comma": lambda i: f"{i}" if i != N - 2 else "3,25",
    "late clock": lambda i: f"2024-01-{i % 28 + 1:02d}" if i != N - 2 else "2024-01-01 10:30",
    "late flag": lambda i: str(i % 2) if i != N - 2 else "true",
}
LEFT = {  # must be read whole
    "late word": lambda i: f"{i / 8}" if i != N - 2 else "x",
    "late no date": lambda i: moment(i) if i != N - 2 else "31.02.2024",
}


def write(path, styles, separator=";"):
    lines = [separator.join(styles)]
    lines += [separator.join(style(i) for style in styles.values()) for i in range(N)]
    lines.insert(N // 2, separator * (len(styles) - 1))
    path.write_text("\n".join(lines) + "\n")
    return path


def assert_the_same(path, how=TextFormat(), as_text=(), numeric=()):
    whole = read_source(path, how, as_text=as_text)
    found = read_parts(path, how, as_text=as_text, numeric=numeric)
    pieces = list(found)
    assert max(piece.table.num_rows for piece in pieces) <= 700
    table = pa.concat_tables([piece.table for piece in pieces])
    assert table.schema == whole.table.schema
    assert table.equals(whole.settled()) or table.to_pandas().equals(whole.table.to_pandas())
    if whole.cells is not None:
        assert pa.concat_tables([piece.cells for piece in pieces]).equals(whole.cells)
    assert (found.notes, found.column_notes, found.found) == (whole.notes, whole.column_notes, whole.found)


@pytest.mark.parametrize("name", STYLES)
def test_a_column_of_text_is_what_its_whole_is(tmp_path, name):
    styles = {"other": lambda i: "x" if i % 2 else "", name: STYLES[name]}
    how = TextFormat(decimal="," if name == "thousands" else None)
    assert_the_same(write(tmp_path / "t.csv", styles), how, as_text=("words",))


def test_columns_settle_each_other(tmp_path):
    styles = {n: STYLES[n] for n in ("comma", "thousands", "german", "short dates", "words")}
    assert_the_same(write(tmp_path / "t.csv", styles), as_text=("words",), numeric=("comma", "thousands"))


def test_what_may_mean_two_things_is_refused_alike(tmp_path):
    styles = {"a": STYLES["integers"], "b": lambda i: f"{i % 12 + 1}/{i % 9 + 1}/2024"}
    path = write(tmp_path / "t.csv", styles)
    with pytest.raises(ReadError) as whole:
        read_source(path).settled()
    with pytest.raises(ReadError) as part:
        read_parts(path)
    assert str(part.value) == str(whole.value)


@pytest.mark.parametrize("name", LEFT)
def test_what_only_all_texts_can_settle_is_read_whole(tmp_path, name):
    with pytest.raises(ReadWholeError):
        read_parts(write(tmp_path / "t.csv", {"a": STYLES["integers"], name: LEFT[name]}), numeric=(name,))


def test_titles_unnamed_columns_and_other_encodings(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{i};{i % 7};e{i};" for i in range(N)]
    path.write_bytes("\n".join(["A title", "", "a;;c;", *rows, "1;2;é;", ""]).encode("cp1252"))
    assert_the_same(path, as_text=("c",))


@pytest.mark.parametrize("ending", ["parquet", "arrow", "stream.arrow"])
def test_binary_files(tmp_path, ending):
    table = pa.table(
        {
            "a": pa.array(range(N)),
            "b": pa.array([None if i % 9 == 0 else i / 4 for i in range(N)]),
            "c": pa.array([f"c{i % 5}" for i in range(N)]).dictionary_encode(),
            "d": pa.array(range(N), pa.duration("ms")),
        }
    )
    path = tmp_path / f"t.{ending}"
    if ending == "parquet":
        pa.parquet.write_table(table, path, row_group_size=1_100)
    elif ending == "arrow":
        pa.feather.write_feather(table, str(path), chunksize=900)
    else:
        with pa.ipc.new_stream(path, table.schema) as out:
            out.write_table(table, 1_300)
    assert_the_same(path)
    with pytest.raises(ReadWholeError):
        read_parts(path, numeric=("c",))


def test_damage_in_the_middle_is_said(tmp_path):
    path = tmp_path / "t.parquet"
    pa.parquet.write_table(pa.table({"a": list(range(N))}), path, row_group_size=500, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 600] = bytes(600)
    path.write_bytes(data)
    with pytest.raises(ReadError, match="cannot be read as parquet"):
        list(read_parts(path))
    csv = tmp_path / "t.csv"
    csv.write_text("a,b\n" + "1,2\n" * N + "1,2,3\n" + "1,2\n" * N)
    with pytest.raises(ReadError, match="Expected 2 columns, got 3"):
        read_parts(csv)
    csv.write_text("a,a\n1,2\n")
    with pytest.raises(SchemaError, match="more than one column"):
        read_parts(csv)


def test_a_file_without_rows_is_read_whole(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    with pytest.raises(ReadWholeError):
        read_parts(tmp_path / "t.csv")


def test_decimals_that_are_of_two_types_in_two_parts_take_the_whole_file(tmp_path):
    keys = [Decimal(1)] * (2 * parts.ROWS) + [Decimal(10**20)]
    pa.parquet.write_table(pa.table({"key": pa.array(keys, pa.decimal128(38, 0))}), tmp_path / "t.parquet")
    with pytest.raises(ReadWholeError):
        list(read_parts(tmp_path / "t.parquet"))
