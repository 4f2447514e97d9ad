"""What a worker answers: the routes of the service."""

import re
from collections.abc import Callable
from typing import Any

from rareclass.serving.answers import Answers, answer
from rareclass.serving.asked import NONE
from rareclass.serving.errors import Refused, sentenced
from rareclass.serving.front import Call, Reply, reply_json
from rareclass.serving.guarding import Bodies, Pool, admitted, number_of, refuse_media
from rareclass.serving.log import PredictionLog
from rareclass.serving.metrics import Metrics
from rareclass.serving.models import Models, Served
from rareclass.serving.openapi import openapi
from rareclass.serving.page import status_page
from rareclass.serving.plain import read_plain, write_plain
from rareclass.serving.protocol.metadata import model_metadata, server_metadata
from rareclass.serving.protocol.responses import write_infer
from rareclass.serving.requests import Request, read_infer
from rareclass.serving.settings import Settings
from rareclass.serving.together import Scored, Together

_MODEL = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(?:/(infer|ready))?")
_LENGTH = b"inference-header-content-length"
BINARY = b"application/octet-stream"
_SMALL_BODY, _SMALL_ROWS, _SMALL_REASONS = 16_384, 256, 4
"""Bodies and rows that the event loop takes itself, in well under a millisecond."""
_PAGE = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        b"img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"cache-control", b"no-store"),
)
_THREADS = 2
"""Side by side for the rows of one large request; its answer does not depend on them."""
HTML = b"text/html; charset=utf-8"
Read = Callable[[], tuple[Served, Request]]
Reading = Callable[[bytes], tuple[Served, Request]]
Write = Callable[[Served, Request, Answers], Reply]


class Service:
    """Answers requests with the models of a worker.

    Parameters
    ----------
    settings : Settings
    models : Models
    metrics : Metrics
    log : PredictionLog or None
    """

    def __init__(self, settings: Settings, models: Models, metrics: Metrics, log: PredictionLog | None) -> None:
        self.settings, self.models, self.metrics, self.log = settings, models, metrics, log
        self.bodies, self.pool, self.together = Bodies(settings.limits), Pool(settings.limits), Together()
        self.reading: dict[str, Any] = {"id_column": settings.id_column, "most_rows": settings.limits.rows}
        self._pages: dict[str, Callable[[], Reply]] = {
            "/": self._status,
            "/metrics": self._exposition,
            "/openapi.json": lambda: reply_json(openapi(self.models)),
            "/v2": lambda: reply_json(server_metadata()),
            "/v2/health/live": lambda: reply_json({"live": True}),
            "/v2/health/ready": self._ready,
        }
        self._pages["/v2/"] = self._pages["/v2"]

    async def answer(self, call: Call) -> Reply:
        """The reply to a request.

        Raises
        ------
        Refused
        """
        self.metrics.began()
        try:
            return await self._answer(call)
        finally:
            self.metrics.ended()

    async def _answer(self, call: Call) -> Reply:
        path, post = call.path, call.method == "POST"
        if not path.startswith("/v2/health/"):
            self._admit(call)
        found = _MODEL.fullmatch(path)
        if found is not None:
            name, version, what = found.groups()
            if what == "infer" and post:
                return await self._scored(call, *self._infer(call, name, version))
            if what != "infer" and call.method in ("GET", "HEAD"):
                served = self.models.get(name, version)
                call.model = served.name
                return self._metadata(served) if what is None else reply_json({"name": served.name, "ready": True})
            raise _other_method(call, "POST" if what == "infer" else "GET")
        if path == "/v1/score":
            if post:
                return await self._scored(call, *self._score(call))
            raise _other_method(call, "POST")
        page = self._pages.get(path)
        if page is None:
            raise Refused(404, "There is nothing under this path; GET /openapi.json lists what there is.")
        if call.method not in ("GET", "HEAD"):
            raise _other_method(call, "GET")
        return page()

    def small(self, call: Call, body: bytes, then: Callable[[Callable[[], Reply]], None]) -> bool:
        """Answer a request to score a few rows in the next turn of the event loop, as `answer` does.

        `then` is told what makes its reply; False, and nothing is done, where there are more rows.

        Raises
        ------
        Refused
        """
        self._admit(call)
        found = _MODEL.fullmatch(call.path)
        read, write = self._score(call) if found is None else self._infer(call, found[1], found[2])
        served, request = read(body)
        if not _is_small(request):
            return False

        def made(known: Scored | None) -> Reply:
            self.metrics.ended()
            return self._made(call, served, request, write, known)

        self.metrics.began()
        self.together.ask(served.scorer, request.rows.matrix, lambda known: then(lambda: made(known)))
        return True

    def _admit(self, call: Call) -> None:
        if not admitted(call.headers, self.settings.token):
            raise Refused(401, "This service asks for a token: send `Authorization: Bearer TOKEN`.")

    def _infer(self, call: Call, name: str, version: str | None) -> tuple[Reading, Write]:
        """How the body of such a request is read, and its answer written."""
        refuse_media(call.headers)
        header_length = number_of(call.headers, _LENGTH, "Inference-Header-Content-Length")
        served = self.models.get(name, version)
        call.model = served.name

        def read(body: bytes) -> tuple[Served, Request]:
            return served, read_infer(body, header_length, served, **self.reading)

        return read, _written

    def _score(self, call: Call) -> tuple[Reading, Write]:
        """The same of a request for people."""
        refuse_media(call.headers)

        def read(body: bytes) -> tuple[Served, Request]:
            plain = read_plain(body)
            served = self.models.get(plain.model, plain.version)
            return served, plain.request(served, **self.reading)

        return read, _written_plainly

    async def _scored(self, call: Call, read: Reading, write: Write) -> Reply:
        length = number_of(call.headers, b"content-length", "Content-Length")
        body = await self.bodies.read(call.receive, length)
        return await self.compute(call, len(body), lambda: read(body), write)

    async def compute(self, call: Call, size: int, read: Read, write: Write) -> Reply:
        """Read, score and write a request: a small one here, a large one in the pool."""
        if size <= _SMALL_BODY:
            served, request = read()
            if _is_small(request):
                with sentenced:
                    known = await self.together.scored(served.scorer, request.rows.matrix)
                return self._made(call, served, request, write, known)
            answers, reply = await self.pool.run(lambda: _answered(served, request, write))
        else:
            served, request, answers, reply = await self.pool.run(lambda: _whole(read, write))
        self._note(call, served, request, answers)
        return reply

    def _made(self, call: Call, served: Served, request: Request, write: Write, known: Scored | None) -> Reply:
        answers = answer(served, request, known=known)
        reply = write(served, request, answers)
        self._note(call, served, request, answers)
        return reply

    def _note(self, call: Call, served: Served, request: Request, answers: Answers) -> None:
        call.model = served.name
        call.said = {"model": served.name, "version": served.version, "rows": len(request.rows)}
        self.metrics.answered(served, answers, call.seconds, route=_route(call))
        if self.log is not None:
            self.log.add(served, request.ids or call.id, answers, request.rows, call.id)

    def refused(self, call: Call | None, status: int) -> None:
        """Count a refusal, of what held no request where there is no call."""
        if call is None:
            self.metrics.refused(None, status)
        else:
            self.metrics.refused(call.model, status, route=_route(call))

    def _exposition(self) -> Reply:
        body, kind = self.metrics.exposition()
        return Reply(body, kind.encode())

    def _status(self) -> Reply:
        return Reply(status_page(self.models, self.metrics).encode(), HTML, headers=_PAGE)

    def _ready(self) -> Reply:
        """Ready means that every model can be asked; a folder that cannot be taken up is told, and changes nothing."""
        problems = self.models.told
        said = {"ready": self.models.ready, **({"problems": problems} if problems else {})}
        return reply_json(said, 200 if self.models.ready else 503)

    def _metadata(self, served: Served) -> Reply:
        problem = self.models.told.get(served.name)
        said = model_metadata(served)
        return reply_json(said if problem is None else said | {"parameters": {"reload_problem": problem}})


def _written(served: Served, request: Request, answers: Answers) -> Reply:
    body, length = write_infer(served, request, answers)
    return Reply(body) if length is None else Reply(body, BINARY, headers=((_LENGTH, b"%d" % length),))


def _written_plainly(served: Served, request: Request, answers: Answers) -> Reply:
    return Reply(write_plain(served, request, answers))


def _answered(served: Served, request: Request, write: Write) -> tuple[Answers, Reply]:
    answers = answer(served, request, threads=_THREADS)
    return answers, write(served, request, answers)


def _whole(read: Read, write: Write) -> tuple[Served, Request, Answers, Reply]:
    served, request = read()
    return served, request, *_answered(served, request, write)


def _is_small(request: Request) -> bool:
    """Whether a request may be computed between two others."""
    return len(request.rows) <= (_SMALL_ROWS if request.explain == NONE else _SMALL_REASONS)


def _route(call: Call) -> str:
    if call.path == "/v1/score":
        return "score"
    if call.path.endswith("/ModelInfer"):
        return "grpc"
    return "infer" if call.path.endswith("/infer") else "other"


def _other_method(call: Call, allowed: str) -> Refused:
    return Refused(404, f"There is no {call.method[:20]} of this path; it takes {allowed}.")
