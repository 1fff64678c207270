"""A service manager: the socket that systemd would listen on, and what it heard there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio
from attrs import define


@define
class ServiceManager:
    """Hears datagrams at `address`."""

    address: str
    _socket: trio.socket.SocketType
    _listening: socket.socket

    async def hears(self) -> dict[str, str]:
        """The assignments of the next datagram, once it has come."""
        with trio.fail_after(30):
            return _assignments(await self._socket.recv(4096))

    async def hears_of(self, name: str) -> dict[str, str]:
        """The next datagram that assigns `name`, whatever came before it."""
        while name not in (heard := await self.hears()):
            pass
        return heard

    def heard(self) -> list[str]:
        """The first assignments of all datagrams that have come by now."""
        found = []
        while True:
            try:
                found.append(self._listening.recv(4096).decode().partition("\n")[0])
            except BlockingIOError:
                return found


def _assignments(datagram: bytes) -> dict[str, str]:
    lines = datagram.decode().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


@contextmanager
def service_manager(directory: Path, *, abstract: bool = False) -> Iterator[ServiceManager]:
    """A service manager that listens, on a file in `directory` or on an abstract name."""
    address = f"@{directory}" if abstract else str(directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{address[1:]}" if abstract else address)
        listening.setblocking(False)
        yield ServiceManager(address, trio.socket.from_stdlib_socket(listening), listening)
