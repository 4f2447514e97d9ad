"""One gRPC call: who may make it, its message, its answer, and refusals as status codes with the same sentence."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from rareclass.serving.app import Service
from rareclass.serving.errors import Refused
from rareclass.serving.events import Events
from rareclass.serving.front import TEXT, Call, settled, tell
from rareclass.serving.guarding import Gone, Ids, admitted
from rareclass.serving.rpc.receiving import Receiving

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,  # as gRPC itself says of long messages
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
"""The code of each status of HTTP that a refusal may have."""
Method = Callable[[Call, bytes], Awaitable[bytes]]
Stream = Callable[[bytes], AsyncIterator[bytes]]


class Calls(grpc.GenericRpcHandler):
    """What answers the calls of a worker, from bytes to bytes: a damaged message is the client's error.

    Parameters
    ----------
    service : Service
    methods : dict
        What answers each path, from (call, message).
    streams : dict
        The same for paths that are answered by many messages.
    open_paths : str
        How paths begin that ask for no token.
    """

    def __init__(
        self,
        service: Service,
        events: Events,
        *,
        methods: dict[str, Method],
        streams: dict[str, Stream],
        open_paths: tuple[str, ...],
    ) -> None:
        self._service, self._events, self._ids = service, events, Ids()
        self._methods, self._streams, self._open = methods, streams, open_paths
        self._receiving = Receiving(service.settings.limits)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """What answers a call, found before its message is read."""
        headers = {key.encode(): _bytes(value) for key, value in details.invocation_metadata}
        path = details.method
        call = Call(
            method="gRPC",
            path=path,
            headers=headers,
            id=self._ids.of(headers),
            receive=_nothing,
            began=time.perf_counter(),
        )
        if not path.startswith(self._open) and not admitted(headers, self._service.settings.token):
            return self._refusing(
                call, Refused(401, "This service asks for a token: send the metadata `authorization: Bearer TOKEN`.")
            )
        # calls bring one message; those of streams let us say when it is read
        if path in self._methods:
            return grpc.stream_unary_rpc_method_handler(functools.partial(self._answer, call, self._methods[path]))
        if path in self._streams:
            return grpc.stream_stream_rpc_method_handler(functools.partial(self._stream, call, self._streams[path]))
        said = "The service has no such method."
        if "/Repository" in path:
            said = "Models are reloaded on the admin port (--admin-port), or when their folder is replaced."
        return self._refusing(call, Refused(501, said))

    def _refusing(self, call: Call, refused: Refused) -> grpc.RpcMethodHandler:
        async def refuse(_: Any, context: Any) -> None:
            await self._refuse(call, refused.status, refused.sentence, context)

        return grpc.stream_unary_rpc_method_handler(refuse)  # which need not wait for the message

    async def _answer(self, call: Call, method: Method, _: Any, context: Any) -> bytes:
        async def answered() -> bytes:
            return await method(call, await self._receiving.message(context))

        self._service.metrics.began()
        try:
            answer = await settled(call, answered(), self._events)
        except asyncio.CancelledError:
            self._events.say("client left", id=call.id, path=call.path[:TEXT])
            raise
        finally:
            self._service.metrics.ended()
        if isinstance(answer, Refused):
            return await self._refuse(call, answer.status, answer.sentence, context)
        context.set_trailing_metadata((("x-request-id", call.id),))
        tell(self._events, call, 200)
        return answer

    async def _stream(self, call: Call, stream: Stream, _: Any, context: Any) -> AsyncIterator[bytes]:
        try:
            async for answer in stream(await self._receiving.message(context)):
                yield answer
        except Refused as refused:
            await self._refuse(call, refused.status, refused.sentence, context)

    async def _refuse(self, call: Call, status: int, sentence: str, context: Any) -> bytes:
        self._service.refused(call, status)
        tell(self._events, call, status)
        await context.abort(CODES[status], sentence, (("x-request-id", call.id),))
        return b""  # never: abort raises


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


async def _nothing() -> Any:
    """Stands for the body of HTTP, which a gRPC call has not."""
    raise Gone
