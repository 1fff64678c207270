"""The socket under a stream of Trio: sends and receives that never wait, in the same step.

Trio's own calls are checkpoints: each one gives the turn to others, which costs more than the
system call itself. A closed stream has a closed socket, so that an attempt on it fails (EBADF)
instead of reaching a descriptor that belongs to somebody else by now.
"""

import select
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


def has_room(connection: socket.socket) -> bool:
    """Whether the system would take more now: the peer has read of what was sent before."""
    if connection.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    return any(events & select.POLLOUT for _, events in poll.poll(0))


def receive_now(connection: socket.socket, size: int) -> bytes | None:
    """At most `size` bytes that are there, b"" at their end; None where there are none.

    That can be in spite of the system's word that it is readable: bytes with a bad checksum are
    thrown away. Raises OSError.
    """
    try:
        return connection.recv(size)
    except BlockingIOError:
        return None
