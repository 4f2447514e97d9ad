"""The admin port: the repository extension of the protocol, on the loopback address, for all workers at once."""

import asyncio
import re
import threading
from typing import Any

from uvicorn import Server

from rareclass.serving.errors import Refused
from rareclass.serving.events import Events
from rareclass.serving.front import Call, Front, Reply, refusal, reply_json
from rareclass.serving.guarding import admitted
from rareclass.serving.ports import listening
from rareclass.serving.supervisor import Supervisor
from rareclass.serving.worker import uvicorn_config

HOST = "127.0.0.1"
_VERB = re.compile(r"/v2/repository/models/([^/]+)/(load|unload)")
_HOSTS = re.compile(rb"(?i)(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")


class Admin:
    """Answers on the admin port in a thread of the supervisor, by asking all workers.

    Parameters
    ----------
    supervisor : Supervisor
    events : Events

    Raises
    ------
    InputError
        The port is taken.
    """

    def __init__(self, supervisor: Supervisor, port: int, events: Events) -> None:
        self.supervisor, self.settings = supervisor, supervisor.settings
        self.socket = listening(HOST, port)
        self._server = Server(uvicorn_config(self.settings, Front(self.answer, events)))
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],), name="admin", daemon=True)

    @property
    def url(self) -> str:
        return f"{self.settings.transport.scheme}://{HOST}:{self.socket.getsockname()[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer nothing any more."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5.0)
        self.socket.close()

    async def answer(self, call: Call) -> Reply:
        """The reply to a request; parameters and errors as `Service.answer`."""
        if not _HOSTS.fullmatch(call.headers.get(b"host", b"")):  # a web page whose name was made to lead here
            raise Refused(400, f"The admin port answers requests to {HOST} only.")
        if not admitted(call.headers, self.settings.token):
            return refusal(401, "This service asks for a token: send `Authorization: Bearer TOKEN`.")
        found = _VERB.fullmatch(call.path)
        if call.method != "POST" or (found is None and call.path != "/v2/repository/index"):
            raise Refused(
                404, "The admin port takes POST /v2/repository/index and POST /v2/repository/models/NAME/load."
            )
        if found is None:
            return await asyncio.to_thread(self._index)
        name, verb = found.groups()
        if verb == "unload":
            raise Refused(400, "Models are not unloaded; stop the service, or start it without this one.")
        return await asyncio.to_thread(self._load, name)

    def _load(self, name: str) -> Reply:
        """Have every worker read a folder: it is answered when all of them serve what it holds."""
        said = self.supervisor.tell("load", name)
        refused = next((answer for answer in said if "error" in answer), None)
        if refused is not None:
            raise Refused(refused["status"], refused["error"])
        if len(said) < len(self.supervisor.workers):
            raise Refused(503, "A worker did not answer; it is being replaced, and reads the folder anew. Try again.")
        versions = sorted({answer["version"] for answer in said})
        if len(versions) > 1:
            raise Refused(503, "The folder was replaced again meanwhile. Try again.")
        return reply_json({"name": name, "version": versions[0], "workers": len(said)})

    def _index(self) -> Reply:
        said = self.supervisor.tell("index", "")
        found: list[dict[str, Any]] = []
        for name in self.settings.folders:
            versions = {answer["versions"].get(name) for answer in said} - {None}
            problem = next((answer["problems"][name] for answer in said if name in answer["problems"]), "")
            found += [
                {"name": name, "version": version, "state": "READY", "reason": problem} for version in sorted(versions)
            ] or [{"name": name, "version": "", "state": "UNAVAILABLE", "reason": problem or "It is being read."}]
        return reply_json(found)
