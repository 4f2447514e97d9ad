"""Messages that come slowly: how many at once, how long, and that quick ones are never counted."""

import asyncio
from types import SimpleNamespace

import pytest

from rareclass.serving.errors import Refused
from rareclass.serving.rpc import receiving
from rareclass.serving.rpc.receiving import Receiving
from rareclass.serving.settings import Limits

LIMITS = Limits(body=10, buffered=20, receiving=0.5)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(receiving, "AT_ONCE", 0.02)


def coming(message, seconds):
    async def read():
        await asyncio.sleep(seconds)
        return message

    return SimpleNamespace(read=read)


async def told(room, *contexts):
    found = await asyncio.gather(*(room.message(context) for context in contexts), return_exceptions=True)
    return [error.status if isinstance(error, Refused) else error for error in found]


def test_no_more_slow_messages_come_in_than_there_is_room_for():
    async def run():
        room = Receiving(LIMITS)
        slow, quick = coming(b"slow", 0.2), coming(b"quick", 0.0)
        assert await told(room, slow, slow, slow, quick, quick, quick) == [b"slow", b"slow", 429] + 3 * [b"quick"]
        assert await told(room, slow, slow) == [b"slow", b"slow"]  # the room is free again

    asyncio.run(run())


def test_a_message_that_never_comes_is_refused_and_a_client_that_leaves_is_no_refusal():
    async def run():
        room = Receiving(LIMITS)
        assert await told(room, coming(b"", 60.0), coming(None, 0.0)) == [400, 400]
        gone = asyncio.ensure_future(room.message(coming(b"", 60.0)))
        await asyncio.sleep(0.05)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await told(room, coming(b"a", 0.1), coming(b"b", 0.1)) == [b"a", b"b"]

    asyncio.run(run())
