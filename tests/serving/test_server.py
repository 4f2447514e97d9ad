"""The service as a process: every route, what it refuses, reloads, workers that die, and how it ends."""

import concurrent.futures
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.serving.bundles import fitted, write

pytestmark = pytest.mark.serving
pytest.importorskip("uvicorn")
from tests.serving.certificates import made  # noqa: E402
from tests.serving.server import Server  # noqa: E402  (after the check that its packages are there)

from rareclass.serving import supervisor  # noqa: E402
from rareclass.serving.settings import Settings  # noqa: E402

ROWS = [{"x": 3.0, "shop": "a", "z": None}, {"x": -1.0, "shop": "b", "z": 0.5}]
INFER = {
    "id": "7",
    "inputs": [
        {"name": "x", "datatype": "FP64", "shape": [2], "data": [3.0, -1.0]},
        {"name": "shop", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]},
        {"name": "z", "datatype": "FP64", "shape": [2], "data": [None, 0.5]},
    ],
}


def alive(pid):
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def expected(name):
    return fitted(name).model.predict_proba(pa.Table.from_pylist(ROWS))[:, 1]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundles")
    write("plain", root / "plain")
    write("sliced", root / "second")
    return root


@pytest.fixture(scope="module")
def server(folders):
    arguments = [folders / "plain", f"second={folders / 'second'}", "--workers", 2, "--admin-port", 0]
    with Server(*arguments, "--log", folders / "log") as running:
        yield running


def test_every_route_answers(server):
    version = fitted("plain").version
    assert server.versions == {"plain": version, "second": fitted("sliced").version}
    assert server.get("/v2/health/live")[0] == 200
    assert server.get("/v2/health/ready") == (200, {"ready": True})
    assert server.get("/v2")[1]["name"] == "rareclass"
    for path in ("/v2/models/plain", f"/v2/models/plain/versions/{version}"):
        status, said = server.get(path)
        assert (status, said["name"], said["versions"]) == (200, "plain", [version])
    assert server.get("/v2/models/plain/ready")[0] == 200
    assert server.get(f"/v2/models/plain/versions/{version}/ready")[0] == 200
    status, headers, body = server.ask("GET", "/metrics")
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert b"rareclass_model_workers" in body
    status, headers, body = server.ask("GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert server.get("/openapi.json")[1]["openapi"].startswith("3.")
    assert server.ask("HEAD", "/v2/health/live")[2] == b""


def test_both_ways_to_ask_say_what_the_model_says(server):
    version = fitted("plain").version
    for path in ("/v2/models/plain/infer", f"/v2/models/plain/versions/{version}/infer"):
        status, said = server.post(path, INFER)
        outputs = {output["name"]: output["data"] for output in said["outputs"]}
        assert (status, said["id"], said["model_version"]) == (200, "7", version)
        np.testing.assert_allclose(outputs["probability"], expected("plain"), rtol=0, atol=1e-12)
    status, said = server.post("/v1/score", {"model": "second", "rows": ROWS})
    assert (status, said["version"]) == (200, fitted("sliced").version)
    np.testing.assert_allclose([row["probability"] for row in said["rows"]], expected("sliced"), rtol=0, atol=1e-12)


def test_a_large_request_says_the_same_as_its_rows_alone(server):
    rows = ROWS * 2_000
    status, said = server.post("/v1/score", {"model": "plain", "rows": rows, "explain": "all"})
    assert status == 200
    probability = np.array([row["probability"] for row in said["rows"]]).reshape(-1, 2)
    np.testing.assert_allclose(probability, np.tile(expected("plain"), (2_000, 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/nothing", None, {}, 404),
        ("GET", "/v2/models/plain/nothing", None, {}, 404),
        ("GET", "/v2/models/other", None, {}, 404),
        ("GET", "/v2/models/%C3%BC/ready", None, {}, 404),
        ("GET", "/v2/models/plain/versions/000000000000", None, {}, 404),
        ("POST", "/v2/models/plain/versions/000000000000/infer", json.dumps(INFER), {}, 404),
        ("GET", "/v2/models/plain/infer", None, {}, 404),
        ("DELETE", "/v2/models/plain", None, {}, 404),
        ("POST", "/metrics", "{}", {}, 404),
        ("POST", "/v2/models/plain/infer", "", {}, 400),
        ("POST", "/v2/models/plain/infer", "{", {}, 400),
        ("POST", "/v2/models/plain/infer", b'{"inputs": "\xff"}', {}, 400),
        ("POST", "/v1/score", json.dumps({"rows": ROWS}), {}, 400),
        ("POST", "/v1/score", json.dumps({"model": "none", "rows": ROWS}), {}, 404),
        ("POST", "/v1/score", "x=1", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/v1/score", "{}", {"content-encoding": "gzip"}, 415),
        ("POST", "/v2/models/plain/infer", "{}", {"inference-header-content-length": "-1"}, 400),
        ("POST", "/v1/score", "x" * (33 * 2**20), {}, 413),
        ("POST", "/v2/models/plain/infer", (b"x" * 2**20 for _ in range(33)), {"transfer-encoding": "chunked"}, 413),
        ("POST", "/v1/score", json.dumps({"model": "plain", "rows": [ROWS[0]] * 100_001}), {}, 413),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_sentence_of_json(server, method, path, body, headers, status):
    if "transfer-encoding" in headers:
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        found = server.raw(head, *(b"%x\r\n" % len(part) + part + b"\r\n" for part in body), timeout=3.0)
        assert found.startswith(b"HTTP/1.1 413 ")
        said = json.loads(found.partition(b"\r\n\r\n")[2])
    else:
        found, _, said = server.ask(method, path, body, headers)
        assert found == status
    assert list(said) == ["error"]
    assert said["error"].endswith((".", "?"))
    assert "Traceback" not in said["error"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x-filler: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x-filler: y\r\n" * 100_000 + b"\r\n",
        b"GET /" + b"y" * 1_000_000,
    ],
)
def test_garbage_is_refused_in_json_and_the_connection_closed(server, raw):
    found = server.raw(raw, timeout=5.0)
    assert found.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")), found
    assert set(json.loads(found.partition(b"\r\n\r\n")[2])) == {"error"}
    assert server.get("/v2/health/ready")[0] == 200


def test_an_upgrade_is_not_taken_up_and_requests_in_one_packet_are_answered_in_turn(server):
    ask = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n"
    assert server.raw(ask + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n", timeout=2.0).startswith(b"HTTP/1.1 200 ")
    assert server.raw(5 * (ask + b"\r\n"), timeout=2.0).count(b'{"live":true}') == 5


def test_ids_are_echoed_where_they_are_sane_and_made_otherwise(server):
    assert server.ask("GET", "/v2", headers={"x-request-id": "abc-1"})[1]["x-request-id"] == "abc-1"
    made = {server.ask("GET", "/v2", headers={"x-request-id": 'a"b'})[1]["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    server.until(lambda: any(line["id"] == "abc-1" and line["status"] == 200 for line in server.events("request")))


def test_the_log_holds_no_value_of_a_row(server):
    secret = "a-secret-value"
    server.post(
        "/v1/score",
        {"model": "plain", "rows": [{"x": secret, "shop": secret, "z": 1.0}]},
        headers={"x-request-id": "s1"},
    )
    server.until(lambda: any(line["id"] == "s1" for line in server.events("request")))
    assert secret not in json.dumps(server.lines)


def test_the_admin_port_reloads_in_every_worker_and_says_what_is_there(server, folders):
    status, said = server.post("/v2/repository/index", b"", port=server.admin)
    assert status == 200
    assert {(model["name"], model["state"], model["reason"]) for model in said} == {
        ("plain", "READY", ""),
        ("second", "READY", ""),
    }
    status, said = server.post("/v2/repository/models/second/load", b"", port=server.admin)
    assert (status, said) == (200, {"name": "second", "version": fitted("sliced").version, "workers": 2})
    assert server.post("/v2/repository/models/none/load", b"", port=server.admin)[0] == 404
    assert server.post("/v2/repository/models/plain/unload", b"", port=server.admin)[0] == 400
    assert server.get("/v2/repository/models/plain/load", port=server.admin)[0] == 404
    evil = {"host": "evil.example"}
    assert server.post("/v2/repository/models/plain/load", b"", headers=evil, port=server.admin)[0] == 400


def test_a_damaged_bundle_is_told_and_the_old_one_serves_on(server, folders):
    folder = folders / "second"
    kept = shutil.copytree(folder, folders / "kept")
    try:
        (folder / "scorer.npz").write_bytes(b"damaged")
        status, said = server.post("/v2/repository/models/second/load", b"", port=server.admin)
        assert status == 400
        assert "does not match its checksum" in said["error"]
        server.until(lambda: "second" in server.get("/v2/health/ready")[1].get("problems", {}))
        assert server.get("/v2/health/ready")[0] == 200
        assert server.post("/v1/score", {"model": "second", "rows": ROWS})[0] == 200
        assert b'rareclass_reload_failing{model="second"} 2' in server.get("/metrics")[1]
        assert "checksum" in server.post("/v2/repository/index", b"", port=server.admin)[1][1]["reason"]
        started = len(server.events("worker started"))
        for pid in server.workers().values():
            os.kill(pid, signal.SIGKILL)
        server.wait_for("worker started", started + 2)
        assert server.post("/v1/score", {"model": "second", "rows": ROWS})[0] == 200
        server.until(lambda: b'rareclass_reload_failing{model="second"} 2' in server.get("/metrics")[1])
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
    server.until(lambda: all("problems" not in server.get("/v2/health/ready")[1] for _ in range(10)))


def test_a_new_champion_is_asked_within_two_seconds_and_no_answer_is_mixed(server, folders):
    says = {fitted(name).version: expected(name) for name in ("plain", "other")}
    began, seen = time.monotonic(), set()
    version = write("other", folders / "plain")
    while time.monotonic() - began < 3.0:
        status, said = server.post("/v2/models/plain/infer", INFER)
        assert status == 200
        np.testing.assert_allclose(said["outputs"][0]["data"], says[said["model_version"]], rtol=0, atol=1e-12)
        if time.monotonic() - began > 2.0:
            seen.add(said["model_version"])
    assert seen == {version}
    write("plain", folders / "plain", "manifest first")
    server.post("/v2/repository/models/plain/load", b"", port=server.admin)
    assert {server.post("/v2/models/plain/infer", INFER)[1]["model_version"] for _ in range(10)} == {
        fitted("plain").version
    }


def test_workers_that_are_killed_are_replaced_and_waiting_requests_answered(server):
    before = server.workers()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # nobody accepts now; all of these wait
        found = list(pool.map(lambda _: server.post("/v2/models/plain/infer", INFER)[0], range(8)))
    assert found == [200] * 8
    assert set(server.workers().values()).isdisjoint(before.values())
    assert len(server.events("worker died")) >= 2


def test_many_connections_that_drop_in_the_middle_leave_the_service_as_it_was(server):
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
    assert server.post("/v2/models/plain/infer", INFER)[0] == 200


def test_nothing_failed_so_far(server):
    """The last test of this module's service: no request ended in an error of ours."""
    time.sleep(0.5)
    assert not server.events("request failed"), server.events("request failed")
    assert not [line for line in server.lines if line.get("level") == "error"]


def test_it_ends_with_0_after_what_is_in_flight_was_answered(folders, tmp_path):
    with Server(folders / "plain", "--log", tmp_path / "log", "--id", "x", "--quiet") as running:
        rows = {"rows": ROWS * 10_000, "explain": "all"}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            large = pool.submit(running.post, "/v1/score", rows)
            time.sleep(0.5)
            assert running.stop() == 0
            assert large.result()[0] == 200
        assert not running.events("request")
        with pytest.raises(ConnectionRefusedError):
            running.get("/v2")
    logged = pq.read_table(tmp_path / "log")
    assert logged.num_rows == 20_000
    assert logged["id"][:2].to_pylist() == ["3", "-1"]


def test_ctrl_c_ends_it_with_0_and_the_end_of_the_supervisor_ends_the_workers(folders):
    with Server(folders / "plain") as running:
        assert running.stop(signal.SIGINT) == 0
    with Server(folders / "plain") as running:
        (pid,) = running.workers().values()
        running.stop(signal.SIGKILL)
        running.until(lambda: not alive(pid), 20)


def test_a_worker_that_is_told_to_end_while_it_starts_ends(folders, tmp_path):
    """The signal was lost, and the service waited 25 s for the worker, which took requests all the while."""
    code = f"""
        import multiprocessing, os, signal, socket, threading, time
        from pathlib import Path
        from rareclass.serving import worker
        from rareclass.serving.settings import Settings
        read = worker.Models.read

        def told(self):
            os.kill(os.getpid(), signal.SIGTERM)
            read(self)

        worker.Models.read = told
        line, far = multiprocessing.Pipe()
        sock = socket.create_server(("127.0.0.1", 0))
        threading.Timer(20.0, os._exit, (9,)).start()
        settings = Settings(folders={{"m": Path({str(folders / "plain")!r})}})
        worker.work(settings, "w0", Path({str(tmp_path)!r}), sock, line)
        os._exit(0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_it_goes_on_where_the_folder_of_the_log_went_and_a_worker_starts_anew(folders, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    with Server(folders / "plain", "--log", disk / "log", "--log-column", "x") as running:
        assert running.post("/v1/score", {"rows": ROWS})[0] == 200
        running.wait_for("worker started")
        running.until(lambda: list((disk / "log").glob("*.open")))
        (pid,) = running.workers().values()
        disk.rename(tmp_path / "gone")
        disk.write_text("")
        os.kill(pid, signal.SIGKILL)
        running.until(lambda: running.workers() != {"w0": pid} and running.post("/v1/score", {"rows": ROWS})[0] == 200)
        running.until(lambda: [line for line in running.lines if "log in" in line["event"]])
        disk.unlink()
        running.until(lambda: [line for line in running.lines if "is written again" in line["event"]])
        assert len(running.events("worker started")) == 2
        assert running.stop() == 0
    assert pq.read_table(disk / "log").num_rows == 2


def test_a_worker_that_dies_at_each_start_is_started_after_growing_pauses(folders, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(supervisor, "time", clock)
    running = supervisor.Supervisor(Settings(folders={"m": folders / "plain"}, port=0), events=Mock())
    monkeypatch.setattr(supervisor, "forget_worker", Mock())
    running._folder = folders

    def pause(age):
        worker = Mock(began=100.0 - age)
        worker.name = "w0"
        running._bury(worker)
        return running._due["w0"] - 100.0

    for ages, pauses in ((1,) * 7, [0.5, 1, 2, 4, 8, 8, 8]), ((3_600, 1, 3_600), [0, 0.5, 0]):
        assert [pause(age) for age in ages] == pauses
    running.socket.close()


def test_a_busy_port_a_damaged_bundle_and_a_wrong_name_exit_with_2_and_one_sentence(folders, tmp_path):
    def said(*arguments):
        command = [sys.executable, "-m", "rareclass", "serve", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert not done.stdout
        (line,) = done.stderr.splitlines()
        return line

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in said(folders / "plain", "--port", port)
        assert str(port) in said(folders / "plain", "--port", 0, "--admin-port", port)
    damaged = shutil.copytree(folders / "plain", tmp_path / "damaged")
    (damaged / "scorer.npz").write_bytes(b"")
    assert "does not match its checksum" in said(damaged)
    assert "does not exist" in said(tmp_path / "none")
    assert "NAME=BUNDLE" in said(folders / "plain", folders / "plain")
    (tmp_path / "file").write_text("no PEM")
    assert "prediction log cannot be written" in said(folders / "plain", "--log", tmp_path / "file")
    unknown = said(folders / "plain", "--log", tmp_path / "log", "--log-column", "shopp")
    assert "column 'shopp'" in unknown
    assert "Did you mean 'shop'?" in unknown
    tls = ["--tls-cert", tmp_path / "file", "--tls-key", tmp_path / "file"]
    assert "cannot be used" in said(folders / "plain", *tls)
    assert "no address" in said(folders / "plain", "--host", "no.such.host.invalid")


def test_a_token_is_asked_for_everywhere_but_by_probes(folders):
    with Server(folders / "plain", "--admin-port", 0, env={"RARECLASS_TOKEN": "the-right-token"}) as running:
        right, wrong = ({"authorization": f"Bearer {token}"} for token in ("the-right-token", "the-wrong-token"))
        for port, method, path in (
            (None, "GET", "/v2"),
            (None, "GET", "/"),
            (None, "GET", "/metrics"),
            (None, "POST", "/v1/score"),
            (running.admin, "POST", "/v2/repository/index"),
        ):
            body = json.dumps({"rows": ROWS}) if method == "POST" else None
            for headers in ({}, wrong):
                status, given, said = running.ask(method, path, body, headers, port)
                assert (status, list(said), given["www-authenticate"]) == (401, ["error"], "Bearer")
            assert running.ask(method, path, body, right, port)[0] == 200
        assert running.get("/v2/health/ready")[0] == 200
        assert b"the-right-token" not in Path(f"/proc/{running.process.pid}/cmdline").read_bytes()


def test_tls_asks_clients_for_certificates_where_an_authority_is_given(folders, tmp_path):
    own = made(tmp_path)
    authority, (certificate, key) = own.authority, own.service
    context = ssl.create_default_context(cafile=authority[0])
    context.load_cert_chain(*own.client)
    options = ["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", authority[0], "--admin-port", 0]
    with Server(folders / "plain", *options, tls=context) as running:
        assert running.events("serving")[0]["url"].startswith("https://")
        said = running.post("/v2/models/plain/infer", INFER)[1]
        np.testing.assert_allclose(said["outputs"][0]["data"], expected("plain"), rtol=0, atol=1e-12)
        assert running.post("/v2/repository/models/plain/load", b"", port=running.admin)[0] == 200
        running.tls = ssl.create_default_context(cafile=authority[0])  # of a client without a certificate
        with pytest.raises(OSError):
            running.get("/v2/health/live")
        assert running.raw(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", timeout=3.0)[:4] != b"HTTP"
        assert running.stop() == 0


def test_what_serves_imports_no_library_of_training(folders):
    code = f"""
        import asyncio, sys
        from pathlib import Path
        import rareclass.serving.run
        from rareclass.serving.app import Service
        from rareclass.serving.front import Call
        from rareclass.serving.metrics import Metrics
        from rareclass.serving.models import Models
        from rareclass.serving.settings import Settings
        folders = {{"m": Path({str(folders / "plain")!r})}}
        models = Models(folders)
        models.read()
        service = Service(Settings(folders=folders), models, Metrics("w0", Path({str(folders)!r})), None)

        async def receive():
            return {{"type": "http.request", "body": {json.dumps({"rows": ROWS, "explain": "all"}).encode()!r}}}

        for method, path in (("POST", "/v1/score"), ("GET", "/"), ("GET", "/openapi.json"), ("GET", "/metrics")):
            call = Call(method=method, path=path, headers={{}}, id="", receive=receive, began=0.0)
            assert asyncio.run(service.answer(call)).status == 200
        parts = ("linalg", "special", "optimize", "sparse", "stats", "spatial")
        heavy = {{"sklearn", "lightgbm", "skops", "narwhals", "pandas", "polars", "joblib", "matplotlib", "starlette"}}
        print(sorted((heavy | {{f"scipy.{{part}}" for part in parts}}) & set(sys.modules)))
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert said.stdout == "[]\n", said.stderr


def test_requests_in_one_piece_or_in_several_are_answered_alike_and_in_order(server):
    """The short way of the service for small requests, and uvicorn's for all others, give one answer."""
    body = json.dumps({"model": "plain", "rows": ROWS[:1], "explain": "none"}).encode()

    def post(number, more=b"", version=b"1.1", text=body):
        head = b"POST /v1/score HTTP/%b\r\nhost: x\r\nx-request-id: r%d\r\ncontent-length: %d\r\n%b\r\n"
        return head % (version, number, len(text), more) + text

    live = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    wrong = post(5, text=b"no json")
    chunked = b"POST /v1/score HTTP/1.1\r\nhost: x\r\nx-request-id: r6\r\ntransfer-encoding: chunked\r\n\r\n"
    chunked += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    last = post(7, b"connection: close\r\n")
    parts = [post(1) + post(2) + live + post(3), post(4)[:60], post(4)[60:], wrong + chunked, last]
    found = server.raw(*parts, pause=0.1)
    assert [line for line in found.split(b"\r\n") if line.startswith(b"x-request-id: r")] == [
        b"x-request-id: r%d" % number for number in range(1, 8)
    ]
    heads = found.count(b"HTTP/1.1 200 OK\r\n"), found.count(b"HTTP/1.1 400 Bad Request\r\n")
    assert heads == (7, 1)
    answer = server.post("/v1/score", {"model": "plain", "rows": ROWS[:1], "explain": "none"})[1]
    assert found.count(json.dumps(answer, separators=(",", ":")).encode()) == 6
    assert found.count(b"connection: close") == 1
    waited = server.raw(post(8, b"expect: 100-continue\r\nconnection: close\r\n"))
    assert waited.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert b"connection: close" in server.raw(post(9, version=b"1.0"))
