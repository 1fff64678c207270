"""What simulated devices are: products with their sensors, outputs and lights."""

from attrs import frozen

from iqrf_trio.simulator.signals import USUAL, Fixed, Signal
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, SENSOR
from protocol.standard.quantities import Value

DPA_VERSION = 0x0417
OS_VERSION = 0x46
OS_BUILD = 0x08D8
MCU_TYPE = 0x24
"""TR-72D."""


@frozen
class SensorModel:
    """One sensor: its type, and what it measures."""

    type: int
    signal: Signal

    @classmethod
    def usual(cls, sensor_type: int) -> "SensorModel":
        """A sensor that shows what is usual for its type; an unknown type shows errors."""
        return cls(sensor_type, USUAL.get(sensor_type, Fixed(None)))

    def at(self, now: float, phase: float) -> Value | None:
        """See Signal."""
        return self.signal.at(now, phase)


@frozen
class Product:
    """Everything that devices with the same HWPID and version have in common."""

    name: str
    hwpid: int
    hwpid_version: int
    sensors: tuple[SensorModel, ...] = ()
    binary_outputs: int = 0
    light: bool = False
    uart: bool = False
    """Whether the serial line of the module is led out."""

    @property
    def user(self) -> frozenset[int]:
        """The PNUMs of its standards."""
        has = {SENSOR: self.sensors, BINARY_OUTPUT: self.binary_outputs, LIGHT: self.light}
        return frozenset(pnum for pnum, present in has.items() if present)


def _sensors(*types: int) -> tuple[SensorModel, ...]:
    return tuple(SensorModel.usual(sensor_type) for sensor_type in types)


GATEWAY = Product("Coordinator", 0x2A00, 0x0001)

PRODUCTS = (
    Product("Climate sensor", 0x2A10, 0x0103, _sensors(1, 2, 128)),
    Product("Two temperatures", 0x2A20, 0x0100, _sensors(1, 1), uart=True),
    Product("Relay", 0x2A30, 0x0101, binary_outputs=4),
    Product("Light", 0x2A40, 0x0200, light=True),
    Product("Consumption meter", 0x2A50, 0x0102, _sensors(161, 163)),
)
"""The products of generated meshes; no HWPID ends in F, which would mark uncertified ones."""
