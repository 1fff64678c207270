"""In service mode the worker does not read: it says so, and goes on when the mode is over."""

import logging

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.mesh import Mesh
from tests.iqrf_trio.services.sensors.rig import MINUTE, Rig, gateway, measured, mesh_of

WAITS = "waits: the gateway is in service mode"


def small_mesh() -> Mesh:
    return mesh_of(dict.fromkeys(range(1, 21), (1, 128, 192)))


def mode(rig: Rig, name: str) -> None:
    [answer] = rig.send("mngDaemon_Mode", {"operMode": name}, service=True).answers
    assert answer["rsp"] == {"operMode": name}


def starts(rig: Rig) -> list[float]:
    return [at for at, report in rig.reports if report["rsp"]["reading"]]


@pytest.fixture(autouse=True)
def _log_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "iqrf_trio.sensor_worker")


async def test_a_cycle_that_is_due_in_service_mode_begins_when_it_is_over(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.cycle()
        before = rig.mesh.counters.radio
        caplog.clear()
        mode(rig, "service")
        await trio.sleep(35 * MINUTE)
        assert rig.status() == (True, False)
        assert rig.mesh.counters.radio == before
        assert len(rig.reports) == 2
        assert caplog.messages == [f"reading cycle 2 {WAITS}"]
        mode(rig, "operational")
        over = trio.current_time()
        await trio.sleep(0.01)
        assert rig.status() == (True, True)
        await rig.over()
        assert starts(rig)[1] == pytest.approx(over, abs=0.01)
        [*_, (_, report)] = rig.reports
        assert (report["status"], report["statusStr"]) == (0, "ok")
        assert [WAITS in each for each in caplog.messages].count(True) == 1


async def test_service_mode_between_two_cycles_is_not_noticed(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.cycle()
        mode(rig, "service")
        await trio.sleep(5 * MINUTE)
        mode(rig, "operational")
        await trio.sleep(10 * MINUTE)
        first, second = starts(rig)
        assert second - first == pytest.approx(10 * MINUTE, abs=0.01)
        assert WAITS not in caplog.text


async def test_a_cycle_under_way_ends_with_what_it_has(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = small_mesh()
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(15)
        mode(rig, "service")
        began = trio.current_time()
        await rig.over()
        assert trio.current_time() - began <= rig.round_s
        [_, (_, report)] = rig.reports
        assert report["status"] == 0
        assert (
            "rounds brought nothing: ERROR_IFACE_EXCLUSIVE_ACCESS: the gateway is in"
            in (report["statusStr"])
        )
        kept = {key: value for key, value in rig.stored().items() if value is not None}
        assert 0 < len(kept) < 60
        assert kept == measured(mesh)
        assert len(caplog.messages) == 1
        silent_since = mesh.counters.radio
        await trio.sleep(MINUTE)
        assert mesh.counters.radio == silent_since
        mode(rig, "operational")
        await trio.sleep(10 * MINUTE)
        first, second = starts(rig)
        assert second - first == pytest.approx(10 * MINUTE, abs=0.01)


async def test_a_cycle_that_read_nothing_yet_is_repeated_when_it_is_over(
    autojump_clock: MockClock,
) -> None:
    async with gateway(small_mesh()) as rig:
        rig.mesh.faults.arm(Fault.FRC_STATUS, 0xFE)
        rig.now("Start")
        await trio.sleep(1)
        mode(rig, "service")
        await rig.over()
        [_, (_, report)] = rig.reports
        assert report["status"] == 1000
        await trio.sleep(5 * MINUTE)
        mode(rig, "operational")
        over = trio.current_time()
        await trio.sleep(0.01)
        await rig.over()
        assert len(rig.reports) == 4
        assert starts(rig)[1] == pytest.approx(over, abs=0.01)


async def test_who_starts_the_worker_is_told(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(small_mesh()) as rig:
        mode(rig, "service")
        for _ in range(2):
            answer = rig.now("Start")
            assert answer["status"] == 0
            assert answer["statusStr"] == "ok; service mode: readings begin when it is over"
            await trio.sleep(MINUTE)
        assert rig.status() == (True, False)
        refused = rig.now("Invoke")
        assert (refused["status"], refused["statusStr"]) == (-8, "ERROR_IFACE_EXCLUSIVE_ACCESS")
        await rig.configure(period=7)
        await trio.sleep(MINUTE)
        assert rig.reports == []
        assert caplog.messages == [f"reading cycle 1 {WAITS}"]
        mode(rig, "operational")
        assert rig.status() == (True, True)
        await rig.over()
        assert rig.now("Invoke")["status"] == 0
        await rig.over()
        assert len(rig.reports) == 4


async def test_a_worker_that_is_stopped_meanwhile_stays_so(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        mode(rig, "service")
        rig.now("Start")
        await trio.sleep(1)
        rig.now("Stop")
        assert rig.now("Invoke")["status"] == 1003
        mode(rig, "operational")
        await trio.sleep(20 * MINUTE)
        assert rig.status() == (False, False)
        assert rig.reports == []
