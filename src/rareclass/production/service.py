"""`rareclass serve` as a process of its own, and a client that posts rows to it over HTTP."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from rareclass.errors import ServiceError
from rareclass.monitoring.prediction_log import read_predictions

MODEL = "fraud"
"""Name that the model is served under."""
BATCH = 1_000
"""Rows of a request."""
_PATIENCE = 120.0
_LOOK = 0.05


@dataclass(frozen=True)
class Answered:
    """Answers (n,) to the rows of a day."""

    probability: np.ndarray
    alert: np.ndarray


@contextlib.contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM leave the block as an exception (exit code 143), so that what it opened is closed.

    Nothing changes in another thread than the main one, or where somebody already handles the signal.
    """
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Service:
    """The champion of a registry behind HTTP on a free port of this machine, with its prediction log.

    It ends with the block that it is used in, whatever ends that.

    Parameters
    ----------
    registry, log : Path
        Folders; the log is made. What the service says of itself goes to ``service.jsonl`` beside it.
    threads : int
        Threads that its kernels may use.
    """

    def __init__(self, registry: Path, log: Path, *, threads: int = 1) -> None:
        self.log = log
        self._said = log.parent / "service.jsonl"
        command = [sys.executable, "-m", "rareclass", "serve", f"{MODEL}={registry}", "--log", str(log)]
        known = {name: str(threads) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [*command, "--port", "0", "--quiet"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=os.environ | known,
            )
        self._port = 0
        self._read_until: Any = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self._port = int(self._until(self._url, "did not start").rsplit(":", 1)[1])
            self._until(lambda: self._ask("GET", "/v2/health/ready")[0] == 200 or None, "was not ready")
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the service: what it has in flight is finished, its log written."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def serves(self, version: str) -> None:
        """Wait until the service has taken this version of the bundle from the registry."""

        def now() -> bool | None:
            status, said = self._ask("GET", f"/v2/models/{MODEL}")
            return (status == 200 and said["versions"] == [version]) or None

        self._until(now, f"did not take over version {version}")

    def score(self, rows: pa.Table, ids: Sequence[str], version: str) -> Answered:
        """Post rows in batches; raises `ServiceError` where another version answers."""
        probability, alert = [], []
        for start in range(0, rows.num_rows, BATCH):
            part = rows.slice(start, BATCH)
            body = {
                "model": MODEL,
                "rows": part.to_pylist(),
                "ids": list(ids[start : start + BATCH]),
                "explain": "none",
            }
            status, said = self._ask("POST", "/v1/score", json.dumps(body))
            if status != 200 or said["version"] != version:
                raise ServiceError(f"The service answered {status} {str(said)[:200]} where version {version} should.")
            probability += [row["probability"] for row in said["rows"]]
            alert += [row["alert"] for row in said["rows"]]
        return Answered(np.array(probability, dtype=np.float64), np.array(alert, dtype=bool))

    def logged(self, ids: Sequence[str]) -> pa.Table:
        """The log's rows of these ids, in their order, as soon as all are written."""
        wanted = {key: i for i, key in enumerate(ids)}

        def all_rows() -> pa.Table | None:
            table = read_predictions(self.log, since=self._read_until).table()
            places = np.array([wanted.get(key, -1) for key in table["id"].to_pylist()], dtype=np.int64)
            found = np.flatnonzero(places >= 0)
            if found.size < len(wanted):
                return None
            self._read_until = max(table["time"].to_pylist())
            return table.take(found[np.argsort(places[found])])

        return self._until(all_rows, f"did not log {len(wanted):,} rows that it answered")

    def _url(self) -> str | None:
        for line in self._said.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("event") == "serving":
                    return str(said["url"])
        return None

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)) as connection:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            reply = connection.getresponse()
            raw = reply.read()
        return reply.status, json.loads(raw) if raw[:1] in (b"{", b"[") else {}

    def _until(self, found: Callable[[], Any], not_so: str) -> Any:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError):
                value = found()
                if value is not None:
                    return value
            time.sleep(_LOOK)
        lines = self._said.read_text(encoding="utf-8").strip().splitlines()
        raise ServiceError(f"The service {not_so}. It said last: {lines[-1][:500] if lines else 'nothing'}")
