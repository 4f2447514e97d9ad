"""Schema: kinds of columns, what is left out and said, round trips, missing columns."""

import datetime
import json
import math

import numpy as np
import pyarrow as pa
import pytest

from rareclass.data import Schema, read_table
from rareclass.data.schema import read_label, saved_label
from rareclass.errors import InputError, SchemaError, TargetError

N = 200
RNG = np.random.default_rng(0)


def kinds(columns, **options):
    schema = Schema.infer(read_table(columns), **options)
    return {c.name: c.kind for c in schema.columns}, schema


def test_every_kind_is_recognised():
    words = ["alpha", "beta", "gamma", "delta", "epsilon"]
    columns = {
        "number": RNG.normal(size=N),
        "integer": RNG.integers(0, 3, N),
        "boolean": RNG.random(N) < 0.5,
        "category": RNG.choice(["x", "y"], N),
        "letters": RNG.choice(["t", "f"], N),
        "yes_no": RNG.choice(["yes", "no"], N),
        "text": [" ".join(RNG.choice(words, 8)) for _ in range(N)],
        "stamp": np.datetime64("2024-01-01") + np.arange(N).astype("timedelta64[h]"),
        "date": [datetime.date(2024, 1, 1 + i % 28) for i in range(N)],
        "iso": [f"2024-01-{1 + i % 28:02d} 10:00:00" for i in range(N)],
        "duration": np.arange(N).astype("timedelta64[s]"),
    }
    found, schema = kinds(columns)
    assert found == {
        "number": "number",
        "integer": "integer",
        "boolean": "boolean",
        "category": "category",
        "letters": "category",
        "yes_no": "category",
        "text": "text",
        "stamp": "time",
        "date": "time",
        "iso": "time",
        "duration": "number",
    }
    assert any("'iso'" in note and "dates as text" in note for note in schema.notes)


def test_identifiers_are_left_out_and_said():
    columns = {"id": [f"C{i:05d}" for i in range(N)], "x": RNG.normal(size=N)}
    found, schema = kinds(columns)
    assert list(found) == ["x"]
    assert schema.dropped == {"id": "identifier"}
    assert any("'id'" in note and "identifier" in note for note in schema.notes)


def test_an_identifier_that_is_named_categorical_stays():
    columns = {"id": [f"C{i:05d}" for i in range(N)], "x": RNG.normal(size=N)}
    assert kinds(columns, categorical=["id"])[0]["id"] == "category"


def test_integers_that_number_the_rows_are_said_but_stay():
    found, schema = kinds({"row": np.arange(N) + 17, "x": RNG.normal(size=N)})
    assert found["row"] == "integer"
    assert any("numbers the rows" in note for note in schema.notes)


def test_names_of_customers_are_kept_but_said():
    columns = {"customer": [f"C{i // 2}" for i in range(600)], "x": RNG.normal(size=600)}
    found, schema = kinds(columns)
    assert found["customer"] == "category"
    assert any("'customer'" in note and "groups" in note for note in schema.notes)


def test_integer_codes_become_categories_only_when_named():
    columns = {"code": RNG.integers(0, 3, N)}
    assert kinds(columns)[0] == {"code": "integer"}
    assert kinds(columns, categorical=["code"])[0] == {"code": "category"}


def test_numbers_with_marks_are_numbers_and_codes_stay_categories():
    columns = {
        "marked": ["?", "17", "3", "5"] * 50,
        "decimal": ["0.5", "1.5", "2"] * 66 + ["3", "4"],
        "many": [str(i) for i in range(N)],
        "codes": ["1", "2", "3", "4"] * 50,
        "zip": [f"0{i:04d}" for i in range(100)] * 2,
        "icd": ["250", "V27", "401", "E812"] * 50,
    }
    found, schema = kinds(columns)
    assert found == {
        "marked": "number",
        "decimal": "number",
        "many": "number",
        "codes": "category",
        "zip": "category",
        "icd": "category",
    }
    assert sum("numbers as text" in note for note in schema.notes) == 3


def test_constant_and_empty_columns_are_noted_and_stay():
    columns = {
        "nothing": pa.nulls(N),
        "nan": np.full(N, np.nan),
        "one": np.ones(N),
        "same": ["x"] * N,
        "half": [1.0, None] * (N // 2),
        "x": RNG.normal(size=N),
    }
    found, schema = kinds(columns)
    assert set(found) == set(columns)
    assert sum("is empty" in note for note in schema.notes) == 2
    assert sum("is constant" in note for note in schema.notes) == 3


def test_nested_columns_are_left_out_and_said():
    table = pa.table({"list": [[1], [2]], "bytes": [b"a", b"b"], "x": [1.0, 2.0]})
    schema = Schema.infer(table)
    assert schema.names == ("x",)
    assert len(schema.notes) == 2


def test_the_target_is_checked_and_is_no_feature():
    table = read_table({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "b"]})
    schema = Schema.infer(table, target="y")
    assert schema.names == ("x",)
    assert (schema.pos_label, schema.classes) == ("a", ("a", "b"))
    with pytest.raises(TargetError, match="constant"):
        Schema.infer(read_table({"x": [1, 2], "y": [0, 0]}), target="y")


def test_names_that_do_not_exist_get_a_suggestion():
    table = read_table({"amount": [1.0, 2.0], "fraud": [0, 1]})
    for options in ({"target": "fruad"}, {"drop": ["amuont"]}, {"categorical": ["amountt"]}):
        with pytest.raises(SchemaError, match="Did you mean"):
            Schema.infer(table, **options)
    with pytest.raises(InputError, match="list of column names"):
        Schema.infer(table, drop="amount")


def test_a_table_without_features_or_rows_is_refused():
    with pytest.raises(SchemaError, match="No feature"):
        Schema.infer(read_table({"y": [0, 1]}), target="y")
    with pytest.raises(SchemaError, match="no rows"):
        Schema.infer(pa.table({"x": pa.array([], pa.float64())}))


def test_check_names_the_missing_columns_and_ignores_order_and_extras():
    schema = Schema.infer(read_table({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    schema.check(read_table({"z": [1], "b": [1], "a": [1]}))
    with pytest.raises(SchemaError, match="lacks the column 'b'"):
        schema.check(read_table({"a": [1]}))
    with pytest.raises(SchemaError, match="lacks columns 'a', 'b'"):
        schema.check(read_table({"c": [1]}))


def test_a_schema_survives_json():
    columns = {"x": RNG.normal(size=N), "id": [f"C{i}" for i in range(N)], "y": RNG.choice(["a", "b"], N)}
    schema = Schema.infer(read_table(columns), target="y", drop=["x"], categorical=["id"])
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_numpy_labels_become_plain_ones_in_json():
    schema = Schema(columns=(), target="y", pos_label=np.int64(1), classes=(np.int64(0), np.int64(1)))
    assert json.loads(json.dumps(schema.to_dict()))["classes"] == [0, 1]


def test_amounts_as_text_are_numbers_and_never_categories_to_group_by():
    values = np.round(RNG.lognormal(6, 2, 4301), 2)
    texts = [f"{v:,.2f}".replace(",", "T").replace(".", ",").replace("T", ".") + " €" for v in values]
    found, schema = kinds({"amount": texts, "day": ["31.12.2024", "01.02.2024"] * 2150 + ["05.06.2024"]})
    assert found == {"amount": "number", "day": "time"}
    assert not any("group" in note for note in schema.notes)
    with pytest.raises(SchemaError, match="'amount' holds numbers such as '1,234'"):
        kinds({"amount": [f"{i},234" for i in range(1, 400)]})
    with pytest.raises(SchemaError, match="'amount' mixes the units"):
        kinds({"amount": [f"{i} €" for i in range(200)] + [f"$ {i}" for i in range(200)]})


def test_numbers_beside_words_stay_categories_and_both_are_named():
    texts = [f"{v:.1f}" for v in RNG.lognormal(2, 1, 400)] + ["<0.5"] * 100
    found, schema = kinds({"crp": texts, "x": RNG.normal(size=500)})
    assert found["crp"] == "category"
    (note,) = schema.notes
    assert "'<0.5'" in note
    assert "`missing`" in note


@pytest.mark.parametrize(
    ("mark", "said"), [("9999-12-31", True), ("1900-01-01", True), ("2024-03-09", False), ("2031-01-01", False)]
)
def test_a_date_far_from_all_others_is_noted_and_stays(mark, said):
    days = [np.datetime64("2023-01-01", "us") + np.timedelta64(i, "D") for i in range(79)]
    found, schema = kinds({"d": [*days, np.datetime64(mark, "us")], "z": RNG.normal(size=80)})
    assert found["d"] == "time"
    assert [f"'d' holds {mark}" in note for note in schema.notes] == [True] * said


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        ([-999, 1, 5, 40], "-999"),
        ([-99.0, 0.5, 2.5, 3.0], "-99"),
        ([999, 3, 4, 27], "999"),
        ([-999, -998, -5, 40], None),
        ([999, 998, 4, 27], None),
        ([-1, 0, 5, 40], None),
        ([9999999999, 3, 4, 27], "9999999999"),
        ([-999999999, -3, 4, 27], "-999999999"),
        ([1e30, 3.5, -4, 27], "1e+30"),
        ([888888888, 3, 4, 27], "888888888"),
        ([1e30, 3e29, 4, 27], None),
        ([math.inf, 3.5, 4, 27], None),
    ],
)
def test_a_number_that_looks_like_a_mark_of_missing_is_noted_and_stays(values, mark):
    notes = kinds({"x": values * 20, "z": RNG.normal(size=80)})[1].notes
    assert [n for n in notes if "'x'" in n and f"holds {mark} in 20 rows" in n] == list(notes) if mark else not notes


@pytest.mark.parametrize(
    "label", [datetime.datetime(2024, 1, 1, 5), datetime.date(2024, 1, 1), b"\x00yes", "yes", 1, 1.5, True, None]
)
def test_labels_of_any_type_survive_json(label):
    back = read_label(json.loads(json.dumps(saved_label(label))))
    assert back == label
    assert type(back) is type(label)
