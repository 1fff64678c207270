"""The gateway as a whole: its main job, what bad input does to it, and how it stops."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio import config, daemon
from iqrf_trio.config import ConfigError
from iqrf_trio.edges.ports import Link, Port, PortError
from iqrf_trio.edges.tcp.listeners import ListenError
from iqrf_trio.edges.websocket import Connection, ConnectionClosed
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store import DATABASE_NAME, StoreError, files
from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.house import House, ask, authenticated, heard, house, request

LED = "00.00.06.03.ff.ff"
LED_ON_NODE_3 = "03.00.06.03.ff.ff"


async def enumerate_network(connection: Connection) -> list[int]:
    """The steps of a whole enumeration."""
    await connection.send(request("iqrfDb_Enumerate", {"standards": True}))
    steps: list[int] = []
    while 8 not in steps:
        data = await heard(connection)
        assert data["status"] == 0, data
        steps.append(data["rsp"]["step"])
    return steps


async def read_once(connection: Connection) -> Any:
    """The result report of one reading cycle."""
    assert (await ask(connection, "iqrfSensorData_Start"))["status"] == 0
    assert (await heard(connection))["rsp"]["reading"] is True
    return await heard(connection)


async def test_the_main_job_brings_what_the_nodes_measured(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        assert await enumerate_network(connection) == list(range(9))
        topology = await ask(connection, "iqrfDb_GetNetworkTopology", {})
        assert [device["address"] for device in topology["rsp"]["devices"]] == list(range(13))
        report = await read_once(connection)
        reported = {
            (node["address"], sensor["index"]): sensor["value"]
            for node in report["rsp"]["devices"]
            for sensor in node["sensors"]
        }
        assert len(reported) == 19
        assert reported == home.mesh.measured
        stored = await ask(connection, "iqrfDb_GetSensors", {})
        assert reported == {
            (device["address"], sensor["index"]): sensor["value"]
            for device in stored["rsp"]["sensorDevices"]
            for sensor in device["sensors"]
        }


async def test_an_enumeration_tells_how_far_it_is_to_those_who_ask(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        wanted = {"standards": True, "reenumerate": True}
        await connection.send(request("iqrfDb_Enumerate", wanted, progress=True))
        told = []
        while (data := await heard(connection)).get("rsp", {}).get("step") != 8:
            if "progress" in data:
                assert "rsp" not in data
                told.append(data["progress"])
        frcs = [each for each in told if each["state"] == "FRC"]
        assert [each["done"] for each in frcs] == list(range(1, len(frcs) + 1))
        assert {each["total"] for each in frcs} == {len(frcs)}
        products = [each for each in told if each["state"] == "product"]
        assert products[-1]["done"] == products[-1]["total"] > 1
        assert await enumerate_network(connection) == list(range(9))  # and to nobody else


async def test_what_was_learned_is_there_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await enumerate_network(connection)
        before = await ask(connection, "iqrfDb_GetDevices", {"sensors": True, "binouts": True})
    async with house(tmp_path) as home, authenticated(home) as connection:
        after = await ask(connection, "iqrfDb_GetDevices", {"sensors": True, "binouts": True})
    assert before == after


async def test_a_read_only_card_does_not_keep_the_gateway_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await enumerate_network(connection)
        before = await ask(connection, "iqrfDb_GetDevices", {"sensors": True, "binouts": True})
    monkeypatch.setattr(files, "is_read_only", lambda directory: directory == tmp_path)
    changed = {"devices": [{"address": 1, "metadata": {"name": "attic"}}]}
    async with house(tmp_path, token=home.token) as home, authenticated(home) as connection:
        assert home.gateway.store.trouble == f"{tmp_path} is read-only"
        after = await ask(connection, "iqrfDb_GetDevices", {"sensors": True, "binouts": True})
        assert before == after
        refused = await ask(connection, "iqrfDb_SetDeviceMetadata", changed, returnVerbose=True)
        assert refused["status"] != 0
        assert "is read-only: nothing can be kept" in json.dumps(refused)
        led = await ask(connection, "iqrfRaw", {"rData": "01.00.06.03.ff.ff"})
        assert led["status"] == 0
        reading = await read_once(connection)
        assert "is read-only" in json.dumps(reading)


async def test_what_is_prepared_is_there_before_ready_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sets = ["websocket.port=0", f"gateway.state_dir={tmp_path}", "port.kind=simulator"]
    stop, heard_before = trio.Event(), []

    async def prepare() -> None:
        assert (tmp_path / DATABASE_NAME).exists()
        await trio.lowlevel.checkpoint()
        heard_before.extend(caplog.messages)

    async with trio.open_nursery() as nursery:
        settings = config.load(None, sets, environment={})
        await nursery.start(partial(daemon.run, settings, prepare=prepare, stop=stop))
        stop.set()
    assert not any("ready" in line for line in heard_before)
    assert any(line.startswith("ready: ") for line in caplog.messages)


@pytest.mark.parametrize(
    ("text", "status", "msg_id"),
    [
        ("no JSON", 2, "unknown"),
        ("[1, 2]", 4, "unknown"),
        ("null", 4, "unknown"),
        ('{"data": {"msgId": "a"}}', 3, "a"),
        ('{"mType": 5, "data": {"msgId": "a"}}', 4, "a"),
        (request("iqrfNo_Such"), 1, "test"),
        (request("iqrfDb_GetDevice", {"address": "one"}), 4, "test"),
        (request("iqrfDb_GetDevice", {"address": 240}), 4, "test"),
        (request("iqrfRaw", {"rData": ""}), 4, "test"),
        (request("iqrfSensorData_SetConfig", {"period": 0}), 4, "test"),
        (request("iqrfSensorData_ReportAsync"), 4, "test"),
    ],
)
async def test_bad_input_is_answered_and_the_next_request_unharmed(
    tmp_path: Path, text: str, status: int, msg_id: str
) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await connection.send(text)
        answer = json.loads(await connection.receive())
        assert answer["mType"] == "messageError"
        assert (answer["data"]["status"], answer["data"]["msgId"]) == (status, msg_id)
        raw = await ask(connection, "iqrfRaw", {"rData": LED})
        assert raw["rsp"]["rData"].startswith("00.00.06.83")


async def test_a_message_of_70_kilobytes_ends_its_session_only(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as home,
        authenticated(home) as other,
        authenticated(home) as connection,
    ):
        await connection.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert closed.value.code == 1009
        assert (await ask(other, "mngDaemon_Version"))["status"] == 0


async def test_a_client_that_vanishes_costs_its_own_answer_only(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as other:
        async with authenticated(home) as connection:
            assert (await ask(other, "mngDaemon_StopNetworkQueue"))["status"] == 0
            await connection.send(request("iqrfRaw", {"rData": LED}))
            assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
        while home.gateway.scheduler.network_waiting:  # until its request is taken back
            await trio.lowlevel.checkpoint()
        await other.send(request("iqrfRaw", {"rData": LED}, msgId="mine"))
        await other.send(request("mngDaemon_StartNetworkQueue", msgId="start"))
        answers = [await heard(other), await heard(other)]
        assert {answer["msgId"] for answer in answers} == {"mine", "start"}
        assert all(answer["status"] == 0 for answer in answers)


async def test_a_node_that_does_not_answer_is_a_timeout(tmp_path: Path) -> None:
    mesh = generate(5)
    mesh.node(3).online = False
    async with house(tmp_path, mesh=mesh, speed=100) as home, authenticated(home) as connection:
        answer = await ask(connection, "iqrfRaw", {"rData": LED_ON_NODE_3}, returnVerbose=True)
        assert (answer["status"], answer["statusStr"]) == (-1, "ERROR_TIMEOUT")
        assert answer["rsp"] == {"rData": ""}
        assert (await ask(connection, "iqrfRaw", {"rData": LED}))["status"] == 0


class Plug(Port):
    """A port that a test can pull out and put in again."""

    def __init__(self, port: SimulatorPort) -> None:
        self._port = port
        self._link: Link | None = None
        self.pulled = False

    @property
    def name(self) -> str:
        return "plug"

    async def open(self) -> Link:
        if self.pulled:
            raise PortError("no such device")
        self._link = await self._port.open()
        return self._link

    async def pull(self) -> None:
        self.pulled = True
        if self._link is not None:
            await self._link.aclose()


async def test_a_port_that_disappears_is_an_error_until_it_is_back(tmp_path: Path) -> None:
    mesh = generate(3)
    plug = Plug(SimulatorPort(mesh, 0))
    async with house(tmp_path, mesh=mesh, port=plug) as home, authenticated(home) as connection:
        assert (await ask(connection, "iqrfRaw", {"rData": LED}))["status"] == 0
        await plug.pull()
        answer = await ask(connection, "iqrfRaw", {"rData": LED}, returnVerbose=True)
        assert (answer["status"], answer["statusStr"]) == (-4, "ERROR_IFACE")
        plug.pulled = False
        await home.gateway.transceiver.wait_connected()
        assert (await ask(connection, "iqrfRaw", {"rData": LED}))["status"] == 0


async def test_every_accepted_request_is_answered_at_shutdown(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await ask(connection, "mngDaemon_StopNetworkQueue")
        for number in range(10):
            await connection.send(request("iqrfRaw", {"rData": LED}, msgId=str(number)))
        assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
        home.stop.set()
        answers = [json.loads(await connection.receive()) for _ in range(10)]
        assert [answer["data"]["msgId"] for answer in answers] == [str(n) for n in range(10)]
        assert {answer["data"]["status"] for answer in answers} == {1}
        assert "shutting down" in answers[0]["data"]["rsp"]["error"]
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert closed.value.code == 1001
    assert not (tmp_path / f"{DATABASE_NAME}-wal").exists()


async def test_the_request_on_the_air_is_finished_at_shutdown(tmp_path: Path) -> None:
    async with house(tmp_path, speed=1) as home, authenticated(home) as connection:
        await connection.send(request("iqrfRaw", {"rData": LED_ON_NODE_3}))
        assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
        home.stop.set()
        answer = await heard(connection)
        assert answer["rsp"]["rData"].startswith("03.00.06.83")


@pytest.mark.slow
async def test_an_enumeration_under_way_says_that_it_is_ended(tmp_path: Path) -> None:
    async with house(tmp_path, speed=1) as home, authenticated(home) as connection:
        await connection.send(request("iqrfDb_Enumerate", {}))
        while (await heard(connection))["rsp"]["step"] < 2:
            pass
        home.stop.set()
        answer = await heard(connection)
        assert (answer["status"], answer["rsp"]["step"]) == (-1, 2)
        assert "shutting down" in answer["statusStr"]


async def test_asynchronous_frames_reach_every_client(tmp_path: Path) -> None:
    frame = bytes.fromhex("0000ff3f0000800002030" + "0fd260000000000000001")
    async with (
        house(tmp_path) as home,
        authenticated(home) as first,
        authenticated(home) as second,
    ):
        home.mesh.emit(frame)
        for connection in (first, second):
            data = await heard(connection)
            assert (data["msgId"], data["rsp"]) == ("async", {"rData": frame.hex(".")})


async def test_no_asynchronous_frames_where_they_are_switched_off(tmp_path: Path) -> None:
    async with (
        house(tmp_path, "websocket.async_messages=false") as home,
        authenticated(home) as connection,
    ):
        home.mesh.emit_reset()
        assert (await ask(connection, "iqrfRaw", {"rData": LED}))["status"] == 0


async def test_sixteen_clients_at_once_get_their_own_answers(tmp_path: Path) -> None:
    async def client(home: House, name: str) -> None:
        async with authenticated(home) as connection:
            for number in range(5):
                node = 1 + number
                raw = await ask(
                    connection,
                    "iqrfRaw",
                    {"rData": f"{node:02x}.00.06.03.ff.ff"},
                    msgId=f"{name}-{number}",
                )
                assert raw["msgId"] == f"{name}-{number}"
                assert raw["rsp"]["rData"].startswith(f"{node:02x}.00.06.83")

    async with house(tmp_path) as home, trio.open_nursery() as nursery:
        for name in "abcdefghijklmnop":
            nursery.start_soon(client, home, name)


async def test_two_gateways_do_not_share_a_directory(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        with pytest.RaisesGroup(
            pytest.RaisesExc(StoreError, match=f"another gateway works in {tmp_path}; stop it"),
            flatten_subgroups=True,
        ):
            async with house(tmp_path):
                pass
        async with authenticated(home) as connection:
            assert (await ask(connection, "mngDaemon_Version"))["status"] == 0
    async with house(tmp_path):
        pass


async def test_a_port_that_is_taken_is_a_clear_error(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as home:
        port = home.url.rpartition(":")[2]
        with pytest.RaisesGroup(pytest.RaisesExc(ListenError, match=port), flatten_subgroups=True):
            async with house(tmp_path / "two", f"websocket.port={port}"):
                pytest.fail("two gateways on one port")


async def test_the_configuration_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"simulator\.nodes"):
        async with house(tmp_path, "simulator.nodes=300"):
            pytest.fail("a mesh of 300 nodes")
    assert not await trio.to_thread.run_sync(lambda: list(tmp_path.iterdir()))
