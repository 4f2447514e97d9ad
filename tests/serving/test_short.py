"""A coroutine that is driven by hand ends as a task ends; a request on the short way is answered once, in one write."""

import asyncio

import pytest

pytest.importorskip("uvicorn")
from rareclass.serving.short import Short, drive


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


def asked(answered, *, keep_alive=True, leave=False):
    """The connection after a request that `answered` answers; its client may leave meanwhile."""
    connection = Connection()
    short = Short(connection, keep_alive)

    async def ask():
        drive(short.answer(answered, "/v1/score", {}, b"body"))
        short.disconnected = leave
        await asyncio.sleep(0.01)

    asyncio.run(ask())
    assert short.response_complete
    return connection


async def echo(method, path, headers, receive):
    message = await receive()
    return 200, ((b"content-length", b"4"),), message["body"]


async def later(*request):
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    return await echo(*request)


@pytest.mark.parametrize("answered", [echo, later])
def test_an_answer_is_one_write_of_status_headers_and_body(answered):
    found = asked(answered)
    assert found.written == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\n\r\nbody"]
    assert (found.closed, found.completed) == (False, 1)


def test_a_connection_that_is_not_kept_is_closed_and_says_so():
    found = asked(echo, keep_alive=False)
    assert b"\r\nconnection: close\r\n\r\nbody" in found.written[0]
    assert (found.closed, found.completed) == (True, 1)


def test_nothing_is_written_to_a_client_that_left():
    found = asked(later, leave=True)
    assert (found.written, found.closed) == ([], True)


def test_where_no_answer_comes_the_connection_is_closed():
    async def gone(*request):
        return None

    assert asked(gone).closed


def test_a_coroutine_waits_for_futures_one_after_the_other_and_gets_their_values_and_errors():
    said = []

    async def work(first, second):
        said.append(await first)
        try:
            await second
        except ValueError as error:
            said.append(str(error))
        said.append(await asyncio.wait([done(7)]))

    def done(value):
        future = asyncio.get_running_loop().create_future()
        future.set_result(value)
        return future

    async def run():
        loop = asyncio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()
        drive(work(first, second))
        assert said == []
        first.set_result(1)
        await asyncio.sleep(0)
        second.set_exception(ValueError("two"))
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert said[:2] == [1, "two"]
    assert [future.result() for future in said[2][0]] == [7]
