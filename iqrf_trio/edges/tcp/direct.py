"""The socket under a stream of Trio: sends and receives that never wait, in the same step.

Trio's own calls are checkpoints: each one gives the turn to others, which costs more than the
system call itself. A closed stream has a closed socket, so that an attempt on it fails (EBADF)
instead of reaching a descriptor that belongs to somebody else by now.
"""

import socket

import trio

from iqrf_trio.edges.tcp.lingering import LingeringStream


def socket_of(stream: trio.abc.Stream) -> socket.socket | None:
    """The non-blocking socket that bytes of `stream` go through as they are; None under TLS."""
    if isinstance(stream, LingeringStream):
        stream = stream.stream
    if not isinstance(stream, trio.SocketStream):
        return None
    found = getattr(stream.socket, "_sock", None)
    return found if isinstance(found, socket.socket) else None


def send_now(connection: socket.socket, data: bytes) -> int:
    """How many bytes of `data` the system takes now; 0 where it takes none or the peer is gone.

    What is wrong with a connection, the next call of Trio tells.
    """
    try:
        return connection.send(data)
    except OSError:
        return 0


async def receive_when_readable(connection: socket.socket, size: int) -> bytes:
    """At most `size` bytes, in the step in which there are some; b"" at their end.

    Raises OSError, and ClosedResourceError where the socket is closed meanwhile.
    """
    while True:
        await trio.lowlevel.wait_readable(connection)
        try:
            return connection.recv(size)
        except BlockingIOError:
            continue  # what was announced was thrown away, as with a bad checksum
