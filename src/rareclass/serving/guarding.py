"""What a request must be before anyone reads it, and who computes it: tokens, headers, bodies, back-pressure."""

import asyncio
import hmac
import itertools
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from rareclass.serving.errors import Refused, shown
from rareclass.serving.settings import Limits

T = TypeVar("T")
Headers = Mapping[bytes, bytes]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TYPES = (b"application/json", b"application/octet-stream", b"application/x-binary")
_CHARSETS = (b"", b"utf-8", b"utf8", b"us-ascii")
_DIGITS = 18


class Gone(Exception):
    """The client left before its request was whole."""


class Ids:
    """Ids of requests: the client's, where it can stand in a log, else new ones."""

    def __init__(self) -> None:
        self._begin, self._count = os.urandom(6).hex(), itertools.count(1)

    def of(self, headers: Headers) -> str:
        given = headers.get(b"x-request-id")
        if given is not None and _ID.fullmatch(given):
            return given.decode("ascii")
        return f"{self._begin}-{next(self._count):x}"


def admitted(headers: Headers, token: str | None) -> bool:
    """Whether a request brings the token, where one is asked for."""
    if token is None:
        return True
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    return hmac.compare_digest(given.strip(), token.encode()) and scheme.lower() == b"bearer"


def refuse_media(headers: Headers) -> None:
    """Raise where a body is of a kind or encoding that is not read.

    Raises
    ------
    Refused
        415
    """
    kind = headers.get(b"content-type")  # clients of the protocol may send none
    if kind and kind not in _TYPES:
        name, _, rest = kind.lower().partition(b";")
        if name.strip() not in _TYPES:
            said = shown(name.strip().decode("latin-1"))
            raise Refused(
                415,
                f"The header Content-Type says {said}; the body must be JSON: send `Content-Type: application/json` or "
                "none (curl: --json, not -d).",
            )
        charset = rest.partition(b"charset=")[2].strip(b" \"'") if b"charset=" in rest else b""
        if charset not in _CHARSETS:
            raise Refused(415, "JSON is read as UTF-8 only.")
    encoding = headers.get(b"content-encoding")
    if encoding and encoding.strip().lower() not in (b"identity", b""):
        raise Refused(415, "Compressed bodies are not read; send the body as it is.")


def number_of(headers: Headers, name: bytes, what: str) -> int | None:
    """A header's whole number; None where it is absent."""
    text = headers.get(name)
    if text is None:
        return None
    if not text.isdigit() or len(text) > _DIGITS:
        raise Refused(400, f"The header {what} must be a whole number of bytes.")
    return int(text)


class Bodies:
    """Receives bodies, each within its limit and all together within theirs."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.held = limits, 0

    async def read(self, receive: Receive, length: int | None) -> bytes:
        """The body of a request that says it has `length` bytes, or does not say.

        Raises
        ------
        Refused
            413: it is too long; 429: too many bodies are being received.
        Gone
        """
        if length is not None and length > self.limits.body:
            raise self._too_long()
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        if not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > self.limits.body:
                raise self._too_long()
            return body
        return await self._rest(receive, message)

    async def _rest(self, receive: Receive, message: Mapping[str, Any]) -> bytes:
        body = bytearray()
        try:
            while True:
                part = message.get("body", b"")
                body += part
                self.held += len(part)
                if len(body) > self.limits.body:
                    raise self._too_long()
                if self.held > self.limits.buffered:
                    raise Refused(429, "Too many large requests are being received; try again in a second.")
                if not message.get("more_body", False):
                    return bytes(body)
                message = await receive()
                if message["type"] != "http.request":
                    raise Gone
        finally:
            self.held -= len(body)

    def _too_long(self) -> Refused:
        return Refused(413, f"The body has more than {self.limits.body:,} bytes. Send fewer rows a request.")


class Pool:
    """Computes large requests in threads, a few at a time, so that small ones and probes need not wait for them."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.taken = limits, 0
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="large")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns.

        Raises
        ------
        Refused
            429: too many wait already; 503: it took too long.
        """
        if self.taken >= self.limits.threads + self.limits.waiting:
            raise Refused(429, "Too many large requests wait already; try again in a second.")
        self.taken += 1
        loop = asyncio.get_running_loop()
        job = self._threads.submit(work)
        # a thread cannot be stopped: its place is free when it is done, not when nobody waits any more
        job.add_done_callback(lambda _: _soon(loop, self._done))
        found = asyncio.wrap_future(job)
        await asyncio.wait((found,), timeout=self.limits.seconds)  # which, unlike `wait_for`, needs no task
        if not found.done():
            found.cancel()
            raise Refused(
                503,
                f"The request was not answered within {self.limits.seconds:g} seconds. Send fewer rows, or try later.",
            )
        return found.result()

    def _done(self) -> None:
        self.taken -= 1

    def close(self) -> None:
        """Take nothing on any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
