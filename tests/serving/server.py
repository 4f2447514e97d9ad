"""A service as a process of its own, and a client of few lines."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

START = 60.0


class Server:
    """`rareclass serve` with these arguments, on a free port; `lines` are what it wrote to its log so far.

    `tls` is the context of clients, where the service has certificates.
    """

    def __init__(self, *arguments, env=None, tls=None):
        self.tls = tls
        command = [sys.executable, "-m", "rareclass", "serve", *map(str, arguments), "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | (env or {}), text=True
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        said = self.wait_for("serving")
        self.port = int(said["url"].rsplit(":", 1)[1])
        self.admin = None if said["admin"] is None else int(said["admin"].rsplit(":", 1)[1])
        self.versions = said["models"]
        self.until(lambda: self.get("/v2/health/ready")[0] == 200)

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(json.loads(line))

    def events(self, name):
        return [line for line in list(self.lines) if line["event"] == name]

    def wait_for(self, name, count=1):
        self.until(lambda: len(self.events(name)) >= count or self.process.poll() is not None)
        assert len(self.events(name)) >= count, self.lines
        return self.events(name)[count - 1]

    def until(self, true, seconds=START):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                if true():
                    return
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.02)

    def workers(self):
        """Process ids of the living workers, by name."""
        return {line["worker"]: line["pid"] for line in self.events("worker started")}

    def _connection(self, port, timeout):
        if self.tls is None:
            return HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        return HTTPSConnection("localhost", port or self.port, timeout=timeout, context=self.tls)

    def ask(self, method, path, body=None, headers=(), port=None, timeout=30.0):
        """Status, headers and parsed body (bytes where it is no JSON) of one request on a connection of its own."""
        with contextlib.closing(self._connection(port, timeout)) as connection:
            if isinstance(body, dict | list):
                body = json.dumps(body)
            connection.request(method, path, body, dict(headers))
            reply = connection.getresponse()
            raw = reply.read()
        is_json = reply.getheader("content-type", "").startswith("application/json")
        return reply.status, dict(reply.getheaders()), json.loads(raw) if is_json and raw else raw

    def get(self, path, **options):
        status, _, body = self.ask("GET", path, **options)
        return status, body

    def post(self, path, body, **options):
        status, _, said = self.ask("POST", path, body, **options)
        return status, said

    def raw(self, *parts, pause=0.0, timeout=30.0):
        """What the service sends back for these bytes until it closes or is quiet."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            for part in parts:
                with contextlib.suppress(OSError):
                    sock.sendall(part)
                time.sleep(pause)
            found = b""
            with contextlib.suppress(OSError):
                sock.settimeout(timeout)
                while part := sock.recv(65_536):
                    found += part
        return found

    def stop(self, number=signal.SIGTERM, timeout=40.0):
        """End it and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        self._reader.join(5.0)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def memory(pid):
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
