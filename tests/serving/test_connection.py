"""Connections that send too slowly, too much or nothing, or do not read, are closed; the others are answered."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time

import pytest

pytestmark = pytest.mark.serving
uvicorn = pytest.importorskip("uvicorn")
from rareclass.serving.connection import guarded  # noqa: E402  (after the check that uvicorn is there)
from rareclass.serving.settings import Limits  # noqa: E402

LIMITS = Limits(receiving=0.6, connections=6, idle=1.0)
ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = b"x" * 20_000_000
TURNED_AWAY = []


class App:
    """Answers with how long the body was, slowly where asked to; on the short way with the headers that it got."""

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        length, more = 0, True
        if scope["path"] == "/early":
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            length, more = length + len(message["body"]), message["more_body"]
        if scope["path"] == "/slow":
            await asyncio.sleep(1.5)
        body = LARGE if scope["path"] == "/large" else str(length).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def small(self, path, headers, body, write):
        if body == b"many":
            return False
        said = b", ".join(sorted(headers))
        answer = 200, ((b"content-length", b"%d" % len(said)),), said
        if body == b"slow":
            asyncio.get_running_loop().call_later(1.5, write, answer)
        else:
            write(answer)
        return True

    def turned_away(self, status, sentence):
        TURNED_AWAY.append((status, sentence))


def score(body=b""):
    """A request on the short way."""
    return b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture(scope="module")
def service():
    options = {"ws": "none", "lifespan": "off", "log_config": None, "proxy_headers": False}
    config = uvicorn.Config(App(), http=guarded(LIMITS), port=0, **options)
    config.timeout_keep_alive = LIMITS.idle
    server = uvicorn.Server(config)
    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server, sock.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@contextlib.contextmanager
def connected(service, seconds=8.0):
    with socket.create_connection(("127.0.0.1", service[1]), timeout=seconds) as sock:
        yield sock


@pytest.fixture(autouse=True)
def quiet(service):
    TURNED_AWAY.clear()
    yield
    end = time.monotonic() + 10
    while service[0].server_state.connections:
        assert time.monotonic() < end, "a connection is left"
        time.sleep(0.02)


def heard(sock):
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := sock.recv(65_536):
            found += part
    return found


def refused(found, words):
    """The status of the one answer, which refuses in JSON, and is told to the application."""
    assert found.startswith(b"HTTP/1.1 "), found
    said = json.loads(found.partition(b"\r\n\r\n")[2])
    assert words in said["error"]
    status = int(found[9:12])
    assert (status, said["error"]) in TURNED_AWAY
    return status


def trickle(sock, text, pause=0.1):
    with contextlib.suppress(OSError):
        for at in range(len(text)):
            sock.sendall(text[at : at + 1])
            time.sleep(pause)


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\nhost: a-host-of-a-long-name\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n" + b"y" * 100,
    ],
)
def test_a_client_of_a_byte_at_a_time_is_refused_when_its_time_is_over(service, text):
    head, _, rest = text.partition(b"\r\n\r\n") if b"POST" in text else (b"", b"", text)
    with connected(service) as sock:
        sock.sendall(head + (b"\r\n\r\n" if head else b""))
        began = time.monotonic()
        threading.Thread(target=trickle, args=(sock, rest), daemon=True).start()
        assert refused(heard(sock), "did not arrive whole") == 400
        assert 0.4 < time.monotonic() - began < 3.0


def test_a_connection_that_says_nothing_is_closed(service):
    with connected(service) as sock:
        assert refused(heard(sock), "did not arrive whole") == 400


def test_a_second_slow_request_is_refused_too(service):
    with connected(service) as sock:
        sock.sendall(ASK)
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        trickle(sock, ASK[:12])
        assert refused(heard(sock), "did not arrive whole") == 400


def test_a_whole_request_may_wait_longer_for_its_answer_and_others_behind_it(service):
    with connected(service) as sock:
        body = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\nconnection: close\r\n\r\n"
        sock.sendall(ASK.replace(b"/ ", b"/slow ") + body + b"y" * 300_000)
        found = heard(sock)
        assert found.count(b"HTTP/1.1 200") == 2
        assert found.endswith(b"300000")


SLOW = pytest.mark.parametrize("slow", [ASK.replace(b"/ ", b"/slow "), score(b"slow")], ids=["long way", "short way"])


@SLOW
def test_what_came_whole_is_answered_though_what_follows_is_no_request(service, slow):
    with connected(service) as sock:
        sock.sendall(slow + b"no request\r\n\r\n")
        found = heard(sock)
        assert found.startswith(b"HTTP/1.1 200")
        assert found.count(b"HTTP/1.1 ") == 1


DAMAGED = b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nno length\r\n"
BAD_PATH = b"GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n"


@SLOW
@pytest.mark.parametrize("more", [b"", score(), ASK], ids=["", "behind a short one", "behind a long one"])
@pytest.mark.parametrize("damaged", [DAMAGED % b"/", DAMAGED % b"/v1/score", BAD_PATH], ids=["long", "short", "path"])
def test_what_came_whole_is_answered_though_what_follows_is_damaged(service, slow, more, damaged):
    with connected(service) as sock:
        sock.sendall(slow + more + damaged)
        found = heard(sock)
        assert found.count(b"HTTP/1.1 200") == found.count(b"HTTP/1.1 ") == 1 + bool(more)
        assert not TURNED_AWAY


@pytest.mark.parametrize("damaged", [*(DAMAGED % path for path in (b"/", b"/v1/score", b"/early")), BAD_PATH])
def test_what_is_damaged_alone_is_refused_once(service, damaged, caplog):
    with connected(service) as sock:
        sock.sendall(damaged)
        assert refused(heard(sock), "no valid HTTP/1.1 request") == 400
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_request_that_was_answered_before_its_body_was_whole_gets_no_second_answer(service):
    with connected(service) as sock:
        sock.sendall((DAMAGED % b"/early")[:-12])
        assert sock.recv(1000).startswith(b"HTTP/1.1 413")
        sock.sendall(b"no length\r\n")
        assert heard(sock) == b""
        assert not TURNED_AWAY


@pytest.mark.parametrize("path", [b"/", b"/v1/score"])
@pytest.mark.parametrize("whole", [True, False])
def test_an_offer_of_another_protocol_is_left_out(service, path, whole):
    """As Java's client and `curl --http2` make it; RFC 9110, section 7.8: a server may ignore it."""
    offer = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    first = b"POST %b HTTP/1.1\r\nhost: x\r\n%bcontent-length: 4\r\n\r\nbody" % (path, offer)
    with connected(service) as sock:
        if whole:
            sock.sendall(first + first + ASK)
        else:
            for part in (first[:70], first[70:-2], first[-2:], first, ASK):
                sock.sendall(part)
                time.sleep(0.05)
        found = heard(sock)
        assert found.count(b"HTTP/1.1 200") == found.count(b"HTTP/1.1 ") == 3
        said = [part.partition(b"\r\n\r\n")[2] for part in found.split(b"HTTP/1.1 ")[1:]]
        short = b"connection, content-length, host, http2-settings"
        assert said[1:] == [b"4" if path == b"/" else short, b"0"]
        assert said[0] in (b"4", short)
    with connected(service) as sock:
        sock.sendall(b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert refused(heard(sock), "no valid HTTP/1.1 request") == 400


@SLOW
@pytest.mark.parametrize("more", [b"", ASK, ASK[:9], (DAMAGED % b"/")[:-12], ASK + (DAMAGED % b"/")[:-12]])
def test_a_client_that_sends_no_more_gets_the_answers_to_what_came_whole(service, slow, more):
    with connected(service) as sock:
        sock.sendall(slow + more)
        sock.shutdown(socket.SHUT_WR)
        found = heard(sock)
        assert found.count(b"HTTP/1.1 200") == found.count(b"HTTP/1.1 ") == 1 + more.startswith(ASK)
        assert not TURNED_AWAY


@pytest.mark.parametrize(("asked", "status"), [(ASK + b"no request\r\n", b"200"), (b"no request\r\n", b"400")])
def test_a_client_that_sends_on_and_on_can_still_read_its_last_answer(service, asked, status):
    with connected(service) as sock:
        sock.sendall(asked)
        for _ in range(5):
            time.sleep(0.1)
            sock.sendall(b"more\r\n")  # a closed socket would answer it with a reset, and the answer would be gone
        assert sock.recv(1000).startswith(b"HTTP/1.1 " + status)
        assert sock.recv(1000) == b""


@pytest.mark.parametrize("text", [b"", ASK[:9], (DAMAGED % b"/")[:-12], (DAMAGED % b"/v1/score")[:-12]])
def test_a_client_that_ends_before_anything_was_whole_is_closed_without_an_answer(service, text):
    with connected(service) as sock:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
        assert heard(sock) == b""
        assert not TURNED_AWAY


@SLOW
def test_a_client_that_leaves_two_answers_behind_is_no_error(service, slow, caplog):
    server, _ = service
    with connected(service) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(slow + ASK)
        time.sleep(0.3)
    time.sleep(1.6)
    assert not server.server_state.connections
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@SLOW
def test_a_slow_answer_behind_a_quick_one_outlasts_the_time_of_quiet_connections(service, slow):
    with connected(service) as sock:
        sock.sendall(score() + slow)
        assert heard(sock).count(b"HTTP/1.1 200") == 2


def test_a_head_behind_a_large_body_is_counted_alone(service):
    with connected(service) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n" + b"y" * 200_000 + ASK[:10])
        time.sleep(0.2)
        sock.sendall(ASK[10:])
        found = heard(sock)
        assert found.count(b"HTTP/1.1 200") == 2
        assert found.endswith(b"\r\n\r\n0")


def test_a_head_without_end_is_refused(service):
    with connected(service) as sock:
        sock.sendall(ASK[:-2] + b"x-long: " + b"y" * 70_000)
        assert refused(heard(sock), "more than 65,536 bytes") == 400


@pytest.mark.parametrize("whole", [True, False])
def test_what_stands_behind_a_chunked_body_is_no_header(service, whole):
    body = b"2\r\nab\r\n0\r\nauthorization: Bearer x\r\n\r\n"
    head = score().replace(b"content-length: 0", b"connection: close\r\ntransfer-encoding: chunked")
    with connected(service) as sock:
        sock.sendall(head + body if whole else head)
        if not whole:
            time.sleep(0.1)
            sock.sendall(body)
        found = heard(sock)
        assert found.endswith(b"\r\n\r\nconnection, host, transfer-encoding" if whole else b"\r\n\r\n2")


def test_a_quiet_connection_is_closed_after_its_time(service):
    with connected(service) as sock:
        sock.sendall(ASK)
        began = time.monotonic()
        assert heard(sock).endswith(b"\r\n\r\n0")
        assert 0.8 < time.monotonic() - began < 4.0


@pytest.mark.parametrize("more", [b"", ASK * 3], ids=["one answer", "others behind it"])
def test_a_client_that_does_not_read_its_answer_is_left(service, more):
    server, _ = service
    with connected(service) as sock:
        sock.sendall(ASK.replace(b"/ ", b"/large ") + more)
        end = time.monotonic() + 8
        while not server.server_state.connections or time.monotonic() < end - 7.5:
            time.sleep(0.02)
        while server.server_state.connections:
            assert time.monotonic() < end, "it is still there"
            time.sleep(0.05)


def test_a_slow_reader_gets_all_of_its_answer(service):
    with connected(service) as sock:
        sock.sendall(ASK.replace(b"/ ", b"/large "))
        length = 0
        while length < len(LARGE):
            part = sock.recv(1_000_000)
            assert part
            length += len(part)
            time.sleep(0.05)


def test_more_connections_than_there_may_be_are_refused_until_others_leave(service):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connected(service)) for _ in range(LIMITS.connections)]
        for sock in held:
            sock.sendall(ASK)
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        with connected(service) as sock:
            assert refused(heard(sock), "Too many connections") == 503
    time.sleep(0.2)
    with connected(service) as sock:
        sock.sendall(ASK.replace(b"host", b"connection: close\r\nhost"))
        assert heard(sock).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("way", "asked"), [("short", score(b"yes")), ("long", ASK)])
def test_what_is_on_its_way_when_the_service_ends_is_answered_and_then_the_connection_closes(service, way, asked):
    with connected(service) as sock, connected(service) as half, connected(service) as idle:
        for one in (sock, half, idle):
            one.sendall(asked)
            assert one.recv(65_536).startswith(b"HTTP/1.1 200")
        half.sendall(asked[:20])
        time.sleep(0.05)
        for connection in list(service[0].server_state.connections):
            connection.loop.call_soon_threadsafe(connection.shutdown)
        time.sleep(0.05)
        sock.sendall(asked)
        answer = heard(sock)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        time.sleep(0.35)
        half.sendall(asked[20:])
        assert b"connection: close" in heard(half)
        assert heard(idle) == b""


NO_HOST = b"%b %b HTTP/1.%b\r\n%bcontent-length: 4\r\n\r\nbody"


@pytest.mark.parametrize("path", [b"/", b"/v1/score"])
@pytest.mark.parametrize(
    "hosts", [b"", b"host: a\r\nHost: a\r\n", b"host: a b\r\n", b"host: a/b\r\n", b"host: a@b\r\n", b"host: \xe4\r\n"]
)
def test_a_request_that_names_no_host_or_several_is_refused(service, path, hosts):
    with connected(service) as sock:
        sock.sendall(NO_HOST % (b"POST", path, b"1", hosts))
        assert refused(heard(sock), "header Host") == 400
    with connected(service) as sock:  # behind a whole one
        sock.sendall(ASK + NO_HOST % (b"POST", path, b"1", hosts))
        assert heard(sock).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("host", [b"", b"localhost:8080", b"my_service.default.svc:80", b"[::1]:8080", b" a ", b"%41"])
def test_a_host_may_be_empty_and_http_1_0_needs_none(service, host):
    for version, hosts in ((b"1", b"host:%b\r\n" % host), (b"0", b"host:%b\r\n" % host), (b"0", b"")):
        with connected(service) as sock:
            sock.sendall(NO_HOST % (b"POST", b"/v1/score", version, hosts + b"connection: close\r\n"))
            assert heard(sock).startswith(b"HTTP/1.1 200")


def test_many_requests_of_one_head_are_each_answered_with_their_own(service):
    """The head is read once; bodies of other lengths, heads in pieces, and requests for the long way stand between."""
    with connected(service) as sock:
        for i in range(300):
            body = (b"body", b"four", b"many", b"", b"12345")[i % 5]
            asked = score(body)
            parts = (asked,) if i % 7 else (asked[:30], asked[30:])
            for part in parts:
                sock.sendall(part)
                time.sleep(0.005 * (len(parts) - 1))
            found = sock.recv(1_000)
            assert found.endswith(b"\r\n\r\n4" if body == b"many" else b"\r\n\r\ncontent-length, host")
        sock.sendall(score(b"body") + score(b"four") + ASK)
        found = b""
        while found.count(b"HTTP/1.1 200") < 3:
            found += sock.recv(1_000)
        sock.sendall(score(b"body")[:-1])
        time.sleep(0.05)
        sock.sendall(b"y" + b"no request\r\n\r\n")
        assert heard(sock).count(b"HTTP/1.1 200") == 1
