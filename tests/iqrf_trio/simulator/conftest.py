"""What the tests of simulated meshes share; each module has the `mesh` that it talks to."""

import pytest

from iqrf_trio.simulator.mesh import Mesh
from tests.iqrf_trio.simulator.talk import Talk


@pytest.fixture
def talk(mesh: Mesh) -> Talk:
    return Talk(mesh)
