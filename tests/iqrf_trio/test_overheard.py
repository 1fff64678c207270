"""Values that pass by are stored soon, together, and without anybody waiting for it."""

import sqlite3
from contextlib import closing

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.overheard import GATHER_S
from iqrf_trio.simulator.mesh import Mesh
from protocol.dpa.packet import Response
from tests.iqrf_trio.sensor_rig import EPOCH, Rig, gateway, measured, mesh_of

SOON_S = GATHER_S + 0.5


def mixed_mesh() -> Mesh:
    return mesh_of({1: (1, 2, 128), 2: (160, 192), 3: (1, 1)})


def heard(rig: Rig) -> dict[tuple[int, int], object]:
    return {key: value for key, value in rig.stored().items() if value is not None}


async def test_a_report_of_a_node_is_stored(autojump_clock: MockClock) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        for address in (1, 2):
            mesh.emit_report(address, rig.port.clock.now())
        await trio.sleep(SOON_S)
        assert heard(rig) == measured(mesh)
        assert {address for address, _ in heard(rig)} == {1, 2}


@pytest.mark.parametrize(
    ("frame", "indexes"),
    [
        ("01.00.5e.01.ff.ff.ff.ff.ff.ff", {0, 1, 2}),
        ("01.00.5e.01.ff.ff.06.00.00.00", {1, 2}),
        ("01.00.5e.01.ff.ff", {0}),
        ("01.00.5e.00.ff.ff.05.00.00.00", {0, 2}),
    ],
)
async def test_what_a_client_reads_is_stored(
    frame: str, indexes: set[int], autojump_clock: MockClock
) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        answer = await rig.ask("iqrfRaw", {"rData": frame})
        assert answer["status"] == 0
        asked_at = trio.current_time()
        await trio.sleep(SOON_S)
        assert heard(rig) == measured(mesh)
        assert set(heard(rig)) == {(1, index) for index in indexes}
        [device, *_] = rig.store.network.nodes
        updated = {sensor.updated for sensor in device.sensors if sensor.updated}
        assert len(updated) == 1
        assert (updated.pop() - EPOCH).total_seconds() == pytest.approx(asked_at + 1, abs=0.1)


async def test_many_values_are_one_write(autojump_clock: MockClock) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        with closing(sqlite3.connect(rig.database)) as other:

            def version() -> int:
                return int(other.execute("PRAGMA data_version").fetchone()[0])

            versions = {version()}
            for _ in range(40):
                mesh.emit_report(1, rig.port.clock.now())
                mesh.emit_report(3, rig.port.clock.now())
                await trio.sleep(GATHER_S / 10)
                versions.add(version())
        assert len(versions) <= 5
        await trio.sleep(SOON_S)
        assert heard(rig) == measured(mesh)


async def test_what_came_last_is_stored_at_shutdown(autojump_clock: MockClock) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        mesh.emit_report(1, rig.port.clock.now())
        await trio.sleep(0.1)
        assert heard(rig) == {}
        rig.services.cancel()
    assert len(heard(rig)) == 3


async def test_what_is_not_understood_harms_nobody(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        for pdata in (b"\1", b"\1\x40", b"\xc0\x09\1", b"\x50\1\2"):
            mesh.emit(Response(1, 0x5E, 0x7B, 2, pdata=pdata, asynchronous=True))
        mesh.emit(bytes.fromhex("01005e7bffff"))
        await trio.sleep(SOON_S)
        assert heard(rig) == {}
        mesh.emit_report(1, rig.port.clock.now())
        await trio.sleep(SOON_S)
        assert len(heard(rig)) == 3
        assert "was not passed on" not in caplog.text


async def test_a_write_that_fails_costs_these_values(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        with closing(sqlite3.connect(rig.database)) as other:
            other.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON sensor "
                "BEGIN SELECT RAISE(FAIL, 'the disk is on fire'); END"
            )
            mesh.emit_report(1, rig.port.clock.now())
            await trio.sleep(SOON_S)
            other.execute("DROP TRIGGER broken")
        assert "3 sensor values that passed by were not stored" in caplog.text
        mesh.emit_report(2, rig.port.clock.now())
        await trio.sleep(SOON_S)
        assert {address for address, _ in heard(rig)} == {2}
