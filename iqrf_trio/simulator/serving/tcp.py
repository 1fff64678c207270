"""A simulated mesh behind a TCP port: bare DPA messages, one per segment, for any gateway."""

import logging
from typing import NoReturn

import trio
from attrs import define

from iqrf_trio.simulator.connection import MeshClosedError, MeshConnection, RunningMesh
from iqrf_trio.simulator.mesh import Mesh

_LOG = logging.getLogger("iqrf_trio.simulator")

_RECEIVE = 4096
"""Bytes to take at once; a message has 64 at most."""


async def serve_tcp(
    mesh: Mesh,
    host: str,
    port: int,
    speed: float = 1.0,
    *,
    task_status: trio.TaskStatus[tuple[str, int]] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serve the mesh until cancelled; starts with the address that it listens on.

    One gateway at a time: a new connection takes the place of the one before, so that a gateway
    whose connection died unnoticed gets in again. Raises OSError when it cannot listen.
    """
    clients = _Clients(RunningMesh(mesh, speed))
    listeners = await trio.open_tcp_listeners(port, host=host)
    bound: tuple[str, int] = listeners[0].socket.getsockname()[:2]
    task_status.started(bound)
    await trio.serve_listeners(clients.serve, listeners)
    raise AssertionError("serving never completes")


@define
class _Clients:
    running: RunningMesh

    async def serve(self, stream: trio.SocketStream) -> None:
        """Carry frames between one gateway and the mesh, until either end is gone."""
        try:
            # Opening the port anew closes the link of the client before.
            async with stream, await self.running.connect() as link, trio.open_nursery() as nursery:
                _LOG.info("gateway connected")
                nursery.start_soon(_from_mesh, link, stream)
                await _to_mesh(stream, link)
                nursery.cancel_scope.cancel()
            _LOG.info("gateway left")
        except* (MeshClosedError, trio.BrokenResourceError, OSError) as group:
            _LOG.info("gateway left: %s", group.exceptions[0])


async def _to_mesh(stream: trio.SocketStream, link: MeshConnection) -> None:
    # Requests have no length of their own: a segment is a request.
    while frame := await stream.receive_some(_RECEIVE):
        await link.send(bytes(frame))


async def _from_mesh(link: MeshConnection, stream: trio.SocketStream) -> None:
    # Trio sets TCP_NODELAY, so each message leaves as a segment of its own.
    while True:
        await stream.send_all(await link.receive())
