"""Radio transactions of the network services beside those of the published sequences.

Counts on a network of 150 nodes without losses; what is only read back to check it is left out of
the comparison, as the published sequences check nothing.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import trio
from attrs import field, frozen
from trio.testing import MockClock

from bench.rows import Figure, Mark, Row
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.store import Store, inline
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa import frc
from protocol.iqmesh import (
    bonding,
    dpa_hops,
    dpa_value,
    enumerate_device,
    frc_params,
    health,
    iqrf_code,
    maintenance,
    ping,
    radio_tests,
    remove_bond,
    tr_configuration,
)
from protocol.iqmesh.plan import Service
from protocol.iqmesh.tr_settings import TrSettings
from protocol.iqmesh.write_tr_configuration import WriteTrConf

NODES = 150
_NEW_MID = 0x8100_0777
_KINDS = (Kind.UNICAST, Kind.BROADCAST, Kind.FRC, Kind.DISCOVERY)

_ALL_SETTINGS = TrSettings(
    peripherals={"eeprom": True, "io": True, "spi": False},
    switches={"custom_dpa_handler": True, "rf_pgm_lp_mode": True},
    values={
        "tx_power": 6,
        "rx_filter": 9,
        "lp_rx_timeout": 7,
        "uart_baudrate": 3,
        "rf_alt_dsm_channel": 3,
        "rf_channel_a": 40,
        "rf_channel_b": 4,
    },
    local_frc=True,
)
"""What the vendor's web client writes at once."""


@frozen
class Case:
    """One service: how it is made, and how many transactions the published sequence takes.

    `published` is None where no other gateway has such a service. `unchecked` are transactions
    that only check what was written.
    """

    name: str
    make: Callable[[Mesh], Service]
    published: int | None
    unchecked: int = field(default=0)


def _smart_connect(mesh: Mesh) -> Service:
    ibk = mesh.world.nodes[-1].ibk
    return bonding.SmartConnect(0, code=iqrf_code.encode(iqrf_code.IqrfCode(_NEW_MID, ibk)))


CASES = (
    Case("Ping", lambda _: ping.Ping(), 1),
    Case("Restart", lambda _: ping.Restart(), 1),
    Case("DpaValue", lambda _: dpa_value.DpaValue(), 0),
    Case("DpaHops", lambda _: dpa_hops.DpaHops(), 0),
    Case("FrcParams", lambda _: frc_params.FrcParams(), 0),
    Case("BondNodeLocal", lambda _: bonding.BondNodeLocal(0), 2),
    Case("SmartConnect", _smart_connect, 2),
    Case("RemoveBond, one node", lambda _: remove_bond.RemoveBond(7), 1),
    Case("RemoveBond, all nodes", lambda _: remove_bond.RemoveBond(None), 1),
    Case("RemoveBondOnlyInC", lambda _: remove_bond.RemoveBondOnlyInC(range(1, 31)), 0),
    Case("EnumerateDevice", lambda _: enumerate_device.EnumerateDevice(7), 4),
    Case("ReadTrConf", lambda _: tr_configuration.ReadTrConf(7), 2),
    Case("WriteTrConf, one node", lambda _: WriteTrConf(7, _ALL_SETTINGS), 2, unchecked=1),
    Case("WriteTrConf, all nodes", lambda _: WriteTrConf(0xFF, _ALL_SETTINGS), 6),
    Case("MaintenanceTestRF", lambda _: radio_tests.TestRf(True, 52, 5, 360), 3),
    Case(
        "MaintenanceFrcResponseTime",
        lambda _: radio_tests.FrcResponseTime(frc.SENSOR_1BYTE),
        3,
    ),
    Case("MaintenanceInconsistentMIDsInCoord", lambda _: maintenance.InconsistentMids(), 11),
    Case("MaintenanceDuplicatedAddresses", lambda _: maintenance.DuplicatedAddresses(), 14),
    Case("MaintenanceUselessPrebondedNodes", lambda _: maintenance.UselessPrebondedNodes(), 1),
    Case("HealthReport, 5 rounds", lambda _: health.HealthReport(5), None),
)


async def cost(case: Case) -> int:
    """The radio transactions of one service on a network of its own."""
    mesh = generate(NODES)
    if case.name in ("BondNodeLocal", "SmartConnect"):
        mesh.world.nodes.append(Node(_NEW_MID, PRODUCTS[0], position=(0.1, 0.0)))
    with tempfile.TemporaryDirectory(prefix="iqrf-trio-bench-") as directory:
        async with (
            Store.open(Path(directory) / "iqrf-trio.db", hop=inline) as store,
            trio.open_nursery() as nursery,
        ):
            scheduler = Scheduler()
            transceiver = Transceiver(SimulatorPort(mesh), on_async=lambda _: None)
            await nursery.start(transceiver.run)
            await nursery.start(scheduler.run_network)
            await transceiver.wait_connected()
            before = _on_the_air(mesh)
            await NetworkServices(transceiver, scheduler, store).perform(case.name, case.make(mesh))
            count = _on_the_air(mesh) - before
            nursery.cancel_scope.cancel()
    return count - case.unchecked


def _on_the_air(mesh: Mesh) -> int:
    return sum(mesh.counters.requests[kind] for kind in _KINDS)


def measure() -> Iterator[Row]:
    """Each service on a fresh network."""
    for case in CASES:
        count = trio.run(cost, case, clock=MockClock(autojump_threshold=0))
        mark = None if case.published is None else Mark(case.published, at_least=False)
        read_back = f"and {case.unchecked} to read back" if case.unchecked else ""
        yield Row(f"{case.name}, {NODES} nodes", count, "transactions", mark=mark, note=read_back)


FIGURE = Figure("Network services (the mark is the published sequence)", measure)
