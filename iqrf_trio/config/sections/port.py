"""The way to the coordinator, and the simulated mesh that may be behind it."""

from typing import Any, Literal

from attrs import frozen

from iqrf_trio.config.keys import (
    AUTO,
    ImpossibleValueError,
    between,
    by_board,
    not_empty,
    one_of,
    setting,
)
from protocol.link.boards import BOARDS, NONE

_PIN = between(-1, 1023)

BoardName = Literal[
    "raspberry-pi",
    "up",
    "up-squared",
    "orange-pi-zero",
    "iqube",
    "unipi-axon",
    "unipi-iris",
    "none",
]
"""The boards of which the pins are known."""


# The speeds of a module's UART (TR configuration byte 0x0B, "UART baud rate").
_BAUD_RATE = one_of(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)


@frozen
class Spi:
    """A module on the SPI bus."""

    board: BoardName = setting("raspberry-pi", "preset; the keys below override it")
    mode: Literal["fast", "slow"] = setting("fast", "fast | slow")
    gpio_chip: str = setting(AUTO, "e.g. /dev/gpiochip0; auto = by the board's label", not_empty)
    power_enable_pin: int = by_board(
        lambda spi: BOARDS[spi.board].power, "line of the chip; -1 = none", _PIN
    )
    bus_enable_pin: int = by_board(lambda spi: BOARDS[spi.board].bus, "", _PIN)
    programming_switch_pin: int = by_board(
        lambda spi: BOARDS[spi.board].programming, "held low: never programming mode", _PIN
    )


@frozen
class Uart:
    """A module on a serial line."""

    baud_rate: int = setting(57600, "as configured in the module", _BAUD_RATE)
    board: BoardName = setting("none", "preset whose pins switch the module; none = always on")


@frozen
class Tcp:
    """A module, or a simulated mesh, behind a TCP socket."""

    host: str = setting("127.0.0.1", "", not_empty)
    port: int = setting(10000, "", between(1, 65535))


def _device_of(port: Any) -> str:
    """The device of the board; a line without a board has no usual one."""
    if port.kind == "uart" and port.uart.board != NONE:
        return BOARDS[port.uart.board].uart_device
    return BOARDS[port.spi.board if port.kind == "spi" else NONE].spi_device


@frozen
class Port:
    """The way to the coordinator."""

    kind: Literal["spi", "uart", "cdc", "tcp", "simulator"] = setting(
        "spi", "spi | uart | cdc | tcp | simulator"
    )
    spi: Spi = Spi()
    uart: Uart = Uart()
    tcp: Tcp = Tcp()
    device: str = by_board(_device_of, "spi, uart, cdc")
    trace: str = setting(
        "",
        "file that receives every frame with its time, JSON lines; at 8 MiB a new one begins",
    )
    trace_keys: bool = setting(False, "keys of the network stand in the trace too")

    def __attrs_post_init__(self) -> None:
        """Refuse a device that is plainly of another kind."""
        example = {"spi": "/dev/spidev0.0", "uart": "/dev/ttyS0", "cdc": "/dev/ttyACM0"}.get(
            self.kind
        )
        if example is None:
            return
        of_spi = self.device.startswith("/dev/spidev")
        of_serial = self.device.startswith("/dev/tty")
        if not self.device or (of_serial if self.kind == "spi" else of_spi):
            raise ImpossibleValueError(
                "device",
                f'is "{self.device}", which is no device of kind {self.kind}',
                f'for example device = "{example}"',
            )


@frozen
class Simulator:
    """The simulated mesh behind a port of kind simulator."""

    nodes: int = setting(12, "a generated mesh of so many nodes, 1..239, or", between(1, 239))
    network: str = setting("", "a file that describes one, see simulated-network.toml")
    seed: int = setting(1, "the same seed gives the same mesh", between(0, 2**31 - 1))
    speed: float = setting(
        1.0, "1 = real air time, 10 = ten times faster, 0 = no waiting", between(0, 10000)
    )
    loss: float = setting(0.0, "probability that a node misses a frame, 0..1", between(0, 1))
