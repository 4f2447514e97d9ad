"""Alarms for other programs: what an event holds, files that are appended to, webhooks that fail."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from rareclass.errors import InputError
from rareclass.monitoring.hooks import Webhook, append_events, cloud_event

ALARM = {"code": "recall-fell", "sentence": "Recall fell.", "value": 0.61, "since": ["2026-03-01", "2026-03-05"]}


def event(code="recall-fell", time="2026-03-09T00:00:00Z"):
    return cloud_event(ALARM | {"code": code}, model="a b/c", version="0a1b", state="drift", time=time)


@contextlib.contextmanager
def receiver(*codes):
    """A server of this machine that answers with these codes in turn, and then with 204."""
    got, left = [], list(codes)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["Content-Type"], json.loads(body)))
            code = left.pop(0) if left else 204
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/secret-token", got=got)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_event_holds_what_the_standard_asks_for():
    found = event()
    assert {"specversion", "id", "source", "type"} <= set(found)  # the required attributes of CloudEvents 1.0
    assert (found["specversion"], found["type"], found["subject"]) == ("1.0", "rareclass.alarm.recall-fell", "0a1b")
    assert found["source"] == "/rareclass/models/a%20b%2Fc"  # a URI reference
    assert found["data"] == ALARM | {"state": "drift"}


def test_the_same_alarm_has_the_same_id_and_another_one_another():
    assert event()["id"] == event()["id"]
    assert len({event()["id"], event("volume")["id"], event(time="2026-03-10T00:00:00Z")["id"]}) == 3
    sliced = ALARM | {"evidence": {"detector": "slices"}}
    told = {"model": "a b/c", "version": "0a1b", "state": "drift", "time": "2026-03-09T00:00:00Z"}
    assert cloud_event(sliced, **told)["id"] != cloud_event(ALARM, **told)["id"]


def test_events_are_appended_one_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    assert append_events(path, [event()]) is None
    assert append_events(path, [event("volume"), event("new-mode")]) is None
    codes = [json.loads(line)["data"]["code"] for line in path.read_text().splitlines()]
    assert codes == ["recall-fell", "volume", "new-mode"]


@pytest.mark.parametrize("where", [".", "none/events.jsonl", "/dev/full"])
def test_a_file_that_cannot_be_appended_to_is_a_sentence(tmp_path, where):
    assert "could not be appended" in append_events(tmp_path / where, [event()])


def test_events_are_posted_as_cloud_events():
    with receiver() as server:
        assert Webhook(server.url).post([event()]) == ([], None)
        assert Webhook(server.url).post([event(), event("volume")]) == ([], None)
    assert server.got == [
        ("application/cloudevents+json; charset=utf-8", event()),
        ("application/cloudevents-batch+json; charset=utf-8", [event(), event("volume")]),
    ]


def test_a_receiver_of_single_events_gets_them_one_by_one():
    with receiver(415, 204, 404) as server:
        left, why = Webhook(server.url).post([event(), event("volume")])
    assert [body for _, body in server.got] == [[event(), event("volume")], event(), event("volume")]
    assert left == [event("volume")]
    assert "404" in why


def test_a_receiver_that_answers_byte_by_byte_holds_nobody_up():
    import socket

    def drip(listener):
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not stop.wait(0.02):
                connection.send(b"H")

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        left, why = Webhook(url, timeout=60.0, limit=0.2).post([event(), event("volume")])
        stop.set()
        thread.join()
    assert (len(left), "0.2 seconds in all" in why) == (2, True)


def test_a_receiver_that_fails_for_a_moment_is_asked_again():
    with receiver(503, 429) as server:
        assert Webhook(server.url, pauses=(0.0, 0.0)).post([event()]) == ([], None)
    assert len(server.got) == 3


@pytest.mark.parametrize(("code", "tries"), [(404, 1), (302, 1), (500, 3)])
def test_what_was_not_taken_is_kept_and_no_secret_is_shown(code, tries):
    with receiver(*[code] * 9) as server:
        left, why = Webhook(server.url, pauses=(0.0, 0.0)).post([event(), event("volume")])
    assert left == [event(), event("volume")]
    assert str(code) in why
    assert "secret" not in why
    assert len(server.got) == tries


def test_nobody_who_listens_is_a_sentence():
    with receiver() as server:
        url = server.url
    left, why = Webhook(url, pauses=(0.0,)).post([event()])
    assert (len(left), "secret" in why) == (1, False)
    assert "refused" in why


def test_no_answer_in_time_is_a_sentence():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        left, why = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.05, pauses=()).post([event()])
    assert (len(left), "no answer in time" in why) == (1, True)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://h/x", "example.org/x", "http://", "https://u:p@h/", "http://h/a b", "http://[::1"],
)
def test_only_plain_http_addresses_are_taken(url):
    with pytest.raises(InputError, match="--webhook"):
        Webhook(url)
