"""A bundle inside another server: requests as objects, answers as `predict` gives them."""

import importlib
import json
import sys

import numpy as np
import pytest
from tests.deploy.foreign import equal_to_predict, request_of
from tests.serving.codec import bundle, table

from rareclass.errors import BundleError, DependencyError
from rareclass.monitoring import read_predictions
from rareclass.serving import Embedded, Refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m"
    bundle("mixed").save(path)
    return path


def test_it_answers_as_predict(folder, tmp_path):
    model, rows = Embedded(folder, "fraud", log=tmp_path / "log"), table(40, 7)[0]
    asked = request_of(rows) | {"id": "r1"}
    said = model.answer(asked)
    equal_to_predict(said, bundle("mixed"), rows)
    assert (said["model_name"], said["id"], said["model_version"]) == ("fraud", "r1", model.metadata()["versions"][0])
    assert model.answer(json.dumps(asked).encode()) == said
    assert json.loads(json.dumps(said)) == said  # plain values, as other servers write them
    model.close()
    (batch,) = list(read_predictions(tmp_path / "log").batches())
    assert batch.column("id").to_pylist()[:2] == ["r1:0", "r1:1"]
    assert Embedded(folder).metadata()["name"] == "mixed"


def test_bytes_are_texts_and_binary_tensors_are_taken(folder, tmp_path):
    model, rows = Embedded(folder), table(5, 7)[0]
    asked = request_of(rows)
    given = json.loads(json.dumps(asked))
    for tensor in given["inputs"]:
        tensor["data"] = [v.encode() if isinstance(v, str) else v for v in tensor["data"]]
    assert model.answer(given)["outputs"] == model.answer(asked)["outputs"]
    given = [
        tensor | {"data": np.array(tensor["data"])} if tensor["datatype"] == "INT64" else tensor
        for tensor in asked["inputs"]
    ]
    assert model.answer({**asked, "inputs": given})["outputs"] == model.answer(asked)["outputs"]
    bundle("numbers").save(tmp_path / "n")
    X = np.arange(6.0).reshape(2, 3)
    tensor = {"name": "x", "shape": [2, 3], "datatype": "FP64", "parameters": {"binary_data_size": 48}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    said = Embedded(tmp_path / "n").answer(head + X.tobytes(), len(head))
    assert said["outputs"][1]["data"] == bundle("numbers").scorer.logit(X).tolist()


def test_what_is_refused(folder, tmp_path, monkeypatch):
    model = Embedded(folder)
    with pytest.raises(Refused, match="lacks the column 'x'"):
        model.answer({"inputs": request_of(table(2, 7)[0])["inputs"][1:]})
    for wrong in ({}, {"inputs": 3}, {"inputs": [3]}, {"inputs": [{"name": "shop", "data": [b"\xff"]}]}, b"no"):
        with pytest.raises(Refused):
            model.answer(wrong)
    with pytest.raises(BundleError, match="no bundle"):
        Embedded(tmp_path)
    for name in [n for n in sys.modules if n.startswith("rareclass.serving.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "orjson", None)
    with pytest.raises(DependencyError, match=r"rareclass\[serving\]"):
        importlib.import_module("rareclass.serving.embedded")
