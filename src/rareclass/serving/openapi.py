"""What the service answers, as OpenAPI 3.1."""

from typing import TYPE_CHECKING, Any

from rareclass import __version__

if TYPE_CHECKING:
    from rareclass.serving.models import Models


def openapi(models: "Models") -> dict[str, Any]:
    """The description of a service with these models."""
    return {"openapi": "3.1.0", "info": {"title": "rareclass", "version": __version__}, "paths": {}}
