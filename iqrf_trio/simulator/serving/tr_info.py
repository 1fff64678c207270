"""TR info of a simulated coordinator: what its interface tells without DPA."""

from iqrf_trio.simulator.mesh import Mesh
from protocol.link.tr_info import TrInfo


def tr_info(mesh: Mesh) -> bytes:
    """As a module tells it that knows all of it."""
    info = mesh.coordinator.system.os_info()
    return TrInfo(info.mid, info.os_version, info.mcu_type, info.os_build, info.ibk).encode()
