"""Answers as messages."""

from typing import TYPE_CHECKING

import numpy as np

from rareclass.serving.protocol.datatypes import TEXT, to_bytes
from rareclass.serving.protocol.responses import DATATYPE_OF, output_values
from rareclass.serving.rpc.messages import message_class
from rareclass.serving.rpc.reading import FIELDS

if TYPE_CHECKING:
    from rareclass.serving.answers import Answers
    from rareclass.serving.models import Served
    from rareclass.serving.requests import Request

_Response = message_class("ModelInferResponse")


def write_message(served: "Served", request: "Request", answers: "Answers", *, raw: bool) -> bytes:
    """A ModelInferResponse, with raw contents where the request had them, else with typed ones."""
    n = len(request.rows)
    said = _Response(model_name=served.name, model_version=served.version, id=request.id or "")
    for name in request.outputs:
        values, datatype = output_values(name, answers, n), DATATYPE_OF[name]
        output = said.outputs.add(name=name, datatype=datatype, shape=[n])
        if raw:
            said.raw_output_contents.append(to_bytes(values))
            continue
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        field = getattr(output.contents, FIELDS[datatype])
        field.extend([str(text).encode() for text in plain] if datatype == TEXT else plain)
    written: bytes = said.SerializeToString()
    return written
