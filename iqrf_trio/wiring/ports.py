"""Which port a configuration means, and where its frames are traced."""

from pathlib import Path

from attrs import evolve

from iqrf_trio.config import AUTO, Config, ConfigError, Spi
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.ports.cdc import CdcPort
from iqrf_trio.edges.ports.spi import SpiPort
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.edges.ports.uart import UartPort
from iqrf_trio.edges.power import Power
from iqrf_trio.edges.trace import TraceFile
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.wiring.packages import require
from protocol.link.boards import BOARDS, Board, Bus


def port_of(config: Config, shutdown: Shutdown | None = None) -> Port:
    """The way to the coordinator; nothing is opened yet, and nothing outlives the `shutdown`.

    Raises NetworkFileError for a description of a mesh that is none, and ConfigError where a
    package is missing.
    """
    port = config.port
    match port.kind:
        case "simulator":
            from iqrf_trio.wiring import simulated  # noqa: PLC0415 - all other starts would wait

            return simulated.port_of(config)
        case "tcp":
            return TcpPort(port.tcp.host, port.tcp.port)
        case "cdc":
            return CdcPort(port.device)
        case "uart":
            board = BOARDS[port.uart.board]
            _require_gpio(config, "port.uart.board", board)
            power = Power(board, Bus.UART)
            return UartPort(port.device, port.uart.baud_rate, power)
        case "spi":
            board = board_of(port.spi)
            require(config, "port.kind", "spidev", extra="spi")
            _require_gpio(config, "port.spi.board", board)
            power = Power(board, Bus.SPI)
            return SpiPort(port.device, power, slow=port.spi.mode == "slow", shutdown=shutdown)


def _require_gpio(config: Config, key: str, board: Board) -> None:
    if board.powered(on=True) or board.connected(Bus.SPI):
        require(config, key, "gpiod", extra="spi")


def board_of(spi: Spi) -> Board:
    """The preset with the pins of the configuration; a chip that is named is not looked for."""
    board = evolve(
        BOARDS[spi.board],
        power=spi.power_enable_pin,
        bus=spi.bus_enable_pin,
        programming=spi.programming_switch_pin,
    )
    if spi.gpio_chip == AUTO:
        return board
    return evolve(board, gpio_chip=spi.gpio_chip, gpio_labels=())


def trace_of(config: Config) -> TraceFile | None:
    """Where frames are traced, if anywhere; raises ConfigError for a file that cannot be."""
    if not config.port.trace:
        return None
    try:
        return TraceFile(Path(config.port.trace), config.port.trace_keys)
    except OSError as error:
        origin = config.origins.get("port.trace", "")
        fix = "name a file that this user may write, or leave the key empty"
        raise ConfigError(origin, "port.trace", f"{error.strerror}", fix) from None
