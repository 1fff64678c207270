"""Requests over a connection in memory, well-formed and not, on a clock that jumps."""

import re
from collections.abc import AsyncIterator

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, memory_stream_pair

from iqrf_trio.edges.http import HttpLimits, Replay, Upgrade, serve_requests
from protocol.outward.http import ProblemError, Request, Response

LIMITS = HttpLimits(head=1024, body=100)
EXPECTING = b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(request: Request) -> Response:
    match request.path:
        case "/echo":
            said = f"{request.method} {request.body.decode()} {dict(request.query)}"
            return Response(200, said.encode(), "text/plain")
        case "/pieces":
            return Response(200, pieces(), "text/plain")
        case "/empty":
            return Response(204)
        case "/crash":
            raise RuntimeError("secret")
        case _:
            raise ProblemError(404, "nothing is here")


def is_websocket(request: Request) -> bool:
    return request.path == "/ws" and request.wants_websocket


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"one ", b"", b"two"):
        await trio.lowlevel.checkpoint()
        yield piece


async def talk(*parts: bytes, eof: bool = True, limits: HttpLimits = LIMITS) -> bytes:
    """All that is answered to `parts`, sent one after the other."""
    client, server = memory_stream_pair()
    received = bytearray()

    async def serve() -> None:
        await serve_requests(server, answer, limits, headers=(("server", "test"),))
        await server.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        try:
            for part in parts:
                await client.send_all(part)
                await trio.testing.wait_all_tasks_blocked()
            if eof:
                await client.send_eof()
        except trio.BrokenResourceError:
            pass
        while data := await client.receive_some():
            received += data
    return bytes(received)


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


async def test_a_request_and_its_answer() -> None:
    answered = await talk(b"GET /echo?a=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = answered.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.1 200 "
    assert {b"server: test", b"content-type: text/plain"} <= {*head.lower().splitlines()}
    assert body == b"GET  {'a': '1'}"


async def test_a_connection_carries_many_requests() -> None:
    post = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    answered = await talk(GET, post, GET)
    assert statuses(answered) == [200, 200, 200]
    assert b"POST abc" in answered


async def test_requests_that_come_in_one_piece_are_all_answered() -> None:
    assert statuses(await talk(GET * 3)) == [200, 200, 200]


async def test_a_request_that_comes_byte_by_byte() -> None:
    assert statuses(await talk(*(GET[at : at + 1] for at in range(len(GET))))) == [200]


async def test_an_answer_in_pieces() -> None:
    answered = await talk(b"GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"transfer-encoding: chunked" in answered.lower()
    assert answered.endswith(b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", [b"/echo", b"/pieces", b"/empty"])
async def test_head_has_no_body(path: bytes) -> None:
    answered = await talk(b"HEAD %b HTTP/1.1\r\nHost: x\r\n\r\n" % path, GET)
    first = answered.partition(b"\r\n\r\n")[2]
    assert first.startswith(b"HTTP/1.1 200")


async def test_the_peer_may_close_after_one() -> None:
    request = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses(await talk(request, GET, eof=False)) == [200]
    assert statuses(await talk(b"GET /echo HTTP/1.0\r\n\r\n", eof=False)) == [200]


async def test_expect_is_answered() -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert statuses(await talk(head, b"ab")) == [100, 200]
    assert statuses(await talk(head.replace(b"100-continue", b"magic"), eof=False)) == [417]


async def test_refusals_keep_the_connection_and_crashes_say_nothing() -> None:
    answered = await talk(
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /crash HTTP/1.1\r\nHost: x\r\n\r\n", GET
    )
    assert statuses(answered) == [404, 500, 200]
    assert b"nothing is here" in answered
    assert b"secret" not in answered


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 3000, 431),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + b"a" * 101, 413),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (EXPECTING + b"Content-Length: 101\r\n\r\n", 413),
        (
            b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n"
            + b"a" * 255,
            413,
        ),
        (CHUNKED + b"zz\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (
            CHUNKED.replace(b"Host", b"Content-Length: 4\r\nHost") + b"0\r\n\r\n",
            400,
        ),
        (
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            400,
        ),
        (b"GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_is_refused_once_and_ends_the_connection(
    request_: bytes, status: int
) -> None:
    answered = await talk(request_ + GET, eof=False)
    assert statuses(answered) == [status]
    assert b"connection: close" in answered.lower()
    assert b"application/problem+json" in answered


async def test_half_a_request_is_ended_in_time(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    assert await talk(GET[:-2], eof=False) == b""
    assert trio.current_time() - began == LIMITS.idle_s
    assert statuses(await talk(GET, eof=False)) == [200]
    assert trio.current_time() - began == 2 * LIMITS.idle_s


async def test_a_body_that_does_not_come_is_told_so_in_time(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
    for sent in (head, head + b"ab", CHUNKED, CHUNKED + b"4\r\na"):
        answered = await talk(sent, eof=False)
        assert statuses(answered) == [408]
        assert b"connection: close" in answered.lower()
    assert trio.current_time() - began == 4 * LIMITS.idle_s


async def test_a_peer_that_does_not_read_is_left(autojump_clock: MockClock) -> None:
    client, server = memory_stream_pair()
    stuck = trio.Event()

    async def stall() -> None:
        await stuck.wait()

    server.send_stream.send_all_hook = stall
    await client.send_all(GET)
    assert await serve_requests(server, answer, LIMITS) is None
    assert trio.current_time() == LIMITS.send_s


async def test_a_request_for_another_protocol_is_handed_over_with_all_bytes() -> None:
    client, server = memory_stream_pair()
    wanted = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01a"
    )
    await client.send_all(GET + wanted)
    upgrade = await serve_requests(
        server, answer, LIMITS, upgradable=lambda each: each.path == "/ws"
    )
    assert isinstance(upgrade, Upgrade)
    assert upgrade.request.path == "/ws"
    assert upgrade.received == wanted
    replay = Replay(upgrade.received, server)
    await client.send_all(b"more")
    assert await replay.receive_some(10) == wanted[:10]
    assert await replay.receive_some() == wanted[10:]
    assert await replay.receive_some(10) == b"more"
    await replay.wait_send_all_might_not_block()
    await replay.send_all(b"back")
    await replay.aclose()
    sent = bytearray()
    while data := await client.receive_some():
        sent += data
    assert sent.endswith(b"GET  {}back")


async def test_an_upgrade_that_nobody_takes_is_an_ordinary_request() -> None:
    wanted = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert statuses(await talk(wanted, eof=False))[0] == 200


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [GET, GET[:9], b"\r\n", b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"]
            ),
        ),
        max_size=6,
    )
)
def test_whatever_comes_the_connection_ends(parts: list[bytes]) -> None:
    async def main() -> None:
        answered = await talk(*parts)
        assert not answered or statuses(answered)

    trio.run(main, clock=MockClock(autojump_threshold=0))
