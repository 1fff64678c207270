"""Knows how outputs and lights are: follows all transactions, and asks nodes in the background."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.store import Store
from protocol.dpa.attempts import Attempts, nobody_can_be_asked
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.pnum import FRC
from protocol.dpa.transaction import Outcome
from protocol.network.network import Device
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed
from protocol.readings import switching
from protocol.readings.measured import NO_MID
from protocol.readings.overheard import Exchange
from protocol.readings.states import ALL_LOST, Change, StateBook, States
from protocol.standard import binary_output, light

log = logging.getLogger("iqrf_trio.states")

ATTEMPTS = Attempts(2)
"""How often a node is asked; what it does not answer stays unknown until the next enumeration."""


PAUSE_S = 1.0
"""Before nodes are asked: who waited for the link, or for an enumeration's end, goes first."""


@define(eq=False)
class OutputStates:
    """The states of outputs and lights; each change is handed to the `measurements`.

    Who has outputs is known by the network. `ask` has all of them asked, one after the other,
    with the lowest priority: everything else on the radio goes first.
    """

    _store: Store
    _transceiver: Transceiver
    _scheduler: Scheduler
    _measurements: Measurements
    _now: Callable[[], datetime]
    _book: StateBook = field(factory=StateBook, init=False)
    _last_frc: tuple[int, Exchange] | None = field(default=None, init=False)
    _wanted: trio.Event = field(factory=trio.Event, init=False)
    _timed: trio.Event = field(factory=trio.Event, init=False)

    def of(self, device: Device) -> States:
        """What is known of a node."""
        return self._book.of(device.mid)

    def ask(self) -> None:
        """Have all nodes with outputs or a light asked, soon."""
        self._wanted.set()

    def observe(self, outcome: Outcome) -> None:
        """Take note of a transaction, whoever's it was."""
        request, response = outcome.request, outcome.response
        if request.pnum not in switching.PERIPHERALS:
            return
        before = None
        if request.pnum == FRC and response is not None:
            # Between an FRC and its Extra result there is nothing, not even what got no answer.
            number = self._transceiver.counters.transactions
            if self._last_frc is not None and self._last_frc[0] == number - 1:
                before = self._last_frc[1]
            self._last_frc = number, (request, response)
        for device, change in switching.told(request, response, self._store.network, before):
            self._take(device, change)

    def frame(self, frame: bytes) -> None:
        """A node has sent `frame` on its own: after a reset nobody knows its outputs."""
        if (device := switching.reset(frame, self._store.network)) is not None:
            self._take(device, ALL_LOST)

    async def run(self) -> NoReturn:
        """Ask whenever it is wanted, and follow outputs that are on for a time only."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_time)
            while True:
                await self._wanted.wait()
                await self._transceiver.wait_connected()
                await trio.sleep(PAUSE_S)
                self._wanted = trio.Event()
                await self._ask_all()

    def _take(self, device: Device, change: Change) -> None:
        if device.mid in NO_MID:
            return
        if self._book.take(device.mid, change, trio.current_time(), self._now()):
            self._tell(device.mid)
        self._timed.set()

    def _tell(self, mid: int) -> None:
        self._measurements.states(mid, self._book.of(mid))

    async def _follow_time(self) -> None:
        while True:
            self._timed = trio.Event()
            with trio.move_on_at(self._book.next_end):
                await self._timed.wait()
            for mid in self._book.expire(trio.current_time(), self._now()):
                self._tell(mid)

    async def _ask_all(self) -> None:
        """Ask each node once; the answers are noted as all others are."""
        self._book.keep_only({device.mid for device in self._store.network})
        dialogue = Dialogue(self._transceiver, self._scheduler, Priority.BACKGROUND, ATTEMPTS)
        for address in [device.address for device in self._store.network.nodes]:
            device = self._store.network.get(address)  # as it is by now
            for call in _questions(device) if device and device.responding else ():
                try:
                    await dialogue.wait_connected()
                    await dialogue.ask(call)
                except QueueClosed:
                    await trio.sleep_forever()  # until the shutdown comes here too
                except DpaError as error:
                    log.info("node %d does not tell its states: %s", address, error)
                    if not nobody_can_be_asked(error):
                        break
            if self._wanted.is_set():
                return


def _questions(device: Device) -> Iterator[Call[object]]:
    if device.binary_outputs:
        yield binary_output.set_outputs(device.address, {})
    if device.light:
        yield light.set_lai(device.address, None)
