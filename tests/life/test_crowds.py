"""Connections that say nothing, and clients that fail, keep no good client out."""

import json
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import trio

from iqrf_trio.edges.websocket import ConnectionClosed, connect
from protocol.auth.places import PATIENCE_S
from tests.iqrf_trio.house import House, ask, authenticated, house

pytestmark = pytest.mark.slow

SILENT = 500
HALF = b"GET / HTTP/1.1\r\nHost: gateway\r\n"
"""Of a handshake."""


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    """Both ends of all connections are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * SILENT if hard == resource.RLIM_INFINITY else min(4 * SILENT, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def assert_served(home: House) -> None:
    """A good client gets through: it waits for a place no longer than others may keep theirs."""
    with trio.fail_after(PATIENCE_S + 5):
        async with authenticated(home) as client:
            assert (await ask(client, "mngDaemon_Version"))["status"] == 0


@pytest.mark.parametrize("sent", [b"", HALF])
async def test_silent_sockets(sent: bytes, tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        port = int(home.url.rpartition(":")[2])
        async with AsyncExitStack() as open_streams:
            for _ in range(SILENT):
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                await open_streams.enter_async_context(stream)
                with suppress(trio.BrokenResourceError):
                    await stream.send_all(sent)
            for _ in range(3):
                await assert_served(home)


@pytest.mark.parametrize("sent", [b"", HALF])
async def test_silent_sockets_that_come_again_and_again(sent: bytes, tmp_path: Path) -> None:
    """More than have a place, and each that is sent away is replaced by another at once."""
    # Both sides of 500 connections are worked on in this one thread.
    async with house(tmp_path, limit_s=200) as home, trio.open_nursery() as nursery:
        port, came = int(home.url.rpartition(":")[2]), 0

        async def come_again_and_again() -> None:
            nonlocal came
            while True:
                with suppress(trio.BrokenResourceError):
                    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                        came += 1
                        await stream.send_all(sent)
                        await stream.receive_some()
                await trio.sleep(0.1)  # else all the time of this thread goes into them

        for _ in range(SILENT):
            nursery.start_soon(come_again_and_again)
        while came < SILENT:  # noqa: ASYNC110 - no event
            await trio.sleep(0.01)
        for _ in range(10):
            await assert_served(home)
        nursery.cancel_scope.cancel()


async def test_silent_websockets(tmp_path: Path) -> None:
    async with house(tmp_path) as home, trio.open_nursery() as nursery:

        async def stay(task_status: trio.TaskStatus[None]) -> None:
            async with connect(home.url) as connection:
                task_status.started()
                with suppress(ConnectionClosed):
                    await connection.receive()

        for _ in range(60):
            await nursery.start(stay)
        for _ in range(3):
            await assert_served(home)
        nursery.cancel_scope.cancel()


async def test_programs_with_a_stale_token(tmp_path: Path) -> None:
    sets = ("websocket.auth_failures_per_minute=5",)
    async with house(tmp_path, *sets) as home, trio.open_nursery() as nursery:
        stale = json.dumps({"type": "auth", "token": f"{home.token[:-4]}AAA="})
        refused = 0

        async def try_again_and_again() -> None:
            nonlocal refused
            while True:
                async with connect(home.url) as connection:
                    await connection.send(stale)
                    assert json.loads(await connection.receive())["code"] == 4
                    refused += 1

        for _ in range(2):
            nursery.start_soon(try_again_and_again)
        while refused < 8:
            await assert_served(home)
        nursery.cancel_scope.cancel()
