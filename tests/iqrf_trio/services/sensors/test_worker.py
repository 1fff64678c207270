"""The worker reads everything a mesh can measure, in few rounds, and says what it could not."""

import logging
import math
import sqlite3
from contextlib import closing
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import trio
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.services.sensors.worker import ATTEMPTS, MIN_GAP_S
from iqrf_trio.simulator.faults import Condition, Fault
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.products import SensorModel
from iqrf_trio.simulator.signals import Fixed
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BYTE
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.frc import FRC_SEND_SELECTIVE, FRC_SET_PARAMS
from protocol.readings.settings import SensorSettings
from protocol.standard.quantities import QUANTITIES, Value, decode, encode
from tests.iqrf_trio.services.sensors.rig import (
    MINUTE,
    Json,
    Rig,
    gateway,
    measured,
    mesh_of,
    network_of,
    values_in,
)
from tests.protocol.meshes import minimum

FRC_ERROR = 0xFE


def uniform(count: int, *types: int, loss: float = 0.0) -> Mesh:
    return mesh_of(dict.fromkeys(range(1, count + 1), types), loss=loss)


def frc(command: int, type_: int | None = None) -> Condition:
    """FRCs of a command, about sensors of a type."""

    def matches(request: Request) -> bool:
        return (
            (request.pnum, request.pcmd) == FRC_SEND_SELECTIVE.key
            and request.pdata[0] == command
            and (type_ is None or request.pdata[32] == type_)
        )

    return matches


def reading_starts(rig: Rig) -> list[float]:
    return [at for at, report in rig.reports if report["rsp"]["reading"]]


def assert_reports_are_pairs(rig: Rig) -> None:
    starts, ends = rig.reports[::2], rig.reports[1::2]
    assert len(starts) == len(ends)
    for number, ((_, start), (_, end)) in enumerate(zip(starts, ends, strict=True), 1):
        assert (start["rsp"]["reportNum"], end["rsp"]["reportNum"]) == (number, number)
        assert (start["rsp"]["reading"], end["rsp"]["reading"]) == (True, False)
        assert "devices" in end["rsp"]


# What is read.


async def test_every_quantity_is_read_stored_and_reported(autojump_clock: MockClock) -> None:
    mesh = mesh_of({address: (type_,) for address, type_ in enumerate(QUANTITIES, 1)})
    async with gateway(mesh) as rig:
        report = await rig.cycle()
        truth = measured(mesh)
        assert len(truth) == len(QUANTITIES) == 49
        assert rig.stored() == values_in(report) | {(49, 0): (0x49, 0x51, 0x52, 0x46)} == truth
        assert (report["status"], report["statusStr"]) == (0, "ok")
        for device in report["rsp"]["devices"]:
            node = mesh.node(device["address"])
            assert (device["hwpid"], device["mid"]) == (node.product.hwpid, node.mid)
            assert device["voltage"] == round(261.12 / (127 - node.supply), 2)
            assert device["rssi"] is not None
            kind = QUANTITIES[device["sensors"][0]["type"]]
            assert (kind.name, kind.unit) == (
                device["sensors"][0]["name"],
                device["sensors"][0]["unit"],
            )


@pytest.mark.parametrize("count", [1, 12, 13, 26, 27, 54, 55, 63, 64, 239])
async def test_the_radio_is_used_as_often_as_needed(count: int, autojump_clock: MockClock) -> None:
    mixes = [(1, 2, 128), (1, 1), (), (160, 129), (133, 161)]
    types = {address: mixes[address % 5] for address in range(1, count + 1)}
    mesh = mesh_of(types)
    async with gateway(mesh) as rig:
        await rig.cycle()
        assert mesh.counters.radio == minimum(types)
        assert rig.stored() == measured(mesh)


@pytest.mark.parametrize("type_", [1, 128, 160])
@pytest.mark.parametrize("count", [12, 13, 26, 27, 54, 55])
async def test_no_group_loses_its_last_nodes(
    count: int, type_: int, autojump_clock: MockClock
) -> None:
    mesh = uniform(count, type_)
    async with gateway(mesh) as rig:
        report = await rig.cycle()
        truth = measured(mesh)
        assert len(truth) == count
        assert rig.stored() == values_in(report) == truth
        assert all(device["rssi"] is not None for device in report["rsp"]["devices"])


async def test_an_empty_network_costs_nothing(autojump_clock: MockClock) -> None:
    async with gateway(mesh_of({})) as rig:
        report = await rig.cycle()
        assert (report["status"], report["rsp"]["devices"]) == (0, [])
        assert rig.mesh.counters.radio == 0


async def test_types_that_nobody_knows_are_left_out_with_one_warning(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = mesh_of({1: (0x50, 1), 2: (0x50,), 3: (0xB0,)})
    async with gateway(mesh) as rig:
        for _ in range(3):
            report = await rig.cycle()
            assert values_in(report) == {(1, 0): None, (2, 0): None, (3, 0): None} | measured(mesh)
            assert report["status"] == 0
    warnings = [entry.getMessage() for entry in caplog.records if "not read" in entry.getMessage()]
    assert [text.partition(" are ")[0] for text in warnings] == [
        "sensors of type 80",
        "sensors of type 176",
    ]


# What is not heard.


async def test_lost_frames_cost_their_own_values(autojump_clock: MockClock) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 61), (1, 128, 192)), loss=0.3)
    async with gateway(mesh) as rig:
        report = await rig.cycle()
        truth = measured(mesh)
        assert 80 < len(truth) < 180
        values = values_in(report)
        assert {key: value for key, value in values.items() if value is not None} == {
            key: list(value) if isinstance(value, tuple) else value for key, value in truth.items()
        }
        assert len(values) == 180
        assert {key: value for key, value in rig.stored().items() if value is not None} == truth
        assert_reports_are_pairs(rig)


async def test_dead_nodes_are_null_and_grow_stale(autojump_clock: MockClock) -> None:
    mesh = uniform(40, 1)
    dead = (1, 13, 20, 31, 40)
    async with gateway(mesh) as rig:
        first = await rig.cycle()
        before = {device.address: device.sensors[0] for device in rig.store.network.nodes}
        for address in dead:
            mesh.node(address).online = False
        await trio.sleep(MINUTE)
        second = await rig.cycle()
        assert (second["status"], second["statusStr"]) == (0, "ok")
        for device in second["rsp"]["devices"]:
            silent = device["address"] in dead
            heard = (device["rssi"], device["voltage"], device["sensors"][0]["value"])
            assert (heard == (None, None, None)) is silent
        after = {device.address: device.sensors[0] for device in rig.store.network.nodes}
        for address, sensor in after.items():
            if address in dead:
                assert sensor == before[address]
                assert sensor.value == values_in(first)[address, 0]
            else:
                assert sensor.updated != before[address].updated
        answer = await rig.ask("iqrfDb_GetSensors", {})
        updated = {
            device["address"]: device["sensors"][0]["updated"]
            for device in answer["rsp"]["sensorDevices"]
        }
        assert len({updated[address] for address in dead}) == 1
        assert updated[1] != updated[2]


async def test_an_error_of_one_frc_is_asked_away(autojump_clock: MockClock) -> None:
    mesh = uniform(40, 1)
    mesh.faults.arm(Fault.FRC_STATUS, FRC_ERROR, when=frc(SENSOR_2BYTE))
    async with gateway(mesh) as rig:
        report = await rig.cycle()
        assert (report["status"], report["statusStr"]) == (0, "ok")
        assert len(measured(mesh)) == 40
        assert values_in(report) == rig.stored() == measured(mesh)
        assert rig.frcs == minimum(dict.fromkeys(range(40), (1,))) + 1


async def test_a_failed_round_costs_its_own_nodes_only(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = uniform(40, 1, 128)
    fault = partial(mesh.faults.arm, Fault.FRC_STATUS, FRC_ERROR, when=frc(SENSOR_2BYTE))
    async with gateway(mesh) as rig:
        fault(times=ATTEMPTS.number)
        report = await rig.cycle()
        values = values_in(report)
        assert [key for key, value in values.items() if value is None] == [
            (address, 0) for address in range(1, 32)
        ]
        assert report["status"] == 0
        assert report["statusStr"].startswith("ok; 1 of 5 rounds brought nothing: BAD_RESPONSE")
        assert "no sensor of 31 nodes" in caplog.text
        stored = {key: value for key, value in rig.stored().items() if value is not None}
        assert stored == {key: value for key, value in values.items() if value is not None}


@pytest.mark.parametrize("way", ["the module is switched off and on", "the link is cut"])
async def test_a_reset_in_the_middle(way: str, autojump_clock: MockClock) -> None:
    mesh = uniform(40, 1, 128)
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(2.5 * rig.round_s)
        if way == "the link is cut":
            await rig.port.cut()
        else:
            await rig.port.reset()
        await rig.over()
        assert_reports_are_pairs(rig)
        [_, (_, report)] = rig.reports
        # Asked again when the coordinator is back, not even the round under way is lost.
        assert (report["status"], report["statusStr"]) == (0, "ok")
        assert None not in values_in(report).values()
        assert rig.stored() == values_in(report)


async def test_a_link_that_stays_away_ends_the_cycle_early(autojump_clock: MockClock) -> None:
    mesh = uniform(40, 1, 128)
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(2.5 * rig.round_s)
        mesh.faults.arm(Fault.SILENT, times=None)
        await rig.port.cut()
        since = trio.current_time()
        await rig.over()
        assert trio.current_time() - since < 15
        [_, (_, report)] = rig.reports
        assert report["statusStr"].startswith("ok; 3 of 5 rounds brought nothing: ERROR_IFACE")
        assert all(device["rssi"] is not None for device in report["rsp"]["devices"])


TROUBLE = st.tuples(
    st.tuples(st.just(Fault.FRC_STATUS), st.integers(0xF0, 0xFF))
    | st.tuples(
        st.sampled_from(
            [
                Fault.SILENT,
                Fault.NO_RESPONSE,
                Fault.NO_CONFIRMATION,
                Fault.GARBAGE,
                Fault.CUT_RESPONSE,
                Fault.REFUSAL,
            ]
        ),
        st.integers(1, 60),
    ),
    st.integers(1, 4),
    st.floats(0, 60),
)
"""A fault with its value, how often it strikes, and after how many seconds. Duplicates and answers
that come in another order are not among them: DPA has nothing to tell them by."""


def frozen_in_time(mesh: Mesh) -> dict[tuple[int, int], Value]:
    """Let every sensor stay at its first value; returns these values as FRC and reads tell them."""
    values = {}
    for node in mesh.world.nodes:
        assert node.nadr is not None
        first = [node.sensors.at(index, 0.0) for index in range(len(node.sensors.models))]
        node.sensors.models = tuple(
            SensorModel(model.type, Fixed(value))
            for model, value in zip(node.sensors.models, first, strict=True)
        )
        for index, (model, value) in enumerate(zip(node.sensors.models, first, strict=True)):
            told = decode(model.type, encode(model.type, value))
            assert told is not None
            values[node.nadr, index] = told
    return values


@pytest.mark.parametrize("response_time", [0x20, 0x30, 0x40, 0x50, 0x60, 0x70])
@pytest.mark.parametrize("count", [2, 5])
async def test_an_answer_that_comes_late_is_no_answer_to_the_next_question(
    count: int, response_time: int, autojump_clock: MockClock
) -> None:
    mesh = uniform(count, 1, 128)
    truth = frozen_in_time(mesh)
    async with gateway(mesh) as rig:
        transceiver = rig.gateway.transceiver
        await rig.ask("iqrfRaw", raw_params(response_time))
        # Another program has set the response time, so that FRCs take longer than expected.
        transceiver.timing = evolve(transceiver.timing, frc_response_ms=40)
        report = await rig.cycle()
        for key, value in values_in(report).items():
            assert value in (None, truth[key])
        for device in report["rsp"]["devices"]:
            supply = 261.12 / (127 - mesh.node(device["address"]).supply)
            assert device["voltage"] in (None, round(supply, 2))


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(TROUBLE, max_size=8), st.floats(0, 0.5), st.lists(st.floats(0, 60), max_size=2))
def test_whatever_goes_wrong_what_is_stored_is_true(
    troubles: list[tuple[tuple[Fault, int], int, float]], loss: float, resets: list[float]
) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 31), (1, 128, 161, 192)), loss=loss)
    truth = frozen_in_time(mesh)

    async def disturb(fault: tuple[Fault, int], times: int, after: float) -> None:
        await trio.sleep(after)
        mesh.faults.arm(*fault, times=times)

    async def reset(rig: Rig, after: float) -> None:
        await trio.sleep(after)
        await rig.port.reset()

    async def example() -> None:
        async with gateway(mesh) as rig, trio.open_nursery() as nursery:
            for trouble in troubles:
                nursery.start_soon(disturb, *trouble)
            for after in resets:
                nursery.start_soon(reset, rig, after)
            report = await rig.cycle()
            nursery.cancel_scope.cancel()
            assert_reports_are_pairs(rig)
            for key, value in values_in(report).items():
                told = truth[key]
                assert value in (None, list(told) if isinstance(told, tuple) else told)
            for key, stored in rig.stored().items():
                assert stored in (None, truth[key])
            assert report["status"] in (0, 1000)

    trio.run(example, clock=MockClock(autojump_threshold=0))


# When it is read.


async def test_a_cycle_that_fails_entirely_is_repeated_soon(autojump_clock: MockClock) -> None:
    mesh = uniform(3, 1)
    mesh.faults.arm(Fault.FRC_STATUS, FRC_ERROR, times=None)
    async with gateway(mesh, settings=SensorSettings(period=10, retry_period=2)) as rig:
        rig.now("Start")
        await trio.sleep(5 * MINUTE)
        mesh.faults.disarm()
        await trio.sleep(15 * MINUTE)
        assert_reports_are_pairs(rig)
        gaps = [later - sooner for sooner, later in pairwise(reading_starts(rig))]
        assert gaps == pytest.approx([2 * MINUTE] * 3 + [10 * MINUTE])
        failed = [report for _, report in rig.reports[1:6:2]]
        for report in failed:
            assert report["status"] == 1000
            assert report["statusStr"] == "BAD_RESPONSE: the FRC ended with status 0xfe"
            assert values_in(report) == {(1, 0): None, (2, 0): None, (3, 0): None}
        assert rig.reports[7][1]["status"] == 0


async def test_the_period_counts_from_the_beginning(autojump_clock: MockClock) -> None:
    async with gateway(uniform(64, 1), settings=SensorSettings(period=3)) as rig:
        rig.now("Start")
        await trio.sleep(10 * MINUTE)
        starts = reading_starts(rig)
        assert [at - starts[0] for at in starts] == pytest.approx([0, 180, 360, 540])
        times = [report["rsp"]["unixTime"] for _, report in rig.reports]
        assert times[0] < times[1] < times[2]


async def test_a_new_period_counts_at_once(autojump_clock: MockClock) -> None:
    async with gateway(uniform(3, 1), settings=SensorSettings(period=60)) as rig:
        await rig.cycle()
        [began] = reading_starts(rig)
        await trio.sleep(5 * MINUTE)
        await rig.configure(period=7)
        await trio.sleep(3 * MINUTE)
        assert reading_starts(rig)[1:] == [pytest.approx(began + 7 * MINUTE)]
        await rig.configure(period=1)
        await trio.sleep(1)
        assert len(reading_starts(rig)) == 3


async def test_a_cycle_longer_than_its_period_leaves_a_gap_and_is_told_once(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(uniform(64, 1, 160), settings=SensorSettings(period=1)) as rig:
        rig.now("Start")
        await trio.sleep(10 * MINUTE)
        assert len(rig.reports) > 6
        for (ended, _), (began, _) in pairwise(rig.reports[1:]):
            if rig.reports.index((began, _)) % 2 == 0:
                assert began - ended == pytest.approx(MIN_GAP_S)
    warnings = [entry for entry in caplog.records if "longer than its period" in entry.getMessage()]
    assert len(warnings) == 1


# Beside others.


async def test_stop_is_prompt_and_the_radio_falls_silent(autojump_clock: MockClock) -> None:
    mesh = uniform(239, 1, 128)
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(3.5 * rig.round_s)
        frcs, asked_at = rig.frcs, trio.current_time()
        assert rig.now("Stop")["status"] == 0
        assert trio.current_time() == asked_at
        assert rig.status() == (False, True)
        await rig.over()
        assert trio.current_time() - asked_at <= rig.round_s
        assert rig.status() == (False, False)
        received = mesh.counters.received
        await trio.sleep(60 * MINUTE)
        assert (rig.frcs, mesh.counters.received) == (frcs, received)
        assert_reports_are_pairs(rig)
        [_, (_, report)] = rig.reports
        assert report["status"] == 0
        assert report["statusStr"].startswith("ok; 16 of 20 rounds brought nothing: the worker")
        # The rounds until then were not for nothing.
        assert sum(device["rssi"] is not None for device in report["rsp"]["devices"]) == 239


async def test_stopped_before_anything_was_read(autojump_clock: MockClock) -> None:
    async with gateway(uniform(3, 1)) as rig:
        await rig.gateway.scheduler.pause()
        rig.now("Start")
        await trio.sleep(MINUTE)
        assert rig.status() == (True, True)
        assert rig.mesh.counters.radio == 0
        assert rig.now("Invoke")["status"] == 1004
        rig.now("Stop")
        await trio.sleep(1)
        assert rig.status() == (False, False)
        [_, (_, report)] = rig.reports
        assert (report["status"], report["statusStr"]) == (1000, "the worker was stopped")
        assert rig.mesh.counters.radio == 0


async def test_a_client_waits_for_one_round_at_most(autojump_clock: MockClock) -> None:
    random, waits = Random(1), []
    mesh = uniform(100, 1, 128, 161)
    async with gateway(mesh) as rig:
        rig.now("Start")
        while rig.status()[1]:
            await trio.sleep(random.uniform(0, 2 * rig.round_s))
            asked_at, frcs = trio.current_time(), rig.frcs
            client = rig.send("iqrfRaw", {"rData": "00.00.00.00.ff.ff"})
            await client.news.wait()
            assert client.answers[0]["status"] == 0
            assert client.frcs_before == frcs
            waits.append(trio.current_time() - asked_at)
        assert len(waits) > 10
        assert max(waits) <= rig.round_s
        [_, (_, report)] = rig.reports
        assert (report["status"], report["statusStr"]) == (0, "ok")


async def test_clients_that_wait_go_first(autojump_clock: MockClock) -> None:
    async with gateway(uniform(30, 1)) as rig:
        rig.now("Start")
        await trio.sleep(rig.round_s / 2)
        frcs = rig.frcs
        bursts = [[rig.send("iqrfRaw", {"rData": "01.00.06.03.ff.ff"}) for _ in range(3)]]
        for _ in range(4):
            await bursts[-1][0].news.wait()
            bursts.append([rig.send("iqrfRaw", {"rData": "01.00.06.03.ff.ff"}) for _ in range(2)])
        await bursts[-1][-1].news.wait()
        assert all(client.answers for burst in bursts for client in burst)
        assert bursts[-1][-1].frcs_before == frcs


# Whatever happens, a second report.


async def test_values_that_cannot_be_stored(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(uniform(3, 1), settings=SensorSettings(retry_period=3)) as rig:
        with closing(sqlite3.connect(rig.database)) as other:
            other.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON sensor "
                "BEGIN SELECT RAISE(FAIL, 'the disk is on fire'); END"
            )
        report = await rig.cycle()
        assert report["status"] == 1000
        assert report["statusStr"].startswith("the values were not stored: ")
        assert report["statusStr"].endswith("the disk is on fire")
        errors = [entry for entry in caplog.records if entry.levelname == "ERROR"]
        assert [entry.getMessage() for entry in errors] == [
            f"reading cycle 1: {report['statusStr']}"
        ]
        assert values_in(report) == measured(rig.mesh)
        assert set(rig.stored().values()) == {None}
        with closing(sqlite3.connect(rig.database)) as other:
            other.execute("DROP TRIGGER broken")
        await trio.sleep(4 * MINUTE)
        assert len(reading_starts(rig)) == 2
        assert_reports_are_pairs(rig)
        assert rig.stored() == values_in(rig.reports[3][1])


@pytest.mark.parametrize("rounds", [0.5, 2.5])
async def test_a_shutdown_in_the_middle(rounds: float, autojump_clock: MockClock) -> None:
    mesh = mesh_of(dict.fromkeys(range(1, 31), (128, 1)))
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(rounds * rig.round_s)
        radio = mesh.counters.radio
        rig.services.cancel()
    assert mesh.counters.radio == radio
    assert_reports_are_pairs(rig)
    [_, (_, report)] = rig.reports
    assert report["status"] == 0
    assert report["statusStr"].endswith("rounds brought nothing: the gateway is shutting down")
    values = values_in(report)
    assert rig.stored() == values
    assert {index for (_, index), value in values.items() if value is not None} == (
        set() if rounds < 2 else {1}
    )


async def test_a_shutdown_before_anything_was_read(autojump_clock: MockClock) -> None:
    async with gateway(uniform(3, 1)) as rig:
        await rig.gateway.scheduler.pause()
        rig.now("Start")
        await trio.sleep(1)
    assert_reports_are_pairs(rig)
    [_, (_, report)] = rig.reports
    assert (report["status"], report["statusStr"]) == (1000, "the gateway is shutting down")


async def test_a_bug_costs_one_cycle(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(mesh_of({1: (1, 133)}), settings=SensorSettings(retry_period=1)) as rig:
        transceiver = rig.gateway.transceiver
        good = transceiver.timing
        # No FRC parameters give such a time, so that the worker stumbles over it.
        transceiver.timing = evolve(good, frc_response_ms=41)
        report = await rig.cycle()
        assert report["statusStr"] == "ok; 1 of 3 rounds brought nothing: internal error"
        assert "reading cycle 1 failed" in caplog.text
        transceiver.timing = good
        await trio.sleep(11 * MINUTE)
        assert rig.reports[3][1]["statusStr"] == "ok"
        assert_reports_are_pairs(rig)


async def test_values_of_devices_that_went_meanwhile(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = uniform(3, 1)
    async with gateway(mesh) as rig:
        rig.now("Start")
        await trio.sleep(rig.round_s)
        known = [device for device in network_of(mesh) if device.address != 2]
        await rig.store.save_network(type(network_of(mesh)).of(known))
        await rig.over()
        assert len(values_in(rig.reports[1][1])) == 3
        assert rig.stored() == {key: value for key, value in measured(mesh).items() if key[0] != 2}
    assert not [entry for entry in caplog.records if entry.levelno >= logging.WARNING]


# The FRC parameters.


class ParamsLog:
    """What the FRC parameters were set to, and what they were at each sensor FRC."""

    def __init__(self, rig: Rig) -> None:
        self.set: list[int] = []
        self.at_frc: list[tuple[int, int]] = []
        self._rig = rig
        rig.gateway.transceiver.trace = self._trace

    def _trace(self, direction: str, frame: bytes) -> None:
        if direction == "out" and frame[2:4] == bytes(FRC_SET_PARAMS.key):
            self.set.append(frame[6])
        if direction == "out" and frame[2:4] == bytes(FRC_SEND_SELECTIVE.key):
            self.at_frc.append((frame[6], self._rig.mesh.coordinator.collector.params))


def raw_params(value: int) -> Json:
    return {"rData": f"00.00.0d.03.ff.ff.{value:02x}"}


async def test_frc_parameters_are_let_alone_without_need(autojump_clock: MockClock) -> None:
    async with gateway(mesh_of({1: (1, 128, 160)})) as rig:
        params = ParamsLog(rig)
        await rig.cycle()
        assert params.set == []
        assert len(params.at_frc) == 5


@pytest.mark.parametrize("known", [True, False])
async def test_frc_parameters_are_restored(known: bool, autojump_clock: MockClock) -> None:
    async with gateway(mesh_of({1: (133, 1), 2: (1,)})) as rig:
        await rig.ask("iqrfRaw", raw_params(0x10))
        if not known:
            transceiver = rig.gateway.transceiver
            transceiver.timing = evolve(transceiver.timing, frc_response_ms=40)
        params = ParamsLog(rig)
        report = await rig.cycle()
        assert rig.mesh.coordinator.collector.params == 0x10
        assert params.set == ([0x18, 0x10] if known else [0x08, 0x18, 0x10])
        assert params.at_frc == [
            (0x82, 0x10),
            (0x82, 0x10),
            (SENSOR_2BYTE, 0x10),
            (SENSOR_1BYTE, 0x18),
        ]
        first, second = report["rsp"]["devices"]
        assert first["rssi"] == round(first["sensors"][0]["value"])
        assert second["rssi"] == mesh_rssi(rig, 2)


def mesh_rssi(rig: Rig, address: int) -> int:
    return rig.mesh.node(address).rssi - 130


@pytest.mark.parametrize("fault", [Fault.FRC_STATUS, Fault.NO_RESPONSE, Fault.REFUSAL])
async def test_frc_parameters_are_restored_after_a_failure(
    fault: Fault, autojump_clock: MockClock
) -> None:
    mesh = mesh_of({1: (133, 1)})
    mesh.faults.arm(fault, FRC_ERROR, times=None, when=frc(SENSOR_1BYTE))
    async with gateway(mesh) as rig:
        await rig.ask("iqrfRaw", raw_params(0x50))
        report = await rig.cycle()
        assert report["statusStr"].startswith("ok; 1 of 3 rounds brought nothing")
        assert mesh.coordinator.collector.params == 0x50


async def test_frc_parameters_survive_an_answer_that_is_lost(autojump_clock: MockClock) -> None:
    mesh = mesh_of({1: (133, 1)})
    async with gateway(mesh) as rig:
        await rig.ask("iqrfRaw", raw_params(0x50))
        mesh.faults.arm(Fault.NO_RESPONSE, when=lambda request: request.pcmd == FRC_SET_PARAMS.pcmd)
        report = await rig.cycle()
        assert report["statusStr"] == "ok"
        assert mesh.coordinator.collector.params == 0x50


# A shape that only the simulator could be wrong about.


def test_the_formula_is_the_one_that_was_agreed() -> None:
    """Rounds by type and index, each for as many nodes as one FRC carries, and two for states."""

    def rounds(count: int, *bytes_: int) -> int:
        capacity = {1: 63, 2: 31, 4: 15}
        return sum(math.ceil(count / capacity[size]) for size in bytes_) + 2 * math.ceil(count / 63)

    types: dict[int, Any] = {1: 128, 2: 1, 4: 161}
    for count in (1, 12, 13, 15, 16, 26, 27, 31, 32, 54, 55, 63, 64, 239):
        for sizes in ((1,), (2,), (4,), (1, 2, 4)):
            mesh = dict.fromkeys(range(count), tuple(types[size] for size in sizes))
            assert minimum(mesh) == rounds(count, *sizes)


async def test_a_cycle_is_handed_on_with_rssi_and_supply(autojump_clock: MockClock) -> None:
    mesh = mesh_of({1: (1,), 2: (2, 128)})
    async with gateway(mesh) as rig:
        await rig.cycle()
        latest = rig.worker.measurements.latest
        assert latest.last_cycle is not None
        assert latest.last_cycle.duration_s > 0
        assert latest.outcomes == {"complete": 1}
        for node in mesh.world.nodes:
            state = latest.nodes[node.mid]
            assert state.rssi is not None
            assert state.supply == pytest.approx(2.9, abs=0.2)
            assert state.misses == 0
