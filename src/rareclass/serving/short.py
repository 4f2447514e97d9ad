"""The short way of a small request: from the bytes of a connection to its answer, without a task of its own."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

Answered = Callable[[str, str, Mapping[bytes, bytes], Any], Awaitable[Any]]
"""As `Front.answered`."""


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

    async def answer(self, answered: Answered, path: str, headers: Mapping[bytes, bytes], body: bytes) -> None:
        """Ask the application, and write its answer in one piece; uvicorn writes head and body one by one."""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        connection = self._connection
        try:
            found = await answered("POST", path, headers, receive)
            if found is not None and not self.disconnected:
                status, head, text = found
                parts = [STATUS_LINE[status]]
                for name, value in (*connection.server_state.default_headers, *head):
                    parts += (name, b": ", value, b"\r\n")
                parts += (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", text)
                connection.transport.write(b"".join(parts))
                self.response_started = self.response_complete = True
        finally:
            if not (self.response_complete and self.keep_alive):
                self.response_complete = True
                connection.transport.close()
        connection.on_response_complete()


def drive(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine at once to its end, or to the first future that it waits for, and on from there when it is done.

    What needs a task (`asyncio.timeout`) cannot be waited for.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    awaited._asyncio_future_blocking = False  # as a task tells a future that it was taken
    awaited.add_done_callback(lambda _: drive(work))
