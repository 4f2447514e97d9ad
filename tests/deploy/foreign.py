"""What the tests of other people's servers share: their environments, processes, and requests with their answers."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = 120.0


def python_of(name):
    """The interpreter of the environment that `make test-foreign` builds; skips where it could not."""
    folder = Path(os.environ.get("RARECLASS_FOREIGN", ROOT / ".foreign")) / name
    if not (folder / ".done").exists():
        pytest.skip(f"there is no environment of {name} ({folder}): make test-foreign builds it where pip finds it")
    return folder / "bin" / "python"


def free_port():
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def running(command, ready, log, **options):
    """A process, once it answers a GET of port and path with 200; what it says goes to the file `log`."""
    with open(log, "w") as out:
        process = subprocess.Popen([*map(str, command)], stdout=out, stderr=out, **options)
        try:
            end = time.monotonic() + START
            while not answers(*ready):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(port, path):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return ask(port, path)[0] == 200
    return False


def ask(port, path, body=None):
    """Status and JSON of a request."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        said = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, said, {"content-type": "application/json"})
        reply = connection.getresponse()
        raw = reply.read()
        return reply.status, json.loads(raw) if raw[:1] in (b"{", b"[") else raw


def request_of(table):
    """Rows of any kind as a protocol request, dates as texts."""
    inputs = []
    for name in table.column_names:
        values = [None if value != value else value for value in table[name].to_pylist()]
        kinds = {type(value) for value in values} - {type(None)}
        datatype = "BOOL" if kinds == {bool} else "INT64" if kinds == {int} else "FP64" if kinds == {float} else "BYTES"
        if datatype == "BYTES":
            values = [value if value is None else str(value) for value in values]
        inputs.append({"name": name, "shape": [len(values)], "datatype": datatype, "data": values})
    return {"inputs": inputs, "outputs": [{"name": n} for n in ("probability", "logit", "alert", "reasons")]}


def equal_to_predict(said, bundle, table):
    """Whether an answer to `request_of` is what `predict` says of the rows."""
    from rareclass.serving import score

    wanted = score(bundle, table)
    found = {output["name"]: output["data"] for output in said["outputs"]}
    assert found["probability"] == wanted.probability.tolist()
    assert found["alert"] == wanted.alert.tolist()
    explained = [json.loads(text) is not None for text in found["reasons"]]
    assert explained == wanted.alert.tolist()
    assert any(explained)
