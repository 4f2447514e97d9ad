"""What the service answers, as OpenAPI 3.1, with an example of each model that works."""

import contextlib
from typing import TYPE_CHECKING, Any

from rareclass import __version__
from rareclass.serving.errors import Refused
from rareclass.serving.protocol.metadata import INPUT_OF
from rareclass.serving.schemas import SCHEMAS, Schema, named, one_of, score_request

if TYPE_CHECKING:
    from rareclass.serving.models import Models, Served

JSON, BINARY = "application/json", "application/octet-stream"
_ERRORS = {
    400: "The request is wrong.",
    401: "The token is missing or wrong.",
    404: "There is no such model, version or path.",
    413: "The body or its number of rows is too large.",
    415: "The body is of another content type or encoding.",
    429: "Too many requests wait; try again.",
    503: "The model is not ready, or the request took too long.",
}
_EXAMPLE = {"number": 0.5, "integer": 1, "boolean": True, "text": "a text", "time": "2026-01-31 12:00:00"}


def openapi(models: "Models") -> dict[str, Any]:
    """The description of a service with these models."""
    served = []
    for name in models.names:
        with contextlib.suppress(Refused):  # not ready
            served.append(models.get(name))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rareclass",
            "version": __version__,
            "description": "Probabilities, decisions and reasons of models of rare events: Open Inference Protocol V2, "
            "and plain JSON.",
        },
        "paths": _paths(models.names, served),
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _paths(names: list[str], served: list["Served"]) -> dict[str, Any]:
    name = {"name": "name", "in": "path", "required": True, "schema": one_of(*names)}
    versions = sorted({model.version for model in served})
    version = {"name": "version", "in": "path", "required": True, "schema": one_of(*versions)}
    paths: dict[str, Any] = {
        "/v2": {"get": _get("The service and its extensions.", named("Server"))},
        "/v2/health/live": {"get": _get("Whether the service runs.", named("Live"))},
        "/v2/health/ready": {"get": _get("Whether every model can be asked.", named("Ready"), ready=True)},
        "/v1/score": {"post": _score(served, only=len(names) == 1)},
        "/": {"get": _get("The status page.", {"type": "string"}, kind="text/html")},
        "/metrics": {"get": _get("Metrics, for Prometheus.", {"type": "string"}, kind="text/plain")},
        "/openapi.json": {"get": _get("This description.", {"type": "object"})},
    }
    for where, given in (("/v2/models/{name}", [name]), ("/v2/models/{name}/versions/{version}", [name, version])):
        paths[where] = {"get": _get("A model: its version, inputs and outputs.", named("Model")), "parameters": given}
        ready = _get("Whether the model can be asked.", named("ModelReady"))
        paths[f"{where}/ready"] = {"get": ready, "parameters": given}
        paths[f"{where}/infer"] = {"post": _infer(served), "parameters": given}
    return paths


def _get(summary: str, schema: Schema, *, kind: str = JSON, ready: bool = False) -> dict[str, Any]:
    said = {"200": {"description": summary, "content": {kind: {"schema": schema}}}}
    if ready:
        return {"summary": summary, "responses": said | {"503": said["200"] | {"description": "A model is missing."}}}
    return {"summary": summary, "responses": said | _refusals(401, 404, 503)}


def _refusals(*statuses: int) -> dict[str, Any]:
    content = {JSON: {"schema": named("Error")}}
    return {str(status): {"description": _ERRORS[status], "content": content} for status in statuses or _ERRORS}


def _infer(served: list["Served"]) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    length = {
        "name": "Inference-Header-Content-Length",
        "in": "header",
        "required": False,
        "description": "Bytes of the JSON at the start of a body with binary tensors.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    }
    examples = {model.name: {"value": protocol_example(model)} for model in served}
    answer = {
        "description": "The outputs that were asked for; those asked for as binary data stand behind the JSON.",
        "content": {JSON: {"schema": named("InferResponse")}, BINARY: binary},
    }
    return {
        "summary": "Score rows: one tensor a column, or one [n, d] where all columns are numbers.",
        "parameters": [length],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": named("InferRequest"), "examples": examples}, BINARY: binary},
        },
        "responses": {"200": answer, **_refusals()},
    }


def _score(served: list["Served"], *, only: bool) -> dict[str, Any]:
    examples = {model.name: {"value": plain_example(model)} for model in served}
    asked = [score_request(model.name, model.scorer.encoder.columns, only=only) for model in served]
    return {
        "summary": "Score rows of plain JSON.",
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"anyOf": asked} if asked else {"type": "object"}, "examples": examples}},
        },
        "responses": {
            "200": {"description": "One answer a row.", "content": {JSON: {"schema": named("ScoreResponse")}}},
            **_refusals(),
        },
    }


def protocol_example(served: "Served") -> dict[str, Any]:
    """A request of one row that the model answers."""
    inputs = [
        {"name": name, "shape": [1], "datatype": INPUT_OF[kind], "data": [value]}
        for (name, kind), value in zip(served.scorer.encoder.columns, _row(served))
    ]
    costs = _costs(served)
    return {"inputs": inputs, **({"parameters": costs} if costs else {})}


def plain_example(served: "Served") -> dict[str, Any]:
    """The same as plain JSON."""
    return {"model": served.name, "rows": [dict(zip(served.scorer.columns, _row(served)))], **_costs(served)}


def _row(served: "Served") -> list[Any]:
    categories = served.scorer.encoder.saved["categories"]
    return [
        (categories[name]["levels"] or [None])[0] if kind == "category" else _EXAMPLE[kind]
        for name, kind in served.scorer.encoder.columns
    ]


def _costs(served: "Served") -> dict[str, Any]:
    return {"costs": {"fp": 1.0, "fn": 10.0}} if served.scorer.cut.per_row else {}
