"""Values that pass by are stored soon, together, and without anybody waiting for it."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.services.sensors.overheard import GATHER_S
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.mesh import Mesh
from protocol.dpa.call import Call
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import Response
from protocol.dpa.peripherals.frc import frc_extra_result, frc_send, frc_send_selective
from protocol.standard.sensor import ANY_TYPE, frc_user_data
from tests.iqrf_trio.services.sensors.rig import EPOCH, Rig, gateway, measured, mesh_of

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


# What the sensor worker reads is stored with its cycle, and only with that.


@contextmanager
def writes(rig: Rig) -> Iterator[Callable[[], Counter[tuple[int, int]]]]:
    """How often each sensor was written since the beginning of the block, by address and index."""
    with closing(sqlite3.connect(rig.database)) as other:
        other.executescript(
            "CREATE TABLE written (device, position);"
            "CREATE TRIGGER writing AFTER UPDATE ON sensor"
            " BEGIN INSERT INTO written VALUES (NEW.device, NEW.position); END"
        )

        def count() -> Counter[tuple[int, int]]:
            return Counter(
                other.execute(
                    "SELECT address, position FROM written JOIN device ON device.id = device"
                ).fetchall()
            )

        yield count
        other.executescript("DROP TRIGGER writing; DROP TABLE written")


async def test_what_a_cycle_reads_is_written_once(autojump_clock: MockClock) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 31), (1, 128, 192)))
    async with gateway(mesh) as rig:
        with writes(rig) as written:
            report = await rig.cycle()
            await trio.sleep(SOON_S)
            assert report["statusStr"] == "ok"
            assert set(written()) == measured(mesh).keys() == heard(rig).keys()
            assert set(written().values()) == {1}


async def test_a_cycle_that_is_stopped_loses_nothing_that_was_answered(
    autojump_clock: MockClock,
) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 6), (1, 192)))
    for after in range(12):
        async with gateway(mesh) as rig:
            mesh.measured.clear()
            with writes(rig) as written:
                rig.now("Start")
                await trio.sleep(after / 4)
                rig.now("Stop")
                await trio.sleep(5 + SOON_S)
                assert heard(rig) == measured(mesh)
                assert written() == Counter(measured(mesh).keys())


async def test_a_client_is_heard_during_a_cycle(autojump_clock: MockClock) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 31), (1, 192)))
    async with gateway(mesh) as rig:
        with writes(rig) as written:
            rig.now("Start")
            await trio.sleep(1)
            await rig.ask("iqrfRaw", {"rData": "07.00.5e.01.ff.ff.02.00.00.00"})
            await trio.sleep(SOON_S)
            assert rig.status() == (True, True)
            assert written() == {(7, 1): 1}
            await rig.over()
            assert written()[7, 1] == 2
            assert set(written().values()) == {1, 2}


# FRCs of clients.


def frame(call: Call[Any]) -> dict[str, str]:
    return {"rData": call.request.encode().hex(".")}


@pytest.mark.parametrize(
    ("command", "type_", "index", "sensors"),
    [
        (SENSOR_2BYTE, 1, 0, {(1, 0), (3, 0)}),
        (SENSOR_1BYTE, 1, 0, {(1, 0), (3, 0)}),
        (SENSOR_2BYTE, 1, 1, {(3, 1)}),
        (SENSOR_1BYTE, 128, 0, {(1, 2)}),
        (SENSOR_4BYTE, 160, 0, {(2, 0)}),
        (SENSOR_2BYTE, 160, 0, set()),
        (SENSOR_4BYTE, 1, 0, set()),
        (SENSOR_2BYTE, ANY_TYPE, 1, {(1, 1), (3, 1)}),
    ],
)
@pytest.mark.parametrize("selective", [True, False])
async def test_what_a_client_collects_is_stored(
    command: int,
    type_: int,
    index: int,
    sensors: set[tuple[int, int]],
    *,
    selective: bool,
    autojump_clock: MockClock,
) -> None:
    mesh, user_data = mixed_mesh(), frc_user_data(type_, index)
    async with gateway(mesh) as rig:
        call = (
            frc_send_selective(command, {1, 2, 3}, user_data)
            if selective
            else frc_send(command, user_data)
        )
        assert (await rig.ask("iqrfRaw", frame(call)))["status"] == 0
        await trio.sleep(SOON_S)
        assert heard(rig).keys() == sensors
        assert heard(rig) == {key: measured(mesh)[key] for key in sensors}


async def test_the_extra_result_right_behind_an_frc_brings_the_rest(
    autojump_clock: MockClock,
) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 32), (1,)))
    async with gateway(mesh) as rig:
        send = frc_send_selective(SENSOR_2BYTE, range(1, 32), frc_user_data(1, 0))
        with writes(rig) as written:
            await rig.ask("iqrfRaw", frame(send))
            await trio.sleep(SOON_S)
            assert {address for address, _ in heard(rig)} == set(range(1, 27))
            await rig.ask("iqrfRaw", frame(frc_extra_result()))
            await trio.sleep(SOON_S)
            assert heard(rig) == measured(mesh)
            assert len(heard(rig)) == 31
            assert set(written().values()) == {1}


async def test_an_extra_result_behind_an_frc_whose_answer_was_lost_belongs_to_nothing(
    autojump_clock: MockClock,
) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 32), (1, 1)))
    async with gateway(mesh) as rig:
        first, second = (
            frc_send_selective(SENSOR_2BYTE, range(1, 32), frc_user_data(1, type_index))
            for type_index in (0, 1)
        )
        assert (await rig.ask("iqrfRaw", frame(first)))["status"] == 0
        mesh.faults.arm(Fault.NO_RESPONSE)
        assert (await rig.ask("iqrfRaw", frame(second)))["status"] == -1
        assert (await rig.ask("iqrfRaw", frame(frc_extra_result())))["status"] == 0
        await trio.sleep(SOON_S)
        assert heard(rig).keys() == {(address, 0) for address in range(1, 27)}


async def test_values_that_pass_by_are_handed_on(autojump_clock: MockClock) -> None:
    mesh = mixed_mesh()
    async with gateway(mesh) as rig:
        mesh.emit_report(1, rig.port.clock.now())
        await trio.sleep(SOON_S)
        mid = mesh.world.nodes[0].mid
        latest = rig.overheard.measurements.latest
        assert latest.nodes.keys() == {mid}
        assert latest.nodes[mid].heard_at is not None
