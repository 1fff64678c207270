"""The mesh behind a TCP port, with a real connection and our own client at the other end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.tcp import serve_tcp

ADDR_INFO = bytes.fromhex("00000000ffff")
LED_ON = bytes.fromhex("01000601ffff")


@asynccontextmanager
async def served(mesh: Mesh, speed: float = 0) -> AsyncIterator[tuple[str, int]]:
    """The address at which `mesh` is served."""
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            yield await nursery.start(serve_tcp, mesh, "127.0.0.1", 0, speed)
            nursery.cancel_scope.cancel()


async def test_requests_are_answered_over_tcp() -> None:
    mesh = generate(4)
    async with served(mesh) as address:
        port = TcpPort(*address)
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            assert (await link.receive()).hex() == "00000080002a00000401"
            await link.send(LED_ON)
            assert len(await link.receive()) == 11
            assert len(await link.receive()) == 8
            mesh.emit(b"\0\0\xff\x3f" + b"\0" * 8)
            assert (await link.receive())[:4] == b"\0\0\xff\x3f"


async def test_each_message_is_a_segment_of_its_own() -> None:
    async with (
        served(generate(1), speed=20) as address,
        await trio.open_tcp_stream(*address) as stream,
    ):
        await stream.send_all(LED_ON)
        # At 20 times the speed 8 ms lie between the two.
        assert len(await stream.receive_some(4096)) == 11
        assert len(await stream.receive_some(4096)) == 8


async def test_the_server_outlives_its_clients() -> None:
    async with served(generate(4)) as address:
        port = TcpPort(*address)
        for _ in range(3):
            link = await port.open()
            await link.send(LED_ON)
            await link.aclose()
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            while (await link.receive())[2:4] != b"\x00\x80":
                pass


async def test_a_new_client_takes_the_place_of_the_one_before() -> None:
    async with served(generate(4)) as address:
        port = TcpPort(*address)
        first = await port.open()
        await first.send(ADDR_INFO)
        await first.receive()
        async with await port.open() as second:
            with pytest.raises(PortError, match="closed by the other end"):
                await first.receive()
            await second.send(ADDR_INFO)
            assert (await second.receive())[2:4] == b"\x00\x80"
        await first.aclose()


async def test_a_client_that_has_nothing_more_to_say_is_let_go() -> None:
    async with served(generate(1)) as address, await trio.open_tcp_stream(*address) as stream:
        await stream.send_eof()
        assert await stream.receive_some(4096) == b""


async def test_nonsense_is_ignored() -> None:
    mesh = generate(4)
    async with served(mesh) as address:
        port = TcpPort(*address)
        async with await port.open() as link:
            for frame in (b"\xff", b"\xff" * 10, b"\0" * 64):
                await link.send(frame)
            await link.send(b"GET / HTTP/1.1\r\n\r\n")
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            assert (await link.receive())[2:4] == b"\x00\x80"


async def test_a_port_in_use_is_an_error() -> None:
    async with served(generate(1)) as address:
        with pytest.raises(OSError, match="in use"):
            await serve_tcp(generate(1), *address)
