"""The boards that carry a module: which device and pins lead to it, by the vendor's settings."""

from collections.abc import Mapping
from enum import Enum

from attrs import frozen

NO_PIN = -1

NONE = "none"
"""The board of a module that is always on."""


class Bus(Enum):
    """What the module is connected with."""

    SPI = "spi"
    UART = "uart"


@frozen
class Board:
    """Pins are offsets on one GPIO chip, NO_PIN where there is none; all are active high.

    The chip is that with one of `gpio_labels`; `gpio_chip` where they are none or not found.
    `bus` connects the module's lines; newer boards have one pin per bus instead. `programming`
    holds MOSI and MISO together while the module starts, which sends it to programming mode.
    """

    spi_device: str
    uart_device: str
    power: int
    bus: int = NO_PIN
    programming: int = NO_PIN
    spi: int = NO_PIN
    uart: int = NO_PIN
    i2c: int = NO_PIN
    gpio_chip: str = "/dev/gpiochip0"
    gpio_labels: tuple[str, ...] = ()

    def connected(self, bus: Bus) -> dict[int, bool]:
        """The levels that connect the module to `bus`."""
        pins = {self.bus: True}
        if self.bus == NO_PIN:
            pins |= {self.spi: bus is Bus.SPI, self.uart: bus is Bus.UART, self.i2c: False}
        pins.pop(NO_PIN, None)
        return pins

    def disconnected(self) -> dict[int, bool]:
        """The levels that take it off all buses."""
        return dict.fromkeys(self.connected(Bus.SPI), False)

    def powered(self, *, on: bool) -> dict[int, bool]:
        """The levels that switch the module on or off, always for normal operation."""
        pins = {self.power: on, self.programming: False}
        pins.pop(NO_PIN, None)
        return pins


_HEADER = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""The chips of a Raspberry Pi's 40-pin header: model 5, model 4, and those before.

That of model 5 is gpiochip4 or gpiochip0, by the kernel's version (`gpiodetect`)."""

BOARDS: Mapping[str, Board] = {
    # KON-RASP-01; kernels since 6.6 count the lines of sysfs from 512, here they stay as printed.
    "raspberry-pi": Board("/dev/spidev0.0", "/dev/ttyS0", power=23, gpio_labels=_HEADER),
    "up": Board("/dev/spidev2.0", "/dev/ttyS1", power=23),
    "up-squared": Board("/dev/spidev1.0", "/dev/ttyS1", power=23),
    # IQD-GW-01 has the pins of an Orange Pi Zero.
    "orange-pi-zero": Board("/dev/spidev1.0", "/dev/ttyS1", power=19, bus=10, programming=3),
    # IQD-GW-02 and KON-OPI-02.
    "iqube": Board("/dev/spidev1.0", "/dev/ttyS1", power=19, programming=3, spi=10, uart=6, i2c=7),
    # The vendor's sources contradict each other about power and programming of this one.
    "unipi-axon": Board("/dev/spidev0.3", "", power=19, bus=18, programming=2),
    "unipi-iris": Board(
        "/dev/spidev1.0", "/dev/ttymxc3", power=511, programming=510, spi=508, uart=505, i2c=509
    ),
    "none": Board("/dev/spidev0.0", "/dev/ttyS0", power=NO_PIN),
}
"""By name; "none" is for modules that are always on."""
