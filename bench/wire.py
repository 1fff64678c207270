"""A WebSocket client with little in it, so that it is not what is measured."""

import base64
import json
import os
import socket
from urllib.parse import urlsplit

_FIN_TEXT = 0x81
_MASKED = 0x80


class Wire:
    """One connection: text messages out, text messages in, nothing else."""

    def __init__(self, url: str, token: str | None) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._upgrade(address.netloc)
        if token is not None:
            self.send(json.dumps({"type": "auth", "token": token}))
            answer = json.loads(self.receive())
            if answer["type"] != "auth_success":
                raise RuntimeError(f"not authenticated: {answer}")

    def fileno(self) -> int:
        """For a selector."""
        return self.socket.fileno()

    def send(self, text: str) -> None:
        """Send one message."""
        self.socket.sendall(frame(text))

    def receive(self) -> str:
        """The next message."""
        while (message := self.take()) is None:
            self.fill()
        return message

    def fill(self) -> None:
        """Read what there is, at least something."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data

    def take(self) -> str | None:
        """A whole message out of what was read, if there is one."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + length:
            return None
        opcode, payload = buffer[0], bytes(buffer[start : start + length])
        del buffer[: start + length]
        if opcode != _FIN_TEXT:
            raise ConnectionError(f"a frame that is no text: {opcode:#x} {payload!r}")
        return payload.decode()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _upgrade(self, host: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self.fill()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())
        self._buffer = bytearray(rest)


def frame(text: str) -> bytes:
    """A masked text frame; a mask of zeros leaves the payload as it is."""
    payload = text.encode()
    if len(payload) < 126:
        head = bytes((_FIN_TEXT, _MASKED | len(payload)))
    else:
        head = bytes((_FIN_TEXT, _MASKED | 126)) + len(payload).to_bytes(2, "big")
    return head + bytes(4) + payload
