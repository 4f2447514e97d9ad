"""Columns of arrays and lists become the matrix that the encoder of tables gives."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rareclass.data import TableEncoder, read_table
from rareclass.data.schema import Column
from rareclass.errors import SchemaError
from rareclass.scoring.columns import encoded_columns
from rareclass.scoring.rows import RowEncoder

MOMENTS = [dt.datetime(2020, 1, 1) + dt.timedelta(hours=31 * i) for i in range(60)]
KINDS = ("number", "integer", "boolean", "category", "plain", "text", "time", "day")
TABLE = read_table(
    {
        "number": [0.5 * i for i in range(60)],
        "integer": list(range(60)),
        "boolean": [i % 2 == 0 for i in range(60)],
        "category": ["a", "b", "1", "2.5", "true", "a"] * 9 + ["rare", "b", "b", "0.1", "0.1", "0.1"],
        "plain": ["x", "y", "z"] * 20,  # no level is pooled: unknown ones are NaN
        "text": [f"Word {i} of 42!" for i in range(60)],
        "time": MOMENTS,
        "day": [dt.date(2020, 1, 6) + dt.timedelta(days=7 * (i % 3)) for i in range(60)],  # only the day varies
    }
)


def encoder_of(*kinds):
    columns = [Column(k, {"plain": "category", "day": "time"}.get(k, k)) for k in kinds]
    return TableEncoder(columns, text_buckets=4).fit(TABLE)


TABLES = encoder_of(*KINDS)
ROWS = RowEncoder(TABLES.to_dict())
TEXTS = st.one_of(st.sampled_from(["a", "b", "rare", "true", "1", "2.5", "0.1", "never", ""]), st.text(max_size=5))
DATES = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(lambda t: str(t)[:19])
WHOLE = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
REALS = [np.float16, np.float32, np.float64]


@st.composite
def arrays(draw, n):
    dtype = np.dtype(draw(st.sampled_from([np.bool_, *WHOLE, *REALS])))
    raw = draw(st.binary(min_size=n * dtype.itemsize, max_size=n * dtype.itemsize))
    if dtype == np.bool_:
        return np.frombuffer(raw, np.uint8) % 2 == 1
    return np.frombuffer(raw, dtype).copy()


def column(kind, n):
    """Values of a column, and their Arrow type."""

    def lists(values, arrow):
        return st.lists(st.one_of(st.none(), values), min_size=n, max_size=n).map(lambda v: (v, arrow))

    arrayed = arrays(n).map(lambda v: (v, None))
    whole, texts, real, truth = pa.int64(), pa.string(), pa.float64(), pa.bool_()
    return {
        "number": st.one_of(
            lists(st.floats(), real),
            lists(st.integers(-(2**53), 2**53), whole),
            lists(st.sampled_from(["1.5", "-", "1e3", "12", ""]), texts),
            arrayed,
        ),
        "integer": st.one_of(lists(st.integers(-(2**63), 2**63 - 1), whole), arrayed),
        "boolean": st.one_of(
            lists(st.booleans(), truth),
            lists(st.sampled_from([0, 1]), whole),
            lists(st.sampled_from([0.0, 1.0, float("nan")]), real),
            lists(st.sampled_from(["true", " FALSE", "1", "0"]), texts),
        ),
        "category": st.one_of(
            lists(TEXTS, texts),
            lists(st.floats(), real),
            lists(st.integers(-9, 9), whole),
            lists(st.booleans(), truth),
            arrayed,
        ),
        "plain": lists(TEXTS, texts),
        "text": lists(st.text(max_size=12), texts),
        "time": lists(DATES, texts),
        "day": lists(DATES, texts),
    }[kind]


def arrow(values, kind):
    """The same column as Arrow holds it; it has no categories of half precision."""
    return pa.array(values.astype(np.float64) if getattr(values, "dtype", None) == np.float16 else values, kind)


@given(st.integers(0, 6).flatmap(lambda n: st.tuples(*(column(kind, n) for kind in KINDS))))
@settings(max_examples=300, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_columns_are_encoded_as_a_table_is(given_columns):
    columns = [values for values, _ in given_columns]
    n = len(columns[0])
    try:
        wanted = TABLES.transform(pa.table({k: arrow(*given) for k, given in zip(KINDS, given_columns)}))
    except SchemaError:
        with pytest.raises(SchemaError):
            encoded_columns(ROWS, columns, n)
        return
    found, unknown = encoded_columns(ROWS, columns, n)
    np.testing.assert_array_equal(found, wanted.matrix)
    assert found.dtype == np.float64
    assert found.shape == (n, ROWS.width)
    assert unknown == wanted.unknown_counts


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("number", ["low"]),
        ("number", [[1.0]]),
        ("number", [{}]),
        ("integer", ["a"]),
        ("boolean", [2]),
        ("boolean", ["yes"]),
        ("boolean", np.array([0.5])),
        ("category", [["a"]]),
        ("category", [{}]),
        ("text", [5]),
        ("text", [True]),
        ("time", [5]),
        ("time", ["soon"]),
        ("time", [1.5]),
        ("number", [10**400]),
    ],
)
@pytest.mark.parametrize("n", [1, 3])
def test_values_of_another_kind_are_refused_and_named(kind, values, n):
    rows = RowEncoder(encoder_of(kind).to_dict())
    many = np.repeat(values, n) if isinstance(values, np.ndarray) else values * n
    with pytest.raises(SchemaError, match=f"Column '{kind}' holds"):
        encoded_columns(rows, [many], n)


def test_the_place_of_a_wrong_value_is_said():
    rows = RowEncoder(encoder_of("boolean").to_dict())
    with pytest.raises(SchemaError, match="in row 3"):
        encoded_columns(rows, [[1, 0, 7]], 3)
    with pytest.raises(SchemaError, match="in row 2"):
        encoded_columns(rows, [["true", "often"]], 2)
