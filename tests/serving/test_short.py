"""A request on the short way is answered once, in one write; heads that were read before are those that were learnt."""

import pytest

pytest.importorskip("uvicorn")
from rareclass.serving.short import Heads, Short

ANSWER = 200, ((b"content-length", b"4"),), b"body"


class Connection:
    """Takes what is written, as uvicorn's connection does."""

    def __init__(self):
        self.transport, self.server_state = self, self
        self.default_headers = [(b"date", b"today")]
        self.written, self.closed, self.completed = [], False, 0

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.closed = True

    def on_response_complete(self):
        self.completed += 1


def answered(*, keep_alive=True, left=False):
    """The connection after the answer to a request, whose client may have left meanwhile."""
    connection = Connection()
    short = Short(connection, keep_alive)
    short.disconnected = left
    short.write(ANSWER)
    assert short.response_complete
    return connection


def test_an_answer_is_one_write_of_status_headers_and_body():
    found = answered()
    assert found.written == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\n\r\nbody"]
    assert (found.closed, found.completed) == (False, 1)


def test_a_connection_that_is_not_kept_is_closed_and_says_so():
    found = answered(keep_alive=False)
    assert b"\r\nconnection: close\r\n\r\nbody" in found.written[0]
    assert (found.closed, found.completed) == (True, 1)


def test_nothing_is_written_to_a_client_that_left():
    found = answered(left=True)
    assert (found.written, found.completed) == ([], 0)


def request(body=b"{}", more=b"", length=None):
    said = b"%d" % len(body) if length is None else length
    return b"POST /v1/score HTTP/1.1\r\nHost: x\r\n" + more + b"Content-Length: " + said + b"\r\n\r\n" + body


def learnt(data, **headers):
    heads = Heads()
    heads.learn(data, "/v1/score", {name.replace("_", "-").encode(): value for name, value in headers.items()})
    return heads


def test_a_head_is_known_by_its_bytes_and_by_what_follows_it():
    heads = learnt(request(), host=b"x", content_length=b"2")
    found = heads.of(request(b"[]"))
    assert (found.url, found.headers, found.length) == ("/v1/score", {b"host": b"x", b"content-length": b"2"}, 2)
    for other in (request(b"[1]"), request(b"[] "), request(b"["), request(more=b"A: b\r\n"), request() + request()):
        assert heads.of(other) is None
    for part in (b"", b"\r\n\r\n", request()[:-1], request()[:-2], b"\r\n" + request(), request() + b"\r\n"):
        assert heads.of(part) is None
    assert heads.of(request(b"ab", length=b"3")) is None


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (request() + request(), {"content_length": b"2"}),  # two of them
        (b"\r\n\r\n" + request(), {"content_length": b"2"}),
        (request(length=b"02"), {"content_length": b"02"}),
        (request(length=b"3"), {"content_length": b"3"}),
        (request(), {}),
        (request(), {"content_length": b"2", "transfer_encoding": b"chunked"}),
        (request(more=b"A: " + b"b" * 3_000 + b"\r\n"), {"content_length": b"2"}),
    ],
)
def test_what_is_no_whole_request_of_a_plain_length_is_not_learnt(data, headers):
    assert learnt(data, **headers).of(data) is None


def test_an_empty_body_is_a_body():
    assert learnt(request(b""), content_length=b"0").of(request(b"")).length == 0


def test_heads_without_end_take_no_room_without_end():
    heads = Heads()
    for i in range(5_000):
        heads.learn(request(more=b"Id: %d\r\n" % i), "/v1/score", {b"content-length": b"2"})
    assert 0 < len(heads._known) <= 512
    assert heads.of(request(more=b"Id: 4999\r\n")) is not None
