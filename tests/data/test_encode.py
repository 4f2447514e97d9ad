"""Encoding: codes by frequency, missing and unknown values, mismatches, round trips, nothing learnt from test rows."""

import datetime
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rareclass.data import Column, Schema, TableEncoder, read_table
from rareclass.data.columns import dictionary_codes
from rareclass.errors import InputError, SchemaError

nan = np.nan


def encode(kind, train, test=None, **options):
    encoder = TableEncoder([Column("x", kind)], **options).fit(read_table({"x": train}))
    return encoder.transform(read_table({"x": train if test is None else test}))


def test_numbers_integers_and_booleans_pass_through():
    table = read_table({"a": [1.5, None], "b": [1, 2], "c": [True, None], "d": pa.array([1, None], pa.int8())})
    encoded = TableEncoder(Schema.infer(table)).fit_transform(table)
    np.testing.assert_array_equal(encoded.matrix, [[1.5, 1, 1, 1], [nan, 2, nan, nan]])
    assert encoded.matrix.dtype == np.float64
    assert encoded.matrix.flags.c_contiguous
    assert encoded.categorical == ()
    assert encoded.feature_names == ("a", "b", "c", "d")


def test_codes_follow_frequency_and_ties_follow_the_alphabet():
    encoded = encode("category", ["b", "b", "b", "a", "c", "c", None], min_count=1)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [0, 0, 0, 2, 1, 1, nan])
    assert encoded.categorical == (0,)


def test_rare_levels_share_the_last_code_which_also_takes_unknown_ones():
    train = ["a"] * 5 + ["b"] * 3 + ["c", "d", None]
    encoded = encode("category", train, ["a", "b", "c", "d", "new", "other", None], min_count=3)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [0, 1, 2, 2, 2, 2, nan])
    assert encoded.unknown_counts == {"x": 2}


def test_unknown_levels_are_missing_and_counted_where_nothing_was_pooled():
    encoded = encode("category", ["a", "a", "b", "b"], ["b", "new"], min_count=2)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [1, nan])
    assert encoded.unknown_counts == {"x": 1}


def test_a_column_whose_levels_are_all_rare_keeps_them():
    encoded = encode("category", ["a", "b", "c"], min_count=3)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [0, 1, 2])


def test_max_levels_pools_the_rest():
    encoded = encode("category", list("aaabbc"), min_count=1, max_levels=1)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [0, 0, 0, 1, 1, 1])


def test_a_level_is_the_same_however_it_is_stored():
    train = pa.array([1, 1, 2, 2, 2])
    for other in (["1", "2"], [1.0, 2.0], pa.array([1, 2], pa.int8()), pd.Series(pd.Categorical(["1", "2"]))):
        encoded = encode("category", train, other, min_count=1)
        np.testing.assert_array_equal(encoded.matrix[:, 0], [1, 0])
        assert encoded.unknown_counts == {}
    encoded = encode("category", [True, False, True], ["true", "false"], min_count=1)
    np.testing.assert_array_equal(encoded.matrix[:, 0], [0, 1])


def test_unused_dictionary_levels_get_no_code():
    train = pa.DictionaryArray.from_arrays(pa.array([2, 2, 1]), pa.array(["never", "a", "b"]))
    encoder = TableEncoder([Column("x", "category")], min_count=1).fit(read_table({"x": train}))
    assert encoder.categories_["x"].levels == ("b", "a")


def test_dates_become_days_month_weekday_and_hour():
    moments = ["2024-02-29 06:00:00", "1969-12-31 18:00:00", None]
    encoded = encode("time", moments)
    assert encoded.feature_names == ("x:epoch_days", "x:month", "x:weekday", "x:hour")
    days = (datetime.date(2024, 2, 29) - datetime.date(1970, 1, 1)).days
    np.testing.assert_allclose(encoded.matrix, [[days + 0.25, 2, 3, 6], [-0.25, 12, 2, 18], [nan] * 4])


def test_parts_of_a_date_that_never_vary_in_training_are_left_out():
    encoded = encode("time", ["2024-01-01", "2024-01-02"], ["2025-07-07 12:00:00"])
    assert encoded.feature_names == ("x:epoch_days", "x:weekday")


def test_dates_are_the_same_from_every_source():
    stamps = pd.to_datetime(["2024-01-01 10:00", "2024-03-05 23:30"])
    wanted = encode("time", ["2024-01-01 10:00:00", "2024-03-05 23:30:00"]).matrix
    zoned = stamps.tz_localize("UTC")
    for source in (stamps, stamps.as_unit("s"), zoned, zoned.tz_convert("Asia/Tokyo")):
        np.testing.assert_array_equal(encode("time", source).matrix, wanted)
    np.testing.assert_array_equal(encode("time", ["2024-01-01T10:00:00Z", "2024-03-05T23:30:00Z"]).matrix, wanted)


def test_text_becomes_shape_and_hashed_words():
    encoded = encode("text", ["WIN 100 now!", "see you at home", None], text_buckets=16)
    assert len(encoded.feature_names) == 20
    assert encoded.matrix[0, 0] == pytest.approx(np.log1p(12))
    np.testing.assert_allclose(encoded.matrix[0, 1:4], [3 / 12, 3 / 12, 1 / 12])
    assert np.isnan(encoded.matrix[2]).all()
    assert encoded.matrix[1, 4:].sum() > 0


def test_text_rows_are_encoded_one_by_one_alike():
    texts = ["free entry now", "are you there", "call me later ok"]
    together = encode("text", texts).matrix
    alone = np.vstack([encode("text", texts, [text]).matrix for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_infinite_values_count_as_missing_and_are_reported():
    encoded = encode("number", [1.0, np.inf, -np.inf])
    np.testing.assert_array_equal(encoded.matrix[:, 0], [1, nan, nan])
    assert encoded.infinite_counts == {"x": 2}


def test_empty_and_constant_columns_survive():
    columns = {"null": pa.nulls(3), "nan": [nan] * 3, "one": [1.0] * 3, "same": ["a"] * 3}
    table = read_table(columns)
    schema = Schema.infer(table, categorical=["null"])
    encoded = TableEncoder(schema).fit_transform(table)
    np.testing.assert_array_equal(encoded.matrix, [[nan, nan, 1, 0]] * 3)
    empty_time = encode("time", pa.nulls(2), ["2024-01-01"])
    assert empty_time.matrix.shape == (1, 1)
    assert np.isnan(encode("text", pa.nulls(2), text_buckets=4).matrix).all()


def test_a_missing_column_is_named_and_extra_ones_are_counted():
    encoder = TableEncoder([Column("a", "number"), Column("b", "number")])
    encoder.fit(read_table({"a": [1.0], "b": [2.0]}))
    with pytest.raises(SchemaError, match="'b'"):
        encoder.transform(read_table({"a": [1.0]}))
    encoded = encoder.transform(read_table({"z": [0], "b": [2.0], "a": [1.0]}))
    np.testing.assert_array_equal(encoded.matrix, [[1, 2]])
    assert encoded.extra_columns == ("z",)


@pytest.mark.parametrize(
    ("kind", "train", "bad", "shown"),
    [
        ("number", [1.0, 2.0], ["1", "big"], "'big'"),
        ("integer", [1, 2], ["x"], "'x'"),
        ("number", [1.0, 2.0], pd.to_datetime(["2024-01-01"]), "2024"),
        ("time", pd.to_datetime(["2024-01-01"]), ["soon"], "'soon'"),
        ("time", pd.to_datetime(["2024-01-01"]), [17], "'time'|time in training"),
        ("boolean", [True, False], ["maybe"], "'maybe'"),
        ("text", ["a b c", "d e f"], [1.0], "double"),
    ],
)
def test_a_column_of_another_type_is_refused_with_an_example(kind, train, bad, shown):
    with pytest.raises(SchemaError, match=shown) as error:
        encode(kind, train, bad)
    assert "'x'" in str(error.value)


def test_numbers_as_text_are_read_at_predict_time():
    encoded = encode("number", [1.0, 2.0], ["3", "?", " 4.5 ", None])
    np.testing.assert_array_equal(encoded.matrix[:, 0], [3, nan, 4.5, nan])
    assert encode("boolean", [True, False], ["True", "0", None]).matrix[:2, 0].tolist() == [1, 0]


def test_an_encoder_survives_json():
    table = read_table(
        {
            "n": [1.0, 2.0, 3.0],
            "c": ["a", "a", "b"],
            "t": ["2024-01-01", "2024-02-02", None],
            "w": ["some words here", "others are there", "none of those"],
        }
    )
    columns = [Column("n", "number"), Column("c", "category"), Column("t", "time"), Column("w", "text")]
    encoder = TableEncoder(columns, min_count=2, text_buckets=8).fit(table)
    again = TableEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    np.testing.assert_array_equal(again.transform(table).matrix, encoder.transform(table).matrix)
    assert again.transform(table).feature_names == encoder.feature_names
    assert again.categorical == encoder.categorical == (1,)


def test_using_it_before_fit_or_fitting_on_nothing_is_said():
    encoder = TableEncoder([Column("x", "number")])
    with pytest.raises(InputError, match="not fitted"):
        encoder.transform(read_table({"x": [1.0]}))
    with pytest.raises(InputError, match="without rows"):
        encoder.fit(pa.table({"x": pa.array([], pa.float64())}))


def test_it_reads_frames_itself():
    frame = pd.DataFrame({"x": ["a", "b", "a"]})
    assert TableEncoder([Column("x", "category")], min_count=1).fit(frame).transform(frame).matrix.ravel().tolist() == [
        0,
        1,
        0,
    ]


@settings(max_examples=60, deadline=None)
@given(
    train=st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=40),
    test=st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), min_size=1, max_size=20),
    min_count=st.integers(1, 4),
)
def test_codes_are_dense_and_unknown_counts_are_right(train, test, min_count):
    train_column, test_column = pa.array(train, pa.string()), pa.array(test, pa.string())
    encoder = TableEncoder([Column("x", "category")], min_count=min_count).fit(pa.table({"x": train_column}))
    levels = encoder.categories_["x"]
    encoded = encoder.transform(pa.table({"x": test_column}))
    codes = encoded.matrix[:, 0]
    known = {v for v in train if v is not None}
    assert encoded.unknown_counts.get("x", 0) == sum(v is not None and v not in known for v in test)
    assert all(
        np.isnan(c) == (v is None or (v not in known and not levels.rare)) for c, v in zip(codes, test, strict=True)
    )
    assert np.all((codes[~np.isnan(codes)] >= 0) & (codes[~np.isnan(codes)] <= len(levels.levels)))
    seen = np.unique(encoder.transform(pa.table({"x": train_column})).matrix)
    np.testing.assert_array_equal(seen[~np.isnan(seen)], np.arange(np.count_nonzero(~np.isnan(seen))))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("time", "2024-05-02", "2024-02-30"),
        ("time", "31.12.2024", "31.02.2024"),
        ("time", 1.5, 1.5),
        ("number", "5.5", "5 apples"),
        ("number", "1", "n/k"),
        ("boolean", "true", "perhaps"),
        ("boolean", 1.0, 3.0),
    ],
)
@pytest.mark.parametrize("row", [1, 77, 300])
def test_a_cell_that_cannot_be_read_is_named_with_its_row(kind, good, bad, row):
    cells = [good] * 300
    cells[row - 1] = bad
    row = 1 if good == bad else row
    train = {"time": ["2024-01-01", "2024-01-02"], "number": [1.0, 2.0], "boolean": [True, False]}[kind]
    with pytest.raises(SchemaError, match=f"'{bad}' in row {row}. Correct it. If that stands for no value, leave"):
        encode(kind, train, cells)


@pytest.mark.parametrize("kind", [pa.null(), pa.dictionary(pa.int32(), pa.null())])
def test_several_chunks_without_a_value_are_no_value(kind):
    nothing = pa.chunked_array([pa.nulls(2, pa.null())] * 2)
    if pa.types.is_dictionary(kind):
        part = pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int32()), pa.nulls(0))
        nothing = pa.chunked_array([part, part])
    codes, values = dictionary_codes(nothing)
    assert (codes.tolist(), len(values)) == ([-1] * 4, 0)
    for of in ("category", "number", "time", "text", "boolean"):
        train = {"category": ["a", "b"], "number": [1.0, 2.0], "time": ["2024-01-01", "2024-01-02"],
                 "text": ["a b", "c d"], "boolean": [True, False]}[of]  # fmt: skip
        encoder = TableEncoder([Column("x", of)]).fit(read_table({"x": train}))
        empty = encoder.transform(read_table({"x": [None, None, None, None]})).matrix
        np.testing.assert_array_equal(encoder.transform(pa.table({"x": nothing})).matrix, empty)
