"""The table of DPA commands, which are declared in one module per peripheral."""

from collections.abc import Mapping
from typing import Any

from protocol.dpa.call import Command
from protocol.dpa.peripherals.coordinator import COORDINATOR_COMMANDS
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.frc import FRC_COMMANDS
from protocol.dpa.peripherals.inputs_outputs import BOARD_COMMANDS
from protocol.dpa.peripherals.memory import MEMORY_COMMANDS
from protocol.dpa.peripherals.node import NODE_COMMANDS
from protocol.dpa.peripherals.os import OS_COMMANDS
from protocol.dpa.peripherals.standards import STANDARD_COMMANDS

_ROWS: tuple[Command[Any], ...] = (
    *COORDINATOR_COMMANDS,
    *NODE_COMMANDS,
    *OS_COMMANDS,
    *MEMORY_COMMANDS,
    *BOARD_COMMANDS,
    *FRC_COMMANDS,
    *STANDARD_COMMANDS,
    ENUMERATE,
)

COMMANDS: Mapping[tuple[int, int], Command[Any]] = {row.key: row for row in _ROWS}
"""All commands by PNUM and PCMD; those of Exploration with a PNUM as PCMD are not in it."""
