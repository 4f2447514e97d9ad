"""One HTTP request as an ASGI server hands it over, and one answer: ids, errors as JSON, a line in the log."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

import orjson

from rareclass.serving.errors import Refused
from rareclass.serving.events import Events
from rareclass.serving.guarding import Gone, Headers, Ids, Receive

T = TypeVar("T")
JSON = b"application/json"
Answered = tuple[int, Sequence[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
TEXT = 200
"""Letters of a path that the log keeps."""


class Reply(NamedTuple):
    """Status, body, its kind, and further headers."""

    body: bytes
    kind: bytes = JSON
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def nothing() -> Mapping[str, Any]:
    """A call whose body is not received: it is here already, or none is asked for."""
    raise Gone


@dataclass(slots=True, kw_only=True)
class Call:
    """A request.

    Attributes
    ----------
    began : float
        By `time.perf_counter`.
    model : str or None
        The one that is asked, once it is known.
    said : dict
        What the log says of it beside path, status and time.
    """

    method: str
    path: str
    headers: Headers
    id: str
    receive: Receive = nothing
    began: float
    model: str | None = None
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.began


Small = Callable[[Call, bytes, Callable[[Callable[[], Reply]], None]], bool]


def reply_json(value: Any, status: int = 200) -> Reply:
    """A reply of plain values."""
    return Reply(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status=status)


def refusal(status: int, sentence: str) -> Reply:
    """The reply ``{"error": sentence}``."""
    more: dict[int, tuple[tuple[bytes, bytes], ...]] = {
        401: ((b"www-authenticate", b"Bearer"),),
        429: ((b"retry-after", b"1"),),
        503: ((b"retry-after", b"1"),),
    }
    return Reply(orjson.dumps({"error": sentence}), status=status, headers=more.get(status, ()))


class Settling:
    """``with`` it around what answers a call; `refused` says behind it why there is no answer, None where there is.

    An error of ours, which must not happen, is told to the client by its id, and to the log.
    """

    __slots__ = ("_call", "_events", "refused")

    def __init__(self, call: Call, events: Events) -> None:
        self._call, self._events = call, events
        self.refused: Refused | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception) or isinstance(error, Gone):
            return False
        if isinstance(error, Refused):
            self.refused = error
        else:
            call = self._call
            self._events.failed("request failed", error, id=call.id, path=call.path[:TEXT])
            said = f"The service failed on this request; its log says why, under the id {call.id}."
            self.refused = Refused(500, said)
        return True


async def settled(call: Call, answer: Awaitable[T], events: Events) -> T | Refused:
    """The answer to a call, or why there is none."""
    with Settling(call, events) as settling:
        return await answer
    assert settling.refused is not None
    return settling.refused


def tell(events: Events, call: Call, status: int) -> None:
    """Write the line of an answered request, where these are logged."""
    if events.requests:
        ms = round(1e3 * call.seconds, 3)
        events.say("request", id=call.id, method=call.method, path=call.path[:TEXT], status=status, ms=ms, **call.said)


class Front:
    """The ASGI application: it asks `answer` for the reply to each request.

    Whatever is raised becomes JSON: `Refused` its status and sentence, anything else 500 with the id of the request,
    under which the log holds all of it.

    Parameters
    ----------
    answer : async callable
        From a `Call` to its `Reply`.
    events : Events
    opened, closed : async callable, optional
        Called before the first request and after the last.
    small : callable, optional
        Takes (call, body, then) of a request for answers whose body is here, and tells `then`, which need not be at
        once, what makes its reply. False where it leaves the request to `answer`; it may raise as that.
    refused : callable, optional
        Called with (call, status) for each reply of 400 or above; the call is None where the connection was refused
        before it held a request.
    """

    def __init__(
        self,
        answer: Callable[[Call], Awaitable[Reply]],
        events: Events,
        *,
        small: Small | None = None,
        opened: Callable[[], Awaitable[None]] | None = None,
        closed: Callable[[], Awaitable[None]] | None = None,
        refused: Callable[[Call | None, int], None] | None = None,
    ) -> None:
        self._answer, self._events, self._ids = answer, events, Ids()
        self._small, self._opened, self._closed, self._refused = small, opened, closed, refused

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._lifespan(receive, send)
            return
        found = await self.answered(scope["method"], scope["path"], dict(scope["headers"]), receive)
        if found is not None:
            status, head, body = found
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": body})

    async def answered(self, method: str, path: str, headers: Headers, receive: Receive) -> Answered | None:
        """Status, headers and body of the answer to a request; None where its client left before it was whole."""
        call = self._call(method, path, headers, receive)
        try:
            found = await settled(call, self._answer(call), self._events)
        except Gone:
            self._events.say("client left", id=call.id, path=path[:TEXT])
            return None
        return self._told(call, found)

    def small(self, path: str, headers: Headers, body: bytes, write: Callable[[Answered], None]) -> bool:
        """Have a POST whose body is here answered by `write`, be it later; False where `answered` is to be asked."""
        if self._small is None:
            return False
        call = self._call("POST", path, headers)

        def then(reply: Callable[[], Reply]) -> None:
            with Settling(call, self._events) as settling:
                found = reply()
            write(self._told(call, settling.refused or found))

        with Settling(call, self._events) as settling:
            return self._small(call, body, then)
        assert settling.refused is not None
        write(self._told(call, settling.refused))
        return True

    def _call(self, method: str, path: str, headers: Headers, receive: Receive = nothing) -> Call:
        began, own = time.perf_counter(), self._ids.of(headers)
        return Call(method=method, path=path, headers=headers, id=own, receive=receive, began=began)

    def _told(self, call: Call, found: Reply | Refused) -> Answered:
        """The answer to a call, which is counted and logged."""
        reply = refusal(found.status, found.sentence) if isinstance(found, Refused) else found
        if reply.status >= 400 and self._refused is not None:
            self._refused(call, reply.status)
        tell(self._events, call, reply.status)
        head = (
            (b"content-type", reply.kind),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", call.id.encode()),
            *reply.headers,
        )
        return reply.status, head, reply.body

    def turned_away(self, status: int, sentence: str) -> None:
        """Count and log a refusal that the connection gave itself: what came was no whole request, or one too many."""
        if self._refused is not None:
            self._refused(None, status)
        if self._events.requests:
            self._events.say("connection refused", status=status, problem=sentence)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._opened is not None:
            await self._opened()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._closed is not None:
            await self._closed()
        await send({"type": "lifespan.shutdown.complete"})
