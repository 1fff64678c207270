"""Which port a configuration means."""

from pathlib import Path

from iqrf_trio.config import Config, ConfigError
from iqrf_trio.edges.ports import Port
from iqrf_trio.edges.ports.simulator import SimulatorPort
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.network_file import read_network
from iqrf_trio.simulator.plan import generate


def port_of(config: Config) -> Port:
    """The way to the coordinator; nothing is opened yet.

    Raises ConfigError for a kind that this version does not have, NetworkFileError for a
    description of a mesh that is none.
    """
    match config.port.kind:
        case "simulator":
            return SimulatorPort(mesh_of(config), config.simulator.speed)
        case "tcp":
            return TcpPort(config.port.tcp.host, config.port.tcp.port)
        case kind:
            raise ConfigError(
                config.origins.get("port.kind", ""),
                "port.kind",
                f'"{kind}" is not available in this version',
                'use "tcp", or "simulator" (option --simulate)',
            )


def mesh_of(config: Config) -> Mesh:
    """The simulated mesh that the configuration describes, in a file or by numbers."""
    simulator = config.simulator
    if simulator.network:
        return read_network(Path(simulator.network), simulator.seed, loss=simulator.loss)
    return generate(simulator.nodes, simulator.seed, loss=simulator.loss)
