"""iqrfSensorData_*: the table of states at any moment, and settings that hold or do not change."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
import trio
from attrs import define, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.services.sensors import settings as sensor_settings
from iqrf_trio.services.sensors.worker import MIN_GAP_S
from iqrf_trio.simulator.mesh import Mesh
from protocol.api.sensor_data import config
from protocol.readings.settings import SensorSettings
from tests.iqrf_trio.services.sensors.rig import MINUTE, WEBSOCKET, Rig, gateway, mesh_of

DEFAULTS = config(SensorSettings())
WEBSOCKET_JSON = {"type": "ws", "instance": "WebsocketMessaging"}


def small_mesh() -> Mesh:
    return mesh_of(dict.fromkeys(range(1, 21), (1, 128)))


def get_config(rig: Rig) -> Any:
    return rig.now("GetConfig")["rsp"]


# The table of states.


async def test_stopped(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        assert rig.status() == (False, False)
        assert rig.now("Stop")["status"] == 0
        refused = rig.now("Invoke")
        assert (refused["status"], refused["statusStr"]) == (
            1003,
            "Sensor data read worker not running.",
        )
        await trio.sleep(60 * MINUTE)
        assert rig.reports == []
        started = rig.now("Start")
        assert started == {"msgId": started["msgId"], "status": 0, "statusStr": "ok", "insId": "id"}
        assert rig.status() == (True, True)


async def test_reading(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        rig.now("Start")
        for _ in range(2):
            assert rig.status() == (True, True)
            assert rig.now("Start")["status"] == 0
            refused = rig.now("Invoke")
            assert (refused["status"], refused["statusStr"]) == (
                1004,
                "Sensor data read already in progress.",
            )
            await trio.sleep(1)
        rig.now("Stop")
        assert rig.status() == (False, True)
        assert rig.now("Invoke")["status"] == 1003
        await rig.over()
        assert rig.status() == (False, False)
        assert len(rig.reports) == 2


async def test_sleeping(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.cycle()
        await trio.sleep(MINUTE)
        assert rig.status() == (True, False)
        rig.now("Start")
        await trio.sleep(1)
        assert rig.status() == (True, False)
        assert rig.now("Invoke")["status"] == 0
        assert rig.status() == (True, True)
        assert rig.now("Invoke")["status"] == 1004
        await rig.over()
        assert rig.status() == (True, False)
        assert len(rig.reports) == 4
        assert rig.now("Stop")["status"] == 0
        assert rig.status() == (False, False)
        await trio.sleep(60 * MINUTE)
        assert len(rig.reports) == 4


async def test_started_again_before_the_old_cycle_is_over(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        rig.now("Start")
        await trio.sleep(1)
        rig.now("Stop")
        rig.now("Start")
        assert rig.status() == (True, True)
        assert rig.now("Invoke")["status"] == 1004
        await rig.over()
        assert [report["rsp"]["reportNum"] for _, report in rig.reports] == [1, 1, 2, 2]
        assert rig.reports[1][1]["statusStr"].endswith("the worker was stopped")
        assert rig.reports[3][1]["statusStr"] == "ok"


async def test_started_and_stopped_at_once_nothing_is_read(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        rig.now("Start")
        rig.now("Stop")
        assert rig.status() == (False, False)
        await trio.sleep(60 * MINUTE)
        assert rig.reports == []


async def test_all_but_set_config_need_no_radio(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.ask("mngDaemon_StopNetworkQueue")
        rig.now("Start")
        await trio.sleep(1)
        assert rig.status() == (True, True)
        assert (await rig.configure(period=5))["status"] == 0
        assert rig.mesh.counters.radio == 0
        await rig.ask("mngDaemon_StartNetworkQueue")
        await rig.over()
        assert rig.reports[-1][1]["statusStr"] == "ok"


# Settings.


async def test_settings_are_answered_and_changed(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        assert get_config(rig) == DEFAULTS
        assert (await rig.configure())["status"] == 0
        assert get_config(rig) == DEFAULTS
        assert (await rig.configure(period=3, asyncReports=False))["status"] == 0
        assert (await rig.configure(messagingList=[WEBSOCKET_JSON], autoRun=True))["status"] == 0
        changed = {"period": 3, "asyncReports": False, "autoRun": True}
        assert get_config(rig) == DEFAULTS | changed | {"messagingList": [WEBSOCKET_JSON]}
        assert rig.status() == (False, False)


async def test_settings_outlive_the_gateway(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.configure(period=3, retryPeriod=2)
        kept = await sensor_settings.load(rig.store, SensorSettings())
        assert kept == rig.worker.settings == SensorSettings(period=3, retry_period=2)


@pytest.mark.parametrize("kind", ["mqtt", "ws"])
async def test_a_messaging_that_does_not_exist_is_told_and_all_is_kept(
    kind: str, autojump_clock: MockClock
) -> None:
    async with gateway(small_mesh()) as rig:
        listed = [WEBSOCKET_JSON, {"type": kind, "instance": "nowhere"}]
        answer = await rig.configure(period=3, messagingList=listed)
        assert answer["status"] == 0
        assert answer["statusStr"] == f"ok; there is no messaging {kind} nowhere"
        assert get_config(rig) == DEFAULTS | {"period": 3, "messagingList": listed}
        kept = await sensor_settings.load(rig.store, SensorSettings())
        assert (kept.period, len(kept.messaging_list)) == (3, 2)


async def test_settings_that_cannot_be_stored_are_not_in_force(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        await rig.configure(period=3)
        with closing(sqlite3.connect(rig.database)) as other:
            other.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON setting "
                "BEGIN SELECT RAISE(FAIL, 'the disk is on fire'); END"
            )
        assert (await rig.configure(period=4, autoRun=True))["status"] == 1005
        assert get_config(rig) == DEFAULTS | {"period": 3}


async def test_changes_at_the_same_time_add_up(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        changes: list[dict[str, object]] = [{"period": 3}, {"retryPeriod": 4}, {"autoRun": True}]
        async with trio.open_nursery() as nursery:
            for change in changes:
                nursery.start_soon(rig.ask, "iqrfSensorData_SetConfig", change)
        assert get_config(rig) == DEFAULTS | {"period": 3, "retryPeriod": 4, "autoRun": True}
        kept = await sensor_settings.load(rig.store, SensorSettings())
        assert kept == rig.worker.settings


async def test_reports_are_sent_as_the_cycle_began(autojump_clock: MockClock) -> None:
    async with gateway(small_mesh()) as rig:
        rig.now("Start")
        await trio.sleep(1)
        await rig.configure(asyncReports=False)
        await rig.over()
        assert len(rig.reports) == 2
        rig.now("Invoke")
        await trio.sleep(1)
        await rig.configure(asyncReports=True)
        await trio.sleep(MINUTE)
        assert rig.status() == (True, False)
        assert len(rig.reports) == 2
        await rig.cycle()
        assert [report["rsp"]["reportNum"] for _, report in rig.reports] == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("unasked", "listed", "arrive"),
    [(True, (), True), (True, (WEBSOCKET,), True), (False, (), False), (False, (WEBSOCKET,), True)],
)
async def test_who_is_sent_the_reports(
    unasked: bool, listed: Any, arrive: bool, autojump_clock: MockClock
) -> None:
    wanted = SensorSettings(messaging_list=listed)
    async with gateway(small_mesh(), settings=wanted, unasked=unasked) as rig:
        rig.now("Start")
        await trio.sleep(MINUTE)
        assert rig.status() == (True, False)
        assert len(rig.reports) == (2 if arrive else 0)


# Any order at any moment.


@frozen
class Send:
    """A request, as the suffix of its type."""

    name: str


@frozen
class Configure:
    """iqrfSensorData_SetConfig."""

    period: int


@frozen
class Wait:
    """Let so many seconds pass."""

    seconds: float


COMMANDS = st.lists(
    st.sampled_from([Send("Start"), Send("Stop"), Send("Invoke")])
    | st.builds(Configure, st.integers(1, 4))
    | st.builds(Wait, st.just(0) | st.floats(0, 20) | st.floats(0, 5 * MINUTE)),
    max_size=25,
)


@define
class Table:
    """Does what it is told, and compares what comes of it with the table of states."""

    rig: Rig
    period: int = 10

    async def do(self, command: Send | Configure | Wait) -> None:
        match command:
            case Send(name):
                self._send(name)
            case Configure(period):
                running, _ = self.rig.status()
                assert (await self.rig.configure(period=period))["status"] == 0
                self.period = period
                assert get_config(self.rig) == DEFAULTS | {"period": period}
                assert self.rig.status()[0] == running
            case Wait(seconds):
                await self._wait(seconds)

    def _send(self, name: str) -> None:
        running, reading = self.rig.status()
        status = self.rig.now(name)["status"]
        after = self.rig.status()
        if name == "Start":
            assert (status, after) == (0, (True, reading or not running))
        elif name == "Stop":
            assert (status, after) == (0, (False, self._begun()))
        elif not running:
            assert (status, after) == (1003, (running, reading))
        elif reading:
            assert (status, after) == (1004, (running, reading))
        else:
            assert (status, after) == (0, (True, True))

    async def _wait(self, seconds: float) -> None:
        before, received = self.rig.status(), self.rig.mesh.counters.received
        now = trio.current_time()
        await trio.sleep(seconds)
        running, reading = self.rig.status()
        assert running == before[0]
        # A wait too short to move the clock is none.
        assert reading == self._begun() or trio.current_time() == now
        if not running:
            assert not reading or (before[1] and seconds <= self.rig.round_s)
            if before == (False, False):
                assert self.rig.mesh.counters.received == received
        elif not reading:
            assert trio.current_time() < self._due() + 1e-6
        self._check_reports()

    def _begun(self) -> bool:
        return len(self.rig.reports) % 2 == 1

    def _due(self) -> float:
        (began, _), (ended, _) = self.rig.reports[-2:]
        return max(began + self.period * MINUTE, ended + MIN_GAP_S)

    def _check_reports(self) -> None:
        for number, (_, report) in enumerate(self.rig.reports):
            assert report["rsp"]["reportNum"] == number // 2 + 1
            assert report["rsp"]["reading"] is (number % 2 == 0)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(COMMANDS)
def test_the_table_of_states_holds_at_any_moment(commands: list[Send | Configure | Wait]) -> None:
    async def example() -> None:
        async with gateway(small_mesh()) as rig:
            table = Table(rig)
            for command in commands:
                await table.do(command)
            rig.now("Stop")
            await table.do(Wait(2 * rig.round_s))
            assert rig.status() == (False, False)

    trio.run(example, clock=MockClock(autojump_threshold=0))
