"""The server survives everything, tells clients why it closes, and leaves nothing behind.

In memory and on a virtual clock where time matters, over loopback sockets where the kernel does.

Rows of the conformance list stand under their names. Decided otherwise than the rows' server
does, and tested so: PR-16 (a full server says 503 instead of hanging up), PR-17 (silent
connections give way), PR-25 (what can be bound is bound). Its third level of TLS, "old", is not
offered; PR-24 is about a server without authentication, which a handler of its own is here.
"""

import errno
import gc
import logging
import os
import resource
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from math import inf
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import frozen

from iqrf_trio.config import WebSocket
from iqrf_trio.edges import websocket
from iqrf_trio.edges.tcp import tls
from iqrf_trio.edges.tcp.admission import Admission, AdmittingListener, Applicant
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.lingering import LINGER_S, LingeringStream
from iqrf_trio.edges.tcp.listeners import Endpoint, ListenError, bind, open_listeners
from iqrf_trio.edges.tcp.tls import Mode, TlsError, tls_context
from iqrf_trio.edges.websocket import ConnectError, Connection, ConnectionClosed, connect, serve
from protocol.auth.addresses import parse_networks
from protocol.auth.failures import LOCKED_S
from protocol.auth.places import AUTHENTICATION_S, HANDSHAKE_S, PATIENCE_S
from tests.iqrf_trio.limits import limits_with
from tests.iqrf_trio.raw_client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Frame,
    RawClient,
    close_frame,
    frame,
    request,
)
from tests.iqrf_trio.rig import CERTIFICATE, KEY, VECTORS, Rig, serving


async def echo(connection: Connection) -> None:
    """Send back what comes, binary as text."""
    while True:
        message = await connection.receive()
        await connection.send(message if isinstance(message, str) else message.decode("latin-1"))


async def assert_served(rig: Rig) -> None:
    """The next client is served."""
    async with await rig.open() as client:
        await client.send("still there?")
        assert await client.receive() == "still there?"
        await client.send_bytes(close_frame(1000))
        assert await client.receive_close(answer=False) == 1000


# The HTTP upgrade.


@pytest.mark.parametrize("path", ["/", "/ws", "/a/b?c=d", "*"])
async def test_any_path_is_a_websocket(path: str) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        answer = await client.upgrade(path=path)
        assert answer.headers["server"].startswith("iqrf-trio/")
        assert "sec-websocket-extensions" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Host": "localhost"}, 400, id="PR-19 no upgrade"),
        pytest.param({**UPGRADE, "Sec-WebSocket-Version": "8"}, 426, id="PR-19 version 8"),
        pytest.param({**UPGRADE, "Upgrade": "h2c"}, 400, id="another upgrade"),
        pytest.param({**UPGRADE, "Connection": "close"}, 400, id="no connection upgrade"),
        pytest.param(
            {name: value for name, value in UPGRADE.items() if not name.endswith("Key")},
            400,
            id="no key",
        ),
        pytest.param(
            {name: value for name, value in UPGRADE.items() if name != "Host"}, 400, id="no host"
        ),
        pytest.param({**UPGRADE, "Host": "\xfc\xff"}, 400, id="host is no name"),
        pytest.param({**UPGRADE, "X": "y" * 40000}, 400, id="head too long"),
        pytest.param({**UPGRADE, "Bad Name": "y"}, 400, id="header name with a space"),
    ],
)
async def test_a_bad_request_is_answered_and_closed(
    headers: dict[str, str], status: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        began = trio.current_time()
        answer = await client.get(headers)
        assert answer.status == status
        if status == 426:
            assert answer.headers["sec-websocket-version"] == "13"
        await client.end()
        assert trio.current_time() == began
        await assert_served(rig)


GARBAGE = {
    "garbage": b"\x00\x01\x02garbage\r\n\r\n",
    "TLS hello on the plain port": bytes.fromhex("16030100c8010000c40303") + bytes(189),
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "POST": request(method="POST"),
    "blank lines": b"\r\n" * 20,
    "NUL": bytes(20000),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_ends_its_own_connection_only(
    data: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        await client.send_bytes(data)
        assert (await client.answer()).status == 400
        await client.end()
        await assert_served(rig)


PARTS = {"none": b"", "some": b"GET / HTT", "most": request()[:-1], "a frame": frame(TEXT, b"hi")}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
async def test_half_a_handshake_ends_at_the_deadline(
    part: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        await client.send_bytes(part)
        await client.end()
        assert trio.current_time() == pytest.approx(10.0)
        await assert_served(rig)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
async def test_a_peer_that_left_ends_its_handshake_at_once(
    part: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        await client.send_bytes(part)
        await client.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert len(rig.server.handshakes) == 0
        assert trio.current_time() == 0


async def test_a_half_closed_request_is_still_answered() -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        await client.send_bytes(request({"Host": "x"}))
        assert isinstance(client.stream, trio.abc.HalfCloseableStream)
        await client.stream.send_eof()
        assert (await client.answer()).status == 400


async def test_an_eager_client_loses_nothing() -> None:
    async with serving(echo) as rig:
        for size in (1, 7, 10_000):
            client = await rig.connect()
            data = request() + frame(TEXT, b"early") + frame(TEXT, b"bird")
            for start in range(0, len(data), size):
                await client.send_bytes(data[start : start + size])
                if size > 1:
                    await trio.testing.wait_all_tasks_blocked()
            assert (await client.answer()).status == 101
            assert [await client.receive(), await client.receive()] == ["early", "bird"]


# Framing: what a conformance suite covers, in own vectors.


@frozen
class Case:
    """Bytes after the upgrade, and what comes back before the close with `code`, if any."""

    sent: tuple[bytes, ...]
    texts: tuple[str, ...] = ()
    code: int | None = None


def split(data: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(data[start : start + size] for start in range(0, len(data), size))


FRAMING = {
    "text of no bytes": Case((frame(TEXT),), ("",)),
    "text of 125": Case((frame(TEXT, b"*" * 125),), ("*" * 125,)),
    "text of 126": Case((frame(TEXT, b"*" * 126),), ("*" * 126,)),
    "text of 65535": Case((frame(TEXT, b"*" * 65535),), ("*" * 65535,)),
    "PR-04 text of 65536": Case((frame(TEXT, b"*" * 65536),), ("*" * 65536,)),
    "PR-04 text of 65537": Case((frame(TEXT, b"*" * 65537),), code=1009),
    "WA-17 text of 100000": Case((frame(TEXT, b"*" * 100_000),), code=1009),
    "two fragments of 40000": Case(
        (frame(TEXT, b"*" * 40000, fin=False), frame(CONTINUATION, b"*" * 40000)), code=1009
    ),
    "65538 bytes in 32769 characters": Case((frame(TEXT, "ß".encode() * 32769),), code=1009),
    "65536 bytes in 32768 characters": Case((frame(TEXT, "ß".encode() * 32768),), ("ß" * 32768,)),
    "PR-03 binary": Case((frame(BINARY, b"hello"),), ("hello",)),
    "binary of no bytes": Case((frame(BINARY),), ("",)),
    "byte by byte": Case(split(frame(TEXT, b"slowly"), 1), ("slowly",)),
    "many in one": Case((frame(TEXT, b"a") * 50,), ("a",) * 50),
    "fragments": Case(
        (
            frame(TEXT, b"frag", fin=False),
            frame(CONTINUATION, b"me", fin=False),
            frame(CONTINUATION, b"nts"),
        ),
        ("fragments",),
    ),
    "empty fragments": Case(
        (frame(TEXT, fin=False), frame(CONTINUATION, fin=False), frame(CONTINUATION)), ("",)
    ),
    "binary fragments": Case(
        (frame(BINARY, b"frag", fin=False), frame(CONTINUATION, b"ments")), ("fragments",)
    ),
    "ping between fragments": Case(
        (frame(TEXT, b"a", fin=False), frame(PING, b"!"), frame(CONTINUATION, b"b")), ("ab",)
    ),
    "a character across fragments": Case(
        (frame(TEXT, b"\xe2\x82", fin=False), frame(CONTINUATION, b"\xac")), ("€",)
    ),
    "all of Unicode's lengths": Case((frame(TEXT, "aß€😀".encode()),), ("aß€😀",)),
    "unsolicited pong": Case((frame(PONG, b"unasked"), frame(TEXT, b"x")), ("x",)),
    "PR-07 unmasked": Case((frame(TEXT, b"hello", masked=False),), code=1002),
    "PR-07 opcode 3": Case((frame(3),), code=1002),
    "opcode 7": Case((frame(7, b"x"),), code=1002),
    "opcode 11": Case((frame(11),), code=1002),
    "opcode 15": Case((frame(15, b"x"),), code=1002),
    "after a good message": Case((frame(TEXT, b"ok"), frame(3)), ("ok",), 1002),
    "RSV1": Case((frame(TEXT, b"x", rsv=4),), code=1002),
    "RSV2": Case((frame(TEXT, b"x", rsv=2),), code=1002),
    "RSV3 of a ping": Case((frame(PING, b"x", rsv=1),), code=1002),
    "ping of 126": Case((frame(PING, b"x" * 126),), code=1002),
    "fragmented ping": Case((frame(PING, b"x", fin=False),), code=1002),
    "fragmented close": Case((frame(CLOSE, b"\x03\xe8", fin=False),), code=1002),
    "continuation of nothing": Case((frame(CONTINUATION, b"x"),), code=1002),
    "text within fragments": Case((frame(TEXT, b"a", fin=False), frame(TEXT, b"b")), code=1002),
    "continuation after the end": Case(
        (frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"b"), frame(CONTINUATION, b"c")),
        ("ab",),
        1002,
    ),
    "length in more bytes than needed": Case((b"\x81\xfe\x00\x05" + bytes(9),), code=1002),
    "length in far more": Case((b"\x81\xff" + bytes(7) + b"\x05" + bytes(9),), code=1002),
    "length of 64 bits": Case((b"\x81\xff\xff" + bytes(11),), code=1002),
    "PR-06 no UTF-8": Case((frame(TEXT, b"\xff\xfe"),), code=1007),
    "overlong UTF-8": Case((frame(TEXT, b"\xc0\xaf"),), code=1007),
    "surrogate": Case((frame(TEXT, b"\xed\xa0\x80"),), code=1007),
    "beyond Unicode": Case((frame(TEXT, b"\xf4\x90\x80\x80"),), code=1007),
    "half a character": Case((frame(TEXT, b"\xe2\x82"),), code=1007),
    "no UTF-8 in the second fragment": Case(
        (frame(TEXT, b"ok", fin=False), frame(CONTINUATION, b"\xff")), code=1007
    ),
    "no UTF-8, and not all of it yet": Case((b"\x81\xfe\x01\x00" + bytes(4) + b"\xff",), code=1007),
    "close": Case((close_frame(1000),), code=1000),
    "close with 1001": Case((close_frame(1001),), code=1001),
    "close with 4999": Case((close_frame(4999),), code=4999),
    "close with a reason": Case((frame(CLOSE, b"\x03\xe8bye"),), code=1000),
    "close, then more": Case((close_frame(1000) + frame(TEXT, b"late") + frame(3),), code=1000),
    "close of one byte": Case((frame(CLOSE, b"\x03"),), code=1002),
    "close with 999": Case((close_frame(999),), code=1002),
    "close with 1004": Case((close_frame(1004),), code=1002),
    "close with 1005": Case((close_frame(1005),), code=1002),
    "close with 1006": Case((close_frame(1006),), code=1002),
    "close with 1015": Case((close_frame(1015),), code=1002),
    "close with 2999": Case((close_frame(2999),), code=1002),
    "close with 5000": Case((close_frame(5000),), code=1002),
    "close with a bad reason": Case((frame(CLOSE, b"\x03\xe8\xff"),), code=1007),
    "close of 126": Case((frame(CLOSE, b"\x03\xe8" + b"x" * 124),), code=1002),
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("case", FRAMING.values(), ids=FRAMING)
async def test_framing(case: Case, tls: bool, autojump_clock: trio.testing.MockClock) -> None:
    async with serving(vouched_echo, tls=tls) as rig:
        client = await rig.open()
        for data in case.sent:
            await client.send_bytes(data)
            await trio.testing.wait_all_tasks_blocked()
        for text in case.texts:
            received = await client.receive_frame()
            if received.opcode == PONG:
                assert received.payload == b"!"
                received = await client.receive_frame()
            assert received == Frame(TEXT, text.encode())
        if case.code is not None:
            assert await client.receive_close() == case.code
        assert trio.current_time() == 0
        await assert_served(rig)


async def test_a_ping_is_answered_with_the_same_bytes() -> None:
    async with serving(vouched_echo) as rig:
        client = await rig.open()
        for payload in (b"", b"x", bytes(range(125))):
            await client.send_bytes(frame(PING, payload))
            assert await client.receive_frame() == Frame(PONG, payload)


async def test_a_flood_of_tiny_frames_leaves_turns_to_others() -> None:
    async with serving(vouched_echo) as rig:
        flood, echoed, turns = await rig.open(), trio.Event(), 0
        tiny = frame(CONTINUATION, fin=False) * 10_000

        async def be_flooded() -> None:
            await flood.send_bytes(frame(TEXT, fin=False) + tiny + frame(CONTINUATION, b"!"))
            assert await flood.receive() == "!"
            echoed.set()

        rig.nursery.start_soon(be_flooded)
        while not echoed.is_set():
            await trio.lowlevel.checkpoint()
            turns += 1
        assert turns > len(tiny) / 2048


async def test_a_close_without_code_is_echoed_without() -> None:
    async with serving(vouched_echo) as rig:
        client = await rig.open()
        await client.send_bytes(frame(CLOSE))
        assert await client.receive_frame() == Frame(CLOSE, b"")
        await client.end()


# Closing from our side.


async def test_a_handler_that_fails_ends_its_client_only(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def fragile(connection: Connection) -> None:
        if await connection.receive() == "break":
            raise ZeroDivisionError("by the test")
        await echo(connection)

    async with serving(fragile) as rig:
        bystander = await rig.open()
        await bystander.send("first")
        victim = await rig.open()
        await victim.send("break")
        assert await victim.receive_close() == 1011
        await bystander.send("second")
        assert await bystander.receive() == "second"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "memory: the session failed" in record.message
    assert "ZeroDivisionError: by the test" in caplog.text


async def test_a_handler_that_returns_closes_with_1000() -> None:
    async def curt(connection: Connection) -> None:
        await connection.send("bye")

    async with serving(curt) as rig:
        client = await rig.open()
        assert await client.receive() == "bye"
        assert await client.receive_close() == 1000


async def policy(connection: Connection) -> None:
    """Say goodbye to whoever says something."""
    await connection.receive()
    await connection.send("goodbye")
    await connection.close(websocket.POLICY_VIOLATION)


async def test_closing_waits_for_the_peer_but_not_for_ever(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(policy) as rig:
        client = await rig.open()
        await client.send("hello")
        assert await client.receive() == "goodbye"
        assert await client.receive_close(answer=False) == 1008
        assert trio.current_time() == pytest.approx(5.0)


async def test_what_comes_late_does_not_destroy_the_last_word(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(policy) as rig:
        client = await rig.open()
        await client.send("hello")
        await trio.testing.wait_all_tasks_blocked()
        for late in (frame(TEXT, b"late"), frame(TEXT, b"x" * 70000), frame(PING), frame(3)):
            await client.send_bytes(late)
            await trio.testing.wait_all_tasks_blocked()
        assert await client.receive() == "goodbye"
        assert await client.receive_close(answer=False) == 1008


# Places.


async def vouched_echo(connection: Connection) -> None:
    connection.authenticated()
    await echo(connection)


async def on_request(connection: Connection) -> None:
    """Authenticates clients that ask for it."""
    while True:
        if await connection.receive() == "authenticate":
            connection.authenticated()


async def test_pr_16_more_clients_than_places(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(vouched_echo, limits_with(max_clients=3)) as rig:
        clients = [await rig.open() for _ in range(3)]
        refused = await rig.connect()
        answer = await refused.get()
        assert (answer.status, answer.body) == (503, b"There are too many clients.")
        assert answer.headers["connection"] == "close"
        await refused.end()
        # A place is free as soon as its client says goodbye, or is gone.
        await clients[0].send_bytes(close_frame(1000))
        await clients[0].receive_close(answer=False)
        await assert_served(rig)
        await clients[1].stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        await assert_served(rig)
        await assert_served(rig)


async def test_pr_18_no_places_at_all() -> None:
    async with serving(echo, limits_with(max_clients=0)) as rig:
        assert (await (await rig.connect()).get()).status == 503


async def test_a_place_is_free_while_its_client_is_sent_away(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def vouched_policy(connection: Connection) -> None:
        connection.authenticated()
        await policy(connection)

    async with serving(vouched_policy, limits_with(max_clients=1)) as rig:
        client = await rig.open()
        assert (await (await rig.connect()).get()).status == 503
        await client.send("hello")
        await trio.testing.wait_all_tasks_blocked()
        await rig.open()
        assert trio.current_time() == 0


async def test_the_oldest_unauthenticated_client_makes_room_for_a_newcomer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(on_request, limits_with(max_unauthenticated=2)) as rig:
        first, second = await rig.open(), await rig.open()
        await first.send("authenticate")
        await first.send("authenticate")
        await trio.testing.wait_all_tasks_blocked()
        assert (len(rig.server.clients), rig.server.clients.unauthenticated) == (2, 1)
        third = await rig.open()
        assert trio.current_time() == 0
        await rig.open()
        assert trio.current_time() == pytest.approx(AUTHENTICATION_S)
        assert await second.receive_close() == 1013
        # Those who came with it are as old by now; nobody has to wait any more.
        await rig.open()
        assert trio.current_time() == pytest.approx(AUTHENTICATION_S)
        assert await third.receive_close() == 1013
        assert (len(rig.server.clients), rig.server.clients.unauthenticated) == (3, 2)
        await first.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert (len(rig.server.clients), rig.server.clients.unauthenticated) == (2, 2)


async def test_a_full_server_has_room_as_long_as_somebody_is_unauthenticated(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(on_request, limits_with(max_clients=2)) as rig:
        known, silent = await rig.open(), await rig.open()
        await known.send("authenticate")
        client = await rig.open()
        assert await silent.receive_close() == 1013
        await client.send("authenticate")
        await trio.testing.wait_all_tasks_blocked()
        assert (await (await rig.connect()).get()).status == 503


async def test_clients_that_come_together_wait_for_each_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(on_request, limits_with(max_unauthenticated=1)) as rig:
        clients = [await rig.connect() for _ in range(4)]
        for client in clients:
            await client.send_bytes(request())
            await trio.testing.wait_all_tasks_blocked()

        async def authenticate(client: RawClient) -> None:
            assert (await client.answer()).status == 101
            assert rig.server.clients.unauthenticated == 1
            await trio.sleep(0.1)
            await client.send("authenticate")

        async with trio.open_nursery() as nursery:
            for client in clients:
                nursery.start_soon(authenticate, client)
        assert trio.current_time() < 0.5
        assert len(rig.server.clients) == 4


async def test_32_silent_clients_keep_nobody_out(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(on_request) as rig:
        silent = [await rig.open() for _ in range(40)]
        for _ in range(5):
            client = await rig.open()
            await client.send("authenticate")
            await trio.testing.wait_all_tasks_blocked()
        assert trio.current_time() <= AUTHENTICATION_S
        assert await silent[0].receive_close() == 1013


async def test_the_same_wrong_token_is_slowed_down_and_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    waits: dict[str, float] = {}

    async def judge(connection: Connection) -> None:
        message = str(await connection.receive())
        if message == "right":
            connection.authenticated()
        else:
            waits[message] = connection.failed(int(message))

    async with serving(judge, limits_with(auth_failures_per_minute=3)) as rig:
        for _ in range(4):
            stale = await rig.open()
            await stale.send("1")
            assert await stale.receive_close() == 1000
        assert waits == {"1": LOCKED_S}
        other = await rig.open()
        await other.send("2")
        assert await other.receive_close() == 1000
        assert waits["2"] < 1
        right = await rig.open()
        await right.send("right")
        assert await right.receive_close() == 1000
        assert trio.current_time() == 0


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("A", 400),
        ("", 400),
        ("AAAAAAAAAAAAAAAAAAAA", 400),
        ("AAAAAAAAAAAAAAAAAAAAAAA=", 400),
        ("AAAAAAAAAAAA AAAAAAAAAA==", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", 101),
    ],
)
async def test_the_key_of_the_handshake_is_16_bytes(key: str, status: int) -> None:
    async with serving(echo) as rig:
        client = await rig.connect()
        answer = await client.get({**UPGRADE, "Sec-WebSocket-Key": key})
        assert answer.status == status
        if status == 400:
            await client.end()


async def test_listening_to_the_network_in_clear_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for host, warned in (("127.0.0.1", False), ("0.0.0.0", True)):
        caplog.clear()
        for endpoint in await open_listeners(WebSocket(host=host, port=0)):
            endpoint.listener.socket.close()
        assert ("can read tokens" in caplog.text) is warned


@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        ((), "http://anywhere", 101),
        (("https://gateway.local",), "https://gateway.local", 101),
        (("https://gateway.local", "null"), "null", 101),
        (("https://gateway.local",), "http://gateway.local", 403),
        (("https://gateway.local",), "https://evil.example", 403),
        (("https://gateway.local",), "\xff", 403),
        (("https://gateway.local",), None, 101),
    ],
)
async def test_origins(origins: tuple[str, ...], origin: str | None, status: int) -> None:
    async with serving(echo, limits_with(origins=origins)) as rig:
        client = await rig.connect()
        answer = await client.get({**UPGRADE, "Origin": origin} if origin else UPGRADE)
        assert answer.status == status
        if status == 403:
            await client.end()


# Connections that are no WebSocket yet.


class MemoryListener(trio.abc.Listener[trio.abc.HalfCloseableStream]):
    """Hands out the streams that are put in, and raises the errors."""

    def __init__(self) -> None:
        self.put, self._take = trio.open_memory_channel[trio.abc.HalfCloseableStream | OSError](inf)

    def connect(self) -> RawClient:
        ours, theirs = trio.testing.memory_stream_pair()
        self.put.send_nowait(theirs)
        return RawClient(ours)

    async def accept(self) -> trio.abc.HalfCloseableStream:
        arrival = await self._take.receive()
        if isinstance(arrival, OSError):
            raise arrival
        return arrival

    async def aclose(self) -> None:
        await self._take.aclose()


@asynccontextmanager
async def admitting_to(limits: Limits) -> AsyncIterator[tuple[MemoryListener, Rig]]:
    async with serving(echo, limits) as rig:
        listener = MemoryListener()
        admitting = AdmittingListener(listener, rig.server.handshakes)
        await rig.nursery.start(trio.serve_listeners, rig.server.admit, [admitting])
        yield listener, rig


async def test_pr_17_silent_connections_give_way(autojump_clock: trio.testing.MockClock) -> None:
    async with admitting_to(limits_with(max_handshakes=2, max_clients=2)) as (listener, _):
        silent = [listener.connect() for _ in range(4)]
        client = listener.connect()
        await client.upgrade()
        assert trio.current_time() <= HANDSHAKE_S
        await silent[0].end()
        await client.send("hello")
        assert await client.receive() == "hello"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n"])
async def test_500_silent_connections_keep_nobody_out(
    sent: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with admitting_to(limits_with()) as (listener, rig):
        silent = [listener.connect() for _ in range(500)]
        for connection in silent:
            await connection.send_bytes(sent)
        client = listener.connect()
        await client.upgrade()
        assert trio.current_time() <= HANDSHAKE_S
        more = [listener.connect() for _ in range(500)]
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        await listener.connect().upgrade()
        assert trio.current_time() <= began + HANDSHAKE_S
        assert len(rig.server.handshakes) <= 64
        for connection in silent[:100]:
            await connection.end()
        assert more


@pytest.mark.parametrize("age_s", [0.0, 0.1, 1.0, 9.0])
async def test_a_newcomer_does_not_wait_for_half_a_handshake(
    age_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    async with admitting_to(limits_with(max_handshakes=32)) as (listener, _):
        for _ in range(32):
            await listener.connect().send_bytes(b"GET / HTTP/1.1\r\nHost: gateway\r\n")
        await trio.sleep(age_s)
        for number in range(1, 6):
            began = trio.current_time()
            client = listener.connect()
            await client.upgrade()
            assert trio.current_time() <= began + max(0.0, HANDSHAKE_S - age_s), number
            await client.send("hello")
            assert await client.receive() == "hello"


async def test_whoever_has_sent_what_is_not_read_yet_keeps_its_place_for_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    admission = Admission(lambda: 1, HANDSHAKE_S)
    busy = Applicant("a", trio.current_time(), ours=lambda: True)
    await admission.enter(busy)
    with trio.move_on_after(PATIENCE_S - 0.01):
        await admission.enter(Applicant("a", trio.current_time()))
    assert busy.held
    assert not busy.leaving
    with trio.move_on_after(HANDSHAKE_S + 0.01):
        await admission.enter(Applicant("a", trio.current_time()))
    assert busy.leaving, "whoever sends without end has no right to stay"


async def test_whoever_has_sent_all_of_its_request_is_answered_before_others_get_its_place(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """However long that takes: on a busy machine the loop comes round later than a place lasts."""
    async with admitting_to(limits_with(max_handshakes=1)) as (listener, _):
        ours, theirs = trio.testing.memory_stream_pair()
        pump = theirs.send_stream.send_all_hook
        assert pump is not None

        async def slowly() -> None:
            await trio.sleep(5 * HANDSHAKE_S)
            await pump()

        theirs.send_stream.send_all_hook = slowly
        listener.put.send_nowait(theirs)
        slow, other = RawClient(ours), listener.connect()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(slow.upgrade)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(other.upgrade)
        for client in (slow, other):
            await client.send("hello")
            assert await client.receive() == "hello"


async def test_refused_connections_that_stay_keep_their_place(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with admitting_to(limits_with(max_handshakes=2)) as (listener, rig):
        refused = [listener.connect() for _ in range(9)]
        for client in refused:
            await client.send_bytes(request({}))
        await trio.testing.wait_all_tasks_blocked()
        assert len(rig.server.handshakes) == 2
        for client in refused:
            assert (await client.answer()).status == 400
        client = listener.connect()
        await client.upgrade()
        assert trio.current_time() <= 10.0


async def test_a_crowd_is_served_a_few_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    async with admitting_to(
        limits_with(max_handshakes=3, max_clients=200, max_unauthenticated=200)
    ) as (
        listener,
        rig,
    ):
        most = 0

        async def come(client: RawClient) -> None:
            nonlocal most
            await client.send_bytes(request())
            most = max(most, len(rig.server.handshakes))
            assert (await client.answer()).status == 101

        async with trio.open_nursery() as nursery:
            for client in [listener.connect() for _ in range(100)]:
                nursery.start_soon(come, client)
        assert most <= 3
        assert trio.current_time() == 0


async def test_a_failing_accept_is_tried_again(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with admitting_to(limits_with()) as (listener, _):
        for number in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EINVAL) * 2:
            listener.put.send_nowait(OSError(number, os.strerror(number)))
        client = listener.connect()
        await client.upgrade()
        assert trio.current_time() == pytest.approx(0.1 + 0.2 + 0.4 + 0.8 + 6)
    messages = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert messages == ["cannot accept connections, will try again: [Errno 24] Too many open files"]


async def test_a_place_that_is_given_back_when_it_should_be_taken(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for _ in range(20):  # which of the two comes first is chance
        admission = Admission(lambda: 1)
        first, second = (Applicant("a", trio.current_time()) for _ in range(2))
        await admission.enter(first)
        with trio.fail_after(PATIENCE_S + 1):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(admission.enter, second)
                await trio.sleep(PATIENCE_S)
                admission.leave(first)
        assert second.held
        assert len(admission) == 1


async def test_a_place_is_given_back_once(autojump_clock: trio.testing.MockClock) -> None:
    admission = Admission(lambda: 1)
    first, second, third = (Applicant("a", trio.current_time()) for _ in range(3))
    await admission.enter(first)
    with trio.move_on_after(1) as waiting:
        await admission.enter(second)
    assert waiting.cancelled_caught
    assert not second.held
    admission.leave(first)
    admission.leave(first)
    await admission.enter(third)
    assert len(admission) == 1


# TLS.

OTHER = VECTORS / "other-certificate.pem"


def client_context(
    *, certificate: Path = CERTIFICATE, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def bare_connection(rig: Rig) -> trio.abc.HalfCloseableStream:
    """What TLS, or something else, may be spoken on."""
    ours, theirs = trio.testing.memory_stream_pair()
    rig.arrive(theirs)
    return ours


def tls_client(rig: Rig, context: ssl.SSLContext) -> "trio.SSLStream[trio.abc.HalfCloseableStream]":
    return trio.SSLStream(bare_connection(rig), context, server_hostname="localhost")


@pytest.mark.parametrize(
    ("mode", "version"),
    [
        ("modern", ssl.TLSVersion.TLSv1_3),
        ("intermediate", ssl.TLSVersion.TLSv1_3),
        ("intermediate", ssl.TLSVersion.TLSv1_2),
    ],
)
async def test_tls_versions(mode: Mode, version: ssl.TLSVersion) -> None:
    async with serving(echo) as rig:
        rig.tls = tls_context(CERTIFICATE, KEY, mode)
        stream = tls_client(rig, client_context(version=version))
        client = RawClient(stream)
        await client.upgrade()
        await client.send("secret")
        assert await client.receive() == "secret"
        assert stream.version() == version.name.replace("_", ".")
        await client.send_bytes(close_frame(1000))
        # The end is told by TLS too, or reading would fail.
        assert await client.receive_close(answer=False) == 1000


async def test_pr_23_tls_modern_tells_a_client_of_yesterday(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(echo) as rig:
        rig.tls = tls_context(CERTIFICATE, KEY, "modern")
        stream = tls_client(rig, client_context(version=ssl.TLSVersion.TLSv1_2))
        with pytest.raises(trio.BrokenResourceError) as raised:
            await stream.do_handshake()
        assert "ALERT_PROTOCOL_VERSION" in str(raised.value.__cause__)


async def test_a_client_without_a_cipher_of_ours_is_told() -> None:
    context = client_context(version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("AES128-SHA256")
    async with serving(echo, tls=True) as rig:
        stream = tls_client(rig, context)
        with pytest.raises(trio.BrokenResourceError) as raised:
            await stream.do_handshake()
        assert "ALERT_HANDSHAKE_FAILURE" in str(raised.value.__cause__)


@pytest.mark.parametrize("data", [request(), b"\x16\x03\x01garbage", b"\r\n\r\n" * 9, b""])
async def test_pr_23_no_tls_on_the_tls_port(
    data: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving(echo, tls=True) as rig:
        ours = bare_connection(rig)
        await ours.send_all(data)
        if not data.startswith(b"GET"):
            await ours.send_eof()
        received = b""
        while more := await ours.receive_some():
            received += more
        assert not received or received[:1] == b"\x15"
        assert trio.current_time() == 0
        await assert_served(rig)


async def test_a_silent_tls_client_ends_at_the_deadline(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(echo, tls=True) as rig:
        ours = bare_connection(rig)
        assert await ours.receive_some() == b""
        assert trio.current_time() == pytest.approx(10.0)


async def test_a_certificate_can_be_replaced() -> None:
    async with serving(echo, tls=True) as rig:
        assert rig.tls
        old = RawClient(tls_client(rig, client_context()))
        await old.upgrade()
        for certificate, key in (
            (VECTORS / "malformed.pem", KEY),
            (OTHER, KEY),
            (OTHER, VECTORS / "missing.pem"),
        ):
            with pytest.raises(TlsError):
                tls.reload(rig.tls, certificate, key)
            await tls_client(rig, client_context()).do_handshake()
        tls.reload(rig.tls, OTHER, VECTORS / "other-key.pem")
        with pytest.raises(trio.BrokenResourceError):
            await tls_client(rig, client_context()).do_handshake()
        other = client_context(certificate=OTHER)
        await tls_client(rig, other).do_handshake()
        await old.send("still the old one")
        assert await old.receive() == "still the old one"


@pytest.mark.parametrize(
    ("certificate", "key", "message"),
    [
        ("", KEY, "no certificate file is named"),
        (CERTIFICATE, "", "no private key file is named"),
        ("/nowhere/c.pem", KEY, "certificate /nowhere/c.pem: No such file or directory"),
        (CERTIFICATE, "/nowhere/k.pem", "private key /nowhere/k.pem: No such file or directory"),
        (VECTORS, KEY, f"certificate {VECTORS}: Is a directory"),
        ("/dev/null", KEY, "certificate /dev/null: is not in PEM form"),
        (KEY, KEY, f"certificate {KEY}: is not in PEM form"),
        (CERTIFICATE, OTHER, f"private key {OTHER}: is not in PEM form"),
        (VECTORS / "malformed.pem", KEY, f"private key {KEY} cannot be used with"),
        (VECTORS / "malformed.pem", KEY, "malformed.pem: one of them is malformed"),
        (CERTIFICATE, VECTORS / "encrypted-key.pem", "encrypted-key.pem: is encrypted; give one"),
        (OTHER, KEY, f"{KEY} cannot be used with certificate {OTHER}: it is not the key of"),
    ],
)
def test_certificates_that_cannot_be_used(
    certificate: str | Path, key: str | Path, message: str
) -> None:
    with pytest.raises(TlsError) as raised:
        tls_context(certificate, key, "intermediate")
    assert message in str(raised.value)


# Sockets.


@frozen
class Loopback:
    """A server on a free port of this machine, and its clients."""

    endpoint: Endpoint
    _clients: AsyncExitStack

    @property
    def url(self) -> str:
        return self.endpoint.url

    async def connect(self) -> RawClient:
        stream = await trio.open_tcp_stream("127.0.0.1", self.endpoint.port)
        return await self._clients.enter_async_context(RawClient(stream))

    async def assert_next_is_served(self) -> None:
        async with await self.connect() as client:
            await client.upgrade()
            await client.send("next")
            assert await client.receive() == "next"


@asynccontextmanager
async def listening(
    handler: websocket.Handler = echo,
    limits: Limits | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Loopback]:
    endpoints = [Endpoint(listener, tls) for listener in await bind("127.0.0.1", 0)]
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery, AsyncExitStack() as clients:
            await nursery.start(partial(serve, endpoints, handler, limits or limits_with()))
            yield Loopback(endpoints[0], clients)
            nursery.cancel_scope.cancel()


async def test_clients_behind_a_proxy_fail_for_themselves() -> None:
    waits: list[tuple[str, float]] = []

    async def fail(connection: Connection) -> None:
        await connection.receive()
        waits.append((connection.remote.split()[0], connection.failed(1)))

    async def failing(server: Loopback, **headers: str) -> float:
        async with await server.connect() as client:
            await client.upgrade(**headers)
            await client.send("?")
            await client.receive_close()
        return waits[-1][1]

    proxied, trusted = "X-Forwarded-For", parse_networks(["127.0.0.0/8"])
    limits = limits_with(auth_failures_per_minute=1, trusted_proxies=trusted)
    async with listening(fail, limits) as server:
        assert await failing(server, **{proxied: "192.0.2.1"}) == 0.0
        assert await failing(server, **{proxied: "192.0.2.1"}) == LOCKED_S
        assert await failing(server, **{proxied: "192.0.2.2"}) == 0.0
        for _ in range(3):
            assert await failing(server) < LOCKED_S
        assert [name for name, _ in waits[:3]] == ["192.0.2.1", "192.0.2.1", "192.0.2.2"]
    async with listening(fail, limits_with(auth_failures_per_minute=1)) as server:
        await failing(server, **{proxied: "192.0.2.1"})
        assert await failing(server, **{proxied: "192.0.2.2"}) == LOCKED_S


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


BAD_CLIENTS = (
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    GARBAGE["TLS hello on the plain port"],
    request()[:-2],
    request(),
    request() + frame(3),
    request() + frame(TEXT, b"\xff"),
    request() + frame(TEXT, b"x" * 70000),
    request() + frame(TEXT, b"hello") + frame(PING),
    request() + frame(TEXT, b"x" * 1000)[:500],
    request(path="/" + "x" * 20000),
    request({**UPGRADE, "Host": "\xff"}),
)


def bad_connect(port: int, number: int) -> None:
    """One of many ways to be a bad client, each over before the server is asked."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(BAD_CLIENTS[number % len(BAD_CLIENTS)])
    if number // len(BAD_CLIENTS) % 2:
        reset(connection)
    else:
        connection.close()


async def settled() -> None:
    """Until whatever the sockets still bring has been dealt with."""
    for _ in range(5):
        await trio.testing.wait_all_tasks_blocked(0.02)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def left() -> tuple[int, int]:
    """Tasks and descriptors."""
    return trio.lowlevel.current_statistics().tasks_living, descriptors()


@pytest.mark.slow
async def test_ten_thousand_bad_connects_leave_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    async with listening() as server:
        await server.assert_next_is_served()
        await settled()
        before, objects = left(), []
        for batch in range(2):
            for number in range(5000):
                bad_connect(server.endpoint.port, number + batch * 7)
                if number % 40 == 0:
                    await trio.testing.wait_all_tasks_blocked()
            await settled()
            assert left() == before
            await server.assert_next_is_served()
            await settled()
            gc.collect()
            objects.append(len(gc.get_objects()))
    assert objects[1] - objects[0] < 100


async def test_a_reset_before_the_server_looks(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as server:
        for _ in range(150):
            reset(socket.create_connection(("127.0.0.1", server.endpoint.port)))
        await server.assert_next_is_served()


async def test_a_refused_client_can_read_why_although_it_sent_more() -> None:
    async with listening(limits=limits_with(max_clients=0)) as server:
        client = await server.connect()
        await client.send_bytes(request())
        await client.send_bytes(b"x" * 100_000)
        assert (await client.answer()).status == 503
        await client.end()


async def test_a_client_that_sends_too_much_can_read_why() -> None:
    async with listening() as server:
        client = await server.connect()
        await client.upgrade()
        await client.send_bytes(frame(TEXT, b"x" * 1_000_000))
        assert await client.receive_close() == 1009


async def test_a_client_that_never_closes_is_closed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = LingeringStream(theirs)
    with trio.fail_after(LINGER_S + 1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.aclose)
            assert await ours.receive_some() == b""
    assert trio.current_time() == LINGER_S
    await stream.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(b"too late")


async def test_a_torn_message_is_not_followed_by_anything() -> None:
    torn = trio.Event()

    async def tear(connection: Connection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.send, "x" * 16_000_000)
            await trio.testing.wait_all_tasks_blocked(0.02)
            nursery.cancel_scope.cancel()
        with trio.fail_after(5), pytest.raises(ConnectionClosed):
            await connection.send("more")
        torn.set()

    async with listening(tear) as server:
        client = await server.connect()
        await client.upgrade()
        await torn.wait()
        received = await client.until_the_end()
        head = b"\x81\x7f" + (16_000_000).to_bytes(8, "big")
        assert received.startswith(head)
        assert received[len(head) :].strip(b"x") == b""
        assert len(received) < 16_000_000


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """As if all that the process may have were in use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.open("/", os.O_RDONLY)
    os.close(probe)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_server_outlives_a_want_of_descriptors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listening() as server:
        early = socket.socket()
        with no_more_descriptors():
            early.connect(("127.0.0.1", server.endpoint.port))
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert "cannot accept connections, will try again: [Errno 24]" in caplog.text
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(early))
        async with RawClient(stream) as client:
            await client.upgrade()


async def test_listening_ends_and_clients_stay() -> None:
    endpoints = [Endpoint(listener) for listener in await bind("127.0.0.1", 0)]
    url = endpoints[0].url
    async with trio.open_nursery() as clients, trio.open_nursery() as services:
        await services.start(
            partial(serve, endpoints, echo, limits_with(), handler_nursery=clients)
        )
        async with connect(url) as client:
            services.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                with pytest.raises(ConnectError, match="refused"):
                    async with connect(url):
                        raise AssertionError("nobody should listen any more")
                await client.send("still here")
                assert await client.receive() == "still here"
    clients.cancel_scope.cancel()


# Listeners.


@frozen
class Settings:
    host: str = "127.0.0.1"
    port: int | None = 0
    tls_port: int | None = None
    certificate: str = str(CERTIFICATE)
    private_key: str = str(KEY)
    tls_mode: Mode = "intermediate"


def close_all(endpoints: list[Endpoint]) -> None:
    for endpoint in endpoints:
        endpoint.listener.socket.close()


async def test_both_ports_are_opened() -> None:
    endpoints = await open_listeners(Settings(tls_port=0))
    plain, secured = endpoints
    assert plain.url == f"ws://127.0.0.1:{plain.port}"
    assert plain.tls is None
    assert secured.url == f"wss://127.0.0.1:{secured.port}"
    assert secured.tls is not None
    close_all(endpoints)


async def test_a_port_can_be_off() -> None:
    (secured,) = await open_listeners(Settings(port=None, tls_port=0))
    assert secured.url.startswith("wss://")
    close_all([secured])


async def test_pr_25_what_cannot_be_bound_does_not_hinder_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken = socket.socket(socket.AF_INET)
    taken.bind(("0.0.0.0", 0))
    taken.listen()
    port = taken.getsockname()[1]
    # Where there is no IPv6 at all, IPv4 is what must be left.
    if not socket.has_dualstack_ipv6():
        taken.close()
    (endpoint,) = await open_listeners(Settings("*", port))
    assert endpoint.port == port
    assert f":{port}: " in caplog.text
    assert "cannot listen on " in caplog.text
    close_all([endpoint])
    taken.close()


async def test_all_addresses_share_a_free_port() -> None:
    endpoints = await open_listeners(Settings("*"))
    assert len({endpoint.port for endpoint in endpoints}) == 1
    assert len(endpoints) == (2 if socket.has_dualstack_ipv6() else 1)
    close_all(endpoints)


async def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as raised:
            await open_listeners(Settings(port=port))
        assert str(raised.value) == (f"cannot listen on 127.0.0.1:{port}: Address already in use")
        before = descriptors()
        with pytest.raises(ListenError):
            await open_listeners(Settings(tls_port=port))
        assert descriptors() == before


async def test_a_host_that_is_none() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1:"):
        await open_listeners(Settings("192.0.2.1"))
    with pytest.raises(ListenError, match="cannot listen on not a host: "):
        await open_listeners(Settings("not a host"))


async def test_a_bad_certificate_opens_nothing() -> None:
    with pytest.raises(TlsError, match="no certificate file is named"):
        await open_listeners(Settings(tls_port=0, certificate=""))


# The client.


async def test_a_client_talks_to_the_server() -> None:
    async with listening() as server, connect(server.url) as client:
        await client.send("hello")
        assert await client.receive() == "hello"
        big = "x" * 65536
        await client.send(big)
        assert await client.receive() == big


async def test_a_client_over_tls() -> None:
    async with listening(tls=tls_context(CERTIFICATE, KEY, "modern")) as server:
        url = f"wss://localhost:{server.endpoint.port}/any?path"
        async with connect(url, ssl_context=client_context()) as client:
            await client.send("hello")
            assert await client.receive() == "hello"
        with pytest.raises(ConnectError, match="its certificate is not trusted: self-signed"):
            async with connect(url):
                raise AssertionError("a certificate nobody vouches for")


async def test_a_client_sees_why_it_was_closed() -> None:
    async with listening(policy) as server, connect(server.url) as client:
        await client.send("hello")
        assert await client.receive() == "goodbye"
        with pytest.raises(ConnectionClosed) as raised:
            await client.receive()
        assert raised.value.code == 1008
        with pytest.raises(ConnectionClosed):
            await client.send("anybody there?")
        with pytest.raises(ConnectionClosed):
            await client.ping()


async def test_a_client_whose_server_is_gone() -> None:
    async def vanish(connection: Connection) -> None:
        await connection.receive()
        connection.drop()

    async with listening(vanish) as server, connect(server.url) as client:
        await client.send("hello")
        with pytest.raises(ConnectionClosed) as raised:
            await client.receive()
        assert raised.value.code == 1006


async def test_a_client_that_is_refused() -> None:
    async with listening(limits=limits_with(max_clients=0)) as server:
        with pytest.raises(ConnectError) as raised:
            async with connect(server.url):
                raise AssertionError("there is no place")
        assert raised.value.status == 503
        assert str(raised.value) == (
            f"{server.url}: refused with HTTP 503 There are too many clients."
        )


async def test_a_client_nobody_answers(autojump_clock: trio.testing.MockClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"ws://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(ConnectError, match="no answer within 3 s"):
            async with connect(url, timeout_s=3):
                raise AssertionError("nobody answers")
    with pytest.raises(ConnectError, match="refused"):
        async with connect(url):
            raise AssertionError("nobody listens")


@pytest.mark.parametrize("url", ["http://localhost", "localhost:1338", "ws://", "ws://x:port", ""])
async def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ConnectError):
        async with connect(url):
            raise AssertionError("that is no URL")


async def test_exceptions_of_the_body_come_out_as_they_are() -> None:
    async with listening() as server:
        with pytest.raises(ZeroDivisionError):
            async with connect(server.url):
                raise ZeroDivisionError
        with pytest.raises(ExceptionGroup, match="mine"):
            async with connect(server.url):
                raise ExceptionGroup("mine", [ZeroDivisionError()])
        with trio.move_on_after(0.05) as scope:
            async with connect(server.url):
                await trio.sleep_forever()
        assert scope.cancelled_caught


async def test_a_server_that_hangs_up_is_not_waited_for() -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        await stream.receive_some()

    (listener,) = await bind("127.0.0.1", 0)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, hang_up, [listener])
            with pytest.raises(ConnectError, match="closed without an answer"):
                async with connect(Endpoint(listener).url):
                    raise AssertionError("there was no answer")
            nursery.cancel_scope.cancel()


async def test_a_server_that_pings_a_closing_client_does_it_no_harm() -> None:
    async def ping_late(stream: trio.SocketStream) -> None:
        server = RawClient(stream)
        await server.grant()
        assert (await server.receive_frame()).opcode == CLOSE
        await stream.send_all(frame(PING, masked=False))
        await stream.send_all(frame(CLOSE, masked=False))

    (listener,) = await bind("127.0.0.1", 0)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, ping_late, [listener])
            async with connect(Endpoint(listener).url):
                pass
            nursery.cancel_scope.cancel()
