"""Large answers of many connections: their sum is bounded, and who does not read has to go."""

from collections.abc import AsyncIterator

import pytest
import trio
from attrs import define
from trio.testing import MockClock, lockstep_stream_pair

from iqrf_trio.edges.http import HttpLimits, Sending, serve_requests
from iqrf_trio.edges.http.sending import PIECE, STALLED_S
from protocol.outward.http import Request, Response

LARGE = 10 * PIECE
GET = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
LIMITS = HttpLimits(send_s=1000.0)


async def answer(request: Request) -> Response:
    if request.path == "/pieces":
        return Response(200, pieces(), "text/plain")
    if request.path == "/later":
        return Response(200, later(), "text/plain")
    return Response(200, bytes(LARGE if request.path == "/large" else 10), "text/plain")


async def pieces() -> AsyncIterator[bytes]:
    yield bytes(LARGE)


async def later() -> AsyncIterator[bytes]:
    yield b"first"
    await trio.sleep(4 * STALLED_S)
    yield b"later"


@define(eq=False)
class Peer:
    """A client, to which nothing goes unless it reads."""

    stream: trio.abc.Stream
    over: trio.Event

    async def read(self) -> bytes:
        """All there is, to the end of the connection."""
        received = bytearray()
        with trio.move_on_after(0.1):
            while data := await self.stream.receive_some():
                received += data
        return bytes(received)


async def asking(nursery: trio.Nursery, sending: Sending, request: bytes = GET) -> Peer:
    """A client that has asked, and reads nothing yet."""
    ours, theirs = lockstep_stream_pair()
    over = trio.Event()

    async def serve() -> None:
        await serve_requests(theirs, answer, LIMITS, sending=sending)
        await theirs.aclose()
        over.set()

    nursery.start_soon(serve)
    await ours.send_all(request)
    await trio.testing.wait_all_tasks_blocked()
    return Peer(ours, over)


async def test_the_sum_is_bounded_and_who_does_not_read_has_to_go(
    autojump_clock: MockClock,
) -> None:
    sending = Sending(max_held=3 * LARGE)
    async with trio.open_nursery() as nursery:
        deaf = [await asking(nursery, sending) for _ in range(3)]
        assert sending.held == 3 * LARGE
        refused = await (await asking(nursery, sending)).read()
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 2" in refused.lower()
        await trio.sleep(STALLED_S)
        assert sending.held == 3 * LARGE, "nobody has to go while nobody needs the room"
        assert (await (await asking(nursery, sending)).read()).startswith(b"HTTP/1.1 503 ")
        for peer in deaf:
            await peer.over.wait()
        assert sending.held == 0
        answered = await (await asking(nursery, sending)).read()
        assert answered.startswith(b"HTTP/1.1 200 ")
        assert len(answered) > LARGE
        nursery.cancel_scope.cancel()


async def test_who_reads_slowly_stays(autojump_clock: MockClock) -> None:
    sending = Sending(max_held=LARGE)
    async with trio.open_nursery() as nursery:
        slow = await asking(nursery, sending)
        received = b""
        while len(received) < LARGE:
            await trio.sleep(STALLED_S / 2)
            piece = await slow.stream.receive_some(PIECE)
            assert piece, "it was cut off"
            received += piece
            other = await (await asking(nursery, sending)).read()
            assert other.startswith((b"HTTP/1.1 503 ", b"HTTP/1.1 200 "))
        assert not slow.over.is_set()
        nursery.cancel_scope.cancel()


async def test_who_waits_for_what_is_not_there_yet_stays(autojump_clock: MockClock) -> None:
    sending = Sending(max_held=0)
    async with trio.open_nursery() as nursery:
        waiting = await asking(nursery, sending, b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await waiting.read()).startswith(b"HTTP/1.1 200 ")
        await trio.sleep(2 * STALLED_S)
        assert (await (await asking(nursery, sending)).read()).startswith(b"HTTP/1.1 503 ")
        await trio.sleep(2 * STALLED_S)
        assert b"later" in await waiting.read()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("request_", [b"GET /small", b"GET /pieces"])
async def test_what_is_small_or_accounted_for_elsewhere_needs_no_room(
    request_: bytes, autojump_clock: MockClock
) -> None:
    sending = Sending(max_held=0)
    async with trio.open_nursery() as nursery:
        peer = await asking(nursery, sending, request_ + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await peer.read()).startswith(b"HTTP/1.1 200 ")
        assert sending.held == 0
        nursery.cancel_scope.cancel()
