"""What the protocol says of the service and of its models."""

from typing import TYPE_CHECKING, Any

from rareclass import __version__
from rareclass.serving.asked import DEFAULT_OUTPUTS, REASONS, TIER
from rareclass.serving.protocol.responses import DATATYPE_OF

if TYPE_CHECKING:
    from rareclass.serving.models import Served

PLATFORM = "rareclass"
INPUT_OF = {
    "number": "FP64",
    "integer": "INT64",
    "boolean": "BOOL",
    "category": "BYTES",
    "text": "BYTES",
    "time": "BYTES",
}
"""The datatype that fits a column of each kind best; others that hold such values are taken too."""


def server_metadata() -> dict[str, Any]:
    """The answer to ``GET /v2``."""
    return {"name": "rareclass", "version": __version__, "extensions": ["binary_tensor_data"]}


def model_metadata(served: "Served") -> dict[str, Any]:
    """The answer to ``GET /v2/models/{name}``: one input a column, [n], and the outputs."""
    outputs = (*DEFAULT_OUTPUTS, *((TIER,) if served.tiers else ()), REASONS)
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": PLATFORM,
        "inputs": [
            {"name": name, "datatype": INPUT_OF[kind], "shape": [-1]} for name, kind in served.scorer.encoder.columns
        ],
        "outputs": [{"name": name, "datatype": DATATYPE_OF[name], "shape": [-1]} for name in outputs],
    }
