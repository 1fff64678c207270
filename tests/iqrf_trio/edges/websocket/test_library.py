"""What is used of the inside of libraries: a new version that changes it fails here."""

import inspect
import socket
from importlib.metadata import requires, version

import trio
from trio_websocket import _impl

from iqrf_trio.edges.tcp.direct import socket_of


def test_the_version_is_pinned_to_what_was_looked_at() -> None:
    assert "trio-websocket<0.13,>=0.12" in (requires("iqrf-trio") or [])
    assert version("trio-websocket").startswith("0.12.")


def test_a_frame_is_sent_under_the_lock_of_the_stream() -> None:
    source = inspect.getsource(_impl.WebSocketConnection._send)
    assert "async with self._stream_lock:" in source
    assert "await self._stream.send_all(data)" in source


def test_the_reader_sends_each_message_into_its_channel_and_closes_it() -> None:
    handle = inspect.getsource(_impl.WebSocketConnection._handle_message_event)
    assert "await self._send_channel.send(msg)" in handle
    assert "await self._send_channel.aclose()" in inspect.getsource(
        _impl.WebSocketConnection._close_web_socket
    )
    assert "await self._recv_channel.receive()" in inspect.getsource(
        _impl.WebSocketConnection.get_message
    )


async def test_a_stream_of_trio_has_a_socket_that_sends_at_once() -> None:
    ours, peer = socket.socketpair()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    found = socket_of(stream)
    assert found is ours
    assert not found.getblocking()
    assert found.send(b"x") == 1
    assert peer.recv(9) == b"x"
    await stream.aclose()
    assert found.fileno() == -1
    peer.close()
