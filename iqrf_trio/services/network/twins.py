"""Modules that were replaced and come back: they listen to an address that is another's now."""

import logging
from functools import partial
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.network.records import Records
from iqrf_trio.store import StoreError
from protocol.dpa.attempts import Attempts
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR, Response, parse
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.memory import MID_RECORD, MID_TABLE, eeeprom_read
from protocol.dpa.peripherals.node import validate_bonds
from protocol.dpa.step import Step, ask
from protocol.errors import ProtocolError
from protocol.iqmesh.records import REPLACED, Kept
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueClosed

log = logging.getLogger("iqrf_trio.network")

ATTEMPTS = Attempts(3)


@define(eq=False)
class Twins:
    """Tells every module to leave that says, by a reset message, that it has another's address.

    The message does not say which module it is. So whoever has the address of a module that has
    replaced another one is told, with its MID, who belongs there.
    """

    _transceiver: Transceiver
    _scheduler: Scheduler
    _records: Records
    _seen: set[int] = field(factory=set, init=False)
    _news: trio.Event = field(factory=trio.Event, init=False)

    def frame(self, frame: bytes) -> None:
        """Take note of a frame that nobody asked for."""
        try:
            packet = parse(frame)
        except ProtocolError:
            return
        if isinstance(packet, Response) and (packet.pnum, packet.pcmd) == ENUMERATE.key:
            self._seen.add(packet.nadr)
            self._news.set()

    async def run(self) -> NoReturn:
        """Tell them, for as long as the daemon lives."""
        dialogue = Dialogue(self._transceiver, self._scheduler, Priority.BACKGROUND, ATTEMPTS)
        while True:
            await self._news.wait()
            self._news, seen, self._seen = trio.Event(), self._seen, set()
            try:
                replaced = await self._records.record(Kept(REPLACED)) or {}
                for address in sorted(seen):
                    if mid := replaced.get(str(address)):
                        await dialogue.do(partial(_tell, address, mid))
            except QueueClosed:
                await trio.sleep_forever()
            except (DpaError, StoreError) as error:
                log.warning("a module that was replaced may be back: %s", error)


def _tell(address: int, mid: int) -> Step[None]:
    """Have others leave the address, if the coordinator still has it for this module."""
    if address not in (yield from ask(bonded_devices())):
        return
    record = yield from ask(eeeprom_read(COORDINATOR, MID_TABLE + MID_RECORD * address, 4))
    if int.from_bytes(record, "little") == mid:
        yield from ask(validate_bonds((address, mid)))
