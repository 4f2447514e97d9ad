"""What clients heard over sixteen connections is what /metrics says, and each answer is that of one version."""

import collections
import json
import os
import re
import signal
import socket
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from tests.serving.bundles import fitted, write

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
from tests.serving.server import Server  # noqa: E402  (after the check that its packages are there)

ROWS = [{"x": x, "shop": "abc?"[i % 4], "z": None} for i, x in enumerate(np.linspace(-3.0, 4.0, 40).tolist())]
HEAD = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"
SECONDS = 4.0


def asking(path, said):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return HEAD % (path, len(body), body)


def infer(rows, name="m"):
    """A request of the protocol, one tensor a column."""
    kinds = {"x": "FP64", "shop": "BYTES", "z": "FP64"}
    columns = [
        {"name": key, "datatype": kind, "shape": [len(rows)], "data": [row[key] for row in rows]}
        for key, kind in kinds.items()
    ]
    return asking(f"/v2/models/{name}/infer".encode(), {"inputs": columns})


class Client(threading.Thread):
    """Asks in every way; keeps statuses by route, rows and alerts by model, and answers that are wrong."""

    def __init__(self, seed, port, stop, expected):
        super().__init__(daemon=True)
        self.rng, self.port, self.stop, self.expected = np.random.default_rng(seed), port, stop, expected
        self.requests, self.rows, self.alerts = (collections.Counter() for _ in range(3))
        self.wrong, self.versions = [], set()

    def run(self):
        ways = [self.one, self.one, self.pipelined, self.several, self.large, self.broken, self.in_pieces, self.garbage]
        while not self.stop.is_set():
            with socket.create_connection(("127.0.0.1", self.port), timeout=20.0) as self.sock:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.file = self.sock.makefile("rb")
                for way in self.rng.choice(len(ways), size=20):
                    if self.stop.is_set() or ways[way]() == "closed":
                        break

    def one(self):
        i, which = int(self.rng.integers(len(ROWS))), self.rng.choice(["m", "s"])
        if self.rng.random() < 0.5:
            self.sock.sendall(infer([ROWS[i]], which))
            self.hear("infer", which, [i])
        else:
            self.sock.sendall(asking(b"/v1/score", {"model": str(which), "rows": [ROWS[i]]}))
            self.hear("score", which, [i])

    def pipelined(self):
        picked = self.rng.integers(len(ROWS), size=3).tolist()
        self.sock.sendall(b"".join(infer([ROWS[i]]) for i in picked) + asking(b"/v1/score", b"{"))
        for i in picked:
            self.hear("infer", "m", [i])
        self.hear("score", "", None)

    def several(self):
        picked = self.rng.integers(len(ROWS), size=7).tolist()
        self.sock.sendall(asking(b"/v1/score", {"model": "s", "rows": [ROWS[i] for i in picked], "explain": "all"}))
        self.hear("score", "s", picked)

    def large(self):
        picked = self.rng.integers(len(ROWS), size=600).tolist()
        self.sock.sendall(infer([ROWS[i] for i in picked]))
        self.hear("infer", "m", picked)

    def broken(self):
        body, model = (b'{"inputs": []}', "m") if self.rng.random() < 0.5 else (b"", "none")
        self.sock.sendall(asking(f"/v2/models/{model}/infer".encode(), body))
        self.hear("infer", "m" if model == "m" else "", None)

    def in_pieces(self):
        i = int(self.rng.integers(len(ROWS)))
        text = infer([ROWS[i]])
        for part in (text[:40], text[40:-5], text[-5:]):
            self.sock.sendall(part)
            time.sleep(0.002)
        self.hear("infer", "m", [i])

    def garbage(self):
        self.sock.sendall(b"no request\r\n\r\n")
        self.hear("other", "", None)
        return "closed"

    def hear(self, route, model, picked):
        """Read an answer, and count it; `picked` are the rows of a request that is answered, None where it is not."""
        status, length = int(self.file.readline()[9:12]), 0
        while (line := self.file.readline()) not in (b"\r\n", b""):
            if line.startswith(b"content-length: "):
                length = int(line[16:])
        said = json.loads(self.file.read(length))
        self.requests[model, route, status] += 1
        if (status == 200) is (picked is None):
            self.wrong.append((status, route, said))
        if status != 200:
            return
        if route == "infer":
            found = {output["name"]: output["data"] for output in said["outputs"]}
            version, probability, alert = said["model_version"], found["probability"], found["alert"]
        else:
            version = said["version"]
            probability, alert = ([row[key] for row in said["rows"]] for key in ("probability", "alert"))
        self.versions.add(version)
        if not np.allclose(probability, self.expected[version][picked], rtol=0, atol=1e-12):
            self.wrong.append((version, probability, picked))
        slices = [ROWS[i]["shop"] if model == "s" else "" for i in picked]
        self.rows.update((model, slice_name) for slice_name in slices)
        self.alerts.update((model, slice_name) for slice_name, flagged in zip(slices, alert, strict=True) if flagged)


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """The clients after their time, the service, and the folder of the model that was reloaded all the while."""
    root = tmp_path_factory.mktemp("bundles")
    names = ("plain", "other", "sliced")
    table = pa.Table.from_pylist(ROWS)
    expected = {fitted(name).version: fitted(name).model.predict_proba(table)[:, 1] for name in names}
    write("plain", root / "m")
    write("sliced", root / "s")
    with Server(f"m={root / 'm'}", f"s={root / 's'}", "--workers", 2, "--quiet") as running:
        stop = threading.Event()
        clients = [Client(seed, running.port, stop, expected) for seed in range(16)]
        for client in clients:
            client.start()
        end, turn = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            turn += 1
            write(("plain", "other")[turn % 2], root / "m")
            time.sleep(0.6)
        stop.set()
        for client in clients:
            client.join(30.0)
        assert not any(client.is_alive() for client in clients)
        time.sleep(0.6)
        yield clients, running


def counted(server, name, *labels):
    """Counters of a metric by some of its labels; series of 0 are left out."""
    found = collections.Counter()
    for line in server.get("/metrics")[1].decode().splitlines():
        told = re.fullmatch(rf"rareclass_{name}{{(.*)}} ([\d.e+]+)", line)
        if told:
            said = dict(re.findall(r'(\w+)="([^"]*)"', told[1]))
            found[tuple(said[label] for label in labels)] += int(float(told[2]))
    return +found


def summed(clients, what):
    return sum((getattr(client, what) for client in clients), collections.Counter())


def test_no_answer_is_wrong_or_mixed_and_both_versions_were_asked(heard):
    clients, _ = heard
    assert [wrong for client in clients for wrong in client.wrong] == []
    assert set().union(*(client.versions for client in clients)) == {
        fitted(name).version for name in ("plain", "other", "sliced")
    }
    assert sum(summed(clients, "requests").values()) > 500


def test_the_counters_are_what_clients_heard(heard):
    clients, server = heard

    def agree():
        requests = {
            (model, route, int(status)): n
            for (model, route, status), n in counted(server, "requests_total", "model", "route", "status").items()
        }
        assert requests == summed(clients, "requests")
        assert counted(server, "rows_total", "model", "slice") == summed(clients, "rows")
        assert counted(server, "alerts_total", "model", "slice") == summed(clients, "alerts")
        answered = collections.Counter()
        for (model, _, status), n in requests.items():
            answered[(model,)] += n if status == 200 else 0
        assert counted(server, "request_seconds_count", "model") == +answered
        rows = summed(clients, "rows")
        of_models = {(model,): sum(n for (name, _), n in rows.items() if name == model) for model in ("m", "s")}
        assert counted(server, "log_odds_count", "model") == of_models

    agree()
    before = server.workers()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    server.until(lambda: set(server.workers().values()).isdisjoint(before.values()))
    server.until(lambda: server.get("/v2/health/ready")[0] == 200)
    agree()  # what was counted stays
