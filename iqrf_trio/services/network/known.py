"""What is known of the coordinator that is connected: its MID, and its parameters."""

import logging
from typing import NoReturn, Protocol

import trio
from attrs import define, field

from iqrf_trio.radio.greeting import is_reset_message
from iqrf_trio.store import StoreError
from protocol.dpa import commands
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import COORDINATOR, Confirmation, parse
from protocol.dpa.transaction import Outcome
from protocol.errors import RemoteProtocolError
from protocol.network.parameters import DEFAULTS, Parameters, observe

log = logging.getLogger("iqrf_trio.network")

QUIET_S = 1.0
"""How long the parameters must have been left alone before they are stored."""


class ParameterStore(Protocol):
    """Where the last known parameters of each coordinator are kept; raises StoreError."""

    async def parameters(self, coordinator: int) -> Parameters:
        """What was kept of the coordinator with this MID."""

    async def save_parameters(self, coordinator: int, known: Parameters) -> None:
        """Keep it."""


@define(eq=False)
class KnownCoordinator:
    """Learns from all transactions, whoever's they are; `run` keeps it in the store."""

    _store: ParameterStore
    mid: int | None = field(default=None, init=False)
    parameters: Parameters = field(factory=Parameters, init=False)
    _changed: trio.Event = field(factory=trio.Event, init=False)

    def observe(self, outcome: Outcome) -> None:
        """Take note of a transaction that was answered."""
        request, response = outcome.request, outcome.response
        if response is None:
            return
        known = self.parameters
        if (request.nadr, request.pnum, request.pcmd) == (COORDINATOR, *commands.OS_READ.key):
            try:
                mid = commands.OS_READ.decode(response.pdata).mid
            except BadResponseError:
                return
            if mid != self.mid:
                known = known if self.mid is None else Parameters()
                self.mid = mid
                self._changed.set()
        known = observe(known, request, response)
        if known != self.parameters:
            self.parameters = known
            self._changed.set()

    def frame(self, frame: bytes) -> None:
        """Take note of a frame that came unasked: after a reset the parameters are the default."""
        try:
            packet = parse(frame)
        except RemoteProtocolError:
            return
        if not isinstance(packet, Confirmation) and is_reset_message(packet):
            self.parameters = DEFAULTS
            self._changed.set()

    async def run(self) -> NoReturn:
        """Bring what is stored, and store what changes, for as long as the daemon lives."""
        loaded: int | None = None
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            if self.mid is None:
                continue
            try:
                if loaded != self.mid:
                    stored = await self._store.parameters(self.mid)
                    self.parameters = self.parameters.merged(stored)
                    loaded = self.mid
                await trio.sleep(QUIET_S)
                await self._store.save_parameters(self.mid, self.parameters)
            except StoreError as error:
                log.warning("the coordinator's parameters are not stored: %s", error)
