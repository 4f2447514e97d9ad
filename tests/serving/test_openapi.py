"""The description of the service is whole, names its models, and its examples are answered."""

import json
from types import SimpleNamespace

import pytest

pytest.importorskip("orjson")

from tests.serving.codec import infer, score, served, with_cut

from rareclass.scoring.cut import Cut
from rareclass.serving.openapi import openapi


@pytest.fixture(scope="module")
def models():
    known = {"mixed": served(), "numbers": served("numbers"), "by-row": with_cut(Cut(float("nan"), per_row=True))}
    for name, model in known.items():
        model.name = name
    return SimpleNamespace(names=list(known), get=known.__getitem__)


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_it_is_plain_json_whose_references_lead_somewhere(models):
    said = json.loads(json.dumps(openapi(models)))
    assert said["openapi"].startswith("3.1")
    schemas = said["components"]["schemas"]
    used = {ref.removeprefix("#/components/schemas/") for ref in references(said)}
    assert used == set(schemas)


def test_paths_take_the_names_of_the_models(models):
    paths = openapi(models)["paths"]
    for path, item in paths.items():
        given = {p["name"]: p for p in item.get("parameters", ())}
        assert set(given) == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        if "name" in given:
            assert given["name"]["schema"]["enum"] == ["mixed", "numbers", "by-row"]
        for verb in item.keys() - {"parameters"}:
            assert "200" in item[verb]["responses"]
    assert {"/v2", "/v1/score", "/metrics", "/", "/v2/models/{name}/infer"} <= set(paths)


def test_examples_are_answered(models):
    paths = openapi(models)["paths"]
    protocol = paths["/v2/models/{name}/infer"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    plain = paths["/v1/score"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert set(protocol) == set(plain) == {"mixed", "numbers", "by-row"}
    for name in protocol:
        said, _ = infer(protocol[name]["value"], models.get(name))
        (row,) = score(plain[name]["value"], models.get(name))["rows"]
        assert said["outputs"][0]["data"] == [row["probability"]]
