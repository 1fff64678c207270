"""DPA over TCP: frames as they were sent, whatever the network does to the segments."""

from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.ports.tcp import TcpLink, TcpPort

REQUEST = bytes.fromhex("01000601ffff")
CONFIRMATION = bytes.fromhex("01000601ffffff3b010401")
RESPONSE = bytes.fromhex("010006810200004b")
BONDED = bytes.fromhex("0000008200000047" + "0e" + "00" * 31)

Ends = tuple[TcpLink, trio.abc.Stream]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """A link, and the other end of its connection."""
    here, there = memory_stream_pair()
    async with TcpLink("tcp test", here) as link:
        yield link, there


async def test_requests_leave_as_they_are(ends: Ends) -> None:
    link, there = ends
    await link.send(REQUEST)
    assert await there.receive_some() == REQUEST


async def test_coalesced_messages_are_taken_apart(ends: Ends) -> None:
    link, there = ends
    await there.send_all(CONFIRMATION + RESPONSE + BONDED)
    assert [await link.receive() for _ in range(3)] == [CONFIRMATION, RESPONSE, BONDED]


async def test_pieces_are_put_together(ends: Ends, autojump_clock: MockClock) -> None:
    link, there = ends
    async with trio.open_nursery() as nursery:

        async def send() -> None:
            for piece in (CONFIRMATION[:5], CONFIRMATION[5:] + RESPONSE[:3], RESPONSE[3:]):
                await there.send_all(piece)
                await trio.sleep(0.05)

        nursery.start_soon(send)
        assert [await link.receive() for _ in range(2)] == [CONFIRMATION, RESPONSE]


async def test_a_piece_without_the_rest_is_given_up(ends: Ends, autojump_clock: MockClock) -> None:
    link, there = ends
    start = trio.current_time()
    await there.send_all(BONDED[:20])
    assert await link.receive() == BONDED[:20]
    assert trio.current_time() - start == pytest.approx(0.1)
    await there.send_all(RESPONSE)
    assert await link.receive() == RESPONSE


OS_READ = bytes.fromhex("0000028000000037582d10814324bf0837280031ae8ba71ca8149b11ca5508e3ca913168")
RESET = bytes.fromhex("0000ff3f00008000020300fd260000000000000001")


async def test_a_message_of_unknown_length_in_pieces_is_put_together(
    ends: Ends, autojump_clock: MockClock
) -> None:
    link, there = ends
    async with trio.open_nursery() as nursery:

        async def send() -> None:
            for piece in (OS_READ[:9], OS_READ[9:30], OS_READ[30:]):
                await there.send_all(piece)
                await trio.sleep(0.05)

        nursery.start_soon(send)
        assert await link.receive() == OS_READ


async def test_what_came_together_is_one_read(ends: Ends, autojump_clock: MockClock) -> None:
    """Nobody could tell how long an answer took that waited for silence and the other did not."""
    link, there = ends
    await there.send_all(CONFIRMATION + OS_READ)
    assert (await link.receive(), link.more) == (CONFIRMATION, True)
    assert (await link.receive(), link.more) == (OS_READ, False)


async def test_without_silence_nothing_is_kept_for_long(
    ends: Ends, autojump_clock: MockClock
) -> None:
    link, there = ends
    reports = [bytes((node, 0)) + bytes.fromhex("5efb1510804001c881") for node in range(1, 200)]
    async with trio.open_nursery() as nursery:

        async def send() -> None:
            stream = b"".join(reports)
            for at in range(0, len(stream), 15):
                await there.send_all(stream[at : at + 15])
                await trio.sleep(0.01)

        nursery.start_soon(send)
        for each in reports:
            start = trio.current_time()
            assert await link.receive() == each
            assert trio.current_time() - start < 0.3


async def test_what_came_before_the_end_is_received(ends: Ends, autojump_clock: MockClock) -> None:
    link, there = ends
    await there.send_all(CONFIRMATION + OS_READ)
    await there.aclose()
    assert [await link.receive(), await link.receive()] == [CONFIRMATION, OS_READ]
    with pytest.raises(PortError, match="closed by the other end"):
        await link.receive()


async def test_a_cancelled_receive_loses_nothing(ends: Ends, autojump_clock: MockClock) -> None:
    link, there = ends
    await there.send_all(CONFIRMATION[:6])
    with trio.move_on_after(0.01):
        await link.receive()
    await there.send_all(CONFIRMATION[6:] + RESPONSE)
    assert await link.receive() == CONFIRMATION
    with trio.CancelScope() as scope:
        scope.cancel()
        await link.receive()
    assert await link.receive() == RESPONSE


async def test_the_end_of_the_connection_is_an_error_that_stays(ends: Ends) -> None:
    link, there = ends
    await there.send_all(CONFIRMATION)
    await there.aclose()
    assert await link.receive() == CONFIRMATION
    for _ in range(2):
        with pytest.raises(PortError, match="tcp test: closed by the other end"):
            await link.receive()
    with pytest.raises(PortError, match="tcp test"):
        await link.send(REQUEST)


async def test_a_closed_link_refuses(ends: Ends) -> None:
    link, _ = ends
    await link.aclose()
    await link.aclose()
    with pytest.raises(PortError):
        await link.receive()
    with pytest.raises(PortError):
        await link.send(REQUEST)


async def test_a_reset_connection_is_an_error() -> None:
    async with trio.open_nursery() as nursery:

        async def reset(stream: trio.SocketStream) -> None:
            # No lingering: closing sends a reset.
            stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, bytes((1,) + (0,) * 7))
            stream.socket.close()

        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, reset, [listener])
        port = TcpPort("127.0.0.1", listener.socket.getsockname()[1])
        async with await port.open() as link:
            with pytest.raises(PortError, match=r"tcp 127\.0\.0\.1:\d+: Connection reset"):
                await link.receive()
        nursery.cancel_scope.cancel()


async def test_a_refused_connection_says_so() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    number = listener.socket.getsockname()[1]
    await listener.aclose()
    port = TcpPort("127.0.0.1", number)
    assert port.name == f"tcp 127.0.0.1:{number}"
    with pytest.raises(PortError, match=rf"tcp 127\.0\.0\.1:{number}: Connection refused"):
        await port.open()


async def test_an_unknown_host_says_so() -> None:
    with pytest.raises(PortError, match=r"^tcp no\.such\.host\.invalid:1: ."):
        await TcpPort("no.such.host.invalid", 1).open()
