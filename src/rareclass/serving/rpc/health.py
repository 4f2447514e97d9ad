"""gRPC's health service: of the whole server, and of each model under its name."""

import asyncio
from collections.abc import AsyncIterator

from rareclass.serving.errors import Refused
from rareclass.serving.front import Call
from rareclass.serving.models import POLL, Models
from rareclass.serving.rpc.messages import message_class, parsed

_Request = message_class("HealthCheckRequest", "grpc.health.v1")
_Response = message_class("HealthCheckResponse", "grpc.health.v1")
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
MOST_WATCHERS = 100


class Health:
    """Says whether models can be asked.

    Parameters
    ----------
    models : Models
    services : tuple of str
        Names that stand for all models.
    """

    def __init__(self, models: Models, services: tuple[str, ...]) -> None:
        self._models, self._all = models, ("", *services)
        self._stopping, self._watchers = asyncio.Event(), 0

    def stop(self) -> None:
        """Say from now on that nothing is served, and end those who watch."""
        self._stopping.set()

    async def check(self, _: Call, message: bytes) -> bytes:
        """The state of a service or model; refuses (404) names of none."""
        name = parsed(_Request, message).service
        status = self._status(name)
        if status == SERVICE_UNKNOWN:
            raise Refused(404, f"There is no service or model {name[:80]!r} here.")
        return _written(status)

    async def watch(self, message: bytes) -> AsyncIterator[bytes]:
        """Its state now, and whenever it changes."""
        name = parsed(_Request, message).service
        if self._watchers >= MOST_WATCHERS:
            raise Refused(429, f"{MOST_WATCHERS} clients watch already; ask by Check.")
        self._watchers += 1
        try:
            told = None
            while True:
                status = self._status(name)
                if status != told:
                    told = status
                    yield _written(status)
                if self._stopping.is_set():
                    return
                try:
                    await asyncio.wait_for(self._stopping.wait(), POLL)
                except TimeoutError:
                    continue
        finally:
            self._watchers -= 1

    def _status(self, name: str) -> int:
        models = self._models
        if name not in self._all and name not in models.names:
            return SERVICE_UNKNOWN
        ready = models.ready if name in self._all else name in models.versions
        return SERVING if ready and not self._stopping.is_set() else NOT_SERVING


def _written(status: int) -> bytes:
    written: bytes = _Response(status=status).SerializeToString()
    return written
