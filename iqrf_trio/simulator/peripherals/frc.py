"""The FRC peripheral of the simulated coordinator: it collects what nodes answer."""

from collections.abc import Iterable, Mapping

from attrs import define, field

from iqrf_trio.simulator.bonds import Bonds
from iqrf_trio.simulator.peripherals.frc_answers import answer
from iqrf_trio.simulator.peripherals.frc_prebonded import PREBONDED, answers
from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import WRONG_LENGTH, Refused, of_length
from iqrf_trio.simulator.world import Passage, World
from protocol.dpa.frc import (
    BUFFER,
    FRC_DATA,
    MAX_SELECTIVE_USER_DATA,
    MAX_USER_DATA,
    MIN_USER_DATA,
    SELECTED_NODES,
    members,
    pack,
    response_time_ms,
    slots,
    width_of,
)
from protocol.dpa.packet import MAX_NODE
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.peripherals.frc import (
    FRC_EXTRA_RESULT,
    FRC_SEND,
    FRC_SEND_SELECTIVE,
    FRC_SET_PARAMS,
    FrcAnswer,
)
from protocol.dpa.pnum import FRC

NOBODY = 0xFF
"""Status of an FRC in a network without nodes."""

_OFFLINE = 1 << 3
"""Bit of the FRC parameters that holds for one FRC only (DPA guide, FRC Set params)."""


@define(eq=False)
class Collector(Peripheral):
    """Sends FRCs to the nodes of `bonds`; `buffer` holds the 64 bytes that the last one brought."""

    pnum = FRC

    world: World
    bonds: Bonds
    params: int = field(init=False, default=0)
    buffer: bytes = field(init=False, default=bytes(BUFFER))

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x0E, 0x37, 0)

    @property
    def response_ms(self) -> int:
        """How long nodes are given to find their answer."""
        return response_time_ms(self.params)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            FRC_SEND.pcmd: self._send,
            FRC_SEND_SELECTIVE.pcmd: self._send_selective,
            FRC_EXTRA_RESULT.pcmd: lambda pdata, _: of_length(pdata, 0) + self.buffer[FRC_DATA:],
            FRC_SET_PARAMS.pcmd: lambda pdata, _: self._set_params(of_length(pdata, 1)[0]),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.params = 0
        self.forget()

    def forget(self) -> None:
        """Use the buffer for something else: the Extra result must follow its FRC at once."""
        self.buffer = bytes(BUFFER)

    def _send(self, pdata: bytes, now: float) -> bytes:
        user_data = _user_data(pdata[1:], MAX_USER_DATA)
        return self._collect(pdata[0], range(1, MAX_NODE + 1), user_data, now, selective=False)

    def _send_selective(self, pdata: bytes, now: float) -> bytes:
        user_data = _user_data(pdata[1 + SELECTED_NODES :], MAX_SELECTIVE_USER_DATA)
        selected = members(pdata[1 : 1 + SELECTED_NODES]) - {0}
        return self._collect(pdata[0], selected, user_data, now, selective=True)

    def _collect(
        self,
        command: int,
        asked: Iterable[int],
        user_data: bytes,
        now: float,
        *,
        selective: bool,
    ) -> bytes:
        if command in PREBONDED:
            return self._ask_prebonded(command, asked, user_data, now, selective=selective)
        width, asked = width_of(command), sorted(asked)
        values = {}
        for address, slot in slots(width, asked, selective=selective).items():
            if slot > width.capacity or address not in self.bonds.mids:
                continue
            node = self.world.at(address)
            known = node and node.network == self.bonds.network
            if not (node and known):
                continue
            passage = self.world.passage(node, now)
            if passage is Passage.LOST:
                continue
            value = answer(node, command, user_data, now)
            if passage is Passage.WHOLE:
                values[address] = value
            else:
                node.sensors.said.clear()
        self.buffer = pack(width, asked, values, selective=selective)
        self.params &= ~_OFFLINE
        status = len(values) if self.bonds.mids else NOBODY
        return FrcAnswer(status, self.buffer[:FRC_DATA]).encode()

    def _ask_prebonded(
        self,
        command: int,
        asked: Iterable[int],
        user_data: bytes,
        now: float,
        *,
        selective: bool,
    ) -> bytes:
        """As `_collect`, of nodes without an address: the answers stand at places by chance."""
        heard = [
            node
            for node in self.world.prebonded(self.bonds.network)
            if self.world.passage(node, now) is Passage.WHOLE
        ]
        width, selected = width_of(command), sorted(asked) if selective else None
        values = answers(heard, command, selected, user_data, now)
        self.buffer = pack(width, range(width.capacity + 1), values, selective=False)
        return FrcAnswer(len(values), self.buffer[:FRC_DATA]).encode()

    def _set_params(self, params: int) -> bytes:
        previous, self.params = self.params, params
        return FRC_SET_PARAMS.encode(previous)


def _user_data(pdata: bytes, longest: int) -> bytes:
    if not MIN_USER_DATA <= len(pdata) <= longest:
        raise Refused(WRONG_LENGTH)
    return pdata
