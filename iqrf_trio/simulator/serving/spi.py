"""A simulated module on SPI behind a socket, for what stands in for the bus on the host's side.

Each request is one message to the bus as the kernel would get it, and is answered with the bytes
that the module shifts out.
"""

import logging
import struct
from functools import partial
from math import inf
from pathlib import Path
from typing import NoReturn

import trio
from attrs import define, field, frozen

from iqrf_trio.simulator.connection import MeshClock
from iqrf_trio.simulator.mesh import BOOT_S, Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFaults
from iqrf_trio.simulator.serving.spi_slave import SpiSlave
from iqrf_trio.simulator.serving.tr_info import tr_info
from protocol.dpa.packet import Request, parse
from protocol.dpa.requests import is_deaf_to
from protocol.errors import RemoteProtocolError
from protocol.link import spi

_LOG = logging.getLogger("iqrf_trio.simulator")

_HEAD = struct.Struct("=IIHBB")
"""Bytes that follow, number of transfers, mode, bits per word, unused."""
_TRANSFER = struct.Struct("=IIHBB")
"""Bytes of the transfer, clock in Hz, pause behind it in us, whether chip select changes behind
it, bits per word."""


@frozen
class Transfer:
    """Bytes without a pause between them."""

    data: bytes
    speed_hz: int
    delay_us: int
    cs_change: bool


@define(eq=False)
class SpiModule:
    """A slave with a mesh behind it, both in the time of the mesh.

    `bus_us` is how long the bus was in use.
    """

    mesh: Mesh
    speed: float = 1.0
    faults: BusFaults = field(factory=BusFaults)
    slave: SpiSlave = field(init=False)
    bus_us: float = field(init=False, default=0.0)
    _clock: MeshClock = field(init=False)
    _changed: trio.Event = field(init=False, factory=trio.Event)
    _gap_us: float = field(init=False, default=inf)
    _selected: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        """Connect the two."""
        self._clock = MeshClock(self.speed)
        self.slave = SpiSlave(self._deliver, self.faults, partial(tr_info, self.mesh))

    def reset(self) -> None:
        """Switch the module off and on again."""
        now = self._clock.now()
        self.mesh.reset(now)
        self.slave.restart(now + BOOT_S)

    async def run(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Bring what the mesh says to the slave, until cancelled."""
        self.mesh.on_frame(self._wake)
        task_status.started()
        while True:
            await trio.lowlevel.checkpoint()
            self._changed = trio.Event()
            due = self.mesh.next_at
            if due is None:
                await self._changed.wait()
            else:
                await self._clock.sleep_until(due, self._changed)
                self._hear()

    def message(self, transfers: list[Transfer]) -> bytes:
        """Do what a message to the bus asks for; returns what was shifted out."""
        self._hear()  # what is there now, not when a timer has found the time for it
        received = bytearray()
        for transfer in transfers:
            received += self._transfer(transfer)
            self._gap_us = transfer.delay_us if transfer.data else self._gap_us + transfer.delay_us
            self.bus_us += transfer.delay_us
            # Behind the last one a change means: stay.
            last = transfer is transfers[-1]
            self._selected = transfer.cs_change if last else not transfer.cs_change
        return bytes(received)

    def _transfer(self, transfer: Transfer) -> bytes:
        if not self._selected:
            self._selected = True
            self.slave.select()
        received = bytearray()
        for byte in transfer.data:
            gap_us = 0 if received or transfer.speed_hz > spi.SPEED_HZ else self._gap_us
            received.append(self.slave.shift(byte, gap_us, self._clock.now()))
            self.bus_us += 8e6 / transfer.speed_hz
        return bytes(received)

    def _deliver(self, frame: bytes, now: float) -> None:
        self.slave.blocked = _blocks(frame)
        self.mesh.receive(frame, now)

    def _wake(self) -> None:
        self._changed.set()

    def _hear(self) -> None:
        for frame in self.mesh.pop_due(self._clock.now()):
            self.slave.blocked = False
            self.slave.offer(frame)


async def serve_spi(
    module: SpiModule,
    path: Path,
    *,
    paced: bool = False,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serve a module on a Unix socket until cancelled; `paced`: as slowly as a real bus."""
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM) as listening:
        await trio.Path(path).unlink(missing_ok=True)
        await listening.bind(str(path))
        listening.listen()
        async with trio.open_nursery() as nursery:
            await nursery.start(module.run)
            task_status.started()
            await trio.serve_listeners(_Host(module, paced).serve, [trio.SocketListener(listening)])
    raise AssertionError("serving never completes")


@define(eq=False)
class _Host:
    """The other end of the socket; there may be several, as with the real device."""

    module: SpiModule
    paced: bool

    async def serve(self, stream: trio.SocketStream) -> None:
        """Do messages until the host has gone."""
        async with stream:
            try:
                while head := await _exactly(stream, _HEAD.size):
                    size, count, mode, bits, _ = _HEAD.unpack(head)
                    body = await _exactly(stream, size)
                    await self._message(stream, _transfers(body, count), mode, bits)
            except trio.BrokenResourceError:
                _LOG.info("SPI host left")

    async def _message(
        self, stream: trio.SocketStream, transfers: list[Transfer], mode: int, bits: int
    ) -> None:
        if mode != 0 or bits != 8:
            _LOG.warning("SPI mode %d with %d bits; the module has mode 0 with 8", mode, bits)
            transfers = [Transfer(each.data, 2 * spi.SPEED_HZ, 0, False) for each in transfers]
        before_us = self.module.bus_us
        received = self.module.message(transfers)
        if self.paced:
            await trio.sleep((self.module.bus_us - before_us) / 1e6)
        await stream.send_all(received)


def _transfers(body: bytes, count: int) -> list[Transfer]:
    transfers, at = [], 0
    for _ in range(count):
        length, speed_hz, delay_us, cs_change, _bits = _TRANSFER.unpack_from(body, at)
        at += _TRANSFER.size
        transfers.append(Transfer(body[at : at + length], speed_hz, delay_us, bool(cs_change)))
        at += length
    return transfers


async def _exactly(stream: trio.SocketStream, size: int) -> bytes:
    """So many bytes; fewer once the stream has ended."""
    data = b""
    while len(data) < size and (chunk := await stream.receive_some(size - len(data))):
        data += bytes(chunk)
    return data


def _blocks(frame: bytes) -> bool:
    try:
        packet = parse(frame)
    except RemoteProtocolError:
        return False
    return isinstance(packet, Request) and not packet.nadr and is_deaf_to(packet)
