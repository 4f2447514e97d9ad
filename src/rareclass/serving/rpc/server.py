"""The gRPC server of a worker: the inference service and the health service on a port that all workers share."""

from typing import Any

import grpc.aio

from rareclass.serving.app import Service
from rareclass.serving.events import Events
from rareclass.serving.front import Call, Reply
from rareclass.serving.protocol.metadata import model_metadata, server_metadata
from rareclass.serving.requests import Request
from rareclass.serving.rpc.calls import Calls
from rareclass.serving.rpc.health import Health
from rareclass.serving.rpc.messages import message_class, parsed
from rareclass.serving.rpc.reading import read_message
from rareclass.serving.rpc.writing import write_message
from rareclass.serving.settings import Limits, Transport

SERVICE, HEALTH = "inference.GRPCInferenceService", "grpc.health.v1.Health"
_AGE = 600
"""Seconds after which a connection is closed, so that clients spread over workers and none holds one for ever."""
_ROOM = 64 * 1024
"""Bytes of a message beside its contents."""


class RpcServer:
    """Answers gRPC from `start` to `stop`, in the event loop that answers HTTP.

    Parameters
    ----------
    service : Service
    events : Events
    address : str
        ``host:port``; other processes may listen there too.
    """

    def __init__(self, service: Service, events: Events, address: str) -> None:
        self._service, self._events, self._address = service, events, address
        self._server: Any = None
        self._health: Health | None = None

    async def start(self) -> None:
        """Listen; raises RuntimeError where the port is taken."""
        settings, health = self._service.settings, Health(self._service.models, (SERVICE,))
        inference = _Inference(self._service)
        methods = {f"/{SERVICE}/{name}": getattr(inference, name) for name in inference.METHODS}
        calls = Calls(
            self._service,
            self._events,
            methods=methods | {f"/{HEALTH}/Check": health.check},
            streams={f"/{HEALTH}/Watch": health.watch},
            open_paths=(f"/{HEALTH}/", f"/{SERVICE}/ServerLive", f"/{SERVICE}/ServerReady"),
        )
        server = grpc.aio.server(
            handlers=(calls,), options=_options(settings.limits), maximum_concurrent_rpcs=settings.limits.connections
        )
        if settings.transport.certificate is None:
            server.add_insecure_port(self._address)
        else:
            server.add_secure_port(self._address, _credentials(settings.transport))
        await server.start()
        self._server, self._health = server, health

    async def stop(self) -> None:
        """Take no new calls, and finish those that are under way within `Limits.closing` seconds."""
        if self._health is not None:
            self._health.stop()
            await self._server.stop(self._service.settings.limits.closing)


class _Inference:
    """The methods of the inference service."""

    METHODS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer")

    def __init__(self, service: Service) -> None:
        self._service, self._models = service, service.models
        self._asked = {name: message_class(f"{name}Request") for name in self.METHODS}
        self._said = {name: message_class(f"{name}Response") for name in self.METHODS}

    async def ServerLive(self, call: Call, message: bytes) -> bytes:
        return self._answer("ServerLive", live=True)

    async def ServerReady(self, call: Call, message: bytes) -> bytes:
        return self._answer("ServerReady", ready=self._models.ready)

    async def ServerMetadata(self, call: Call, message: bytes) -> bytes:
        return self._answer("ServerMetadata", **server_metadata())

    async def ModelReady(self, call: Call, message: bytes) -> bytes:
        asked = parsed(self._asked["ModelReady"], message)
        if asked.name in self._models.names and asked.name not in self._models.versions:
            return self._answer("ModelReady", ready=False)
        call.model = self._models.get(asked.name, asked.version or None).name
        return self._answer("ModelReady", ready=True)

    async def ModelMetadata(self, call: Call, message: bytes) -> bytes:
        asked = parsed(self._asked["ModelMetadata"], message)
        served = self._models.get(asked.name, asked.version or None)
        call.model = served.name
        return self._answer("ModelMetadata", **model_metadata(served))

    async def ModelInfer(self, call: Call, message: bytes) -> bytes:
        raw = False

        def read() -> tuple[Any, Request]:
            nonlocal raw
            said = parsed(self._asked["ModelInfer"], message)
            served = self._models.get(said.model_name, said.model_version or None)
            call.model, raw = served.name, bool(said.raw_input_contents)
            return served, read_message(said, served, **self._service.reading)

        reply = await self._service.compute(
            call, len(message), read, lambda *found: Reply(write_message(*found, raw=raw))
        )
        return reply.body

    def _answer(self, method: str, **values: Any) -> bytes:
        written: bytes = self._said[method](**values).SerializeToString()
        return written


def _options(limits: Limits) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", limits.body + _ROOM),
        ("grpc.max_send_message_length", -1),
        ("grpc.compression_enabled_algorithms_bitset", 1),  # none: a small message may unpack to a large one
        ("grpc.max_connection_age_ms", _AGE * 1_000),
        ("grpc.max_connection_age_grace_ms", int(limits.receiving + limits.seconds) * 1_000),
        ("grpc.max_connection_idle_ms", int(limits.idle) * 1_000),
        ("grpc.keepalive_time_ms", int(limits.idle) * 1_000),
        ("grpc.keepalive_timeout_ms", int(limits.receiving) * 1_000),
    ]


def _credentials(transport: Transport) -> Any:
    """Certificates as gRPC takes them."""
    assert transport.certificate is not None  # as `Transport` checks
    assert transport.key is not None
    authority = transport.client_authority
    return grpc.ssl_server_credentials(
        [(transport.key.read_bytes(), transport.certificate.read_bytes())],
        root_certificates=None if authority is None else authority.read_bytes(),
        require_client_auth=authority is not None,
    )
