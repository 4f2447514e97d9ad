"""Alarms for other programs: CloudEvents, appended to a file or posted to a webhook."""

import errno
import fcntl
import hashlib
import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from rareclass._json import to_plain
from rareclass.errors import InputError

TYPE = "rareclass.alarm."
"""What the type of an event begins with; the alarm's code follows."""
_FAULTS = (OSError, http.client.HTTPException, ValueError)
_ONE, _BATCH, _NO_BATCH = "cloudevents+json", "cloudevents-batch+json", "it answered 415"
_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 after which it is worth asking again."""


def cloud_event(alarm: Mapping[str, Any], *, model: str, version: str, state: str, time: str) -> dict[str, Any]:
    """An alarm as a CloudEvent 1.0.

    Its id follows from model, version, code, detector and moment, so that a receiver can tell one that it got already.

    Parameters
    ----------
    alarm : dict
        With its ``code``; all of it becomes the event's data.
    model, version : str
        Of the bundle that is watched.
    state : str
        Of the monitor: "ok", "warn" or "drift".
    time : str
        When it was raised, in RFC 3339 (2026-03-01T00:00:00Z).

    Examples
    --------
    >>> event = cloud_event({"code": "volume"}, model="fraud", version="6", state="warn", time="2026-03-01T00:00:00Z")
    >>> event["type"], event["source"], event["specversion"]
    ('rareclass.alarm.volume', '/rareclass/models/fraud', '1.0')
    """
    detector = str(alarm.get("evidence", {}).get("detector", ""))
    told = "\n".join((model, version, str(alarm["code"]), detector, time))
    return {
        "specversion": "1.0",
        "id": hashlib.sha256(told.encode()).hexdigest()[:32],
        "source": f"/rareclass/models/{urllib.parse.quote(model, safe='')}",
        "type": TYPE + str(alarm["code"]),
        "subject": version,
        "time": time,
        "datacontenttype": "application/json",
        "data": to_plain({"state": state, **alarm}),
    }


def append_events(path: str | os.PathLike, events: Sequence[Mapping[str, Any]]) -> str | None:
    """Append events to a file, one JSON text a line; returns why that could not be, or None.

    They are written wholly or not at all; several monitors may share a file.
    """
    lines = "".join(f"{_line(event)}\n" for event in events).encode()
    try:
        with open(path, "ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = os.fstat(file.fileno()).st_size
            try:
                if file.write(lines) < len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        return f"The alarms could not be appended to {path}: {_words(error)}."
    return None


class Webhook:
    """Posts events to an address, all in one request: one as ``application/cloudevents+json``, several as a batch.

    A receiver that takes no batch (``application/cloudevents-batch+json``, answer 415) gets one after the other.

    Parameters
    ----------
    url : str
        Of http or https. It may hold a secret: only its host is ever shown.
    timeout : float, default=5.0
        Seconds for one try.
    pauses : sequence of float, default=(1.0, 3.0)
        Seconds before each further try, made where there was no answer, or one that asks for it (5xx, 408, 425, 429).
    limit : float, default=15.0
        Seconds for all of it, however slowly the receiver answers.

    Raises
    ------
    InputError
        The address is no http or https URL.
    """

    def __init__(
        self, url: str, *, timeout: float = 5.0, pauses: Sequence[float] = (1.0, 3.0), limit: float = 15.0
    ) -> None:
        try:
            parts = urllib.parse.urlsplit(url)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known or any(c.isspace() or not c.isprintable() for c in url):
            raise InputError("--webhook takes an http or https address, such as https://example.org/alarms.")
        if parts.username is not None or parts.password is not None:
            raise InputError("--webhook takes an address without user and password; use one with a token in its path.")
        self.host = f"{parts.scheme}://{parts.netloc}"
        self._url, self.timeout, self.pauses, self.limit = url, timeout, tuple(pauses), limit
        self._opener = urllib.request.build_opener(_Stay)

    def post(self, events: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str | None]:
        """Post events in their order; returns those that were not taken, and why (None where all were)."""
        end = time.monotonic() + self.limit
        if len(events) > 1:
            why = self._tries("[" + ",".join(map(_line, events)) + "]", _BATCH, end)
            if why != _NO_BATCH:
                return (list(events), self._said(why)) if why is not None else ([], None)
        for i, event in enumerate(events):
            why = self._tries(_line(event), _ONE, end)
            if why is not None:
                return list(events[i:]), self._said(why)
        return [], None

    def _said(self, why: str) -> str:
        return f"The webhook at {self.host} did not take the alarms: {why}."

    def _tries(self, body: str, kind: str, end: float) -> str | None:
        late = f"no answer in time, {self.limit:g} seconds in all"
        why: str | None = late
        for pause in (*self.pauses, None):
            why, again = self._within(body, kind, end) or (late, False)
            if why is None or not again or pause is None:
                break
            if time.monotonic() + pause >= end:
                return late
            time.sleep(pause)
        return why

    def _within(self, body: str, kind: str, end: float) -> tuple[str | None, bool] | None:
        """What `_once` answers; None where it has not by the end (the time limit of a socket starts anew each byte)."""
        got: list[tuple[str | None, bool]] = []
        asking = threading.Thread(target=lambda: got.append(self._once(body.encode(), kind)), daemon=True)
        asking.start()
        asking.join(max(end - time.monotonic(), 0.0))
        return got[0] if got else None

    def _once(self, body: bytes, kind: str) -> tuple[str | None, bool]:
        """Why it was not taken, and whether to ask again."""
        head = {"Content-Type": f"application/{kind}; charset=utf-8", "User-Agent": "rareclass"}
        try:
            request = urllib.request.Request(self._url, data=body, headers=head, method="POST")
            with self._opener.open(request, timeout=self.timeout):
                return None, False
        except urllib.error.HTTPError as error:
            error.close()
            return f"it answered {error.code}", error.code >= 500 or error.code in _AGAIN
        except urllib.error.URLError as error:
            return _words(error.reason), True
        except _FAULTS as error:
            return _words(error), True


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection, which would drop the body, or lead to another scheme."""

    def redirect_request(self, *_: object) -> None:
        return None


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(to_plain(event), allow_nan=False)


def _words(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = getattr(error, "strerror", None) or str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".").lower()
