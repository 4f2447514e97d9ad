"""Values of rows become the numbers that the encoder of tables gives."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from rareclass.data import TableEncoder, read_table
from rareclass.data.schema import Column
from rareclass.errors import SchemaError
from rareclass.scoring.rows import RowEncoder

N = 300
MOMENTS = [dt.datetime(1990, 1, 1) + dt.timedelta(hours=7 * i, microseconds=i) for i in range(N)]
BEYOND = 2**53 + 1


def fitted(kind, values):
    return TableEncoder([Column("v", kind)], text_buckets=8).fit(read_table({"v": values}))


ENCODERS = {
    "number": fitted("number", [0.5 * i for i in range(N)]),
    "integer": fitted("integer", list(range(N))),
    "boolean": fitted("boolean", [i % 2 == 0 for i in range(N)]),
    "time": fitted("time", MOMENTS),
    "text": fitted("text", [f"Word {i} of 42!" for i in range(N)]),
    "category": fitted("category", ["a", "b", "a", "b", "true", "false", "1", "2.5", "rare", "2024-01-02"] * 5 + ["x"]),
}
SAME = {
    "number": [
        1, 1.5, -0.0, True, None, float("nan"), float("inf"), -float("inf"), BEYOND, -(2**63), "1.5", " 7 ", "1e3",
        "nan", "inf", "?", "", "12,5", "1.234.567", "5 %", np.float32(0.1), np.int8(3), np.bool_(True), np.float64(2.5),
        np.uint64(2**63 + 1), decimal.Decimal("1.25"), dt.timedelta(days=1.5), dt.time(1, 2, 3), np.float16(0.5),
    ],
    "integer": [5, BEYOND, None, "12", 3.7, False],
    "boolean": [True, False, None, "true", " FALSE ", "1", "0", 0, 1, 1.0, -0.0, np.bool_(True), float("nan"), -np.inf],
    "time": [
        "2024-01-02", "2024-01-02T03", "2024-01-02 03:04", "2024-01-02 03:04:05.123", "2024-01-02T03:04:05Z",
        "2024-01-02 03:04:05+05:30", "2024-01-02 03:04:05-0800", "31.12.2024", "12/31/2024 5:06 PM", "3 Mar 2021", None,
        dt.date(2000, 2, 29), dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime(2500, 6, 1, 1, 2, 3, 7),
        dt.datetime(2024, 1, 1, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))), pd.Timestamp("2024-05-06 07:08:09"),
        "0000-01-01", "0000-02-29 13:04", "0001-01-01", "9999-12-31 23:59:59.999999",
        "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00",
        dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-5))), dt.datetime.max.replace(tzinfo=dt.UTC),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=5))),
        np.datetime64("20000-01-01"), np.datetime64("-5000-01-01"), np.datetime64("20000-01-01", "s"),
    ],
    "text": ["WIN £5 now!", "", None, "Grüße  42", np.str_("a b")],
    "category": [
        "a", "b", "rare", "x", "never", None, 1, 1.0, 2.5, True, "true", False, np.int64(1), np.float32(2.5),
        dt.date(2024, 1, 2), float("inf"), float("nan"), BEYOND, "2024-01-02", dt.timedelta(seconds=1), pd.NA,
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value"), [(k, v) for k, values in SAME.items() for v in values], ids=lambda v: repr(v)[:40]
)
def test_a_value_alone_is_read_as_in_a_table(kind, value):
    encoder = ENCODERS[kind]
    if isinstance(value, float) and np.isnan(value) and kind in ("text", "time"):
        pytest.skip("a table of one NaN is a table of numbers")
    wanted = encoder.transform(read_table([{"v": value}])).matrix
    np.testing.assert_array_equal(RowEncoder(encoder.to_dict()).matrix({"v": value}), wanted)


@pytest.mark.parametrize("kind", ENCODERS)
def test_names_are_those_of_the_table_encoder(kind):
    assert RowEncoder(ENCODERS[kind].to_dict()).encoded_names() == list(ENCODERS[kind].feature_names)


@pytest.mark.parametrize("kind", SAME)
def test_rows_alone_equal_rows_together(kind):
    rows = [{"v": value} for value in SAME[kind] if not (isinstance(value, str) and kind == "time")]
    rows = [row for row in rows if not isinstance(row["v"], str) or row["v"] not in ("1.234.567", "5 %", "12,5")]
    encoder = RowEncoder(ENCODERS[kind].to_dict())
    np.testing.assert_array_equal(encoder.matrix(rows), np.vstack([encoder.matrix(row) for row in rows]))


@pytest.mark.parametrize("kind", ["number", "time"])
def test_texts_of_a_batch_tell_each_other_what_they_mean(kind):
    texts = ["1,5", "1,234", None] if kind == "number" else ["03/04/2024", "31/12/2024", None]
    encoder, rows = ENCODERS[kind], [{"v": t} for t in texts]
    together = RowEncoder(encoder.to_dict()).matrix(rows)
    np.testing.assert_array_equal(together, encoder.transform(read_table(rows)).matrix)
    doubtful = texts[1] if kind == "number" else texts[0]
    with pytest.raises(SchemaError, match=f"'v' holds '{doubtful}' "):
        RowEncoder(encoder.to_dict()).matrix({"v": doubtful})


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "abc", "a number"),
        ("number", "1_000", "a number"),
        ("number", [1], "a number"),
        ("number", {"a": 1}, "a number"),
        ("number", dt.date(2024, 1, 1), "a number"),
        ("number", 1j, "a number"),
        ("boolean", "maybe", "true or false"),
        ("boolean", 2, "true or false"),
        ("boolean", -7, "true or false"),
        ("boolean", 0.5, "true or false"),
        ("boolean", np.float32(1e-30), "true or false"),
        ("boolean", np.int8(-1), "true or false"),
        ("boolean", decimal.Decimal(2), "true or false"),
        ("boolean", "2", "true or false"),
        ("number", 10**400, "a number"),
        ("number", -(10**5000), "a number"),
        ("boolean", 10**400, "true or false"),
        ("category", 10**5000, "a text or another single value"),
        ("time", 10**5000, "a date"),
        ("time", np.datetime64(10**15, "h"), "a date"),
        ("time", np.datetime64(10**9, "D"), "a date"),
        ("time", "soon", "a date"),
        ("time", 5, "a date"),
        ("time", "2024-02-30", "a date"),
        ("text", 5, "a text"),
        ("category", ["a"], "a text or another single value"),
        ("category", b"a", "a text or another single value"),
    ],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__,
)
def test_a_wrong_value_is_named_with_its_column_its_type_and_what_was_expected(kind, value, expected):
    encoder = RowEncoder(ENCODERS[kind].to_dict())
    said = f"Column 'v' holds .*\\({type(value).__name__}\\).*the model expects {expected}"
    with pytest.raises(SchemaError, match=said):
        encoder.matrix({"v": value})
    if not isinstance(value, str):  # texts of a batch are judged together
        with pytest.raises(SchemaError, match="in row 2"):
            encoder.matrix([{"v": None}, {"v": value}])


@pytest.mark.parametrize("value", [2, -7, 0.5, 1e300])
def test_a_flag_that_is_no_truth_is_refused_in_every_form(value):
    fit = TableEncoder([Column("n", "number"), Column("v", "boolean")]).fit(
        read_table({"n": [1, 2], "v": [True, False]})
    )
    encoder = RowEncoder(fit.to_dict())
    good, bad = {"n": 5.0, "v": 1}, {"n": 5.0, "v": value}
    forms = {
        "mapping": bad,
        "mappings": [good, bad],
        "lists": [[5, 1], [5, value]],
        "array": np.array([[5, 0], [5, np.nan], [5, value]]),
        "one": np.array([5.0, value]),
        "table": read_table({"n": [5, 5, 5], "v": [1, None, value]}),
        "frame": pd.DataFrame({"n": [5, 5], "v": [1, value]}),
        "text": read_table({"n": [5, 5], "v": ["1", str(value)]}),
    }
    for form, rows in forms.items():
        with pytest.raises(SchemaError, match="Column 'v' ") as error:
            encoder.matrix(rows)
        assert f"{value:g}" in str(error.value), form
    fine = np.array([[5, 0], [5, 1], [5, np.nan], [5, np.inf]])
    np.testing.assert_array_equal(encoder.matrix(fine)[:, 1], [0, 1, np.nan, np.nan])


def test_numpy_dates_of_any_unit_are_dates():
    encoder = RowEncoder(ENCODERS["time"].to_dict())
    wanted = encoder.matrix({"v": dt.datetime(2024, 1, 2)})
    for unit in ("D", "h", "s", "ns"):
        np.testing.assert_array_equal(encoder.matrix({"v": np.datetime64("2024-01-02", unit)}), wanted)
    assert np.isnan(encoder.matrix({"v": np.datetime64("NaT")})).all()


def test_a_date_of_which_only_the_day_counts_is_one_number():
    days = [dt.date(2020, 1, 6) + dt.timedelta(days=7 * (i % 3)) for i in range(30)]  # Mondays of one month
    table = TableEncoder([Column("x", "number"), Column("v", "time")]).fit(read_table({"x": [0.5] * 30, "v": days}))
    rows = RowEncoder(table.to_dict())
    assert rows.width == 2
    wanted = table.transform(read_table({"x": [1.5], "v": [days[1]]})).matrix
    np.testing.assert_array_equal(rows.one({"x": 1.5, "v": days[1]}), wanted)
    np.testing.assert_array_equal(rows.matrix({"x": 1.5, "v": str(days[1])}), wanted)
