"""The log of a service: one JSON object a line on stderr, written by a thread of its own."""

import collections
import logging
import os
import threading
import time
import traceback
from typing import Any

import orjson

_MOST = 20_000
"""Lines that wait to be written; more are counted and dropped, so that a full pipe never stops an answer."""
_EVERY = 0.1


class Events:
    """What happens in a process, as lines of JSON: ``{"time": ..., "event": ..., "process": ..., ...}``.

    Values of rows never stand there, and neither do sentences that quote them.

    Parameters
    ----------
    descriptor : int, default=2
        Where to write.
    requests : bool, default=True
        Write a line for each request.
    """

    def __init__(self, descriptor: int = 2, *, requests: bool = True) -> None:
        self.requests = requests
        self._descriptor, self._lines = descriptor, collections.deque[dict[str, Any]]()
        self._dropped, self._process, self._stop = 0, os.getpid(), threading.Event()
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def say(self, event: str, **values: Any) -> None:
        """Add a line."""
        if len(self._lines) >= _MOST:
            self._dropped += 1
            return
        self._lines.append({"time": time.time(), "event": event, "process": self._process, **values})

    def failed(self, event: str, error: BaseException, **values: Any) -> None:
        """Add a line about an error that must not happen, with all that is known of it."""
        self.say(event, error="".join(traceback.format_exception(error)), **values)

    def close(self) -> None:
        """Write what waits; at most a second."""
        self._stop.set()
        self._thread.join(1.0)

    def _write(self) -> None:
        while not self._stop.wait(_EVERY):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._lines.append({"time": time.time(), "event": "lines dropped", "process": self._process, "n": dropped})
        text = bytearray()
        while self._lines:
            line = self._lines.popleft()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(line["time"]))
            line["time"] = f"{stamp}.{int(line['time'] % 1 * 1000):03d}Z"
            text += orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
        while text:
            try:
                del text[: os.write(self._descriptor, text)]
            except OSError:  # nobody reads any more
                return


class Handler(logging.Handler):
    """Lines of the standard logging as events."""

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self.events = events

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.events.failed(record.getMessage().strip(), record.exc_info[1])
        else:
            self.events.say(record.getMessage().strip(), level=record.levelname.lower())
