"""Answers as the protocol writes them: JSON, or JSON with binary tensors behind it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rareclass.scoring.reasons import Reason
from rareclass.serving.asked import ALERT, LOGIT, PROBABILITY, REASONS, TIER
from rareclass.serving.protocol.datatypes import to_bytes
from rareclass.serving.wire import write_json

if TYPE_CHECKING:
    from rareclass.serving.answers import Answers
    from rareclass.serving.models import Served
    from rareclass.serving.requests import Request

_FEW = 8
"""Values that are faster written as Python's."""
DATATYPE_OF = {PROBABILITY: "FP64", LOGIT: "FP64", ALERT: "BOOL", TIER: "BYTES", REASONS: "BYTES"}


def write_infer(served: "Served", request: "Request", answers: "Answers") -> tuple[bytes, int | None]:
    """The body of an answer, and the length of its JSON where binary tensors follow it."""
    n = len(request.rows)
    outputs: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for name in request.outputs:
        values = output_values(name, answers, n)
        output: dict[str, Any] = {"name": name, "datatype": DATATYPE_OF[name], "shape": [n]}
        if name in request.binary:
            raw = to_bytes(values)
            tail.append(raw)
            output["parameters"] = {"binary_data_size": len(raw)}
        else:
            output["data"] = values.tolist() if n <= _FEW and isinstance(values, np.ndarray) else values
        outputs.append(output)
    said: dict[str, Any] = {"model_name": served.name, "model_version": served.version}
    if request.id is not None:
        said["id"] = request.id
    said["outputs"] = outputs
    body = write_json(said)
    return (b"".join([body, *tail]), len(body)) if request.binary else (body, None)


def output_values(name: str, answers: "Answers", n: int) -> np.ndarray | Sequence[Any]:
    """The values (n,) of an output: numbers, Booleans, names of tiers, or reasons as JSON texts."""
    if name == REASONS:
        return ["null"] * n if answers.reasons is None else [written_reasons(found) for found in answers.reasons]
    if name == TIER:
        return [] if answers.tier is None else list(answers.tier)
    return {PROBABILITY: answers.probability, LOGIT: answers.logit, ALERT: answers.alert}[name]


def written_reasons(reasons: list[Reason] | None) -> str:
    """Reasons of a row as JSON text: null where it was not explained."""
    return write_json(plain_reasons(reasons)).decode()


def plain_reasons(reasons: list[Reason] | None) -> list[dict[str, Any]] | None:
    """Reasons of a row as objects with feature, value, contribution and text."""
    return None if reasons is None else [reason._asdict() for reason in reasons]
