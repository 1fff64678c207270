"""One link to the module, from its opening to its loss, and how well it works."""

import logging
from collections import Counter

import trio
from attrs import define, field

from iqrf_trio.edges.ports import Link, ModuleError, PortError
from protocol.dpa.counters import Count
from protocol.dpa.errors import InterfaceError
from protocol.dpa.keys import shown
from protocol.dpa.packet import Packet, parse
from protocol.dpa.transaction import Transaction
from protocol.errors import RemoteProtocolError

log = logging.getLogger("iqrf_trio.transceiver")

SILENCE = 3
"""Requests in a row to which the coordinator said nothing at all: it hangs, or is gone."""

START_S = 3.0
"""How long a module that was just switched on may take until it reports so."""


@define(eq=False)
class OpenLink:
    """A `link` of the port `name`. `lost` is set once it is given up, for a `reason`.

    What uses it runs within `scope`, which ends with it.
    """

    link: Link
    _name: str
    _counts: Counter[Count]
    scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    lost: bool = field(default=False, init=False)
    reason: str = field(default="closed", init=False)
    _started: trio.Event = field(factory=trio.Event, init=False)
    """Set by the report of a reset."""
    _silent: int = field(default=0, init=False)
    """Requests in a row without any echo."""
    _garbled: bool = field(default=False, init=False)
    """Whether nothing but garbage comes."""

    def lose(self, error: PortError) -> None:
        """Give it up; of several reasons the first one counts."""
        if not self.lost:
            self.lost, self.reason = True, str(error)
            self.scope.cancel()

    def packet_in(self, frame: bytes) -> Packet | None:
        """What a received frame says; None for garbage, which is counted and logged."""
        try:
            packet = parse(frame)
        except RemoteProtocolError as error:
            self._counts[Count.GARBAGE] += 1
            # A module gone mad sends thousands, which would wear out the disk.
            level = logging.DEBUG if self._garbled else logging.WARNING
            log.log(level, "%s: %s: %s", self._name, error, shown(frame))
            self._garbled = True
            return None
        self._silent, self._garbled = 0, False
        return packet

    def starts(self) -> None:
        """The module has reported a reset."""
        self._started.set()

    async def wait_started(self) -> None:
        """Wait for the report of a module that was just switched on; without one the greeting
        tells as much.
        """
        with trio.move_on_after(START_S):
            await self._started.wait()

    async def send(self, transaction: Transaction) -> None:
        """Send a request; if that fails, the transaction has failed."""
        frame = transaction.request.encode()
        try:
            await self.link.send(frame)
        except PortError as error:
            log.warning("%s: %s not sent: %s", self._name, shown(frame), error)
            transaction.fail(InterfaceError.code, trio.current_time(), sent=False)

    def unheard(self) -> ModuleError | None:
        """A request had no echo of any kind; the error, if there were too many in a row."""
        self._silent += 1
        if self._silent < SILENCE:
            return None
        return ModuleError(f"no answer to {SILENCE} requests in a row")
