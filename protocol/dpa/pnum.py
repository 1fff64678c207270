"""The peripheral numbers (DPA guide, "Peripherals") and what they are called."""

COORDINATOR_PNUM = 0x00
NODE = 0x01
OS = 0x02
EEPROM = 0x03
EEEPROM = 0x04
RAM = 0x05
LEDR = 0x06
LEDG = 0x07
SPI = 0x08
IO = 0x09
THERMOMETER = 0x0A
PWM = 0x0B
UART = 0x0C
FRC = 0x0D
LIGHT = 0x4A
BINARY_OUTPUT = 0x4B
SENSOR = 0x5E
OLD_LIGHT = 0x71
"""The Light standard of 2018, retired when LIGHT took its name: frames are named, but a device that
has only this is no light to anybody, as none of today's commands reach it."""
EXPLORATION = 0xFF

FIRST_USER = 0x20
"""Bit 0 of the bitmap of user peripherals stands for this one."""

PERIPHERAL_INFO_PCMD = 0x3F
"""At every peripheral this command asks what it is; at EXPLORATION, what the device is."""

PERIPHERAL_NAMES = {
    COORDINATOR_PNUM: "Coordinator",
    NODE: "Node",
    OS: "OS",
    EEPROM: "EEPROM",
    EEEPROM: "EEEPROM",
    RAM: "RAM",
    LEDR: "LEDR",
    LEDG: "LEDG",
    SPI: "SPI",
    IO: "IO",
    THERMOMETER: "Thermometer",
    PWM: "PWM",
    UART: "UART",
    FRC: "FRC",
    LIGHT: "Light",
    BINARY_OUTPUT: "BinaryOutput",
    SENSOR: "Sensor",
    OLD_LIGHT: "OldLight",
    EXPLORATION: "Exploration",
}
