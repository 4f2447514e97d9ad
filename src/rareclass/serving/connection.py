"""uvicorn's HTTP connection with limits on how slowly and how much a client may send before it is heard."""

import asyncio
import functools
from typing import Any

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from rareclass.serving.settings import Limits

_HEAD = 64 * 1024
"""Bytes that the request line and headers may have."""


class GuardedConnection(HttpToolsProtocol):
    """Closes connections that do not send a whole request in time or do not read its answer; refuses in JSON.

    The time for a request runs from its first byte (for the first request: from the connection) to its last, and stands
    still while the service itself does not read.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self._whole = True  # nothing of a request has come, or all of it
        self._in_head = False
        self._head = 0
        self._clock: asyncio.TimerHandle | None = None
        self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections are open; try again in a second.")
        else:
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._whole or self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > _HEAD:
            self._refuse(400, f"The request line and headers have more than {_HEAD:,} bytes.")
        elif self._whole:
            self._head = 0
            if self._clock is not None:
                self._stop_clock()
        elif self._clock is None:
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)

    def on_message_begin(self) -> None:
        self._whole, self._in_head = False, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "This is no valid HTTP/1.1 request.")

    def timeout_keep_alive_handler(self) -> None:
        """Close a quiet connection; one whose client still reads its answer gets more time, one that does not none."""
        waiting = self.transport.get_write_buffer_size()
        if waiting == 0:
            super().timeout_keep_alive_handler()
        elif waiting == self._unread:
            self.transport.abort()
        else:
            self._unread = waiting
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _too_slow(self) -> None:
        self._clock = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:  # we are the slow side
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)
            return
        self._refuse(400, f"The request did not arrive whole within {self.limits.receiving:g} seconds.")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer outside any application, and close."""
        self._stop_clock()
        body = orjson.dumps({"error": sentence})
        started = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not started:  # an answer under way cannot be taken back
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
        self.loop.call_later(1.0, self._abort)

    def _abort(self) -> None:
        """End a closed connection whose client does not read."""
        if self in self.connections:
            self.transport.abort()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def guarded(limits: Limits) -> Any:
    """The connection class with these limits, as `uvicorn.Config` takes it."""
    return functools.partial(GuardedConnection, limits=limits)
