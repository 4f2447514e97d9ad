"""A bundle that answers inside another server: a request of the protocol as an object, the answer as one."""

import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rareclass.serving.answers import answer
from rareclass.serving.errors import wrong
from rareclass.serving.log import PredictionLog
from rareclass.serving.models import read_served
from rareclass.serving.protocol.metadata import model_metadata
from rareclass.serving.protocol.responses import DATATYPE_OF, output_values
from rareclass.serving.requests import read_infer, request_of


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
        if isinstance(request, bytes):
            asked = read_infer(request, header_length, self.served)
        else:
            asked = request_of(_in_plain(request), memoryview(b""), self.served)
        found = answer(self.served, asked)
        if self.log is not None:
            given = asked.id or uuid.uuid4().hex
            self.log.add(self.served, asked.ids or given, found, asked.rows, given)
        n = len(asked.rows)
        said: dict[str, Any] = {"model_name": self.served.name, "model_version": self.served.version}
        if asked.id is not None:
            said["id"] = asked.id
        values = {name: output_values(name, found, n) for name in asked.outputs}
        return said | {
            "outputs": [
                {"name": name, "datatype": DATATYPE_OF[name], "shape": [n], "data": _listed(data)}
                for name, data in values.items()
            ]
        }

    def close(self) -> None:
        """Write what the log still holds."""
        if self.log is not None:
            self.log.close()


def _in_plain(request: dict[str, Any]) -> dict[str, Any]:
    """The request with lists where tensors hold arrays, and texts where they hold bytes."""
    inputs = request.get("inputs")
    if not isinstance(inputs, list):
        return request
    found = []
    for tensor in inputs:
        data = tensor.get("data") if isinstance(tensor, dict) else None
        plain = _listed(data)
        if isinstance(plain, list) and any(type(value) is bytes for value in plain):
            try:
                plain = [value.decode() if type(value) is bytes else value for value in plain]
            except UnicodeDecodeError:
                raise wrong(f"Input {tensor.get('name')!r} holds a text that is no UTF-8.") from None
        found.append(tensor if plain is data else {**tensor, "data": plain})
    return {**request, "inputs": found}


def _listed(values: Any) -> Any:
    """An array as a list; anything else as it is."""
    return values.tolist() if isinstance(values, np.ndarray) else values
