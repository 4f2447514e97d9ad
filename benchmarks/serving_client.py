"""What the benchmarks of the service share: bundles, the service as a process, requests as bytes, a fast client."""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.data.simulate import simulate_transactions
from rareclass.decisions import CostMatrix
from rareclass.learners import RareLGBMClassifier

TREES, LEAVES, COLUMNS = 200, 31, 30
_START = 120.0


def numbers(rows: int, seed: int) -> np.ndarray:
    """Rows (n, 30) of the model of trees."""
    return np.random.default_rng(seed).normal(size=(rows, COLUMNS))


def save_trees(folder: Path, *, seed: int = 0, rows: int = 20_000, trees: int = TREES) -> None:
    """A bundle of one LightGBM of 200 trees with 31 leaves on 30 numbers, 3 % of them events."""
    X = numbers(rows, seed)
    noise = np.random.default_rng(seed + 1).normal(size=rows)
    y = X[:, :5].sum(axis=1) + X[:, 0] * X[:, -1] + noise > 5.2
    learner = RareLGBMClassifier(n_estimators=trees, num_leaves=LEAVES, guard="steady", random_state=seed)
    table = pa.table({f"x{j}": X[:, j] for j in range(COLUMNS)})
    model = RareClassifier(learner, cv=2, random_state=seed).fit(table, y, costs=CostMatrix(fp=10, fn=500))
    Bundle(model, name="trees", target="fraud", rows=table).save(folder)


def transactions(rows: int, columns: Sequence[str], seed: int) -> pa.Table:
    """Rows of the demo's model, whose first columns are these."""
    return simulate_transactions(rows, prevalence=0.01, seed=seed).table.select(columns)


def columns_of(rows: np.ndarray | pa.Table) -> dict[str, list[Any]]:
    """The values of rows by column."""
    if isinstance(rows, pa.Table):
        return rows.to_pydict()
    return {f"x{j}": rows[:, j].tolist() for j in range(rows.shape[1])}


def http(path: str, body: bytes = b"", headers: str = "") -> bytes:
    """A request as bytes: POST with a body, GET without."""
    verb = "POST" if body else "GET"
    return f"{verb} {path} HTTP/1.1\r\nHost: service\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def in_json(model: str, rows: np.ndarray | pa.Table, **more: Any) -> bytes:
    """A request of the protocol in JSON: one tensor for numbers, else one a column."""
    if isinstance(rows, np.ndarray):
        inputs = [{"name": "x", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}]
    else:
        inputs = [_tensor(name, values) for name, values in rows.to_pydict().items()]
    said = {"inputs": inputs, **more}
    return http(f"/v2/models/{model}/infer", json.dumps(said).encode(), "Content-Type: application/json\r\n")


def in_binary(model: str, rows: np.ndarray | pa.Table, **more: Any) -> bytes:
    """The same in binary tensors, and so is the answer."""
    if isinstance(rows, np.ndarray):
        raws = [np.ascontiguousarray(rows).tobytes()]
        inputs = [{"name": "x", "shape": list(rows.shape), "datatype": "FP64"}]
    else:
        inputs = [_tensor(name, values) for name, values in rows.to_pydict().items()]
        raws = [_raw(tensor["datatype"], tensor.pop("data")) for tensor in inputs]
    for tensor, raw in zip(inputs, raws, strict=True):
        tensor["parameters"] = {"binary_data_size": len(raw)}
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}, **more}).encode()
    headers = f"Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {len(head)}\r\n"
    return http(f"/v2/models/{model}/infer", b"".join([head, *raws]), headers)


def in_plain(model: str, rows: np.ndarray | pa.Table, explain: str = "none") -> bytes:
    """A request of people without a protocol library."""
    columns = columns_of(rows)
    said = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    body = json.dumps({"model": model, "rows": said, "explain": explain}).encode()
    return http("/v1/score", body, "Content-Type: application/json\r\n")


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    known = next((v for v in values if v is not None), 0.0)
    kind = "BOOL" if isinstance(known, bool) else "BYTES" if isinstance(known, str) else "FP64"
    if kind == "FP64" and all(isinstance(v, int) for v in values):
        kind = "INT64"
    return {"name": name, "shape": [len(values)], "datatype": kind, "data": values}


def _raw(kind: str, values: list[Any]) -> bytes:
    if kind == "BYTES":
        texts = [("" if value is None else value).encode() for value in values]
        return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    return np.array(values, dtype={"BOOL": bool, "INT64": np.int64}.get(kind, np.float64)).tobytes()


class Connection:
    """One connection that asks and waits."""

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body.

        Raises
        ------
        ConnectionError
            The connection ended before the answer was whole.
        """
        self.socket.sendall(request)
        found = bytearray()
        while (whole := whole_length(found)) is None or len(found) < whole:
            part = self.socket.recv(262_144)
            if not part:
                raise ConnectionResetError("the service closed the connection")
            found += part
        return int(found[9:12]), bytes(found[found.index(b"\r\n\r\n") + 4 :])

    def close(self) -> None:
        self.socket.close()


def whole_length(found: bytearray) -> int | None:
    """Bytes of a whole answer; None until its head is there."""
    end = found.find(b"\r\n\r\n")
    if end < 0:
        return None
    start = found.lower().index(b"content-length:", 0, end + 2) + 15
    return end + 4 + int(found[start : found.index(b"\r\n", start)])


def pump(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> np.ndarray:
    """Ask on so many connections at once for so long; returns the seconds of each answer, in order of arrival.

    Raises
    ------
    SystemExit
        An answer was not 200.
    """
    selector = selectors.DefaultSelector()
    began: dict[int, float] = {}
    buffers: dict[int, bytearray] = {}
    sockets = [Connection(port).socket for _ in range(connections)]
    spent: list[float] = []
    turn = 0

    def send(sock: socket.socket) -> None:
        nonlocal turn
        buffers[sock.fileno()] = bytearray()
        began[sock.fileno()] = time.perf_counter()
        sock.sendall(requests[turn % len(requests)])
        turn += 1

    for sock in sockets:
        selector.register(sock, selectors.EVENT_READ)
        send(sock)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select(1.0):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            found = buffers[key.fd]
            found += sock.recv(262_144)
            whole = whole_length(found)
            if whole is not None and len(found) >= whole:
                if found[9:12] != b"200":
                    raise SystemExit(f"The service answered {found[:12].decode()}: {found[-300:].decode()}")
                spent.append(time.perf_counter() - began[key.fd])
                send(sock)
    for sock in sockets:
        sock.close()
    return np.array(spent)


def one_by_one(port: int, requests: Sequence[bytes], count: int) -> np.ndarray:
    """Seconds of each of `count` answers on one connection."""
    connection, spent = Connection(port), []
    for i in range(count):
        request = requests[i % len(requests)]
        begin = time.perf_counter()
        status, body = connection.ask(request)
        spent.append(time.perf_counter() - begin)
        if status != 200:
            raise SystemExit(f"The service answered {status}: {body[:300].decode(errors='replace')}")
    connection.close()
    return np.array(spent)


class Service:
    """`rareclass serve` as a process of its own on a free port; `events` are the lines of its log.

    Parameters
    ----------
    *arguments : str
        Bundles and options.
    cores : set of int, optional
        The processor cores that it may use.
    source : Path, optional
        The folder of another checkout's packages.
    """

    def __init__(self, *arguments: str, cores: set[int] | None = None, source: Path | None = None) -> None:
        command = [sys.executable, "-m", "rareclass", "serve", *arguments, "--port", "0", "--quiet"]
        limited = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if source is not None:
            limited["PYTHONPATH"] = str(source)
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=limited)
        if cores:
            os.sched_setaffinity(self.process.pid, cores)  # before it starts its workers
        self.events: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()
        began = time.monotonic()
        while not self._said("serving"):
            if self.process.poll() is not None or time.monotonic() - began > _START:
                raise SystemExit(f"The service did not start: {self.events}")
            time.sleep(0.05)
        said = self._said("serving")[0]
        self.port = int(said["url"].rsplit(":", 1)[1])
        self.admin = None if said.get("admin") is None else int(said["admin"].rsplit(":", 1)[1])
        while not self.ready():
            time.sleep(0.05)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with contextlib.suppress(ValueError):
                self.events.append(json.loads(line))

    def _said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.events) if line.get("event") == event]

    def ready(self) -> bool:
        """Whether all models can be asked."""
        with contextlib.suppress(OSError):
            return Connection(self.port).ask(http("/v2/health/ready"))[0] == 200
        return False

    @property
    def workers(self) -> dict[str, int]:
        """Process ids by the names of the workers."""
        return {line["worker"]: line["pid"] for line in self._said("worker started")}

    def processor_seconds(self) -> float:
        """What the workers have used."""
        threads = [file for pid in self.workers.values() for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(file.read_text().split()[0]) for file in threads) / 1e9

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()


def resident(pid: int) -> int:
    """Resident bytes of a process; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


def machine() -> str:
    """Processor, cores and load, for the line above a table."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor unknown")
    one, five, _ = os.getloadavg()
    return f"{time.strftime('%d %B %Y')}, {name}, {os.cpu_count()} cores, load {one:.1f} and {five:.1f}"
