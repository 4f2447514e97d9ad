"""Small models for the tests of the codec, and requests to them."""

import copy
import datetime as dt
import functools
import warnings
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import CostMatrix
from rareclass.serving.answers import answer
from rareclass.serving.plain import read_plain, write_plain
from rareclass.serving.protocol.responses import write_infer
from rareclass.serving.requests import read_infer
from rareclass.serving.wire import orjson

N = 600


def table(n=N, seed=0):
    """Columns of every kind, and events."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    shop = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    columns = {
        "x": np.where(rng.random(n) < 0.1, np.nan, x),
        "count": rng.integers(0, 9, n),
        "shop": shop,
        "code": pa.array([str(c) if c else None for c in rng.integers(0, 4, n)]),
        "ok": rng.random(n) < 0.5,
        "at": [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=int(m)) for m in rng.integers(0, 300_000, n)],
        "note": [" ".join(rng.choice(["win", "cash", "the"], 3)) + f" {i}" for i in range(n)],
    }
    return pa.table(columns), x + (shop == "a") + rng.normal(size=n) > 1.5


@functools.cache
def bundle(name="mixed", **options):
    """A model to serve: "mixed" with columns of every kind, or "numbers" with x0, x1, x2."""
    data, y = table()
    if name == "numbers":
        X = np.random.default_rng(1).normal(size=(N, 3))
        data, y = pa.table({f"x{j}": X[:, j] for j in range(3)}), X[:, 0] - X[:, 1] > 1.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RareClassifier("logistic_regression", treatment="none", cv=2, **options).fit(
            data, y, costs=CostMatrix(fp=1, fn=9)
        )
    return Bundle(model, name=name, target="fraud", rows=data)


def served(name="mixed", **options):
    """Such a model as the service holds it."""
    return SimpleNamespace(
        name=name,
        version="0123456789ab",
        scorer=bundle(name, **options).scorer,
        tiers=(),
        target="fraud",
        slice_column=options.get("slices"),
    )


def tensors(columns, shape=lambda n: [n]):
    """A request of one JSON tensor a column: {name: (datatype, values)}."""
    return {
        "inputs": [
            {"name": name, "datatype": datatype, "shape": shape(len(values)), "data": values}
            for name, (datatype, values) in columns.items()
        ]
    }


ROW = {
    "x": ("FP64", [0.25]),
    "count": ("INT64", [3]),
    "shop": ("BYTES", ["a"]),
    "code": ("BYTES", ["2"]),
    "ok": ("BOOL", [True]),
    "at": ("BYTES", ["2024-02-03 04:05:06"]),
    "note": ("BYTES", ["win cash"]),
}
PLAIN_ROW = {name: values[0] for name, (_, values) in ROW.items()}


def read(said, model=None, header=None, tail=b"", **options):
    body = said if isinstance(said, bytes) else orjson.dumps(said)
    return read_infer(body + tail, len(body) if header is None and tail else header, model or served(), **options)


def infer(said, model=None, header=None, tail=b"", **options):
    """The answer to a protocol request: its JSON, or its body and the length of the JSON there."""
    request = read(said, model, header, tail, **options)
    body, length = write_infer(model or served(), request, answer(model or served(), request))
    return (orjson.loads(body) if length is None else body), length


def score(said, model=None, **options):
    """The answer to a plain request."""
    request = read_plain(said if isinstance(said, bytes) else orjson.dumps(said)).request(model or served(), **options)
    return orjson.loads(write_plain(model or served(), request, answer(model or served(), request)))


def with_cut(cut, tiers=()):
    """The model of columns of every kind with another decision."""
    model = served()
    scorer = copy.copy(model.scorer)
    scorer.cut = cut
    return SimpleNamespace(**{**vars(model), "scorer": scorer, "tiers": tiers})


def filled(tensor, values, **more):
    """An `InferInput` of Triton's client with these values; since its release 26.06 it cuts off no float32 to BF16."""
    try:
        tensor.set_data_from_numpy(values, **more)
    except pytest.importorskip("tritonclient.utils").InferenceServerException:
        assert tensor.datatype() == "BF16"
        tensor.set_data_from_numpy(values.astype(pytest.importorskip("ml_dtypes").bfloat16), **more)
    return tensor
