"""What a request must be before anyone reads it."""

import asyncio
import threading
import time

import pytest

from rareclass.serving.errors import Refused
from rareclass.serving.guarding import Bodies, Gone, Ids, Pool, admitted, number_of, refuse_media
from rareclass.serving.settings import Limits

LIMITS = Limits(body=100, buffered=150, threads=1, waiting=1, seconds=0.2)


def client(*parts, gone=False):
    """A client that sends these parts, and then leaves or is done."""
    left = list(parts)

    async def receive():
        if not left:
            return {"type": "http.disconnect"}
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left) or gone}

    return receive


def status(call, *args):
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.status


def read(bodies, receive, length=None):
    return asyncio.run(bodies.read(receive, length))


@pytest.mark.parametrize("parts", [[b""], [b"abc"], [b"ab", b"c", b""], [b"x" * 100]])
def test_a_body_is_what_was_sent(parts):
    bodies = Bodies(LIMITS)
    assert read(bodies, client(*parts)) == b"".join(parts)
    assert bodies.held == 0


@pytest.mark.parametrize(
    ("parts", "length"), [([b"x" * 101], None), ([b"x" * 60, b"x" * 60], None), ([b""], 101), ([b"x"] * 200, None)]
)
def test_a_body_that_is_too_long_is_refused_with_or_without_a_length(parts, length):
    bodies = Bodies(LIMITS)
    assert status(read, bodies, client(*parts), length) == 413
    assert bodies.held == 0


def test_what_all_bodies_hold_is_limited():
    async def both():
        bodies, later, parts = Bodies(LIMITS), asyncio.Event(), [b"x" * 90]

        async def slow():
            if parts:
                return {"type": "http.request", "body": parts.pop(), "more_body": True}
            await later.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        waiting = asyncio.create_task(bodies.read(slow, None))
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await bodies.read(client(b"x" * 70, b""), None)
        later.set()
        assert len(await waiting) == 90
        assert (refused.value.status, bodies.held) == (429, 0)

    asyncio.run(both())


def test_a_client_that_leaves_is_told_apart():
    with pytest.raises(Gone):
        read(Bodies(LIMITS), client())
    with pytest.raises(Gone):
        read(Bodies(LIMITS), client(b"half", gone=True))


def test_large_requests_are_computed_a_few_at_a_time_and_the_rest_refused():
    async def many():
        pool, go = Pool(LIMITS), threading.Event()
        two = [asyncio.create_task(pool.run(lambda: go.wait(5))) for _ in range(2)]
        await asyncio.sleep(0.01)
        with pytest.raises(Refused) as refused:
            await pool.run(lambda: 1)
        assert refused.value.status == 429
        go.set()
        assert await asyncio.gather(*two) == [True, True]
        await asyncio.sleep(0.01)
        assert await pool.run(lambda: 2) == 2
        pool.close()

    asyncio.run(many())


def test_a_request_that_takes_too_long_is_refused_and_keeps_its_place_until_it_ends():
    async def long():
        pool, go = Pool(LIMITS), threading.Event()
        began = time.monotonic()
        with pytest.raises(Refused) as refused:
            await pool.run(lambda: go.wait(5))
        assert refused.value.status == 503
        assert time.monotonic() - began < 2
        assert pool.taken == 1
        go.set()
        for _ in range(200):
            await asyncio.sleep(0.01)
            if pool.taken == 0:
                break
        assert pool.taken == 0
        pool.close()

    asyncio.run(long())


def test_what_work_raises_is_raised():
    async def wrong():
        pool = Pool(LIMITS)

        def work():
            raise Refused(400, "no")

        with pytest.raises(Refused, match="no"):
            await pool.run(work)
        pool.close()

    asyncio.run(wrong())


@pytest.mark.parametrize(
    ("given", "kept"),
    [(b"abc-1", True), (b"a" * 128, True), (b"a" * 129, False), (b'a"b', False), (b"a\tb", False), (b"", False)],
)
def test_a_clients_id_is_kept_where_it_can_stand_in_a_log(given, kept):
    found = Ids().of({b"x-request-id": given})
    assert (found.encode() == given) is kept
    assert found


def test_new_ids_differ():
    ids, other = Ids(), Ids()
    assert len({ids.of({}), ids.of({}), other.of({}), other.of({})}) == 4


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        (b"Bearer right-token", True),
        (b"bearer right-token", True),
        (b"Bearer wrong-token", False),
        (b"Bearer ", False),
        (b"Basic right-token", False),
        (b"right-token", False),
        (b"Bearer right-token\xff", False),
        (None, False),
    ],
)
def test_only_the_token_admits(header, fits):
    assert admitted({} if header is None else {b"authorization": header}, "right-token") is fits
    assert admitted({} if header is None else {b"authorization": header}, None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b"application/json"},
        {b"content-type": b"Application/JSON; charset=UTF-8"},
        {b"content-type": b"application/octet-stream"},
        {b"content-encoding": b"identity"},
    ],
)
def test_json_binary_and_nothing_said_are_read(headers):
    refuse_media(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {b"content-type": b"text/plain"},
        {b"content-type": b"application/x-www-form-urlencoded"},
        {b"content-type": b"application/json; charset=utf-16"},
        {b"content-type": b"\xff"},
        {b"content-encoding": b"gzip"},
        {b"content-encoding": b"identity, gzip"},
    ],
)
def test_other_kinds_and_compressed_bodies_are_refused(headers):
    assert status(refuse_media, headers) == 415


def test_lengths_are_whole_numbers():
    assert number_of({}, b"n", "N") is None
    assert number_of({b"n": b"12"}, b"n", "N") == 12
    for wrong in (b"-1", b"1.0", b"", b"a", b"1" * 19, "१".encode()):
        assert status(number_of, {b"n": wrong}, b"n", "N") == 400


def test_a_wrong_content_type_is_named_with_its_header_and_the_way_out():
    with pytest.raises(Refused, match=r"header Content-Type says 'application/x-www-form-urlencoded'.*--json, not -d"):
        refuse_media({b"content-type": b"application/x-www-form-urlencoded"})
