"""Messages as they come in: how many large or slow ones may come at once, which gRPC itself does not bound."""

import asyncio
from typing import Any

from rareclass.serving.errors import Refused, wrong
from rareclass.serving.settings import Limits

AT_ONCE = 0.2
"""Seconds after which a message that is not whole yet counts as one of the largest size."""


class Receiving:
    """Takes messages in, each within `Limits.receiving` seconds, all of them within about `Limits.buffered` bytes.

    gRPC says no size before a message is whole. One that is not whole within `AT_ONCE` seconds may hold `Limits.body`
    bytes by then, and one is refused where as many come already as `Limits.buffered` has room for; those that come
    faster are limited by what the network brings in that time.
    """

    def __init__(self, limits: Limits) -> None:
        self._seconds, self._most = limits.receiving, max(limits.buffered // limits.body, 1)
        self._slow = 0

    async def message(self, context: Any) -> bytes:
        """The message of a call.

        Raises
        ------
        Refused
            429: too many large ones are coming in; 400: it did not come in time, or there is none.
        """
        loop, task, slow = asyncio.get_running_loop(), asyncio.current_task(), False
        assert task is not None
        why: Refused | None = None

        def end(refused: Refused) -> None:
            nonlocal why
            why = refused
            task.cancel()

        def late() -> None:
            nonlocal slow
            if self._slow >= self._most:
                end(Refused(429, "Too many large requests are being received; try again in a second."))
            else:
                slow = True
                self._slow += 1

        timers = (
            loop.call_later(AT_ONCE, late),
            loop.call_later(self._seconds, end, wrong(f"The request did not arrive within {self._seconds:g} seconds.")),
        )
        try:
            message = await context.read()
        except asyncio.CancelledError:
            if why is None:
                raise
            task.uncancel()
            raise why from None
        finally:
            for timer in timers:
                timer.cancel()
            self._slow -= slow
        if not isinstance(message, bytes):
            raise wrong("The call brought no message.")
        return message
