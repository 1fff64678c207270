"""iqrfEmbedFrc_*, and the standards: iqrfSensor_*, iqrfBinaryoutput_*, iqrfLight_*, iqrfDali_*."""

from protocol.api.dpa import breakdowns
from protocol.api.dpa.command import command_row
from protocol.auth.rights import MANAGE
from protocol.dpa.peripherals import frc
from protocol.dpa.peripherals import standards as s
from protocol.strict.json import JsonObject


def _selection(param: JsonObject) -> JsonObject:
    """Data for sensors stand behind a bitmap, even where no sensor is asked for."""
    if param.get("writtenData") and "sensorIndexes" not in param:
        return {"sensorIndexes": [], **param}
    return param


_FRC = "frcCommand:u8 what is asked"
_USER_DATA = "userData:data 2 to 30 bytes; 25 with selected nodes"
_COLLECTED = "status:u8 how many nodes answered; above 239 it failed, frcData:data1 55 bytes"
_LDI = "commands!:ldi 1 to 28 commands"
_ANSWERS = "answers:(status:u8 bit 0: it answered, value:u8 its answer)+ one for each command"

# fmt: off
ROWS = (
    command_row("EmbedFrc_Send", frc.FRC_SEND, "Ask all nodes at once.", f"{_FRC}, {_USER_DATA}",
                _COLLECTED, example={"frcCommand": 0, "userData": [0, 0]}),
    command_row("EmbedFrc_ExtraResult", frc.FRC_EXTRA_RESULT, "Read the rest of the last FRC.",
                "", "frcData:data1 9 bytes"),
    command_row("EmbedFrc_SendSelective", frc.FRC_SEND_SELECTIVE, "Ask several nodes at once.",
                f"{_FRC}, selectedNodes:bits30 addresses, {_USER_DATA}", _COLLECTED,
                example={"frcCommand": 0, "selectedNodes": [1, 2], "userData": [0, 0]},
                echo="selectedNodes?:bits30 as asked for", closed=True),
    command_row("EmbedFrc_SetParams", frc.FRC_SET_PARAMS,
                "Set the parameters of FRCs; the answer has those before.",
                "frcResponseTime:u8 bits 4 to 6: how long nodes may take; bit 3: offline",
                "frcResponseTime:u8 as before", example={"frcResponseTime": 0}, rights=MANAGE),
    command_row("Binaryoutput_Enumerate", s.OUTPUTS_ENUMERATE, "How many outputs a device has.",
                "", "binOuts:u8 how many"),
    command_row("Binaryoutput_SetOutput", s.OUTPUTS_SET,
                "Switch outputs; the answer has the states before.", "binOuts:outputs",
                "prevVals:flags32 the states before",
                example={"binOuts": [{"index": 0, "state": True}]}),
    command_row("Sensor_Enumerate", s.SENSORS_ENUMERATE, "Which sensors a device has.", "",
                "sensors:types by index", explain=breakdowns.of_device),
    command_row("Sensor_ReadSensorsWithTypes", s.SENSORS_READ_WITH_TYPES, "Read sensors.",
                "sensorIndexes?:indexes which; -1 is all; missing: the first, "
                "writtenData?:written index and four bytes each",
                "sensors:values", example={"sensorIndexes": -1},
                given=_selection, echo="sensorIndexes?:indexes as asked for", closed=True,
                closed_param=True, explain=breakdowns.of_device),
    command_row("Light_SendLdiCommands", s.LIGHT_SEND_LDI, "Send commands to lamps.",
                _LDI, _ANSWERS, example={"commands": [65152]}, closed=True, closed_param=True),
    command_row("Light_SendLdiCommandsAsync", s.LIGHT_SEND_LDI_ASYNC,
                "Send commands to lamps without waiting for what they answer.", _LDI, "",
                example={"commands": [65424, 0]}, closed=True, closed_param=True),
    command_row("Light_SetLai", s.LIGHT_SET_LAI,
                "Set the analogue output; the answer has the voltage before.",
                "voltage!:volts 0 to 10 (V)", "prevVoltage:volts (V)", example={"voltage": 5},
                closed=True, closed_param=True),
    command_row("Dali_SendCommands", s.LIGHT_SEND_LDI, "Send DALI commands to lamps.",
                _LDI, _ANSWERS, example={"commands": [65424]}),
    command_row("Dali_SendCommandsAsync", s.LIGHT_SEND_LDI_ASYNC,
                "Send DALI commands to lamps without waiting for what they answer.", _LDI, "",
                example={"commands": [65424, 65521]}),
)
