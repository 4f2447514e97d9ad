"""The log of a service: one JSON object a line."""

import json
import logging
import os
import threading
import time

import pytest

pytest.importorskip("orjson")
from rareclass.serving.events import Events, Handler


def lines(write):
    """The objects that are written to the descriptor that `write` gets."""
    out, into = os.pipe()
    write(into)
    os.close(into)
    with open(out, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_each_event_is_one_object_with_time_and_process():
    def write(into):
        events = Events(into)
        events.say("request", status=200, path='"\n')
        events.say("stopped")
        events.close()

    first, second = lines(write)
    assert (first["event"], first["status"], first["path"]) == ("request", 200, '"\n')
    assert second["process"] == os.getpid()
    assert abs(time.mktime(time.strptime(first["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - time.time()) < 90


def test_errors_and_the_standard_logging_are_events_too():
    def write(into):
        events = Events(into)
        logger = logging.getLogger("test of events")
        logger.addHandler(Handler(events))
        logger.propagate = False
        try:
            raise ValueError("odd")
        except ValueError as error:
            events.failed("request failed", error, id="7")
            logger.exception("library failed")
        logger.warning("careful")
        logger.info("not said")
        events.close()

    failed, library, careful = lines(write)
    assert failed["id"] == "7"
    assert failed["error"].startswith("Traceback")
    assert library["error"].endswith("ValueError: odd\n")
    assert (careful["event"], careful["level"]) == ("careful", "warning")


def test_a_reader_that_does_not_read_stops_nobody_and_is_told_what_it_missed():
    out, into = os.pipe()
    events = Events(into)
    began = time.monotonic()
    for i in range(60_000):
        events.say("request", n=i)
    assert time.monotonic() - began < 10

    def close():
        events.close()
        os.close(into)

    threading.Thread(target=close).start()
    with open(out, encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    missed = [line["n"] for line in found if line["event"] == "lines dropped"]
    assert sum(missed) + len(found) - len(missed) == 60_000
    assert missed
