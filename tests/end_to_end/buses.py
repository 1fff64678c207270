"""Simulated modules in this process, for a gateway that is another process."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import pytest
import trio
from attrs import define, field

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFaults
from iqrf_trio.simulator.serving.lines import LineKind
from iqrf_trio.simulator.serving.pty import SerialDevice
from iqrf_trio.simulator.serving.spi import SpiModule, serve_spi
from iqrf_trio.simulator.serving.tcp import serve_tcp
from tests.packages import NO_COMPILER

NODES = 5
SPI_DEVICE = "/dev/spidev0.0"


@define(eq=False)
class Module:
    """How a gateway reaches it; `mesh` is None where that is inside the gateway."""

    settings: tuple[str, ...]
    mesh: Mesh | None = None
    environment: Mapping[str, str] = field(factory=dict)
    faults: BusFaults | None = None
    device: SerialDevice | None = None
    spi: SpiModule | None = None


@cache
def spidev_stand_in() -> Path:
    """The library to preload, compiled here; skips the test where there is no compiler."""
    if find_spec("spidev") is None:
        pytest.skip(NO_COMPILER)
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("no C compiler to build the stand-in for /dev/spidev with")
    library = Path(mkdtemp(prefix="iqrf-trio-")) / "stand_in.so"
    source = Path(__file__).parent / "preload" / "spidev.c"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, "-o", library, source, "-ldl"], check=True)
    return library


@asynccontextmanager
async def module(kind: str, directory: Path, speed: float = 0) -> AsyncIterator[Module]:
    """A simulated module behind a port of this kind."""
    if kind == "simulator":
        yield Module((f"simulator.nodes={NODES}", f"simulator.speed={speed}"))
        return
    if kind == "spi":
        spidev_stand_in()  # what skips the test has to do so outside of a nursery
    mesh = generate(NODES, 1)
    async with trio.open_nursery() as nursery:
        if kind == "tcp":
            _, port = await nursery.start(serve_tcp, mesh, "127.0.0.1", 0, speed)
            it = Module((f"port.tcp.port={port}",), mesh)
        elif kind == "spi":
            spi = SpiModule(mesh, speed)
            # A Unix socket has a short name.
            socket = Path(mkdtemp(prefix="spi-")) / "bus"
            await nursery.start(partial(serve_spi, spi, socket))
            it = Module(
                (f"port.device={SPI_DEVICE}", "port.spi.board=none"),
                mesh,
                {
                    "LD_PRELOAD": str(spidev_stand_in()),
                    "SPIDEV_DEVICE": SPI_DEVICE,
                    "SPIDEV_SOCKET": str(socket),
                },
                spi.faults,
                spi=spi,
            )
        else:
            device = SerialDevice(mesh, LineKind(kind), speed, directory / "device")
            path = await nursery.start(device.run)
            it = Module((f"port.device={path}",), mesh, {}, device.faults, device)
        yield it
        nursery.cancel_scope.cancel()
