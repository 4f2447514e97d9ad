"""Inputs of a graph become the matrix that the encoder makes of the same table."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from rareclass.data import Column, TableEncoder
from rareclass.errors import InputError
from rareclass.scoring.export.checking import session
from rareclass.scoring.export.columns import encoded, refuse_columns, typed
from rareclass.scoring.export.graph import Graph
from rareclass.scoring.rows import RowEncoder

pytest.importorskip("onnxruntime")

KINDS = [Column("x", "number"), Column("shop", "category"), Column("at", "time"), Column("ok", "boolean")]


def table(shops=("a", "b", "ü=", None)):
    rng = np.random.default_rng(0)
    seconds = rng.integers(-(2**35), 2**37, 397)
    far = [dt.datetime(1, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(2000, 2, 29), None]
    times = [dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int(s), microseconds=1) for s in seconds] + far
    x = rng.normal(size=len(times))
    x[:4] = np.nan, np.inf, -np.inf, -0.0
    columns = {
        "x": x,
        "shop": pa.array(rng.choice(np.array(shops, dtype=object), len(times)), pa.string()),
        "at": pa.array(times, pa.timestamp("us")),
        "ok": pa.array(rng.random(len(times)) < 0.5, mask=rng.random(len(times)) < 0.1),
    }
    return pa.table(columns)


def matrix(encoder, feeds):
    graph = Graph({*feeds, "X"})
    rows = encoded(graph, encoder)
    graph.node("Identity", rows.X, to_name="X")
    graph.outputs.append(graph.onnx.helper.make_tensor_value_info("X", graph.kind(float), ["n", encoder.width]))
    return session(graph.model({}, "").SerializeToString()).run(None, feeds)[0]


@pytest.mark.parametrize("min_count", [1, 120])  # unknown levels are missing, or share a code with the rare ones
def test_every_kind_of_column_is_encoded_as_tables_are(min_count):
    fitted = TableEncoder(KINDS, min_count=min_count).fit(table())
    encoder = RowEncoder(fitted.to_dict())
    new = table(["a", "b", "new", "A", None])
    found = matrix(encoder, typed(new, encoder))
    np.testing.assert_array_equal(found, fitted.transform(new).matrix)
    assert np.isnan(found).any(axis=0).sum() >= 6


def test_numbers_may_be_infinite_and_dates_missing():
    fitted = TableEncoder(KINDS, min_count=1).fit(table())
    encoder = RowEncoder(fitted.to_dict())
    feeds = {
        "x": np.array([[np.inf], [-np.inf], [2.0]]),
        "shop": np.array([[""], ["ü="], ["zzz"]], dtype=object),
        "at": np.array(["NaT", "1970-01-02", "2024-05-31T12"], "datetime64[us]").astype(np.int64)[:, None],
        "ok": np.array([[np.nan], [0.0], [1.0]]),
    }
    found = dict(zip(fitted.feature_names, matrix(encoder, feeds).T))
    level = float(fitted.categories_["shop"].levels.index("ü="))
    wanted = {"x": [np.nan, np.nan, 2.0], "shop": [np.nan, level, np.nan], "ok": [np.nan, 0.0, 1.0]}
    wanted |= {"at:epoch_days": [np.nan, 1.0, 19874.5], "at:month": [np.nan, 1.0, 5.0]}
    wanted |= {"at:weekday": [np.nan, 4.0, 4.0], "at:hour": [np.nan, 0.0, 12.0]}
    assert {name: values.tolist() for name, values in found.items()}.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(
    ("columns", "rows", "said"),
    [
        ([Column("note", "text")], {"note": ["to be or not"]}, "'note' holds texts"),
        ([Column("shop", "category")], {"shop": ["", "a"]}, "'shop' has the empty text"),
        ([Column("alert", "number")], {"alert": [1.0]}, "'alert' has the name of an output"),
    ],
)
def test_columns_without_an_exact_form_are_refused_by_name(columns, rows, said):
    fitted = TableEncoder(columns, min_count=1).fit(pa.table(rows))
    with pytest.raises(InputError, match=said):
        refuse_columns(RowEncoder(fitted.to_dict()))
