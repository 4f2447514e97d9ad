"""What `rareclass serve` does: check what is to be served, then serve it until told to stop."""

import signal
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from rareclass.errors import BundleError, InputError
from rareclass.serving.admin import Admin
from rareclass.serving.errors import did_you_mean
from rareclass.serving.front import Receive, Send
from rareclass.serving.models import Models
from rareclass.serving.settings import Settings
from rareclass.serving.supervisor import Supervisor
from rareclass.serving.worker import log_to_events, uvicorn_config

_OPEN = "Other machines reach this service, and it asks for neither token nor certificate (docs/serving.md)."


def serve(settings: Settings, told: Callable[[str], None] = lambda sentence: None) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight is finished then.

    Parameters
    ----------
    settings : Settings
    told : callable, optional
        Called with each sentence of the start; the log on stderr says the same.

    Raises
    ------
    BundleError
        A folder is no bundle, or it is damaged.
    InputError
        A port is taken, the log cannot be written, or certificate and key cannot be used.
    """
    _check(settings)
    models = Models(settings.folders)
    models.read()
    for problem in models.problems.values():
        raise BundleError(problem)
    versions = models.versions
    _check_columns(settings, models)
    del models
    events = log_to_events(quiet=settings.quiet)
    supervisor = Supervisor(settings, events)
    admin = None
    try:
        if settings.admin_port is not None:
            admin = Admin(supervisor, settings.admin_port, events)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, supervisor.stop)
        admin_url, grpc = None if admin is None else admin.url, supervisor.grpc_address
        events.say("serving", url=supervisor.url, admin=admin_url, grpc=grpc, models=versions)
        told(f"Serving on {supervisor.url}{'' if grpc is None else f' and by gRPC on {grpc}'}; Ctrl-C stops.")
        for name, folder in settings.folders.items():
            told(f"  {name}, version {versions[name]}: {folder}")
        if admin is not None:
            told(f"Admin port: {admin.url}")
            admin.start()
        if settings.open and settings.token is None and settings.transport.client_authority is None:
            events.say("warning", problem=_OPEN)
            told(f"note: {_OPEN}")
        supervisor.run()
    finally:
        if admin is not None:
            admin.close()
        events.close()


def _check(settings: Settings) -> None:
    """Raise here what would end every worker as soon as it starts."""
    if settings.log is not None:
        try:
            settings.log.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=settings.log):
                pass
        except OSError as error:
            raise InputError(f"The prediction log cannot be written to {settings.log}: {error.strerror}.") from None
    try:
        uvicorn_config(settings, _nothing).load()
    except OSError as error:  # of TLS too
        raise InputError(
            f"The certificate {settings.transport.certificate} and its key cannot be used ({error}). Give a chain and "
            "its private key as PEM files without a password."
        ) from None


def _check_columns(settings: Settings, models: Models) -> None:
    """Refuse columns to log that no model has."""
    known = set().union(*(models.get(name).column_set for name in models.names))
    for name in settings.not_logged(known):
        raise InputError(
            f"No model that is served has a column {name!r}, which --log-column names.{did_you_mean(name, known)}"
        )


async def _nothing(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Stands for the application where none is asked."""
