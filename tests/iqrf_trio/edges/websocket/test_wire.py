"""Frames that are sent without waiting, beside those that wait: each byte once, and in order."""

import socket
from collections.abc import Sequence
from contextlib import suppress

import pytest
import trio
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.edges.tcp.direct import send_now, socket_of
from iqrf_trio.edges.tcp.lingering import LingeringStream
from iqrf_trio.edges.websocket.wire import Wire
from tests.iqrf_trio.raw_client import TEXT, frame

SMALL = 4096
"""What the system is asked to keep of a connection: most frames find too little room."""

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


@frozen
class Ends:
    wire: Wire
    peer: socket.socket


async def open_ends() -> Ends:
    """A wire on which frames can be sent, and the socket of its peer, which blocks nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        ours = socket.socket()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        ours.connect(listener.getsockname())
        peer, _ = listener.accept()
    ours.setblocking(False)
    peer.setblocking(False)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    wire = Wire(LingeringStream(stream))
    await wire.send_all(UPGRADE)
    return Ends(wire, peer)


class Reader:
    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.received = bytearray()

    def read(self, size: int) -> None:
        """Take at most so many bytes, if there are any."""
        with suppress(BlockingIOError):
            self.received += self.peer.recv(size)

    async def read_until(self, total: int) -> None:
        """Take everything until so many bytes have come altogether."""
        while len(self.received) < total:
            await trio.lowlevel.wait_readable(self.peer)
            self.read(65536)


async def carry(actions: Sequence[tuple[str, int]]) -> None:
    ends = await open_ends()
    reader, said, parts = Reader(ends.peer), bytearray(UPGRADE), 0
    try:
        for number, (action, size) in enumerate(actions):
            data = bytes((number % 251,)) * (size + 1)
            if action == "read":
                reader.read(size + 1)
            elif action == "try":
                sent = ends.wire.try_send(data)
                if sent:
                    said += data
                    parts += sent < len(data)
            else:
                said += data if action == "send" else b""
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(reader.read_until, len(said))
                    await (ends.wire.send_all(data) if action == "send" else ends.wire.flush())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reader.read_until, len(said))
            await ends.wire.flush()
        assert reader.received == said
    finally:
        ends.peer.close()
        await ends.wire.abort()


@given(
    st.lists(
        st.tuples(st.sampled_from(["try", "try", "send", "read", "flush"]), st.integers(0, 16_000)),
        max_size=40,
    )
)
def test_every_byte_comes_once_and_in_order(actions: list[tuple[str, int]]) -> None:
    trio.run(carry, actions)


async def test_nothing_is_sent_behind_a_part_before_its_rest() -> None:
    ends = await open_ends()
    data = b"x" * 16_000
    sent = len(data)
    while sent == len(data):
        sent = ends.wire.try_send(data)
    assert 0 < sent < len(data), "the socket is full by now, and it took a part"
    reader = Reader(ends.peer)
    reader.read(1 << 20)
    assert ends.wire.try_send(b"y") == 0
    await ends.wire.flush()
    assert ends.wire.try_send(b"y") == 1
    ends.peer.close()
    await ends.wire.abort()


async def test_a_peer_that_has_made_room_is_not_the_one_that_is_waited_for() -> None:
    ends = await open_ends()
    reader, connection = Reader(ends.peer), socket_of(ends.wire._stream)
    assert connection is not None
    with trio.fail_after(5):
        while ends.wire.awaits_us():
            send_now(connection, b"x" * 16_000)
            await trio.sleep(0.001)
        # Nobody reads, and it stays full; until somebody does.
        while not ends.wire.awaits_us():
            reader.read(1 << 20)
            await trio.sleep(0.001)
    ends.peer.close()
    await ends.wire.abort()
    assert not ends.wire.awaits_us()


async def test_a_wire_that_is_gone_takes_nothing_and_raises_nothing() -> None:
    ends = await open_ends()
    ends.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    ends.peer.close()
    with suppress(trio.BrokenResourceError), trio.fail_after(5):
        await ends.wire.receive_some()
    assert ends.wire.try_send(b"x") == 0
    await ends.wire.abort()
    assert ends.wire.try_send(b"x") == 0


async def test_who_takes_a_message_may_end_the_wire() -> None:
    ends = await open_ends()

    def take(_text: str) -> bool:
        ends.wire.end()
        return True

    ends.wire.take = take
    ends.peer.send(frame(TEXT, b"x"))
    with pytest.raises(trio.ClosedResourceError), trio.fail_after(5):
        await ends.wire.receive_some()
    ends.peer.close()
    await ends.wire.abort()
