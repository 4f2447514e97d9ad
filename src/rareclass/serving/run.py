"""What `rareclass serve` does: check what is to be served, then serve it until told to stop."""

import signal
from collections.abc import Callable

from rareclass.errors import BundleError
from rareclass.serving.admin import Admin
from rareclass.serving.models import Models
from rareclass.serving.settings import Settings
from rareclass.serving.supervisor import Supervisor
from rareclass.serving.worker import log_to_events

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
        A port is taken.
    """
    models = Models(settings.folders)
    models.read()
    for problem in models.problems.values():
        raise BundleError(problem)
    versions = models.versions
    del models
    events = log_to_events(quiet=settings.quiet)
    supervisor = Supervisor(settings, events)
    admin = None
    try:
        if settings.admin_port is not None:
            admin = Admin(supervisor, settings.admin_port, events)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, supervisor.stop)
        events.say("serving", url=supervisor.url, admin=None if admin is None else admin.url, models=versions)
        told(f"Serving on {supervisor.url}; Ctrl-C stops.")
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
