"""The commands of the standards by their numbers and names.

What is in their frames is told in `protocol.standard`, which reads these rows with its layouts.
"""

from protocol.dpa.call import NOTHING, RAW, Command, raw
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, SENSOR


def _commands_answered(pdata: bytes) -> int:
    """Two bytes for each command, which has two bytes itself."""
    return len(pdata)


LIGHT_SEND_LDI = Command(LIGHT, 0x00, "SendLdiCommands", RAW, length_asked=_commands_answered)
LIGHT_SEND_LDI_ASYNC = Command(LIGHT, 0x01, "SendLdiCommandsAsync", NOTHING)
LIGHT_SET_LAI = Command(LIGHT, 0x02, "SetLai", raw(2))
OUTPUTS_SET = Command(BINARY_OUTPUT, 0x00, "SetOutput", raw(4))
OUTPUTS_ENUMERATE = Command(BINARY_OUTPUT, 0x3E, "Enumerate", raw(1))
SENSORS_READ = Command(SENSOR, 0x00, "ReadSensors", RAW)
SENSORS_READ_WITH_TYPES = Command(SENSOR, 0x01, "ReadSensorsWithTypes", RAW)
SENSORS_ENUMERATE = Command(SENSOR, 0x3E, "Enumerate", RAW)
SENSORS_REPORT = Command(SENSOR, 0x7B, "Report", RAW)

STANDARD_COMMANDS = (
    LIGHT_SEND_LDI,
    LIGHT_SEND_LDI_ASYNC,
    LIGHT_SET_LAI,
    OUTPUTS_SET,
    OUTPUTS_ENUMERATE,
    SENSORS_READ,
    SENSORS_READ_WITH_TYPES,
    SENSORS_ENUMERATE,
    SENSORS_REPORT,
)
