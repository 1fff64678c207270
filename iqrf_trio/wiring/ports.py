"""Which port a configuration means, and where its frames are traced."""

from pathlib import Path

from attrs import evolve

from iqrf_trio.config import Config, ConfigError, Spi
from iqrf_trio.edges.boards import BOARDS, Board, Bus
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.ports.cdc import CdcPort
from iqrf_trio.edges.ports.spi import SpiPort
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.edges.ports.uart import UartPort
from iqrf_trio.edges.power import Power
from iqrf_trio.edges.trace import TraceFile
from iqrf_trio.simulator.files.network_file import read_network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort


def port_of(config: Config) -> Port:
    """The way to the coordinator; nothing is opened yet.

    Raises NetworkFileError for a description of a mesh that is none.
    """
    port = config.port
    match port.kind:
        case "simulator":
            return SimulatorPort(mesh_of(config), config.simulator.speed)
        case "tcp":
            return TcpPort(port.tcp.host, port.tcp.port)
        case "cdc":
            return CdcPort(port.device)
        case "uart":
            power = Power(BOARDS[port.uart.board], Bus.UART)
            return UartPort(port.device, port.uart.baud_rate, power)
        case "spi":
            board = board_of(port.spi)
            device = board.spi_device if port.device == type(port)().device else port.device
            return SpiPort(device, Power(board, Bus.SPI), slow=port.spi.mode == "slow")


def board_of(spi: Spi) -> Board:
    """The preset with what differs from the defaults, which are those of the Raspberry Pi.

    A chip that is named is no longer looked for.
    """
    default = Spi()
    members = {
        "gpio_chip": "gpio_chip",
        "power_enable_pin": "power",
        "bus_enable_pin": "bus",
        "programming_switch_pin": "programming",
    }
    changes = {
        member: getattr(spi, key)
        for key, member in members.items()
        if getattr(spi, key) != getattr(default, key)
    }
    if "gpio_chip" in changes:
        changes["gpio_labels"] = ()
    return evolve(BOARDS[spi.board], **changes)


def trace_of(config: Config) -> TraceFile | None:
    """Where frames are traced, if anywhere; raises ConfigError for a file that cannot be."""
    if not config.port.trace:
        return None
    try:
        return TraceFile(Path(config.port.trace))
    except OSError as error:
        origin = config.origins.get("port.trace", "")
        fix = "name a file that this user may write, or leave the key empty"
        raise ConfigError(origin, "port.trace", f"{error.strerror}", fix) from None


def mesh_of(config: Config) -> Mesh:
    """The simulated mesh that the configuration describes, in a file or by numbers."""
    simulator = config.simulator
    if simulator.network:
        return read_network(Path(simulator.network), simulator.seed, loss=simulator.loss)
    return generate(simulator.nodes, simulator.seed, loss=simulator.loss)
