"""JSON schemas of what the service takes and gives, for its OpenAPI."""

from collections.abc import Sequence
from typing import Any

from rareclass.serving.asked import COSTS, EXPLAIN, OUTPUTS
from rareclass.serving.protocol.datatypes import DATATYPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}


def one_of(*values: str) -> Schema:
    """A text that is one of these."""
    return {"type": "string", "enum": list(values)}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such values."""
    return {"type": "array", "items": items, **more}


def thing(required: str, **properties: Schema) -> Schema:
    """An object with these properties, of which those named in `required` (blanks between) must be there."""
    return {"type": "object", "required": required.split(), "properties": properties}


def named(name: str) -> Schema:
    """A schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


_IDS = {
    "description": "One id a row, for the prediction log.",
    "type": "array",
    "items": {"type": ["string", "integer"]},
}
_COSTS = {
    "description": "Costs of the rows, for models that decide by row: a number, or one a row.",
    "type": "object",
    "properties": {name: {"type": ["number", "array"], "items": NUMBER} for name in COSTS},
    "additionalProperties": False,
}
_ASKED: dict[str, Schema] = {
    "explain": one_of(*EXPLAIN) | {"description": "Which rows get reasons."},
    "ids": _IDS,
    "slice": {"type": "string", "description": "The slice that all rows are of, where no column says it."},
    "costs": _COSTS,
}
_TENSOR = {
    "name": TEXT,
    "shape": array(COUNT, minItems=1, maxItems=2),
    "datatype": one_of(*DATATYPES),
    "parameters": thing("", binary_data_size=COUNT),
    "data": {
        "description": "Values in row order, flat or nested as the shape; null is missing. With binary data left out.",
        "type": "array",
        "items": {"type": ["number", "string", "boolean", "null", "array"]},
    },
}
_REASON = thing(
    "feature value contribution text",
    feature=TEXT,
    value={"description": "The row's value; null where missing, an object for a group of columns."},
    contribution=NUMBER | {"description": "Log-odds; above 0 it raises the probability."},
    text=TEXT,
)

SCHEMAS: dict[str, Schema] = {
    "Error": thing("error", error=TEXT | {"description": "What was wrong, what was received, what to do."}),
    "Live": thing("live", live=TRUTH),
    "Ready": thing("ready", ready=TRUTH, problems={"type": "object", "additionalProperties": TEXT}),
    "ModelReady": thing("name ready", name=TEXT, ready=TRUTH),
    "Server": thing("name version extensions", name=TEXT, version=TEXT, extensions=array(TEXT)),
    "TensorDescription": thing(
        "name datatype shape", name=TEXT, datatype=one_of(*DATATYPES), shape=array({"type": "integer", "minimum": -1})
    ),
    "Model": thing(
        "name versions platform inputs outputs",
        name=TEXT,
        versions=array(TEXT),
        platform=TEXT,
        inputs=array(named("TensorDescription")),
        outputs=array(named("TensorDescription")),
        parameters={"type": "object"},
    ),
    "Input": thing("name shape datatype", **_TENSOR),
    "InferRequest": thing(
        "inputs",
        id=TEXT,
        parameters=thing("", binary_data_output=TRUTH, **_ASKED),
        inputs=array(named("Input"), minItems=1),
        outputs=array(thing("name", name=one_of(*OUTPUTS), parameters=thing("", binary_data=TRUTH)), minItems=1),
    ),
    "Output": thing("name shape datatype", **_TENSOR),
    "InferResponse": thing(
        "model_name model_version outputs", model_name=TEXT, model_version=TEXT, id=TEXT, outputs=array(named("Output"))
    ),
    "Reason": _REASON,
    "ScoredRow": thing(
        "probability alert tier reasons",
        probability=NUMBER | {"minimum": 0, "maximum": 1},
        alert=TRUTH,
        tier={"type": ["string", "null"]},
        reasons={"type": ["array", "null"], "items": named("Reason")},
    ),
    "ScoreResponse": thing("model version rows", model=TEXT, version=TEXT, id=TEXT, rows=array(named("ScoredRow"))),
}

_VALUE_OF: dict[str, Schema] = {
    "number": {"type": ["number", "null"]},
    "integer": {"type": ["integer", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "category": {"type": ["string", "number", "boolean", "null"]},
    "text": {"type": ["string", "null"]},
    "time": {"type": ["string", "null"], "examples": ["2026-01-31 12:00:00"]},
}


def score_request(model: str, columns: Sequence[tuple[str, str]], *, only: bool) -> Schema:
    """A plain request to a model of these columns; its name may be left out where it is the `only` one."""
    row: Schema = {
        "type": "object",
        "required": [name for name, _ in columns],
        "properties": {name: _VALUE_OF[kind] for name, kind in columns},
        "description": "Column to value; null is missing, other columns are ignored.",
    }
    said = {"model": {"const": model}, "version": TEXT, "rows": array(row), "id": TEXT, **_ASKED}
    return thing("rows" if only else "rows model", **said) | {"additionalProperties": False}
