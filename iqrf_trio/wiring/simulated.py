"""The simulated mesh of a configuration; only gateways that have one import it, at the start."""

from pathlib import Path

from iqrf_trio.config import Config
from iqrf_trio.simulator.files.network_file import read_network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort


def port_of(config: Config) -> SimulatorPort:
    """The port to it. Raises NetworkFileError for a description of a mesh that is none."""
    return SimulatorPort(mesh_of(config), config.simulator.speed, fresh=True)


def mesh_of(config: Config) -> Mesh:
    """The simulated mesh that the configuration describes, in a file or by numbers."""
    simulator = config.simulator
    if simulator.network:
        return read_network(Path(simulator.network), simulator.seed, loss=simulator.loss)
    return generate(simulator.nodes, simulator.seed, loss=simulator.loss)
