"""Damaged requests over raw sockets: nothing crashes, hangs or answers 5xx, and every refusal is JSON.

Tensors, sizes and encodings as `serving_cases.py` damages them; and each is delivered in one of many ways: whole, in
pieces, in chunks, with odd or lying headers, behind garbage, under another method or path, two at once, or cut off.
Valid requests in a valid delivery must be answered with 200, and so must one that stands before a damaged request in
the same read, as every seventh case has it.

29 November 2026, one worker, `--cases 5000` with seeds 0 to 3: 20,000 cases in 122 s on a busy machine, none wrong,
nothing logged as failed, the worker lived. Before connections answered what stood whole before damage, and read on
behind their last answer, 364 of 20,000 were wrong.
"""

import argparse
import json
import random
import socket
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from serving_cases import LENGTH, Case, cases
from serving_client import Service

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import CostMatrix
from rareclass.scoring import Scorer

PATIENCE = 15.0
"""Seconds without an answer that count as a hang."""
_STATUSES = frozenset({200, 400, 401, 404, 405, 408, 411, 413, 414, 415, 417, 429, 431})
_PATHS = (
    *("/", "/v2", "/v2/health/live", "/v2/models/mixed", "/v2/models/none", "/v2/models/mixed/versions/1/infer"),
    *(
        "/v2/models//infer",
        "/v2/models/mixed/infer/",
        "/%00",
        "/v2/models/%ff%fe/infer",
        "/../../etc/passwd",
        "*",
        "//",
        "/?a=b#c",
    ),
    *(
        "/v2/models/" + "m" * 5000 + "/infer",
        "/openapi.json",
        "/metrics",
        "/v1/score",
        "/v2/repository/models/mixed/load",
    ),
)
_HEADERS = (
    *(
        "Content-Type: text/plain",
        "Content-Type: application/json; charset=utf-16",
        "Content-Type: \xff",
        "Content-Type:",
    ),
    *(
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Transfer-Encoding: gzip",
        "Expect: 100-continue",
        "Expect: tea",
    ),
    *(f"{LENGTH}: 5", f"{LENGTH}: abc", f"{LENGTH}: -1", f"{LENGTH}: 99999999999999999999", f"{LENGTH}:"),
    *("Connection: close", "Connection: upgrade\r\nUpgrade: h2c", "Authorization: Bearer \x01", "X: " + "y" * 20_000),
    *(
        "X-Request-Id: a\tb",
        "X-Request-Id: " + "z" * 500,
        "Range: bytes=0-1",
        "Accept: text/html",
        " folded",
        "no colon",
    ),
    *("Content-Length: 3", "Content-Length: -1", "Content-Length: 1e3", "Content-Length: 99999999999999999999"),
)
_GARBAGE = (
    *(
        b"",
        b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ),
    *(b"GET /\r\n\r\n", b"get / http/1.1\r\n\r\n", b"POST /v1/score HTTP/1.1\r\n\r\n", b"\r\n\r\n\r\n", b"A" * 70_000),
)


class Sent(NamedTuple):
    """Parts to send one after the other; whether they are one whole request; whether the client leaves then."""

    parts: list[bytes]
    whole: bool = True
    leaves: bool = False
    valid: bool = False  # another request stands before it, which is to be answered with 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = save_models(Path(folder))
        began = time.monotonic()
        with Service(*(str(Path(folder) / name) for name in columns)) as service:
            before = dict(service.workers)
            found = fuzz(service.port, columns, options.cases, options.seed)
            alive = service.ready() and service.process.poll() is None and service.workers == before
            failed = [line for line in service.events if line.get("event") == "request failed"]
    for what, count in sorted(found.items(), key=lambda pair: -pair[1]):
        print(f"{count:>7,}  {what}")
    wrong = sum(count for what, count in found.items() if what.startswith("WRONG"))
    print(f"{options.cases:,} cases in {time.monotonic() - began:.0f} s: {wrong} wrong answers, {len(failed)} failures")
    if wrong or failed or not alive:
        raise SystemExit(f"The service failed, or did not live through it (alive: {alive}): {failed[:3]}")


def save_models(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Two bundles, with columns of every kind and of numbers only; name to their columns."""
    rng = np.random.default_rng(0)
    n = 600
    x, shop = rng.normal(size=n), np.array(["a", "b", "2"])[rng.integers(0, 3, n)]
    mixed = {
        "x": x,
        "count": rng.integers(0, 9, n),
        "shop": shop,
        "ok": rng.random(n) < 0.5,
        "at": np.datetime64("2024-01-01", "us") + rng.integers(0, 2**44, n).astype("timedelta64[us]"),
        "note": [" ".join(rng.choice(["win", "cash", "the"], 3)) + f" {i}" for i in range(n)],
    }
    tables = {"mixed": pa.table(mixed), "numbers": pa.table({f"x{j}": rng.normal(size=n) for j in range(4)} | {"x": x})}
    found = {}
    for name, table in tables.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = RareClassifier("logistic_regression", treatment="none", cv=2).fit(
                table, x + rng.normal(size=n) > 1.5, costs=CostMatrix(fp=1, fn=9)
            )
        Bundle(model, name=name, target="fraud", rows=table).save(folder / name)
        found[name] = Scorer.load(folder / name).encoder.columns
    return found


def fuzz(port: int, columns: dict[str, list[tuple[str, str]]], count: int, seed: int) -> Counter[str]:
    """What came of so many cases: counts of statuses, and of what is WRONG."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    valid = b""
    for i, (name, own) in enumerate(columns.items()):
        share = count // len(columns) + (i == 0) * (count % len(columns))
        for case in islice(cases(name, own, seed + i), share):
            how = rng.choice(_DELIVERIES)
            sent = how(rng, case)
            if case.damage == 0 and len(case.body) < 10_000:
                valid = _request(case, _sized(case))
            if valid and rng.random() < 1 / 7:
                sent = sent._replace(parts=[valid + sent.parts[0], *sent.parts[1:]], valid=not sent.leaves)
            what = exchange(port, sent)
            to_answer = sent.valid or (sent.whole and case.damage == 0)
            if what.startswith("WRONG") or (to_answer and what != "200"):
                what = what if what.startswith("WRONG") else f"WRONG: a valid request was answered {what}"
                print(f"{what} [{how.__name__}] {b''.join(sent.parts)[:600]!r}")
            found[what] += 1
    return found


def exchange(port: int, sent: Sent) -> str:
    """Send, and say what came back: a status, "closed", or what is WRONG with it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw = b""
        try:
            for part in sent.parts:
                client.sendall(part)
            if sent.leaves:
                return "client left"
            if not sent.whole:
                client.shutdown(socket.SHUT_WR)
            while not _complete(raw):
                part = client.recv(65_536)
                if not part:
                    break
                raw += part
        except TimeoutError:
            return f"WRONG: no answer within {PATIENCE:g} s"
        except OSError:
            pass  # it may close while more is being sent, once it has refused
    if not raw:
        return "closed" if not sent.whole else "WRONG: closed without an answer"
    return _judged(raw)


def _complete(raw: bytes) -> bool:
    """Whether the first final answer is there."""
    head, end, body = raw.partition(b"\r\n\r\n")
    if not end:
        return False
    if head.startswith(b"HTTP/1.1 100"):
        return _complete(body)
    return len(body) >= _length(head)


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0


def _judged(raw: bytes) -> str:
    """The status of an answer, or what is WRONG with it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return _judged(body) if body else "closed"
    body = body[: _length(head)]
    status = int(head[9:12])
    kind = next((line[13:].strip() for line in head.lower().split(b"\r\n") if line.startswith(b"content-type:")), b"")
    if status not in _STATUSES:
        return f"WRONG: status {status}: {body[:200]!r}"
    if kind.startswith(b"application/json") and body:
        try:
            said = json.loads(body)
        except ValueError:
            return f"WRONG: status {status} with JSON that is none: {body[:200]!r}"
        if status >= 400 and (type(said) is not dict or list(said) != ["error"] or not isinstance(said["error"], str)):
            return f"WRONG: status {status} without a sentence: {body[:200]!r}"
    elif status >= 400 and body:
        return f"WRONG: status {status} that is no JSON: {body[:200]!r}"
    return str(status)


def _request(case: Case, *more: str, body: bytes | None = None, path: str | None = None, method: str = "POST") -> bytes:
    lines = [f"{method} {case.path if path is None else path} HTTP/1.1", "Host: service"]
    lines += [f"{name}: {value}" for name, value in case.headers.items()]
    return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode("latin-1") + (case.body if body is None else body)


def _sized(case: Case) -> str:
    return f"Content-Length: {len(case.body)}"


def _cut(rng: random.Random, whole: bytes) -> list[bytes]:
    ends = sorted(rng.randrange(len(whole) + 1) for _ in range(rng.randint(1, 4)))
    return [whole[start:end] for start, end in zip([0, *ends], [*ends, len(whole)], strict=True)]


def at_once(rng: random.Random, case: Case) -> Sent:
    return Sent([_request(case, _sized(case))])


def in_pieces(rng: random.Random, case: Case) -> Sent:
    return Sent(_cut(rng, _request(case, _sized(case))))


def in_chunks(rng: random.Random, case: Case) -> Sent:
    parts = [part for part in _cut(rng, case.body) if part]
    extension = rng.choice((b"", b";a=b"))
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n\r\n"
    return Sent([_request(case, "Transfer-Encoding: chunked", body=b""), chunks])


def in_broken_chunks(rng: random.Random, case: Case) -> Sent:
    size = rng.choice(
        (b"zz", b"-1", b"FFFFFFFFFFFFFFFFFF", b"", b"0x5", b"%x" % (len(case.body) + 10), b"1", b"5;" + b"e" * 9000)
    )
    end = rng.choice((b"\r\n0\r\n\r\n", b"", b"\r\n", b"garbage", b"\r\n0\r\n"))
    return Sent([_request(case, "Transfer-Encoding: chunked", body=b""), size + b"\r\n" + case.body + end], whole=False)


def cut_off(rng: random.Random, case: Case) -> Sent:
    whole = _request(case, _sized(case))
    return Sent([whole[: rng.randrange(len(whole))]], whole=False, leaves=rng.random() < 0.5)


def with_lies(rng: random.Random, case: Case) -> Sent:
    length = rng.choice((0, 1, len(case.body) - 1, len(case.body) + 1, len(case.body) + 1000, 2**40))
    return Sent([_request(case, f"Content-Length: {max(length, 0)}")], whole=False)


def with_odd_headers(rng: random.Random, case: Case) -> Sent:
    odd = [rng.choice(_HEADERS) for _ in range(rng.choice((1, 1, 2, 200)))]
    return Sent([_request(case, *odd, _sized(case))], whole=False)


def elsewhere(rng: random.Random, case: Case) -> Sent:
    method = rng.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"))
    return Sent([_request(case, _sized(case), path=rng.choice(_PATHS), method=method)], whole=False)


def garbage(rng: random.Random, case: Case) -> Sent:
    return Sent([rng.choice(_GARBAGE), *_cut(rng, case.body)], whole=False)


def flipped(rng: random.Random, case: Case) -> Sent:
    whole = bytearray(_request(case, _sized(case)))
    for _ in range(rng.randint(1, 3)):
        whole[rng.randrange(min(len(whole), 200))] = rng.randrange(256)
    return Sent([bytes(whole)], whole=False)


def two_at_once(rng: random.Random, case: Case) -> Sent:
    return Sent([_request(case, _sized(case)) * 2])


_DELIVERIES: tuple[Callable[[random.Random, Case], Sent], ...] = (
    *(at_once, at_once, at_once, in_pieces, in_chunks, in_broken_chunks, cut_off, with_lies, with_odd_headers),
    *(elsewhere, garbage, flipped, two_at_once),
)
