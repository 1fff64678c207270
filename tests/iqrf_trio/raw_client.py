"""A WebSocket client that frames for itself, so that it can do wrong what a library cannot."""

import base64
import hashlib
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import trio
from attrs import frozen

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The nonce and its answer of RFC 6455, 1.3."""

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What makes an answer of a nonce (RFC 6455, 1.3)."""

UPGRADE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}

_MASK = bytes.fromhex("37fa213d")


class EndOfStreamError(Exception):
    """The server closed the connection."""


@frozen
class HttpAnswer:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@frozen
class Frame:
    """One frame as it came."""

    opcode: int
    payload: bytes
    fin: bool = True

    @property
    def close_code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2], "big")


def request(headers: Mapping[str, str] = UPGRADE, *, path: str = "/", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, rsv: int = 0
) -> bytes:
    first = fin << 7 | rsv << 4 | opcode
    if len(payload) < 126:
        head = bytes((first, masked << 7 | len(payload)))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, masked << 7 | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, masked << 7 | 127, len(payload))
    if not masked:
        return head + payload
    return head + _MASK + unmasked(payload, _MASK)


def unmasked(payload: bytes, key: bytes) -> bytes:
    """Mask or unmask; an empty key does nothing."""
    if not key:
        return payload
    mask = (key * (len(payload) // 4 + 1))[: len(payload)]
    result = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    return result.to_bytes(len(payload), "big")


def close_frame(code: int) -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big"))


class RawClient:
    """Reads and writes HTTP heads and frames on a stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._received = bytearray()
        self._masked = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await trio.aclose_forcefully(self.stream)

    async def send_bytes(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self.send_bytes(frame(TEXT, message.encode()))
        else:
            await self.send_bytes(frame(BINARY, message))

    async def get(self, headers: Mapping[str, str] = UPGRADE, *, path: str = "/") -> HttpAnswer:
        await self.send_bytes(request(headers, path=path))
        return await self.answer()

    async def answer(self) -> HttpAnswer:
        while b"\r\n\r\n" not in self._received:
            await self._more()
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        self._received = bytearray(rest)
        status, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        body = await self._take(int(headers.get("content-length", "0")))
        return HttpAnswer(int(status.split()[1]), headers, body)

    async def upgrade(self, *, path: str = "/", **more: str) -> HttpAnswer:
        answer = await self.get({**UPGRADE, **more}, path=path)
        assert answer.status == 101, answer
        assert answer.headers["sec-websocket-accept"] == ACCEPT
        return answer

    async def grant(self) -> None:
        """Be the server: read the request and grant it; what comes then is masked."""
        while b"\r\n\r\n" not in self._received:
            await self._more()
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        self._received, self._masked = bytearray(rest), True
        key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        digest = hashlib.sha1(key + GUID, usedforsecurity=False).digest()
        await self.send_bytes(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )

    async def receive_frame(self) -> Frame:
        """The next frame; raises EndOfStreamError."""
        first, second = await self._take(2)
        assert bool(second & 0x80) is self._masked, "a client masks, a server never does"
        assert not first & 0x70, "no extension was agreed on"
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(await self._take(2 if length == 126 else 8), "big")
        key = await self._take(4 if self._masked else 0)
        return Frame(first & 0x0F, unmasked(await self._take(length), key), bool(first & 0x80))

    async def receive(self) -> str:
        """The next message, which must be one unfragmented text frame; pings are answered."""
        while True:
            received = await self.receive_frame()
            if received.opcode == PING:
                await self.send_bytes(frame(PONG, received.payload))
                continue
            assert received.opcode == TEXT, received
            assert received.fin
            return received.payload.decode()

    async def receive_close(self, *, answer: bool = True) -> int:
        """The code of the close frame, which must come next and be followed by the end."""
        received = await self.receive_frame()
        assert received.opcode == CLOSE, received
        if answer:
            await self.send_bytes(frame(CLOSE, received.payload))
        await self.end()
        return received.close_code

    async def end(self) -> None:
        """The end of the stream, which must come next."""
        try:
            received = await self.receive_frame()
        except EndOfStreamError:
            assert not self._received
        else:
            raise AssertionError(f"{received} instead of the end")

    async def until_the_end(self) -> bytes:
        """All that still comes, without regard to frames."""
        try:
            while True:
                await self._more()
        except EndOfStreamError:
            return await self._take(len(self._received))

    async def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            await self._more()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    async def _more(self) -> None:
        try:
            data = await self.stream.receive_some()
        except trio.BrokenResourceError:
            raise ConnectionResetError("reset instead of closed") from None
        if not data:
            raise EndOfStreamError
        self._received += data
