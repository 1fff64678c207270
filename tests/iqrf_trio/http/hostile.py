"""Connections that mean no good: each kind of attack is a function of a stream and a generator."""

import struct
from collections.abc import Awaitable, Callable
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import urlsplit

import trio

GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/v1/call HTTP/1.1\r\nHost: localhost\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

Attack = Callable[[trio.SocketStream, Random], Awaitable[None]]


async def _random_bytes(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(random.randbytes(random.randint(1, 3000)))


async def _half_head(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(GET[: random.randint(1, len(GET) - 3)])


async def _half_body(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(POST + b"Content-Length: 5000\r\n\r\n" + b"x" * random.randint(0, 4999))


async def _bad_chunk(stream: trio.SocketStream, random: Random) -> None:
    size = random.choice(
        [b"zz", b"-1", b"fffffffffffffffff", b"3\r\nabcdef", b"3;" + b"e" * 20_000]
    )
    await stream.send_all(POST + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")


async def _tls_hello(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(500))


async def _http_2(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + random.randbytes(40))


async def _upgrade_with_garbage(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(UPGRADE + random.randbytes(random.randint(1, 500)))


async def _half_upgrade(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short") + b"\x81")


async def _two_lengths(stream: trio.SocketStream, random: Random) -> None:
    """What a proxy and a server may read as different requests."""
    heads = random.choice(
        [
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd",
            b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
            b"Content-Length: +4\r\n\r\nabcd",
        ]
    )
    await stream.send_all(POST + heads + b"GET /api/v1/network HTTP/1.1\r\nHost: x\r\n\r\n")


async def _many_headers(stream: trio.SocketStream, random: Random) -> None:
    await stream.send_all(GET[:-2] + b"A: b\r\n" * random.randint(1000, 5000))


async def _slow_writer(stream: trio.SocketStream, random: Random) -> None:
    for at in range(random.randint(1, 10)):
        await stream.send_all(GET[at : at + 1])
        await trio.sleep(0.01)


async def _slow_reader(stream: trio.SocketStream, random: Random) -> None:
    """Asks for much, again and again, and reads none of it."""
    with trio.move_on_after(random.uniform(0.1, 0.5)):
        while True:
            await stream.send_all(GET.replace(b"livez", b"metrics") * 20)


async def _nothing(stream: trio.SocketStream, random: Random) -> None:
    await trio.sleep(random.uniform(0, 0.1))


_ATTACKS: dict[str, Attack] = {
    attack.__name__.strip("_"): attack
    for attack in (
        _random_bytes,
        _half_head,
        _half_body,
        _bad_chunk,
        _tls_hello,
        _http_2,
        _upgrade_with_garbage,
        _half_upgrade,
        _two_lengths,
        _many_headers,
        _slow_writer,
        _slow_reader,
        _nothing,
    )
}


def kinds() -> tuple[str, ...]:
    """The names of all attacks."""
    return tuple(_ATTACKS)


async def opened(url: str) -> trio.SocketStream:
    """A bare connection to the server at `url`."""
    split = urlsplit(url)
    assert split.hostname is not None
    assert split.port is not None
    return await trio.open_tcp_stream(split.hostname, split.port)


async def attack(url: str, random: Random, times: int, kind: str | None = None) -> None:
    """Attack so many times, one connection each; two of three connections end by a reset."""
    for _ in range(times):
        stream = await opened(url)
        chosen = _ATTACKS[kind or random.choice(kinds())]
        try:
            await chosen(stream, random)
            if random.random() < 0.5:
                with trio.move_on_after(0.2):
                    await stream.receive_some()
        except trio.BrokenResourceError:
            pass  # it was thrown out, which is fine
        if random.random() < 0.67:
            stream.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(stream)
