"""The short way of a small request: from the bytes of a connection to its answer, without a task of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

Answered = tuple[int, Sequence[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""
Small = Callable[[str, Mapping[bytes, bytes], bytes, Callable[[Answered], None]], bool]
"""As `Front.small`."""
_LONGEST, _MOST = 2_048, 512


class _Heard:
    """What uvicorn wakes where a client leaves, of a request that waits for none of its own."""

    def set(self) -> None: ...


class Short:
    """One request on the short way, to uvicorn's connection what its own cycle is.

    Parameters
    ----------
    connection : HttpToolsProtocol
    keep_alive : bool
        Whether the connection stays open behind the answer.
    """

    __slots__ = ("_connection", "disconnected", "keep_alive", "response_complete", "response_started")
    message_event = _Heard()

    def __init__(self, connection: HttpToolsProtocol, keep_alive: bool) -> None:
        self._connection, self.keep_alive = connection, keep_alive
        self.response_started = self.response_complete = self.disconnected = False

    def write(self, answered: Answered) -> None:
        """Write the answer in one piece; uvicorn writes head and body one by one."""
        connection = self._connection
        self.response_started = self.response_complete = True
        if self.disconnected:
            return
        status, head, text = answered
        parts = [STATUS_LINE[status]]
        for name, value in (*connection.server_state.default_headers, *head):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", text)
        connection.transport.write(b"".join(parts))
        if not self.keep_alive:
            connection.transport.close()
        connection.on_response_complete()


class Head(NamedTuple):
    """What the head of a request says, and the bytes that its body has."""

    url: str
    headers: Mapping[bytes, bytes]
    length: int


class Heads:
    """Heads that were read before: clients send the same one again and again, which need not be read again."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def of(self, data: bytes) -> Head | None:
        """The head of a whole request; None where its like was not learnt, or the body is not all that follows."""
        end = data.find(b"\r\n\r\n") + 4
        known = self._known.get(data[:end])
        return None if known is None or len(data) != end + known.length else known

    def learn(self, data: bytes, url: str, headers: Mapping[bytes, bytes]) -> None:
        """Keep the head of a request that the parser read from the beginning of `data`, if it is whole there."""
        end = data.find(b"\r\n\r\n") + 4
        length = len(data) - end
        if end > _LONGEST or headers.get(b"content-length") != b"%d" % length or b"transfer-encoding" in headers:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[data[:end]] = Head(url, headers, length)
