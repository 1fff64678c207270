"""Requests and answers on real sockets that take little at a time: the short ways and the long.

Short: a request in one frame and one read, an answer sent in the step that makes it. Long: a stream
that gives frames in pieces and lets nothing be sent but by its own task, as under TLS.
"""

import socket
from collections.abc import Sequence
from functools import partial
from itertools import cycle

import trio
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.messaging.session import Session
from tests.iqrf_trio.raw_client import TEXT, RawClient, frame
from tests.iqrf_trio.rig import auth, gateway

SMALL = 4096
"""What the system is asked to keep of a connection: long answers find too little room."""


class Pieces(trio.abc.HalfCloseableStream):
    """A stream whose data come in pieces, and under which nobody sees a socket."""

    def __init__(self, stream: trio.SocketStream, sizes: Sequence[int]) -> None:
        self._stream = stream
        self._sizes = cycle(sizes)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(next(self._sizes))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()


def answer_to(message: str | bytes, session: Session) -> None:
    """Some requests take an answer at once, some are followed by a report."""
    number, size = map(int, str(message).split())
    session.reply(f"answer {number} {'x' * size}")
    if number % 3 == 0:
        session.reply(f"more {number}")


def small_pair() -> tuple[trio.SocketStream, trio.SocketStream]:
    pair = socket.socketpair()
    for each in pair:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(each)) for each in pair)
    return ours, theirs


async def converse(
    sizes: Sequence[int], cuts: Sequence[int], pauses: Sequence[int], pieces: Sequence[int] | None
) -> list[str]:
    """What a client reads that sends requests for answers of these sizes, cut so."""
    frames = [frame(TEXT, f"{number} {size}".encode()) for number, size in enumerate(sizes, 1)]
    expected = len(sizes) + len(sizes) // 3
    async with gateway(answer_to) as world, trio.open_nursery() as nursery:
        ours, theirs = small_pair()
        stream = theirs if pieces is None else Pieces(theirs, pieces)
        nursery.start_soon(world.rig.server.adopt, stream, "client", "127.0.0.1")
        client = RawClient(ours)
        await client.upgrade()
        await client.send(auth(1))
        got = [await client.receive()]
        nursery.start_soon(send_in, client, frames, cuts)
        for number in range(expected):
            for _ in range(pauses[number % len(pauses)]):
                await trio.lowlevel.checkpoint()
            got.append(await client.receive())
        await trio.aclose_forcefully(client.stream)
    return got


async def send_in(client: RawClient, frames: Sequence[bytes], cuts: Sequence[int]) -> None:
    """Send each frame in two pieces, whole where the first has no byte."""
    for data, cut in zip(frames, cycle(cuts), strict=False):
        for piece in filter(None, (data[:cut], data[cut:])):
            await client.send_bytes(piece)
            await trio.lowlevel.checkpoint()


@given(
    st.lists(st.one_of(st.integers(0, 200), st.integers(0, 20_000)), max_size=30),
    st.lists(st.sampled_from([0, 0, 0, 1, 3, 7, 40]), min_size=1, max_size=5),
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_both_ways_bring_the_same_in_the_same_order(
    sizes: list[int], cuts: list[int], pauses: list[int], pieces: list[int]
) -> None:
    short, long = (trio.run(partial(converse, sizes, cuts, pauses, way)) for way in (None, pieces))
    assert short == long
