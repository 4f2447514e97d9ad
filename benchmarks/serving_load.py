"""Whether the service survives: `python benchmarks/serving.py load --minutes 30`.

Clients ask all the time while the bundle is replaced every 20 s by one of two versions, workers are killed (-9), slow
clients send byte by byte and others leave in the middle. Worker w0 is never killed: its memory is measured.

Counted are answers that are not exactly one version's, requests that got no answer though no worker was killed while
they were under way, and answers that the prediction log lacks though they were older than a second at a kill.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
from array import array
from pathlib import Path

import numpy as np
from serving_client import COLUMNS, Connection, Service, http, machine, numbers, resident, save_trees

from rareclass.artifact.atomic import atomic_directory
from rareclass.monitoring.prediction_log import read_predictions
from rareclass.scoring import Scorer
from rareclass.scoring.files import Folder

ROWS = 200
LATE = 2.0
"""Seconds around a kill within which a connection may be found broken."""
UNFLUSHED = 1.5
"""Seconds of answers that a killed worker may leave out of the log: one, and the time to write them."""
Expected = dict[str, list[float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2, help="at least 2: the first is never killed")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rate", type=float, default=600.0, help="requests a second of all clients")
    parser.add_argument("--reload-every", type=float, default=20.0)
    parser.add_argument("--kill-every", type=float, default=30.0)


class Client(threading.Thread):
    """Asks one row after the other and checks each answer; its n-th request has the id ``{name}-{n}``."""

    def __init__(self, name: int, port: int, expected: Expected, pause: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.label, self.port, self.expected, self.pause, self.stopped = name, port, expected, pause, stop
        self.answered = array("d")  # time of the answer to each request, or NaN
        self.broken: list[tuple[float, float, str]] = []  # sent, found broken, why
        self.wrong: list[str] = []
        self.refused: dict[int, int] = {}
        self.versions: dict[str, int] = {}
        rows = numbers(ROWS, seed=3)
        self.tensors = [json.dumps(row.tolist()) for row in rows]

    def run(self) -> None:
        connection: Connection | None = None
        due = time.monotonic()
        while not self.stopped.is_set():
            due = max(due + self.pause * random.uniform(0.5, 1.5), time.monotonic() - 1.0)
            time.sleep(max(due - time.monotonic(), 0.0))
            n, sent = len(self.answered), time.monotonic()
            self.answered.append(float("nan"))
            try:
                connection = connection or Connection(self.port, timeout=15.0)
                status, body = connection.ask(self._request(n))
            except OSError as error:
                self.broken.append((sent, time.monotonic(), type(error).__name__))
                if connection is not None:
                    connection.close()
                connection = None
                continue
            self._check(n, status, body)

    def _request(self, n: int) -> bytes:
        body = (
            f'{{"inputs": [{{"name": "x", "shape": [1, {COLUMNS}], "datatype": "FP64", "data": '
            f'{self.tensors[n % ROWS]}}}], "parameters": {{"ids": ["{self.label}-{n}"]}}}}'
        )
        return http("/v2/models/m/infer", body.encode(), "Content-Type: application/json\r\n")

    def _check(self, n: int, status: int, body: bytes) -> None:
        if status != 200:
            self.refused[status] = self.refused.get(status, 0) + 1
            return
        self.answered[n] = time.monotonic()
        said = json.loads(body)
        version, found = said["model_version"], {o["name"]: o["data"][0] for o in said["outputs"]}
        self.versions[version] = self.versions.get(version, 0) + 1
        if self.expected.get(version, [None] * ROWS)[n % ROWS] != found["probability"]:
            self.wrong.append(f"{self.label}-{n}: version {version} gave {found['probability']}")


def trouble(port: int, stop: threading.Event) -> None:
    """Clients that send slowly, leave in the middle, or do not read."""
    request = http("/v2/models/m/infer", json.dumps({"inputs": []}).encode() * 3)
    kinds = random.Random(0)
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5.0) as sock:
            kind = kinds.choice(("slow", "half", "unread", "garbage"))
            if kind == "slow":
                for i in range(0, len(request), 7):
                    sock.sendall(request[i : i + 7])
                    if stop.wait(0.2):
                        return
                sock.recv(1000)
            elif kind == "half":
                sock.sendall(request[: len(request) // 2])
            elif kind == "unread":
                sock.sendall(request * 20)
            else:
                sock.sendall(kinds.randbytes(400))
        stop.wait(0.1)


def replace(folder: Path, source: Path) -> None:
    """Put a version in the place of the one that is served."""
    with atomic_directory(folder, overwrite=True) as new:
        for file in source.iterdir():
            shutil.copyfile(file, new / file.name)


def excused(sent: float, found: float, kills: list[float]) -> bool:
    """Whether a worker was killed while a request was under way, or its connection idle before."""
    return any(sent - LATE <= kill <= found for kill in kills)


def run(options: argparse.Namespace) -> None:
    """Print what was counted."""
    work = Path(tempfile.mkdtemp(prefix="rareclass-load-"))
    try:
        _run(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(options: argparse.Namespace, work: Path) -> None:
    sources = [work / "a", work / "b"]
    for seed, source in enumerate(sources):
        save_trees(source, seed=seed, rows=6_000, trees=50)
    rows = numbers(ROWS, seed=3)
    expected = {Folder(source).version: Scorer.load(source).probability(rows).tolist() for source in sources}
    replace(work / "served", sources[0])
    arguments = [f"m={work / 'served'}", "--workers", str(options.workers), "--log", str(work / "log")]
    with Service(*arguments) as service:
        stop = threading.Event()
        pause = options.clients / options.rate
        clients = [Client(i, service.port, expected, pause, stop) for i in range(options.clients)]
        others = [threading.Thread(target=trouble, args=(service.port, stop), daemon=True) for _ in range(3)]
        for thread in (*clients, *others):
            thread.start()
        kills, memory, reloads = _disturb(options, service, work, sources)
        stop.set()
        for thread in (*clients, *others):
            thread.join(20.0)
        deaths = [line for line in service.events if line.get("event") == "worker died"]
    logged = _logged(work / "log", clients)
    print(f"{machine()}; {options.minutes:g} minutes, {options.workers} workers, {options.clients} clients\n")
    _tell(clients, kills, memory, reloads, logged, len(deaths))


def _disturb(
    options: argparse.Namespace, service: Service, work: Path, sources: list[Path]
) -> tuple[list[float], list[tuple[float, int]], int]:
    """Reload, kill and measure until the time is over."""
    begin = time.monotonic()
    kills: list[float] = []
    memory: list[tuple[float, int]] = []
    reloads, reload_at, kill_at = 0, begin + options.reload_every, begin + options.kill_every
    while (now := time.monotonic()) < begin + 60 * options.minutes:
        if now >= reload_at:
            reloads += 1
            replace(work / "served", sources[reloads % 2])
            reload_at += options.reload_every
        if now >= kill_at:
            name = random.choice([name for name in service.workers if name != "w0"])
            with contextlib.suppress(ProcessLookupError):
                kills.append(time.monotonic())
                os.kill(service.workers[name], signal.SIGKILL)
            kill_at += options.kill_every
        memory.append((now - begin, resident(service.workers["w0"])))
        time.sleep(0.5)
    return kills, memory, reloads


def _logged(folder: Path, clients: list[Client]) -> list[np.ndarray]:
    """How often each request of each client stands in the log."""
    counts = [np.zeros(len(client.answered), dtype=np.int64) for client in clients]
    for batch in read_predictions(folder, columns=["id"]).batches():
        for text in batch.column("id").to_pylist():
            client, _, n = text.partition("-")
            counts[int(client)][int(n)] += 1
    return counts


def _tell(
    clients: list[Client],
    kills: list[float],
    memory: list[tuple[float, int]],
    reloads: int,
    logged: list[np.ndarray],
    deaths: int,
) -> None:
    times = [np.array(client.answered) for client in clients]
    answers = sum(int(np.isfinite(found).sum()) for found in times)
    broken = [entry for client in clients for entry in client.broken]
    lost = [entry for entry in broken if not excused(entry[0], entry[1], kills)]
    missing = [
        t for found, counts in zip(times, logged, strict=True) for t in found[np.isfinite(found) & (counts == 0)]
    ]
    late = [t for t in missing if not any(kill - UNFLUSHED <= t <= kill + 0.5 for kill in kills)]
    twice = sum(int((counts > 1).sum()) for counts in logged)
    whole = memory[-1][0]
    early = np.median([b for t, b in memory if 0.1 * whole <= t <= 0.3 * whole])
    end = np.median([b for t, b in memory if t >= 0.8 * whole])
    wrong = [text for client in clients for text in client.wrong]
    refused: dict[int, int] = {}
    versions: dict[str, int] = {}
    for client in clients:
        for status, n in client.refused.items():
            refused[status] = refused.get(status, 0) + n
        for version, n in client.versions.items():
            versions[version] = versions.get(version, 0) + n
    rows = [
        ("answers", f"{answers:,}"),
        ("of each version", ", ".join(f"{n:,}" for n in versions.values())),
        ("reloads; workers killed, found dead", f"{reloads}; {len(kills)}, {deaths}"),
        ("**answers that are not one version's**", f"**{len(wrong)}**"),
        ("refused, by status", str(refused or "none")),
        ("under way at a kill", f"{len(broken) - len(lost)}"),
        ("**lost otherwise**", f"**{len(lost)}**"),
        ("answers not in the log, of the last second before a kill", f"{len(missing) - len(late)}"),
        ("**answers not in the log otherwise; twice in it**", f"**{len(late)}; {twice}**"),
        ("resident memory of w0, MB: early, late", f"{early / 2**20:.1f}, {end / 2**20:.1f}"),
        ("**change**", f"**{100 * (end / early - 1):+.1f} %**"),
    ]
    print("| counted | |\n| --- | --- |")
    for what, value in rows:
        print(f"| {what} | {value} |")
    for text in (*wrong[:5], *map(str, lost[:5])):
        print(text)
