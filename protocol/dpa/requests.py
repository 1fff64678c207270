"""What is known of a request by the command in it: air, time, and what its answer teaches."""

from typing import Any

from protocol.dpa.call import Command
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import COORDINATOR, Request, Response
from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, rf_mode_learnt
from protocol.dpa.peripherals.frc import FRC_SENDS
from protocol.dpa.peripherals.os import after_reset
from protocol.dpa.pnum import EXPLORATION, PERIPHERAL_INFO_PCMD, PERIPHERAL_NAMES
from protocol.dpa.timing import (
    DEFAULT_MS,
    SHORTEST_FRC_MS,
    SHORTEST_LOCAL_MS,
    SHORTEST_UNICAST_MS,
    Timing,
    is_remote,
)


def command_of(packet: Request | Response) -> Command[Any] | None:
    """The command of a packet, None for one that is not in the table."""
    return COMMANDS.get((packet.pnum, packet.pcmd))


def uses_radio(request: Request) -> bool:
    """Whether the request occupies the air, on its way or by what the coordinator then does."""
    if is_remote(request):
        return True
    command = command_of(request)
    return command is not None and command.radio


def is_deaf_to(request: Request) -> bool:
    """Whether the coordinator hears nothing from its interface while it executes `request`."""
    command = command_of(request)
    return command is not None and command.deaf


def local_timeout_ms(request: Request, timing: Timing) -> int:
    """How long the coordinator may take for a command of its own; finite for all of them."""
    command = command_of(request)
    return command.local_limit_ms(request.pdata, timing) if command else DEFAULT_MS


def execution_ms(request: Request) -> int:
    """How long the request itself asks a device to be busy before it answers."""
    command = command_of(request)
    return command.busy_ms(request.pdata) if command else 0


def shortest_ms(request: Request) -> int:
    """When a request is answered at the soonest, counted from its sending, whatever the routing."""
    if is_remote(request):
        return SHORTEST_UNICAST_MS
    frc = (request.pnum, request.pcmd) in FRC_SENDS
    return SHORTEST_FRC_MS if frc else SHORTEST_LOCAL_MS


def observe(timing: Timing, request: Request, response: Response) -> Timing:
    """What is known of the network after the coordinator has answered `request` so.

    Answers of nodes, errors, and answers that cannot be read teach nothing.
    """
    command = command_of(request)
    if request.nadr != COORDINATOR or response.rcode != 0 or not command or not command.teaches:
        return timing
    try:
        return command.teaches(timing, request.pdata, command.decode(response.pdata))
    except BadResponseError:
        return timing


def observe_reset(timing: Timing, enumeration: PeripheralEnumeration) -> Timing:
    """What is known once the coordinator has reported its reset: FRC parameters are the default."""
    return after_reset(rf_mode_learnt(timing, enumeration))


def name_of(pnum: int, pcmd: int) -> str:
    """What a packet is about ("OS Read"), for people; the numbers where it is not known."""
    peripheral = PERIPHERAL_NAMES.get(pnum)
    if command := COMMANDS.get((pnum, pcmd)):
        return f"{peripheral} {command.name}"
    if peripheral and pcmd == PERIPHERAL_INFO_PCMD:
        return f"{peripheral} PeripheralInfo"
    if pnum == EXPLORATION:
        return f"{peripheral} MorePeripherals"
    return f"PNUM 0x{pnum:02X} PCMD 0x{pcmd:02X}"
