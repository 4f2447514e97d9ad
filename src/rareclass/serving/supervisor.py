"""The process that holds the port: it starts workers, replaces those that die, and tells all of them what to do."""

import contextlib
import math
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from rareclass.serving.events import Events
from rareclass.serving.metrics import FOLDER, forget_worker
from rareclass.serving.ports import address_of, bound, listening
from rareclass.serving.settings import Settings
from rareclass.serving.shared_folder import make_folder, used
from rareclass.serving.worker import work

_SPAWN = multiprocessing.get_context("spawn")
_HUNG = 20.0
"""Seconds without an answer to a ping after which a worker is replaced."""
_PING = 5.0
_YOUNG = 10.0
"""Seconds of life before which a worker's death counts as one at its start."""
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds until the next start of a worker, by how often in a row it died young."""


class Worker:
    """A worker process and the line to it."""

    def __init__(self, settings: Settings, name: str, folder: Path, sock: socket.socket) -> None:
        self.name, self.began = name, time.monotonic()
        self._lock, self._asked = threading.Lock(), 0
        self._line, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=work, args=(settings, name, folder, sock, theirs), name=name)
        with _without_interrupts():
            self.process.start()
        theirs.close()

    def ask(self, verb: str, argument: str, seconds: float) -> dict[str, Any] | None:
        """What the worker answers; None where it does not within `seconds`, or is dead."""
        until = time.monotonic() + seconds
        with self._lock, contextlib.suppress(EOFError, OSError):
            self._asked += 1
            self._line.send((self._asked, verb, argument))
            while self._line.poll(max(until - time.monotonic(), 0.0)):
                number, said = self._line.recv()
                if number == self._asked:  # not a late answer to an earlier question
                    found: dict[str, Any] = said
                    return found
        return None

    @property
    def hangs(self) -> bool:
        """Whether it started long ago, does nothing that it was told to do, and answers no ping."""
        if time.monotonic() - self.began < _HUNG or self._lock.locked():
            return False
        return self.ask("ping", "", _HUNG) is None

    def end(self) -> None:
        """Ask the process to finish what it has and stop."""
        if self.process.is_alive():
            self.process.terminate()

    def kill(self) -> None:
        """End the process now."""
        self.process.kill()
        self.process.join()
        self._line.close()


class Supervisor:
    """Runs a service: one listening socket, and the workers that share it.

    A connection that waits to be accepted outlives a worker that is killed, as the socket is held here.

    Parameters
    ----------
    settings : Settings
    events : Events

    Raises
    ------
    InputError
        The port is taken, or the address is none of this machine.
    """

    def __init__(self, settings: Settings, events: Events) -> None:
        self.settings, self.events = settings, events
        self.socket = listening(settings.host, settings.port)
        self._grpc: socket.socket | None = None
        if settings.grpc_port is not None:
            self._grpc = bound(settings.host, settings.grpc_port)  # held, so that it stays this service's
            self._grpc.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.settings = replace(settings, grpc_port=self._grpc.getsockname()[1])
        self.workers: list[Worker] = []
        self._stop_in, self._stop_out = _SPAWN.Pipe(duplex=False)
        self._young: Counter[str] = Counter()  # deaths in a row at their start, by the name of the worker
        self._due: dict[str, float] = {}  # when a worker that died is to be started again

    @property
    def url(self) -> str:
        """Where the service is reached."""
        return f"{self.settings.transport.scheme}://{address_of(self.socket)}"

    @property
    def grpc_address(self) -> str | None:
        """Where it is reached by gRPC."""
        return None if self._grpc is None else address_of(self._grpc)

    def stop(self, *_: Any) -> None:
        """End `run`; may be called by a signal handler or another thread."""
        with contextlib.suppress(OSError):
            self._stop_out.send(None)

    def run(self) -> None:
        """Serve until `stop`, then finish what is in flight."""
        self._folder = make_folder()
        os.environ[FOLDER] = str(self._folder)
        with used(self._folder):
            try:
                self.workers = [self._start(f"w{i}") for i in range(self.settings.workers)]
                self._watch()
                self._finish()
            finally:
                for worker in self.workers:
                    worker.kill()
                self.socket.close()
                if self._grpc is not None:
                    self._grpc.close()

    def tell(self, verb: str, argument: str, seconds: float = 60.0) -> list[dict[str, Any]]:
        """What every worker answers, asked side by side; those that die meanwhile are left out."""
        found: list[dict[str, Any]] = []

        def ask(worker: Worker) -> None:
            said = worker.ask(verb, argument, seconds)
            if said is not None:
                found.append(said)

        threads = [threading.Thread(target=ask, args=(worker,)) for worker in self.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def _start(self, name: str) -> Worker:
        worker = Worker(self.settings, name, self._folder, self.socket)
        self.events.say("worker started", worker=name, pid=worker.process.pid)
        return worker

    def _watch(self) -> None:
        """Replace workers that die or hang, until told to stop."""
        pinged = time.monotonic()
        while True:
            running = [worker.process.sentinel for worker in self.workers if worker.name not in self._due]
            pause = min([_PING, *(due - time.monotonic() for due in self._due.values())])
            ended = wait([self._stop_in, *running], timeout=max(pause, 0.0))
            if self._stop_in in ended:
                return
            for i, worker in enumerate(self.workers):
                if worker.process.sentinel in ended:
                    self._bury(worker)
                if self._due.get(worker.name, math.inf) <= time.monotonic():
                    del self._due[worker.name]
                    self.workers[i] = self._start(worker.name)
            if time.monotonic() - pinged > _PING:
                self._ping()
                pinged = time.monotonic()

    def _bury(self, worker: Worker) -> None:
        """Clear up after a worker that died, and set when it is started again."""
        worker.process.join()
        self.events.say("worker died", worker=worker.name, pid=worker.process.pid, exit=worker.process.exitcode)
        forget_worker(self._folder, worker.name)
        worker.kill()
        now = time.monotonic()
        self._young[worker.name] = self._young[worker.name] + 1 if now - worker.began < _YOUNG else 0
        self._due[worker.name] = now + _PAUSES[min(self._young[worker.name], len(_PAUSES) - 1)]

    def _ping(self) -> None:
        for worker in self.workers:
            if worker.hangs and worker.process.is_alive():
                self.events.say("worker hangs", worker=worker.name, pid=worker.process.pid)
                worker.process.kill()

    def _finish(self) -> None:
        """End the workers; those that take too long are killed."""
        self.events.say("stopping")
        self.socket.close()  # so that who comes now is refused, and not left waiting for nobody
        for worker in self.workers:
            worker.end()
        deadline = time.monotonic() + self.settings.limits.closing + 15
        for worker in self.workers:
            worker.process.join(max(deadline - time.monotonic(), 0.0))
        self.events.say("stopped")


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Children that are started here never see Ctrl-C, which reaches all processes of a terminal: we end them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
