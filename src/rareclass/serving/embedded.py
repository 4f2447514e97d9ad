"""A bundle that answers inside another server: a request of the protocol as an object, the answer as one."""

import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from rareclass.serving.answers import answer
from rareclass.serving.errors import wrong
from rareclass.serving.log import PredictionLog
from rareclass.serving.models import read_served
from rareclass.serving.protocol.metadata import model_metadata
from rareclass.serving.protocol.responses import write_infer
from rareclass.serving.requests import read_infer
from rareclass.serving.wire import read_json, write_json


class Embedded:
    """The model of a bundle for servers that bring their own protocol, such as KServe's SDK and MLServer.

    It answers as `rareclass serve` does, and needs as little: no training library for a compiled model. For many
    requests `rareclass serve` is faster (docs/deploy.md).

    Parameters
    ----------
    folder : path
        Of the bundle, verified and warmed.
    name : str, optional
        What it is served as; by default the bundle's own name.
    log : path, optional
        Folder of the prediction log.

    Raises
    ------
    BundleError
        There is no bundle, or it is damaged.
    DependencyError
        The extra ``serving`` lacks.
    """

    def __init__(
        self, folder: str | os.PathLike, name: str | None = None, *, log: str | os.PathLike | None = None
    ) -> None:
        self.served = read_served(name or "", Path(folder))
        if name is None:
            self.served = replace(self.served, name=str(self.served.card["name"]))
        self.log = None if log is None else PredictionLog(Path(log), "embedded")

    def metadata(self) -> dict[str, Any]:
        """What ``GET /v2/models/NAME`` says: inputs, outputs, version."""
        return model_metadata(self.served)

    def answer(self, request: dict[str, Any] | bytes, header_length: int | None = None) -> dict[str, Any]:
        """What ``POST /v2/models/NAME/infer`` says of a request, with values as lists.

        Parameters
        ----------
        request : dict or bytes
            The protocol's JSON object, where texts may also be bytes (UTF-8), as gRPC has them; or the whole body.
        header_length : int, optional
            Of the JSON at the start of a body that binary tensors follow.

        Raises
        ------
        Refused
            The request cannot be used; `status` and `sentence` say how and why.
        """
        body = request if isinstance(request, bytes) else write_json(_as_texts(request))
        asked = replace(read_infer(body, header_length, self.served), binary=frozenset())
        found = answer(self.served, asked)
        if self.log is not None:
            given = asked.id or uuid.uuid4().hex
            self.log.add(self.served, asked.ids or given, found, asked.rows, given)
        return read_json(write_infer(self.served, asked, found)[0])

    def close(self) -> None:
        """Write what the log still holds."""
        if self.log is not None:
            self.log.close()


def _as_texts(request: dict[str, Any]) -> dict[str, Any]:
    """The request with texts where tensors hold bytes."""
    inputs = request.get("inputs")
    if not isinstance(inputs, list):
        return request
    found = []
    for tensor in inputs:
        data = tensor.get("data") if isinstance(tensor, dict) else None
        if isinstance(data, list) and any(type(value) is bytes for value in data):
            try:
                data = [value.decode() if type(value) is bytes else value for value in data]
            except UnicodeDecodeError:
                raise wrong(f"Input {tensor.get('name')!r} holds a text that is no UTF-8.") from None
            tensor = {**tensor, "data": data}
        found.append(tensor)
    return {**request, "inputs": found}
