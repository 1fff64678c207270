"""A simulated mesh behind a pseudo terminal: a serial device that any gateway can open."""

import os
import tty
from functools import partial
from pathlib import Path
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.simulator.connection import RunningMesh
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFaults
from iqrf_trio.simulator.serving.carrier import Carrier
from iqrf_trio.simulator.serving.lines import LineKind
from iqrf_trio.simulator.serving.tr_info import tr_info


@define(eq=False)
class SerialDevice:
    """The device at `path`; unplugged it is gone, and plugged in again it is another one.

    With `link` there is a symbolic link that leads to it whenever it is there, as udev makes it.
    """

    mesh: Mesh
    kind: LineKind
    speed: float = 1.0
    link: Path | None = None
    faults: BusFaults = field(factory=BusFaults)
    path: Path = field(init=False, default=Path())
    _running: RunningMesh = field(init=False)
    _unplugged: trio.Event = field(init=False, factory=trio.Event)
    _plugged: trio.Event = field(init=False, factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        """The mesh goes on whether the device is plugged in or not."""
        self._running = RunningMesh(self.mesh, self.speed)

    def unplug(self) -> None:
        """Take the device away."""
        self._plugged = trio.Event()
        self._unplugged.set()

    def plug(self) -> None:
        """Have it there again."""
        self._unplugged = trio.Event()
        self._plugged.set()

    async def run(
        self, *, task_status: trio.TaskStatus[Path] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Be there until cancelled; starts with the path, which is the link if there is one."""
        self.plug()
        while True:
            await self._plugged.wait()
            master, slave = os.openpty()
            try:
                # Held open here too, the terminal survives gateways that come and go.
                tty.setraw(slave)
                self.path = Path(os.ttyname(slave))
                self._point(self.path)
                async with trio.lowlevel.FdStream(master) as stream:
                    task_status.started(self.link or self.path)
                    task_status = trio.TASK_STATUS_IGNORED
                    await self._serve(stream)
            finally:
                self._point(None)
                os.close(slave)

    def _point(self, target: Path | None) -> None:
        if self.link is not None:
            self.link.unlink(missing_ok=True)
            if target is not None:
                self.link.symlink_to(target)

    async def _serve(self, stream: trio.lowlevel.FdStream) -> None:
        """Carry messages between the gateway and the mesh until the device is unplugged."""
        async with await self._running.connect() as link, trio.open_nursery() as nursery:
            carrier = Carrier(
                self.kind.line(self.faults, partial(tr_info, self.mesh)),
                link,
                self._running.reset,
                self.faults,
            )
            nursery.start_soon(carrier.run, stream)
            await self._unplugged.wait()
            nursery.cancel_scope.cancel()
