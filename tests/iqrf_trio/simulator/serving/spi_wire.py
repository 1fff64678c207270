"""A host and a module on one SPI bus, in a time that only the bus itself takes."""

from collections.abc import Callable
from math import inf

from attrs import define, field

from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFaults
from iqrf_trio.simulator.serving.spi_slave import SpiSlave
from protocol.dpa.packet import Request, parse
from protocol.dpa.requests import is_deaf_to
from protocol.link import spi
from protocol.link.spi_master import Exchange, Master, Order, Watch


@define(eq=False)
class Wire:
    """`bus_us` is how long the bus was in use."""

    mesh: Mesh
    faults: BusFaults = field(factory=BusFaults)
    slow: bool = False
    now: float = 0.0
    info: bytes = b""
    bus_us: int = 0
    exchanges: int = 0
    slave: SpiSlave = field(init=False)
    master: Master = field(init=False)
    _gap_us: float = field(init=False, default=inf)

    def __attrs_post_init__(self) -> None:
        self.slave = SpiSlave(self._deliver, self.faults, lambda: self.info)
        self.master = Master(self.slow, now=self.now)

    def run(self, until: Callable[[], bool], limit_s: float = 10.0) -> None:
        """Let both work until something is so, or a time has passed."""
        end = self.now + limit_s
        while not until() and not self.master.failure and self.now < end:
            self.step()

    def step(self) -> None:
        todo = self.master.next(self.now)
        if isinstance(todo, Exchange):
            self.exchange(todo)
        elif isinstance(todo, Watch):
            self.now += todo.pause_s
            self._gap_us = inf
            self.exchange(Exchange(spi.CHECK, todo.gap_us))
        else:
            self.now = max(self.now, todo.until)
            self._gap_us = inf

    def ask(self, request: Request, frames: int = 1) -> list[bytes]:
        """Send a request and wait for so many frames."""
        order = Order(request.encode())
        self.master.send(order)
        self.run(lambda: order.done and len(self.master.received) >= frames)
        assert order.accepted, order.refusal
        got = list(self.master.received)
        self.master.received.clear()
        return got

    def exchange(self, todo: Exchange) -> None:
        self.exchanges += 1
        self._hear()
        self.slave.select()
        self._pass(spi.SELECT_US)
        received = bytearray()
        for byte in todo.packet:
            received.append(self.slave.shift(byte, self._gap_us, self.now))
            self._pass(spi.CLOCK_US + todo.gap_us)
            self._gap_us = todo.gap_us
        self.master.shifted(bytes(received), self.now)

    def _pass(self, microseconds: int) -> None:
        self.bus_us += microseconds
        self.now += microseconds / 1e6

    def _hear(self) -> None:
        for frame in self.mesh.pop_due(self.now):
            self.slave.blocked = False
            self.slave.offer(frame)

    def _deliver(self, frame: bytes, now: float) -> None:
        packet = parse(frame)
        self.slave.blocked = isinstance(packet, Request) and is_deaf_to(packet)
        self.mesh.receive(frame, now)
