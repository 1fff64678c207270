"""iqrfEmbedLedr_* to iqrfEmbedSpi_*, and iqrfEmbedExplore_*: what a module has on its board."""

from collections.abc import Callable
from typing import Any

from protocol.api.dpa.command import Numbers, command_row
from protocol.api.family import Row
from protocol.dpa.call import Command
from protocol.dpa.peripherals import inputs_outputs as board
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.pnum import EXPLORATION, PERIPHERAL_INFO_PCMD
from protocol.strict.json import JsonObject


def _switch(on: Command[Any], off: Command[Any]) -> Callable[[JsonObject], Numbers]:
    return lambda param: on.key if param["onOff"] else off.key


def _per(param: JsonObject) -> int:
    number = param["per"]
    assert isinstance(number, int)
    return number


def _information(param: JsonObject) -> Numbers:
    return _per(param), PERIPHERAL_INFO_PCMD


def _more_information(param: JsonObject) -> Numbers:
    return EXPLORATION, _per(param)


_PORTS = "ports:(port!:u8 which; 255 is a pause, mask!:u8 bits that count, value!:u8)"
_PORT = {"port": 0, "mask": 4, "value": 0}
_SERIAL = "readTimeout:u8 wait for data; in 10 ms; 255 is not at all, writtenData:data up to 55"
_KIND = "perTe:u8 extended type, perT:u8 type; 0 is none, par1:u8, par2:u8"


# fmt: off
def _led(name: str, *commands: Command[Any]) -> tuple[Row, ...]:
    off, on, get, pulse, flashing = commands
    return (
        command_row(f"{name}_SetOn", on, "Switch an LED on.", closed=True),
        command_row(f"{name}_SetOff", off, "Switch an LED off.", closed=True),
        command_row(f"{name}_Set", _switch(on, off), "Switch an LED on or off.",
                    "onOff:switch on", "", example={"onOff": True}),
        command_row(f"{name}_Get", get, "Whether an LED is on (before DPA 3.03).", "",
                    "onOff:switch on"),
        command_row(f"{name}_Pulse", pulse, "Let an LED shine for a moment."),
        command_row(f"{name}_Flashing", flashing, "Let an LED flash."),
    )


ROWS = (
    *_led("EmbedLedr", board.LEDR_OFF, board.LEDR_ON, board.LEDR_GET, board.LEDR_PULSE,
          board.LEDR_FLASHING),
    *_led("EmbedLedg", board.LEDG_OFF, board.LEDG_ON, board.LEDG_GET, board.LEDG_PULSE,
          board.LEDG_FLASHING),
    command_row("EmbedIo_Direction", board.IO_DIRECTION, "Say which pins are inputs.", _PORTS, "",
                example={"ports": [_PORT]}),
    command_row("EmbedIo_Set", board.IO_SET, "Set output pins.", _PORTS, "",
                example={"ports": [_PORT]}),
    command_row("EmbedIo_Get", board.IO_GET, "Read the pins.", "", "ports:data5 a byte each"),
    command_row("EmbedThermometer_Read", board.THERMOMETER_READ, "Read the thermometer.", "",
                "temperature:celsius (°C)"),
    command_row("EmbedUart_Open", board.UART_OPEN, "Open the serial line of a module.",
                "baudRate:u8 0 to 8: 1200 to 230400 Bd", "", example={"baudRate": 3}),
    command_row("EmbedUart_Close", board.UART_CLOSE, "Close the serial line of a module."),
    command_row("EmbedUart_WriteRead", board.UART_WRITE_READ,
                "Write to the serial line, and read what comes.", _SERIAL,
                "readData:data what came", example={"readTimeout": 0, "writtenData": [1, 2]}),
    command_row("EmbedUart_ClearWriteRead", board.UART_CLEAR_WRITE_READ,
                "The same, what came before is thrown away.", _SERIAL,
                "readData:data what came", example={"readTimeout": 0, "writtenData": [1, 2]}),
    command_row("EmbedSpi_WriteRead", board.SPI_WRITE_READ,
                "Write to the SPI of a module, and read (before DPA 4.00).", _SERIAL,
                "readData:data what came", example={"readTimeout": 0, "writtenData": [1, 2]}),
    command_row("EmbedExplore_Enumerate", ENUMERATE, "What a device is, and what it has.", "",
                "dpaVer:u16 version of DPA with flags, perNr:u8 number of user peripherals, "
                "embeddedPers:bits4 PNUMs, hwpid:u16, hwpidVer:u16, flags:u8, "
                "userPer:bits/32 PNUMs"),
    command_row("EmbedExplore_PeripheralInformation", _information,
                "What kind of peripheral a device has.", "per:pnum PNUM", _KIND,
                example={"per": 2}),
    command_row("EmbedExplore_MorePeripheralsInformation", _more_information,
                "What kinds of peripherals a device has, from one on.", "per:pnum the first PNUM",
                f"peripherals:({_KIND})", example={"per": 0}),
)
