"""The mesh behind a TCP port, with a real connection and our own client at the other end."""

import pytest
import trio

from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.plan import generate
from iqrf_trio.simulator.server import serve_tcp

ADDR_INFO = bytes.fromhex("00000000ffff")
LED_ON = bytes.fromhex("01000601ffff")


async def served(mesh: Mesh, nursery: trio.Nursery) -> TcpPort:
    """A port to `mesh`, over TCP, at speed 0."""
    host, port = await nursery.start(serve_tcp, mesh, "127.0.0.1", 0, 0)
    return TcpPort(host, port)


async def test_requests_are_answered_over_tcp() -> None:
    mesh = generate(4)
    async with trio.open_nursery() as nursery:
        port = await served(mesh, nursery)
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            assert (await link.receive()).hex() == "00000080002a00000401"
            await link.send(LED_ON)
            assert len(await link.receive()) == 11
            assert len(await link.receive()) == 8
            mesh.emit(b"\0\0\xff\x3f" + b"\0" * 8)
            assert (await link.receive())[:4] == b"\0\0\xff\x3f"
        nursery.cancel_scope.cancel()


async def test_each_message_is_a_segment_of_its_own() -> None:
    async with trio.open_nursery() as nursery:
        host, port = await nursery.start(serve_tcp, generate(1), "127.0.0.1", 0, 20)
        async with await trio.open_tcp_stream(host, port) as stream:
            await stream.send_all(LED_ON)
            # At 20 times the speed 8 ms lie between the two.
            assert len(await stream.receive_some(4096)) == 11
            assert len(await stream.receive_some(4096)) == 8
        nursery.cancel_scope.cancel()


async def test_the_server_outlives_its_clients() -> None:
    async with trio.open_nursery() as nursery:
        port = await served(generate(4), nursery)
        for _ in range(3):
            link = await port.open()
            await link.send(LED_ON)
            await link.aclose()
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            while (await link.receive()).hex() != "00000080002a00350401":
                pass
        nursery.cancel_scope.cancel()


async def test_a_new_client_takes_the_place_of_the_one_before() -> None:
    async with trio.open_nursery() as nursery:
        port = await served(generate(4), nursery)
        first = await port.open()
        await first.send(ADDR_INFO)
        await first.receive()
        async with await port.open() as second:
            with pytest.raises(PortError, match="closed by the other end"):
                await first.receive()
            await second.send(ADDR_INFO)
            assert (await second.receive())[2:4] == b"\x00\x80"
        await first.aclose()
        nursery.cancel_scope.cancel()


async def test_nonsense_is_ignored() -> None:
    mesh = generate(4)
    async with trio.open_nursery() as nursery:
        port = await served(mesh, nursery)
        async with await port.open() as link:
            for frame in (b"\xff", b"\xff" * 10, b"\0" * 64):
                await link.send(frame)
            await link.send(b"GET / HTTP/1.1\r\n\r\n")
        async with await port.open() as link:
            await link.send(ADDR_INFO)
            assert (await link.receive())[2:4] == b"\x00\x80"
        nursery.cancel_scope.cancel()


async def test_a_port_in_use_is_an_error() -> None:
    async with trio.open_nursery() as nursery:
        host, port = await nursery.start(serve_tcp, generate(1), "127.0.0.1", 0)
        with pytest.raises(OSError, match="in use") as caught:
            await serve_tcp(generate(1), host, port)
        assert caught.value
        nursery.cancel_scope.cancel()
