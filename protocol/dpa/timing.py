"""How long DPA takes: the length of slots, routing, FRC, and the coordinator's own commands.

All times are milliseconds. The formulas are those of the DPA guide ("Timing") and of the vendor's
host library; where the two leave a choice the longer time is taken.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from attrs import evolve, frozen

from protocol.dpa import commands
from protocol.dpa.commands import AddrInfo, Bonded, PeripheralEnumeration
from protocol.dpa.errors import BadResponseError
from protocol.dpa.frc import response_time_ms
from protocol.dpa.packet import (
    COORDINATOR,
    MAX_NODE,
    MAX_PDATA,
    Confirmation,
    Request,
    Response,
)
from protocol.dpa.peripherals.frc import FRC_SENDS

DEFAULT_MS = 500
"""What a transaction is given at least (the default of the vendor's gateway)."""

LOCAL_DEVICE = 0xFC
"""NADR of the device on this very interface; like the coordinator it answers without radio."""

ROUTING_RESERVE_MS = 40
"""Added to the slots of a routing before it counts as over (vendor's host library)."""

_DIAGNOSTIC_SLOT_MS = 200
"""With slots of this length towards the node, those back are as long."""
_LONGEST_STD_SLOT_MS = 60


class RfMode(Enum):
    """How nodes listen: always (STD), or by waking up now and then (LP, longer slots)."""

    STD = "STD"
    LP = "LP"


@frozen
class Timing:
    """What the formulas need to know of the network; by default the worst, as nothing is known."""

    rf_mode: RfMode = RfMode.LP
    bonded: int = MAX_NODE
    discovered: int = MAX_NODE
    frc_response_ms: int = response_time_ms(0)

    def __str__(self) -> str:
        """For the log."""
        nodes = f"{self.bonded} nodes bonded, {self.discovered} discovered"
        return f"{self.rf_mode.value} network, {nodes}, FRC response time {self.frc_response_ms} ms"


def slot_ms(rf_mode: RfMode, pdata_length: int) -> int:
    """The slot that a message with so many bytes of PDATA takes."""
    base = 40 if rf_mode is RfMode.STD else 80
    if pdata_length < 17:
        return base
    return base + 10 if pdata_length < 41 else base + 20


def request_ms(confirmation: Confirmation) -> int:
    """How long the routing towards the node, or of a broadcast, occupies the air."""
    return (confirmation.hops + 1) * confirmation.timeslot_ms


def response_ms(confirmation: Confirmation, pdata_length: int = MAX_PDATA) -> int:
    """How long the routing of the response occupies the air, at its longest if it is not known.

    The length of the slots towards the node tells the RF mode.
    """
    if confirmation.timeslot_ms == _DIAGNOSTIC_SLOT_MS:
        slot = _DIAGNOSTIC_SLOT_MS
    elif confirmation.timeslot_ms > _LONGEST_STD_SLOT_MS:
        slot = slot_ms(RfMode.LP, pdata_length)
    else:
        slot = slot_ms(RfMode.STD, pdata_length)
    return (confirmation.hops_response + 1) * slot


def air_ms(confirmation: Confirmation, pdata_length: int = MAX_PDATA) -> int:
    """How long a confirmed unicast and its response occupy the air."""
    return request_ms(confirmation) + response_ms(confirmation, pdata_length)


def soonest_ms(confirmation: Confirmation) -> int:
    """When a confirmed unicast is answered at the soonest, counted from its confirmation.

    A request takes all its slots; who is in direct range is then heard in the first slot.
    """
    first_slot = response_ms(confirmation, 0) // (confirmation.hops_response + 1)
    return request_ms(confirmation) + first_slot


def estimate_ms(confirmation: Confirmation) -> int:
    """When a confirmed unicast is answered at the latest, counted from its confirmation."""
    return air_ms(confirmation) + ROUTING_RESERVE_MS


def broadcast_ms(confirmation: Confirmation) -> int:
    """When a confirmed broadcast is over."""
    return request_ms(confirmation) + ROUTING_RESERVE_MS


def frc_ms(timing: Timing) -> int:
    """How long an FRC takes; it goes through the whole network, whoever is selected."""
    zones = min(timing.discovered, timing.bonded) + 2
    slot, reserve = (110, 220) if timing.rf_mode is RfMode.STD else (160, 260)
    return timing.bonded * 30 + zones * slot + timing.frc_response_ms + reserve


_NETWORK_COMMANDS = FRC_SENDS | {
    commands.BOND_NODE.key,
    commands.DISCOVERY.key,
    commands.AUTHORIZE_BOND.key,
    commands.SMART_CONNECT.key,
}


def is_remote(request: Request) -> bool:
    """Whether the request leaves the coordinator, and is confirmed before it is answered."""
    return request.nadr not in {COORDINATOR, LOCAL_DEVICE}


def uses_radio(request: Request) -> bool:
    """Whether the request occupies the air, on its way or by what the coordinator then does."""
    return is_remote(request) or (request.pnum, request.pcmd) in _NETWORK_COMMANDS


def _frc_timeout(_pdata: bytes, timing: Timing) -> int:
    return frc_ms(timing) * 12 // 10 + 1000


def _discovery(_pdata: bytes, timing: Timing) -> int:
    # 0.2 s per node were seen in networks of few zones; each further zone repeats the search.
    return 60_000 + 2_500 * timing.bonded


def _smart_connect(_pdata: bytes, timing: Timing) -> int:
    # 10 s were seen with fifteen nodes; the bonding is then tested through the network.
    return 60_000 + 500 * timing.bonded


def _authorize(pdata: bytes, _timing: Timing) -> int:
    # 3.3 s per node were seen; a record has five bytes.
    return 30_000 + 5_000 * (len(pdata) // 5)


_TIMEOUTS: Mapping[tuple[int, int], Callable[[bytes, Timing], int]] = {
    commands.FRC_SEND.key: _frc_timeout,
    commands.FRC_SEND_SELECTIVE.key: _frc_timeout,
    commands.DISCOVERY.key: _discovery,
    commands.SMART_CONNECT.key: _smart_connect,
    commands.AUTHORIZE_BOND.key: _authorize,
}

# The button is waited for 10 s; clearing bonds took 0.24 s, a block of a backup 0.25 s. What
# writes flash or configuration is given plenty, because nobody has measured it.
_FIXED_TIMEOUTS = {
    commands.BOND_NODE.key: 11_000,
    commands.CLEAR_ALL_BONDS.key: 5_000,
    commands.REMOVE_BOND.key: 2_000,
    commands.REBOND_NODE.key: 2_000,
    commands.COORDINATOR_BACKUP.key: 2_000,
    commands.COORDINATOR_RESTORE.key: 2_000,
    commands.OS_BATCH.key: 5_000,
    commands.OS_WRITE_CONFIG_BYTE.key: 2_000,
    commands.OS_WRITE_CONFIG.key: 2_000,
    commands.OS_FACTORY_SETTINGS.key: 2_000,
    commands.OS_LOAD_CODE.key: 10_000,
}


def local_timeout_ms(request: Request, timing: Timing) -> int:
    """How long the coordinator may take for a command of its own; finite for all of them."""
    key = request.pnum, request.pcmd
    if timeout := _TIMEOUTS.get(key):
        return timeout(request.pdata, timing)
    return _FIXED_TIMEOUTS.get(key, DEFAULT_MS) + execution_ms(request)


_READ_NOTHING = 0xFF
_READ_TIMEOUTS = frozenset(
    (
        commands.SPI_WRITE_READ.key,
        commands.UART_WRITE_READ.key,
        commands.UART_CLEAR_WRITE_READ.key,
    )
)


def execution_ms(request: Request) -> int:
    """How long the request itself asks a device to be busy before it answers."""
    key, pdata = (request.pnum, request.pcmd), request.pdata
    if key in _READ_TIMEOUTS and pdata and pdata[0] != _READ_NOTHING:
        return pdata[0] * 10
    if key == commands.OS_TEST_RF_SIGNAL.key:
        return int.from_bytes(pdata[2:4], "little") * 10
    return 0


def _bonded_in(timing: Timing, answer: AddrInfo | Bonded) -> Timing:
    return evolve(timing, bonded=answer.bonded)


def _rf_mode_in(timing: Timing, enumeration: PeripheralEnumeration | None) -> Timing:
    if enumeration is None:
        return timing
    return evolve(timing, rf_mode=RfMode.LP if enumeration.is_lp else RfMode.STD)


def _after_reset(timing: Timing, _nothing: None) -> Timing:
    return evolve(timing, frc_response_ms=response_time_ms(0))


_LESSONS: Mapping[tuple[int, int], Callable[[Timing, Any], Timing]] = {
    commands.ADDR_INFO.key: _bonded_in,
    commands.BOND_NODE.key: _bonded_in,
    commands.AUTHORIZE_BOND.key: _bonded_in,
    commands.SMART_CONNECT.key: _bonded_in,
    commands.REMOVE_BOND.key: lambda timing, count: evolve(timing, bonded=count),
    commands.CLEAR_ALL_BONDS.key: lambda timing, _: evolve(timing, bonded=0, discovered=0),
    commands.BONDED_DEVICES.key: lambda timing, nodes: evolve(timing, bonded=len(nodes)),
    commands.DISCOVERED_DEVICES.key: lambda timing, nodes: evolve(timing, discovered=len(nodes)),
    commands.DISCOVERY.key: lambda timing, count: evolve(timing, discovered=count),
    commands.OS_READ.key: lambda timing, info: _rf_mode_in(timing, info.enumeration),
    commands.OS_RESET.key: _after_reset,
    commands.OS_RESTART.key: _after_reset,
    commands.ENUMERATE.key: _rf_mode_in,
}


def observe(timing: Timing, request: Request, response: Response) -> Timing:
    """What is known of the network after the coordinator has answered `request` so.

    Answers of nodes, errors, and answers that cannot be read teach nothing.
    """
    key = request.pnum, request.pcmd
    if request.nadr != COORDINATOR or response.rcode != 0:
        return timing
    if key == commands.FRC_SET_PARAMS.key and request.pdata:
        return evolve(timing, frc_response_ms=response_time_ms(request.pdata[0]))
    if key not in _LESSONS:
        return timing
    try:
        answer = commands.COMMANDS[key].decode(response.pdata)
    except BadResponseError:
        return timing
    return _LESSONS[key](timing, answer)


def observe_reset(timing: Timing, enumeration: PeripheralEnumeration) -> Timing:
    """What is known once the coordinator has reported its reset: FRC parameters are the default."""
    return _after_reset(_rf_mode_in(timing, enumeration), None)
