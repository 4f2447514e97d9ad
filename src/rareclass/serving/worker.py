"""One process that answers: models, metrics and log behind a uvicorn server on the socket that all workers share."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from ssl import CERT_NONE, CERT_REQUIRED
from typing import Any

from uvicorn import Config, Server

from rareclass.errors import RareclassError
from rareclass.serving.app import Service
from rareclass.serving.connection import guarded
from rareclass.serving.errors import Refused
from rareclass.serving.events import Events, Handler
from rareclass.serving.front import Front
from rareclass.serving.log import LogOptions, PredictionLog
from rareclass.serving.metrics import Metrics
from rareclass.serving.models import Models
from rareclass.serving.ports import address_of
from rareclass.serving.settings import Settings
from rareclass.serving.shadow import Shadows
from rareclass.serving.shared_folder import used

SWITCH = 0.001
"""Seconds after which a thread that computes lets the event loop go on."""


def work(settings: Settings, name: str, folder: Path, sock: socket, supervisor: Connection) -> None:
    """Answer until the supervisor ends this process, or is gone.

    Parameters
    ----------
    settings : Settings
    name : str
        Of this worker.
    folder : Path
        Where the workers keep their metrics, and what they served last.
    sock : socket
        Listening.
    supervisor : Connection
        Brings (number, verb, argument) and takes (number, answer).
    """
    ending = _Ending()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ending.heard)
    sys.setswitchinterval(SWITCH)
    events = log_to_events(quiet=settings.quiet)
    try:
        with used(folder):
            _answer(settings, name, folder, sock, supervisor, events, ending)
    except RareclassError as error:
        events.say("worker failed", worker=name, problem=str(error))
        raise SystemExit(3) from None
    finally:
        events.close()


class _Ending:
    """The signals to end, which uvicorn hears only while it runs, and raises again behind its end."""

    def __init__(self) -> None:
        self._heard = False
        self._server: Any = None

    def heard(self, *_: object) -> None:
        self._heard = True
        if self._server is not None:
            self._server.should_exit = True

    def ends(self, server: Any) -> None:
        """End this server, even where the signal came before it was there."""
        self._server = server
        if self._heard:
            server.should_exit = True


def _answer(
    settings: Settings, name: str, folder: Path, sock: socket, supervisor: Connection, events: Events, ending: _Ending
) -> None:
    metrics = Metrics(name, folder)

    def heard(model: str, version: str | None, problem: str | None) -> None:
        metrics.reloaded(model, version, problem)
        said = "model loaded" if problem is None else "model not loaded"
        events.say(said, worker=name, model=model, version=version, problem=problem)
        lacking = [] if problem is not None else settings.not_logged(models.get(model).column_set)
        if lacking:
            said = f"The model has no column {' or '.join(map(repr, lacking))} of --log-column; its log goes without."
            events.say("warning", worker=name, model=model, problem=said)

    def shadow_heard(model: str, version: str | None, problem: str | None) -> None:
        said = "shadow loaded" if problem is None else "shadow not loaded"
        events.say(said, worker=name, model=model, version=version, problem=problem)

    models = Models(settings.folders, heard, kept=folder / "kept")
    models.read()
    shadows = Shadows(settings.shadows, shadow_heard) if settings.shadows else None
    log = None
    if settings.log is not None:
        options = LogOptions() if settings.logged_columns is None else LogOptions(features=settings.logged_columns)
        log = PredictionLog(settings.log, name, options, on_drop=metrics.log_dropped, shadows=shadows)
    service = Service(settings, models, metrics, log)
    rpc = None
    if settings.grpc_port is not None:
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own lines on stderr are no JSON
        from rareclass.serving.rpc.server import RpcServer

        rpc = RpcServer(service, events, address_of(sock, settings.grpc_port))

    async def opened() -> None:
        models.watch()
        if shadows is not None:
            shadows.open()
        if rpc is not None:
            await rpc.start()

    async def closed() -> None:
        if rpc is not None:
            await rpc.stop()
        models.close()
        if shadows is not None:
            shadows.close()
        service.pool.close()
        metrics.flush()
        if log is not None:
            log.close()

    app = Front(service.answer, events, small=service.small, opened=opened, closed=closed, refused=service.refused)
    server = _Server(uvicorn_config(settings, app), rpc)
    _listen(supervisor, server, models)
    gc.collect()
    gc.freeze()  # what is there now stays; looking through it would halt answers for a tenth of a second
    ending.ends(server)
    server.run([sock])


class _Server(Server):
    """uvicorn's server, with gRPC told to stop when HTTP is."""

    def __init__(self, config: Config, rpc: Any) -> None:
        super().__init__(config)
        self._rpc = rpc

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        stopping = None if self._rpc is None else asyncio.create_task(self._rpc.stop())
        await super().shutdown(sockets)
        if stopping is not None:
            await stopping


def uvicorn_config(settings: Settings, app: Any) -> Config:
    """uvicorn as the service runs it."""
    tls = settings.transport
    return Config(
        app,
        http=guarded(settings.limits),
        loop="uvloop",
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=int(settings.limits.idle),
        timeout_graceful_shutdown=settings.limits.closing,
        ssl_certfile=tls.certificate,
        ssl_keyfile=tls.key,
        ssl_ca_certs=None if tls.client_authority is None else str(tls.client_authority),
        ssl_cert_reqs=CERT_NONE if tls.client_authority is None else CERT_REQUIRED,
    )


def log_to_events(*, quiet: bool) -> Events:
    """Events of this process, which take the lines of the standard logging too."""
    events = Events(requests=not quiet)
    root = logging.getLogger()
    root.handlers = [Handler(events)]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)  # Python's, which would stand between lines of JSON
    return events


def _listen(supervisor: Connection, server: Server, models: Models) -> None:
    """Do what the supervisor asks, in a thread; end with it."""

    def load(name: str) -> dict[str, Any]:
        return {"version": models.reload(name).version}

    def index(_: str) -> dict[str, Any]:
        return {"versions": models.versions, "problems": models.problems}

    verbs: dict[str, Callable[[str], dict[str, Any]]] = {
        "load": load,
        "index": index,
        "ping": lambda _: {"started": server.started},
    }

    def run() -> None:
        while True:
            try:
                number, verb, argument = supervisor.recv()
            except (EOFError, OSError):  # the supervisor is gone
                server.should_exit = True
                return
            try:
                said = verbs[verb](argument)
            except Refused as refused:
                said = {"status": refused.status, "error": refused.sentence}
            with contextlib.suppress(OSError):
                supervisor.send((number, said))

    threading.Thread(target=run, name="supervisor", daemon=True).start()
