"""The simulated mesh as a port, so that the transceiver sees no difference to a module."""

from attrs import define

from iqrf_trio.edges.ports import Link, Port, PortError
from iqrf_trio.simulator.connection import MeshClock, MeshClosedError, MeshConnection, RunningMesh
from iqrf_trio.simulator.mesh import Mesh


class SimulatorPort(Port):
    """The port to a mesh in this process; speed 1 is real air time, 0 no waiting at all.

    `fresh`: the mesh begins with the program, and knows nothing of an earlier run.
    """

    def __init__(self, mesh: Mesh, speed: float = 1.0, *, fresh: bool = False) -> None:
        self._running = RunningMesh(mesh, speed)
        self._fresh = fresh

    @property
    def name(self) -> str:
        """See Port."""
        return f"simulator with {len(self._running.mesh.world.nodes)} nodes"

    @property
    def outlives_program(self) -> bool:
        """See Port."""
        return not self._fresh

    @property
    def clock(self) -> MeshClock:
        """The time of the mesh."""
        return self._running.clock

    @property
    def real_time(self) -> bool:
        """See Port."""
        return 0 < self._running.speed <= 1

    async def open(self) -> Link:
        """See Port; a link that is still open is closed."""
        return _Link(await self._running.connect())

    async def reset(self) -> None:
        """See Port."""
        await self._running.reset()


@define(eq=False)
class _Link(Link):
    _connection: MeshConnection

    async def send(self, frame: bytes) -> None:
        try:
            await self._connection.send(frame)
        except MeshClosedError as error:
            raise PortError(str(error)) from None

    def try_send(self, frame: bytes) -> bool:
        try:
            self._connection.send_now(frame)
        except MeshClosedError as error:
            raise PortError(str(error)) from None
        return True

    async def receive(self) -> bytes:
        try:
            return await self._connection.receive()
        except MeshClosedError as error:
            raise PortError(str(error)) from None

    @property
    def more(self) -> bool:
        return self._connection.more

    async def aclose(self) -> None:
        await self._connection.aclose()
