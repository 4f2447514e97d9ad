"""Reading tables: every source gives the same table, every unusable one a single sentence."""

import contextlib
import gzip
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from rareclass.data import read_table, table_fingerprint
from rareclass.errors import ReadError, SchemaError

COLUMNS = {"amount": [9.5, None, 2.25], "count": [1, 2, 3], "shop": ["a", None, "b;c"], "flag": [True, False, None]}


@pytest.fixture
def table():
    return pa.table(COLUMNS)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def is_one_sentence(error):
    text = str(error.value)
    return "\n" not in text and "Traceback" not in text and len(text) < 400


def test_every_source_gives_the_same_table(table, tmp_path):
    frame = pd.DataFrame(COLUMNS).astype({"flag": "boolean"})
    csv = frame.to_csv(index=False).encode()
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    pa.feather.write_feather(table, tmp_path / "t.feather")
    with pa.ipc.new_stream(str(tmp_path / "t.arrow"), table.schema) as stream:
        stream.write_table(table)
    sources = {
        "dict": COLUMNS,
        "arrow": table,
        "batch": table.to_batches()[0],
        "pandas": frame,
        "pandas with an index": frame.set_index(pd.Index([7, 7, 9])),
        "polars": pl.DataFrame(COLUMNS),
        "polars lazy": pl.DataFrame(COLUMNS).lazy(),
        "narwhals": nw.from_native(pl.DataFrame(COLUMNS)),
        "rows": table.to_pylist(),
        "csv": write(tmp_path, "t.csv", csv),
        "csv as text path": str(write(tmp_path, "t2.csv", csv)),
        "csv.gz": write(tmp_path, "t.csv.gz", gzip.compress(csv)),
        "gzip without its suffix": write(tmp_path, "zipped.csv", gzip.compress(csv)),
        "byte order mark": write(tmp_path, "bom.csv", b"\xef\xbb\xbf" + csv),
        "semicolon": write(tmp_path, "semi.csv", frame.to_csv(index=False, sep=";").encode()),
        "tsv": write(tmp_path, "t.tsv", frame.to_csv(index=False, sep="\t").encode()),
        "windows line ends": write(tmp_path, "crlf.csv", csv.replace(b"\n", b"\r\n")),
        "parquet": tmp_path / "t.parquet",
        "feather": tmp_path / "t.feather",
        "arrow stream": tmp_path / "t.arrow",
    }
    wanted = table_fingerprint(table)
    for name, source in sources.items():
        got = read_table(source)
        assert got.column_names == list(COLUMNS), name
        assert table_fingerprint(got) == wanted, name


def test_matrices_get_numbered_columns_and_keep_nan_as_missing():
    got = read_table(np.array([[1.0, np.nan], [3.0, 4.0]]))
    assert got.column_names == ["x0", "x1"]
    assert got.column("x1").null_count == 1
    assert read_table([[1, 2], [3, 4]]).to_pydict() == {"x0": [1, 3], "x1": [2, 4]}
    structured = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    assert read_table(structured).column_names == ["a", "b"]


def test_nothing_of_the_user_is_modified():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": pd.Categorical(["x", "y"])})
    before = frame.copy()
    matrix = np.array([[1.0, np.nan]])
    read_table(frame), read_table(matrix)
    pd.testing.assert_frame_equal(frame, before)
    assert np.isnan(matrix[0, 1])


def test_pandas_categories_dates_and_integer_names_survive():
    frame = pd.DataFrame({0: pd.Categorical(["x", None]), "when": pd.to_datetime(["2024-01-01", None])})
    got = read_table(frame)
    assert got.column_names == ["0", "when"]
    assert pa.types.is_dictionary(got.column("0").type)
    assert pa.types.is_timestamp(got.column("when").type)


def test_polars_strings_become_plain_strings():
    frame = pl.DataFrame({"a": ["x", None], "b": pl.Series(["u", "v"], dtype=pl.Categorical)})
    got = read_table(frame)
    assert got.schema.types == [pa.large_string(), pa.dictionary(pa.int32(), pa.large_string())]


def test_late_decimals_and_late_texts_widen_a_csv_column(tmp_path):
    path = write(tmp_path, "late.csv", b"a,b\n" + b"1,\n" * 400_000 + b"1.5,x\n")
    got = read_table(path)
    assert got.column("a")[-1].as_py() == 1.5
    assert got.column("b")[-1].as_py() == "x"


def test_quoted_separators_and_line_breaks_stay_inside_their_cell(tmp_path):
    got = read_table(write(tmp_path, "q.csv", b'a,b\n"x,\ny",1\n'))
    assert got.to_pydict() == {"a": ["x,\ny"], "b": [1]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("empty.parquet", b"", "is empty"),
        ("header.csv", b"a,b\n", "no rows"),
        ("blank.csv", b"\n\n1,2\n", "column names"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
        ("neither.csv", b"a,b\n1,\x81\x8d\n", "`encoding`"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 50_000, mtime=0)[:-100], "cut off"),
        ("tiny.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:12], "cut off"),
        ("fake.parquet", b"a,b\n1,2\n", "parquet"),
        ("fake.feather", b"a,b\n1,2\n", "Arrow"),
        ("book.xlsx", b"PK\x03\x04rest", "Excel"),
        ("binary.csv", b"a\0b\x01\n1,2\n", "not a text table"),
        ("values.csv", b"0.5,1\n0.7,2\n", "numbers, not column names"),
    ],
)
def test_an_unusable_file_gets_one_sentence_that_names_it(tmp_path, name, content, said):
    path = write(tmp_path, name, content)
    with pytest.raises(ReadError) as error:
        read_table(path)
    assert said in str(error.value)
    assert name in str(error.value)
    assert is_one_sentence(error)


@pytest.mark.parametrize("keep", [4, 100, -10])
def test_a_cut_parquet_file_gets_one_sentence(table, tmp_path, keep):
    path = tmp_path / "t.parquet"
    pa.parquet.write_table(table, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ReadError, match=r"t\.parquet") as error:
        read_table(path)
    assert is_one_sentence(error)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(ReadError, match=r"no file .*absent\.csv"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(ReadError, match="is a folder"):
        read_table(tmp_path)


def test_a_table_without_rows_is_refused(tmp_path):
    pa.parquet.write_table(pa.table({"a": pa.array([], pa.int8())}), tmp_path / "none.parquet")
    with pytest.raises(ReadError, match="no rows"):
        read_table(tmp_path / "none.parquet")


def test_duplicate_column_names_are_refused_everywhere(tmp_path):
    pair = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    pa.parquet.write_table(pair, tmp_path / "d.parquet")
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    csv = write(tmp_path, "d.csv", b"a,b,a\n1,2,3\n")
    for source in (pair, tmp_path / "d.parquet", frame, csv, {"1": [1], 1: [2]}):
        with pytest.raises(SchemaError, match="more than one column called"):
            read_table(source)


def test_objects_that_are_no_tables_are_refused_in_a_sentence():
    for source, error in (
        ({"a": [1, 2], "b": [1]}, SchemaError),
        ({"a": [1, "x", {}]}, SchemaError),
        (pd.DataFrame({"a": [1, "x"]}), SchemaError),
        (pd.DataFrame({("a", "b"): [1]}), SchemaError),
        (np.zeros(3), SchemaError),
        (np.zeros((2, 2, 2)), SchemaError),
        ([[1, 2], [3]], SchemaError),
        (object(), ReadError),
    ):
        with pytest.raises(error) as caught:
            read_table(source)
        assert is_one_sentence(caught)


def test_sparse_matrices_are_refused_in_a_sentence():
    from scipy.sparse import csr_matrix

    with pytest.raises(SchemaError, match="sparse"):
        read_table(csr_matrix(np.eye(2)))


def test_rows_that_lack_a_key_are_missing_there():
    assert read_table([{"a": 1}, {"b": "x"}]).to_pydict() == {"a": [1, None], "b": [None, "x"]}


def test_rare_types_get_a_plain_form():
    table = pa.table(
        {
            "decimal": pa.array([1, None], pa.decimal128(5, 2)),
            "half": pa.array(np.array([1, 2], np.float16)),
            "clock": pa.array([1, 3_600], pa.time32("s")),
            "lasting": pa.array([1_500, None], pa.duration("ms")),
            "view": pa.array(["a", "b"], pa.string_view()),
            "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2]), pa.array([5, 6])),
        }
    )
    got = read_table(table)
    assert got.to_pydict() == {
        "decimal": [1.0, None],
        "half": [1.0, 2.0],
        "clock": [1.0, 3600.0],
        "lasting": [1.5, None],
        "view": ["a", "b"],
        "runs": [5, 6],
    }
    sparse = pd.DataFrame({"s": pd.arrays.SparseArray([0, 1, 0])})
    assert read_table(sparse).to_pydict() == {"s": [0, 1, 0]}
    hours = read_table({"h": np.array(["2024-01-01T05"], "M8[h]"), "b": np.array([b"x"])})
    assert hours.to_pylist()[0]["b"] == "x"
    assert hours.to_pylist()[0]["h"].hour == 5


def test_whole_decimals_that_a_float_would_round_stay_whole():
    """As data bases write their keys: 2^53 and its successor are one float."""
    keys = [2**53, 2**53 + 1, 10**18 - 1, None]
    for digits in (18, 38):
        got = read_table({"key": pa.array([v if v is None else Decimal(v) for v in keys], pa.decimal128(digits, 0))})
        assert (got.schema.field("key").type, got["key"].to_pylist()) == (pa.int64(), keys)
    for kind in (pa.decimal128(15, 0), pa.decimal128(38, 2)):
        assert read_table({"key": pa.array([1, None], pa.int32()).cast(kind)}).schema.field("key").type == pa.float64()
    beyond = read_table({"key": pa.array([Decimal(2**70)], pa.decimal128(38, 0))})
    assert beyond["key"].to_pylist() == [2.0**70]


def test_damaged_bytes_are_refused_and_never_crash_the_process(tmp_path):
    """75 random damages to each kind of file: a table or a sentence. Unchecked Arrow offsets would end the process."""
    rng = np.random.default_rng(0)
    plain = pa.table({"n": rng.normal(size=50), "s": list("abcde") * 10, "t": ["word"] * 50})
    table = plain.set_column(1, "s", plain["s"].dictionary_encode())
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    pa.feather.write_feather(table, tmp_path / "t.feather", compression="uncompressed")
    (tmp_path / "t.csv").write_text(plain.to_pandas().to_csv(index=False))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    for name in ("t.parquet", "t.feather", "t.csv", "t.csv.gz"):
        raw = (tmp_path / name).read_bytes()
        for _ in range(75):
            damaged = bytearray(raw)
            for _ in range(rng.integers(1, 10)):
                damaged[rng.integers(len(raw))] = rng.integers(256)
            path = write(tmp_path, f"damaged_{name}", bytes(damaged[: rng.integers(1, 2 * len(raw))]))
            with contextlib.suppress(ReadError, SchemaError):
                table_fingerprint(read_table(path))
