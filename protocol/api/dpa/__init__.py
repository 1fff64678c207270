"""DPA commands as messages (iqrfEmbed*, iqrfSensor_* ...), one module per group; all their rows."""

from protocol.api.dpa import board, collected, module, network, standards
from protocol.api.dpa.command import FAMILY

__all__ = ["FAMILIES"]

FAMILIES = (
    (FAMILY, (*network.ROWS, *module.ROWS, *board.ROWS, *standards.ROWS)),
    (collected.FAMILY, collected.ROWS),
)
"""The two families of them with their messages."""
