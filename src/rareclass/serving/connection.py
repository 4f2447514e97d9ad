"""uvicorn's HTTP connection, with limits on how slowly a client may send, and with a short way for small requests."""

import asyncio
import functools
import re
from collections.abc import Callable
from typing import Any

import httptools
import orjson
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from rareclass.serving.settings import Limits
from rareclass.serving.short import Heads, Short, Small

_HEAD = 64 * 1024
"""Bytes that the request line and headers may have."""
_SHORT = re.compile(rb"/v1/score|/v2/models/[\w.+-]+(?:/versions/[\w.+-]+)?/infer")
_HOST = re.compile(rb"[\w.~!$&'()*+,;=:%\[\]-]*")
_SHORT_BODY = 16_384
_LEAVE = 0.3
"""Seconds in which what a client has already sent is still answered when the service ends."""
_LINGER = 1.0
"""Seconds for a client to read the last answer of its connection while it still sends."""


class _NoHost(Exception):
    """A request whose header Host is lacking or wrong; the sentence is for the client."""


class GuardedConnection(HttpToolsProtocol):
    """Closes connections that do not send a whole request in time or do not read its answer; refuses in JSON.

    The time for a request runs from its first byte (for the first request: from the connection) to its last, and stands
    still while the service itself does not read.

    A small request for answers that comes whole in one read is handed to `Front.small` at once: uvicorn, with its
    tasks, events and messages of ASGI, takes twice the processor time. All others are passed on to uvicorn.

    Offers of another protocol (``Upgrade``, as clients of HTTP/2 make them without TLS) are left out, as RFC 9110
    (section 7.8) allows; httptools would skip the body of such a request.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        heads: Heads,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits, self.heads = limits, heads
        self._whole = True  # nothing of a request has come, or all of it
        self._in_head = False
        self._head = 0
        self._ending = False  # nothing more is read
        self._ended = False  # the client sends no more
        self._final: Any = None  # the last request to be answered, where it is known
        self._last = False  # the service ends: each answer is the last one of its connection
        self._asked: Any = None  # uvicorn's cycle or our `Short` of the request that is being answered
        self._clock: asyncio.TimerHandle | None = None
        self._unread = 0
        self._stall: asyncio.TimerHandle | None = None
        self._small: Small | None = getattr(config.loaded_app, "small", None)
        self._turned_away: Callable[[int, str], None] | None = getattr(config.loaded_app, "turned_away", None)
        self._url, self._body, self._passed_on = b"", b"", False  # of the request that is being read
        self._data = b""  # it and nothing before it; empty where more than one read brought it
        self._upgrade = False  # offered by it
        self._fields: list[tuple[bytes, bytes]] = []
        self._headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections are open; try again in a second.")
        else:
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._stop_clock()
        self._stop_stall()
        if self._asked is not None:  # uvicorn tells the last request that came, which may wait behind this one
            self._asked.disconnected = True
            self._asked.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ending or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._is_known(data):
            return
        self._head += len(data)
        self._data = data if self._whole else b""
        try:
            self._read(data)
        except httptools.HttpParserError as error:
            ours = isinstance(error.__context__, _NoHost)
            self._refuse(400, str(error.__context__) if ours else "This is no valid HTTP/1.1 request.")
            return
        if not (self._whole or self._in_head or self._passed_on or self.transport.is_closing()):
            self._pass_on()  # the rest is yet to come
        if self._in_head and self._head > _HEAD:
            self._refuse(400, f"The request line and headers have more than {_HEAD:,} bytes.")
        elif self._whole:
            self._head = 0
            if self._clock is not None:
                self._stop_clock()
        elif self._clock is None:
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)

    def eof_received(self) -> bool:
        """Stay open for a client that sends no more but waits for answers; TLS knows no such half."""
        self._ended = True
        return self.scheme == "http" and self._answers_first()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._final is not None and self._final.response_complete:
            self._linger()

    def _is_known(self, data: bytes) -> bool:
        """Whether this is a whole request with a head that was read before, and is answered."""
        if not self._whole or self._last or self._small is None or not self._is_free():
            return False
        known = self.heads.of(data)
        if known is None:
            return False
        short = Short(self, True)
        if not self._small(known.url, known.headers, data[len(data) - known.length :], short.write):
            return False
        self.cycle = self._asked = short
        if self._clock is not None:
            self._stop_clock()
        return True

    def _read(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offered:
                rest = data[offered.args[0] :]
                data = self._without_upgrade() + rest if self._upgrade else rest
            else:
                return

    def _without_upgrade(self) -> bytes:
        """The head that was read, less its offer."""
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self._url, self.parser.get_http_version().encode())
        kept = [b"%b: %b" % field for field in self._fields if field[0] != b"upgrade"]
        return b"\r\n".join([first, *kept, b"\r\n"])

    def on_message_begin(self) -> None:
        self._unset_keepalive_if_required()  # the one before it may have been answered in the same read
        self._whole, self._in_head = False, True
        self._url, self._body, self._passed_on = b"", b"", False
        self._fields = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what comes behind a body cannot say how to read it, or for whom
            self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._upgrade:
            return  # it is read again without
        self._check_host()
        self._headers = dict(self._fields)
        if not self._may_be_short():
            self._pass_on()
        self._in_head = False

    def _check_host(self) -> None:
        """Refuse, as RFC 9112 (section 3.2) asks, what names no host, several, or none that could be one."""
        hosts = [value for name, value in self._fields if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise _NoHost(f"A request of HTTP/1.1 needs one header Host; got {len(hosts)}.")
        if hosts and not _HOST.fullmatch(hosts[0].strip()):
            raise _NoHost("The header Host must be the name or address of a host, and a port where it has one.")

    def on_body(self, body: bytes) -> None:
        if self._passed_on:
            super().on_body(body)
            return
        self._body += body
        if len(self._body) > _SHORT_BODY:
            self._pass_on()

    def on_message_complete(self) -> None:
        if self._upgrade:
            return
        self._whole = True
        self._head = 0  # what was read with this one is no head of the next
        if not self._passed_on:
            if self._goes_short():
                return
            self._pass_on()
        super().on_message_complete()

    def _goes_short(self) -> bool:
        """Whether the request that was read is answered on the short way."""
        stays, url = self.parser.should_keep_alive() and not self._last, self._url.decode("ascii")
        short = Short(self, stays)
        if self._small is None or not self._small(url, self._headers, self._body, short.write):
            return False
        self.cycle = self._asked = short
        if stays and self._data:
            self.heads.learn(self._data, url, self._headers)
        return True

    def _may_be_short(self) -> bool:
        """Whether the head that was read is that of a request which may be answered at once, when its body has come."""
        return (
            self._small is not None
            and self.parser.get_method() == b"POST"
            and _SHORT.fullmatch(self._url) is not None
            and self.parser.get_http_version() == "1.1"
            and b"expect" not in self._headers
            and self._is_free()
        )

    def _is_free(self) -> bool:
        """Whether no answer is under way."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _pass_on(self) -> None:
        """Tell uvicorn what has come of a request."""
        self._passed_on = True
        super().on_message_begin()
        super().on_url(self._url)
        for name, value in self._fields:
            super().on_header(name, value)
        super().on_headers_complete()
        if self._body:
            super().on_body(self._body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._asked = cycle
        if self._last and not self.pipeline:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)

    def shutdown(self) -> None:
        """Close when all that was asked is answered; uvicorn would drop a request that is on its way."""
        self._last = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        self.loop.call_later(_LEAVE, self._leave)

    def _leave(self) -> None:
        """Close a quiet connection; one that brings or awaits something closes behind its answer, or by its limits."""
        if self._whole and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

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

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        self._stop_stall()
        super().resume_writing()

    def _look_later(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self.limits.idle, self._stalled, unread)

    def _stalled(self, unread: int) -> None:
        """Leave a client that reads nothing of many answers, as others wait behind them."""
        if self.transport.get_write_buffer_size() >= unread:
            self.transport.abort()
        else:
            self._look_later()

    def _stop_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _too_slow(self) -> None:
        self._clock = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:  # we are the slow side
            self._clock = self.loop.call_later(self.limits.receiving, self._too_slow)
            return
        self._refuse(400, f"The request did not arrive whole within {self.limits.receiving:g} seconds.")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer outside any application, and close; behind requests that came whole, answer these, and close."""
        if self._answers_first():
            return
        self._stop_clock()
        in_body = not (self._whole or self._in_head)
        if not (in_body and self._passed_on and self.cycle.response_started):  # which cannot be taken back
            body = orjson.dumps({"error": sentence})
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
            if self._turned_away is not None:
                self._turned_away(status, sentence)
            if in_body and self._passed_on:  # nobody hears what the application says to it
                self.cycle.disconnected = True
                self.cycle.message_event.set()
        self._ending = True
        self._linger()

    def _answers_first(self) -> bool:
        """Read no more, and close behind the answers to what came whole; False where nothing waits for one."""
        asked, in_body = self._asked, not (self._whole or self._in_head)
        if asked is None or asked.response_complete or (in_body and asked is self.cycle):
            return False
        if not self._ending:
            self._ending = True
            self._stop_clock()
            if in_body:
                self.pipeline.popleft()
            self._final = self.pipeline[0][0] if self.pipeline else asked
        return True

    def _linger(self) -> None:
        """Close, but read for a while what still comes: a socket that is closed before would take its answer back."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._ended or self.scheme != "http":
            self.transport.close()
        else:
            self.transport.write_eof()
            self.flow.resume_reading()
            self.timeout_keep_alive_task = self.loop.call_later(_LINGER, self.timeout_keep_alive_handler)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def guarded(limits: Limits) -> Any:
    """The connection class with these limits, as `uvicorn.Config` takes it."""
    return functools.partial(GuardedConnection, limits=limits, heads=Heads())
