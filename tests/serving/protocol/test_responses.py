"""Answers in JSON and in binary tensors hold the same values, and metadata names what a model takes and gives."""

import json

import numpy as np
import pytest

pytest.importorskip("orjson")

from tests.serving.codec import ROW, infer, served, tensors

from rareclass.serving.protocol.metadata import model_metadata, server_metadata

FIVE = {name: (datatype, values * 5) for name, (datatype, values) in ROW.items()}


def parsed(body, length):
    """Outputs by name of an answer with binary tensors."""
    said, at, found = json.loads(body[:length]), length, {}
    for output in said["outputs"]:
        assert ("data" in output) is ("parameters" not in output)
        if "data" in output:
            found[output["name"]] = output["data"]
            continue
        size = output["parameters"]["binary_data_size"]
        raw, at = body[at : at + size], at + size
        if output["datatype"] == "BYTES":
            texts = []
            while raw:
                end = 4 + int.from_bytes(raw[:4], "little")
                texts.append(raw[4:end].decode())
                raw = raw[end:]
            found[output["name"]] = texts
        else:
            found[output["name"]] = np.frombuffer(raw, {"FP64": "<f8", "BOOL": "?"}[output["datatype"]]).tolist()
    assert at == len(body)
    return found


def outputs(*names, **binary):
    return [{"name": n, **({"parameters": {"binary_data": binary[n]}} if n in binary else {})} for n in names]


def test_binary_outputs_hold_what_json_says():
    names = ("probability", "logit", "alert", "reasons")
    said = tensors(FIVE) | {"outputs": outputs(*names), "parameters": {"explain": "all"}}
    wanted = {output["name"]: output["data"] for output in infer(said)[0]["outputs"]}
    assert [len(values) for values in wanted.values()] == [5] * 4
    all_binary = said | {"parameters": {"explain": "all", "binary_data_output": True}}
    assert parsed(*infer(all_binary)) == wanted
    some = said | {"outputs": outputs(*names, logit=True, reasons=True, alert=False)}
    assert parsed(*infer(some)) == wanted
    but_one = all_binary | {"outputs": outputs(*names, logit=False)}
    assert parsed(*infer(but_one)) == wanted
    by_default = tensors(FIVE) | {"parameters": {"binary_data_output": True}}
    assert list(parsed(*infer(by_default))) == ["probability", "logit", "alert"]


def test_outputs_come_in_the_order_that_they_are_asked_in():
    said = tensors(ROW) | {"outputs": outputs("alert", "probability")}
    assert [output["name"] for output in infer(said)[0]["outputs"]] == ["alert", "probability"]


def test_metadata_names_inputs_and_outputs():
    said = model_metadata(served())
    assert (said["name"], said["versions"], said["platform"]) == ("mixed", ["0123456789ab"], "rareclass")
    assert {i["name"]: i["datatype"] for i in said["inputs"]} == {
        "x": "FP64",
        "count": "INT64",
        "shop": "BYTES",
        "code": "BYTES",
        "ok": "BOOL",
        "at": "BYTES",
        "note": "BYTES",
    }
    assert [o["name"] for o in said["outputs"]] == ["probability", "logit", "alert", "reasons"]
    assert all(part["shape"] == [-1] for part in said["inputs"] + said["outputs"])
    assert server_metadata()["extensions"] == ["binary_tensor_data"]
