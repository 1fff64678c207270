"""A simulated mesh in real time: its clock, and the connection of one gateway to it."""

from collections import deque
from typing import Self

import trio
from attrs import define, field

from iqrf_trio.simulator.mesh import Mesh


class MeshClosedError(Exception):
    """The connection to the mesh was closed, by its user or because another one took its place."""


@define(eq=False)
class MeshClock:
    """The time of a mesh in seconds: Trio's, `speed` times as fast.

    Speed 0 is no waiting: the clock runs like Trio's, and jumps to whatever is waited for.
    """

    speed: float
    _epoch: float = field(init=False, factory=trio.current_time)
    _skipped: float = field(init=False, default=0.0)
    _reached: float = field(init=False, default=0.0)
    """What was waited for: the other clock may be a rounding error away from it."""

    def now(self) -> float:
        """The time of the mesh."""
        passed = (trio.current_time() - self._epoch) * (self.speed or 1.0)
        return max(self._reached, passed + self._skipped)

    async def sleep_until(self, time: float, sooner: trio.Event) -> None:
        """Wait until the mesh has this time, or until `sooner` is set."""
        if self.speed:
            with trio.move_on_at(self._epoch + time / self.speed):
                await sooner.wait()
                return
        else:
            self._skipped += max(0.0, time - self.now())
        self._reached = max(self._reached, time)


class RunningMesh:
    """A mesh that lives in Trio's time; speed 1 is real air time, 0 no waiting at all.

    The mesh goes on while nobody is connected, but what it then says, nobody hears.
    """

    def __init__(self, mesh: Mesh, speed: float = 1.0) -> None:
        if speed < 0:
            raise ValueError(f"speed {speed} is below 0")
        self.mesh = mesh
        self.speed = speed
        self._clock: MeshClock | None = None
        self._connection: MeshConnection | None = None

    async def connect(self) -> "MeshConnection":
        """A connection to the coordinator; the one before it is closed."""
        await trio.lowlevel.checkpoint()
        if self._connection:
            await self._connection.aclose()
        # Frames older than the connection do not belong to it.
        self.mesh.pop_due(self.clock.now())
        self._connection = MeshConnection(self.mesh, self.clock)
        return self._connection

    async def reset(self) -> None:
        """Reset the coordinator."""
        await trio.lowlevel.checkpoint()
        self.mesh.reset(self.clock.now())

    @property
    def clock(self) -> MeshClock:
        """The time of the mesh; it begins when it is first asked for."""
        if self._clock is None:
            self._clock = MeshClock(self.speed)
        return self._clock


class MeshConnection:
    """Frames to and from a mesh; one task receives, one at a time sends."""

    def __init__(self, mesh: Mesh, clock: MeshClock) -> None:
        self._mesh = mesh
        self._clock = clock
        self._received: deque[bytes] = deque()
        self._changed = trio.Event()
        self._closed = False
        mesh.on_frame(self._wake)

    async def send(self, frame: bytes) -> None:
        """Hand one DPA frame to the coordinator; raises MeshClosedError."""
        await trio.lowlevel.checkpoint_if_cancelled()
        self.send_now(frame)
        await trio.lowlevel.cancel_shielded_checkpoint()

    def send_now(self, frame: bytes) -> None:
        """As `send`, without giving others a turn."""
        self._check()
        self._mesh.receive(frame, self._clock.now())

    async def receive(self) -> bytes:
        """Wait for the next DPA frame; cancelling loses none. Raises MeshClosedError."""
        # What is taken from the mesh is kept at once, so that no cancellation can lose it.
        if self._received or self._mesh.next_at is not None:
            await trio.lowlevel.checkpoint()
        while not self._received:
            self._check()
            self._changed = trio.Event()
            due = self._mesh.next_at
            if due is None:
                await self._changed.wait()
                continue
            await self._clock.sleep_until(due, self._changed)
            self._received.extend(self._mesh.pop_due(self._clock.now()))
        return self._received.popleft()

    @property
    def more(self) -> bool:
        """Whether the next frame is here already, as it was due together with the last one."""
        return bool(self._received)

    async def aclose(self) -> None:
        """End the connection; safe to call twice."""
        self._closed = True
        self._wake()
        await trio.lowlevel.checkpoint()

    async def __aenter__(self) -> Self:
        """The connection itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.aclose()

    def _wake(self) -> None:
        self._changed.set()

    def _check(self) -> None:
        if self._closed:
            raise MeshClosedError("the connection to the simulated mesh is closed")
