"""iqrfDb_*: the published requests, asked of a mesh that is as the published answers have it.

Between the text of a request and the text of its answer everything is real, but the time.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from attrs import define, evolve, field
from trio.testing import MockClock

from iqrf_trio import config
from iqrf_trio.config import Config
from iqrf_trio.handlers.dispatch import Dispatcher
from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.messaging.announcements import Announcer, Outlet
from iqrf_trio.messaging.measurements import Measurements
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.services.network.service import NetworkServices
from iqrf_trio.services.sensors.worker import SensorWorker
from iqrf_trio.services.states import OutputStates
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.simulator.files.plan import assemble, generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, Product, SensorModel
from iqrf_trio.store import inline
from iqrf_trio.wiring.vault import keeper_of
from protocol.auth.rights import MANAGE, Rights
from protocol.dpa.timing import RfMode
from protocol.readings.settings import Messaging, SensorSettings
from tests.iqrf_trio.services.enumeration.learning import School, school

UPDATED = datetime(2025, 6, 2, 8, 2, 36, tzinfo=UTC)

KIT = Product(
    "DDC", 0x0402, 2, tuple(SensorModel.usual(each) for each in (1, 129, 129)), binary_outputs=4
)
LIGHT = Product("Light", 0x5802, 1, light=True)


def published_mesh() -> Mesh:
    nodes = [Node(2165406801, KIT, nadr=1), Node(2165406755, LIGHT, nadr=2)]
    gateway = evolve(GATEWAY, hwpid=0x3004, hwpid_version=6)
    return assemble(2164293634, gateway, nodes, Random(1), loss=0.0, rf_mode=RfMode.STD)


@define(eq=False)
class Asker:
    """A client, as far as handlers know it."""

    remote: str = "test"
    rights: Rights = MANAGE
    live: bool = True
    lasting: bool = True
    token: int | None = 1
    heard: list[Any] = field(factory=list)
    _news: trio.Event = field(factory=trio.Event)

    def reply(self, text: str, *, always: bool = False) -> bool:
        self.heard.append(json.loads(text))
        self._news.set()
        return True

    def owe(self, answers: int) -> None:
        pass

    def report(self, text: str) -> None:
        self.reply(text)

    def subscribe(self, reports: Reports) -> None:
        reports.subscribe(self.report)

    async def next(self) -> Any:
        while not self.heard:
            self._news = trio.Event()
            await self._news.wait()
        return self.heard.pop(0)


@define(eq=False)
class Office:
    """A gateway without sockets."""

    school: School
    gateway: Gateway
    dispatcher: Dispatcher

    def send(self, client: Asker, mtype: str, req: object = None) -> None:
        data = {"msgId": "m", "req": {} if req is None else req, "returnVerbose": True}
        self.dispatcher.accept(json.dumps({"mType": mtype, "data": data}), client)

    async def ask(self, mtype: str, req: object = None) -> Any:
        """`data` of the answer."""
        client = Asker()
        self.send(client, mtype, req)
        answer = await client.next()
        assert answer["data"]["msgId"] == "m"
        return answer["data"]

    async def rsp(self, mtype: str, req: object = None) -> Any:
        """`rsp` of an answer that succeeds, on which everything else is as published."""
        data = await self.ask(mtype, req)
        rest = {name: data[name] for name in data if name != "rsp"}
        assert rest == {"msgId": "m", "insId": "gw", "statusStr": "ok", "status": 0}
        return data["rsp"]

    async def learn(self, **req: object) -> list[Any]:
        """All answers of an enumeration."""
        client = Asker()
        self.send(client, "iqrfDb_Enumerate", req)
        answers = [await client.next()]
        while not answers[-1]["data"]["status"] and answers[-1]["data"]["rsp"]["step"] < 8:
            answers.append(await client.next())
        return [answer["data"] for answer in answers]


@asynccontextmanager
async def office(state: Path, mesh: Mesh, *, after_bonding: bool = False) -> AsyncIterator[Office]:
    async with school(state, mesh, after_bonding=after_bonding) as here:
        await here.nursery.start(here.scheduler.run_management)
        worker = SensorWorker(
            SensorSettings(),
            here.transceiver,
            here.scheduler,
            here.store,
            Announcer("gw", {}),
            lambda: UPDATED,
        )
        gateway = Gateway(
            ins_id="gw",
            version="0",
            store=here.store,
            scheduler=here.scheduler,
            transceiver=here.transceiver,
            enumeration=here.enumeration,
            worker=worker,
            local_time=lambda _: UPDATED,
            keeper=keeper_of(
                Config(config.Gateway(state_dir=state)),
                here.store,
                Devices(here.transceiver, here.scheduler),
                lambda: UPDATED,
                hop=inline,
            ),
            network=NetworkServices(here.transceiver, here.scheduler, here.store),
            states=OutputStates(
                here.store, here.transceiver, here.scheduler, Measurements(), lambda: UPDATED
            ),
        )
        yield Office(here, gateway, Dispatcher(gateway))


@pytest.fixture
async def published(tmp_path: Path) -> AsyncIterator[Office]:
    """The network of the published examples, known and with its metadata and values."""
    async with office(tmp_path, published_mesh()) as here:
        assert len(await here.learn(standards=True, reenumerate=True)) == 9
        await here.rsp(
            "iqrfDb_SetDeviceMetadata",
            {
                "devices": [
                    {"address": 0, "metadata": {"name": "coord"}},
                    {"address": 1, "metadata": {"name": "sensor 1 + bo"}},
                    {"address": 2, "metadata": {"name": "light"}},
                ]
            },
        )
        await here.school.store.save_values({(1, 0): 0, (1, 1): 44.9, (1, 2): 30.7}, UPDATED)
        yield here


COORDINATOR = {
    "address": 0,
    "hwpid": 12292,
    "manufacturer": "MICRORISC s.r.o.",
    "product": "IQUBE (IQD-GW-02)",
    "discovered": False,
    "vrn": 0,
    "zone": 0,
    "parent": None,
    "mid": 2164293634,
    "hwpidVersion": 6,
    "osBuild": 2264,
    "osVersion": "4.06D",
    "dpa": 1047,
    "metadata": {"name": "coord"},
}
FIRST = COORDINATOR | {
    "address": 1,
    "hwpid": 1026,
    "manufacturer": "IQRF Tech s.r.o.",
    "product": "DDC-SE-01 + DDC-RE-01",
    "discovered": True,
    "vrn": 1,
    "parent": 0,
    "mid": 2165406801,
    "hwpidVersion": 2,
    "metadata": {"name": "sensor 1 + bo"},
}
SECOND = FIRST | {
    "address": 2,
    "hwpid": 22530,
    "product": "Light standard template",
    "vrn": 2,
    "mid": 2165406755,
    "hwpidVersion": 1,
    "metadata": {"name": "light"},
}
SENSORS = [
    {"index": 0, "type": 1, "name": "Temperature", "shortname": "T", "unit": "°C"}
    | {"decimalPlaces": 4, "frcs": [144, 224]},
    {"index": 1, "type": 129, "name": "Light indicator", "shortname": "light", "unit": "%"}
    | {"decimalPlaces": 1, "frcs": [16, 144]},
    {"index": 2, "type": 129, "name": "Potentiometer", "shortname": "pot", "unit": "%"}
    | {"decimalPlaces": 1, "frcs": [16, 144]},
]
EVERYTHING = {"sensors": True, "binouts": True, "light": True}
NOTHING_MORE: dict[str, object] = {"sensors": [], "binouts": {"count": 0}, "light": False}
ALL_OF_FIRST = {"sensors": SENSORS, "binouts": {"count": 4}, "light": False}


async def test_the_steps_of_an_enumeration(published: Office, autojump_clock: MockClock) -> None:
    answers = await published.learn(standards=True, reenumerate=True)
    assert [answer["rsp"]["step"] for answer in answers] == list(range(9))
    assert answers[8] == {
        "msgId": "m",
        "rsp": {"step": 8, "stepStr": "Enumeration finished."},
        "insId": "gw",
        "statusStr": "ok",
        "status": 0,
    }
    assert [answer["rsp"]["step"] for answer in await published.learn()] == [0, 1, 2, 3, 4, 5, 8]


@pytest.mark.parametrize(
    ("req", "device"),
    [
        ({"address": 0}, COORDINATOR),
        ({"address": 0, "brief": True}, {"address": 0, "hwpid": 12292}),
        ({"address": 1, "sensors": True}, FIRST | {"sensors": SENSORS}),
        (
            {"address": 1, "brief": True, **EVERYTHING},
            {"address": 1, "hwpid": 1026, **ALL_OF_FIRST},
        ),
        ({"address": 2, "light": True}, SECOND | {"light": True}),
    ],
)
async def test_one_device(
    published: Office, req: object, device: object, autojump_clock: MockClock
) -> None:
    assert await published.rsp("iqrfDb_GetDevice", req) == {"device": device}


async def test_a_device_that_is_not_there(published: Office, autojump_clock: MockClock) -> None:
    assert await published.ask("iqrfDb_GetDevice", {"address": 9}) == {
        "msgId": "m",
        "rsp": {"device": None},
        "insId": "gw",
        "statusStr": "Device at address 9 does not exist.",
        "status": -1,
    }


@pytest.mark.parametrize(
    ("req", "devices"),
    [
        ({}, [COORDINATOR, FIRST, SECOND]),
        ({"addresses": []}, [COORDINATOR, FIRST, SECOND]),
        ({"addresses": [1], "brief": True}, [{"address": 1, "hwpid": 1026}]),
        ({"addresses": [1], "sensors": True}, [FIRST | {"sensors": SENSORS}]),
        (
            {"addresses": [1, 0, 77], "brief": True, **EVERYTHING},
            [
                {"address": 0, "hwpid": 12292, **NOTHING_MORE},
                {"address": 1, "hwpid": 1026, **ALL_OF_FIRST},
            ],
        ),
    ],
)
async def test_several_devices(
    published: Office, req: object, devices: object, autojump_clock: MockClock
) -> None:
    assert await published.rsp("iqrfDb_GetDevices", req) == {"devices": devices}


async def test_metadata(published: Office, autojump_clock: MockClock) -> None:
    assert await published.rsp("iqrfDb_GetDeviceMetadata", {"devices": [0, 1]}) == {
        "devices": [
            {"address": 0, "success": True, "metadata": {"name": "coord"}},
            {"address": 1, "success": True, "metadata": {"name": "sensor 1 + bo"}},
        ]
    }
    changes = [
        {"address": 0, "metadata": None},
        {"address": 1, "metadata": {"name": "sensor 1"}},
        {"address": 7, "metadata": {}},
    ]
    missing = {"success": False, "errorStr": "Device at address 7 does not exist."}
    assert await published.rsp("iqrfDb_SetDeviceMetadata", {"devices": changes}) == {
        "devices": [
            {"address": 0, "success": True},
            {"address": 1, "success": True},
            {"address": 7, **missing},
        ]
    }
    assert await published.rsp("iqrfDb_GetDeviceMetadata", {"devices": [7, 1, 0]}) == {
        "devices": [
            {"address": 0, "success": True, "metadata": None},
            {"address": 1, "success": True, "metadata": {"name": "sensor 1"}},
            {"address": 7, **missing},
        ]
    }


async def test_binary_outputs_lights_and_topology(
    published: Office, autojump_clock: MockClock
) -> None:
    assert await published.rsp("iqrfDb_GetBinaryOutputs") == {
        "binoutDevices": [{"address": 1, "count": 4}]
    }
    assert await published.rsp("iqrfDb_GetLights", {"any": "thing"}) == {"lightDevices": [2]}
    place = {"os": "4.06D", "dpa": 1047}
    assert await published.rsp("iqrfDb_GetNetworkTopology") == {
        "devices": [
            {"address": 0, "vrn": 0, "zone": 0, "parent": None, **place},
            {"address": 1, "vrn": 1, "zone": 0, "parent": 0, **place},
            {"address": 2, "vrn": 2, "zone": 0, "parent": 0, **place},
        ]
    }


async def test_sensors_with_their_values(published: Office, autojump_clock: MockClock) -> None:
    values = [0, 44.9, 30.7]
    rsp = await published.rsp("iqrfDb_GetSensors")
    (device,) = rsp["sensorDevices"]
    assert device["address"] == 1
    for sensor, described, value in zip(device["sensors"], SENSORS, values, strict=True):
        frcs = described["frcs"]
        assert isinstance(frcs, list)
        assert sensor == {name: described[name] for name in described if name != "frcs"} | {
            "frc2Bit": 16 in frcs,
            "frc1Byte": 144 in frcs,
            "frc2Byte": 224 in frcs,
            "frc4Byte": 249 in frcs,
            "value": value,
            "updated": "Mon, 02 Jun 25 08:02:36 GMT",
        }


async def test_raw_answers_carry_metadata_while_that_is_wanted(
    published: Office, autojump_clock: MockClock
) -> None:
    annotated = {"rData": "01.00.06.03.ff.ff"}
    assert "metaData" not in (await published.ask("iqrfRaw", annotated))["rsp"]
    assert await published.rsp("iqrfDb_MetadataAnnotation", {"annotate": True}) == {
        "annotate": True
    }
    assert (await published.ask("iqrfRaw", annotated))["rsp"]["metaData"] == {
        "name": "sensor 1 + bo"
    }
    header = {"nAdr": 0, "pNum": 6, "pCmd": 3}
    assert (await published.ask("iqrfRawHdp", header))["rsp"]["metaData"] == {"name": "coord"}
    unknown = (await published.ask("iqrfRawHdp", header | {"nAdr": 99}))["rsp"]
    assert unknown["metaData"] is None
    assert await published.school.store.setting("annotate_metadata") is True
    await published.rsp("iqrfDb_MetadataAnnotation", {"annotate": False})
    assert "metaData" not in (await published.ask("iqrfRaw", annotated))["rsp"]


async def test_reset(published: Office, autojump_clock: MockClock) -> None:
    assert await published.rsp("iqrfDb_Reset") == {}
    assert await published.rsp("iqrfDb_GetDevices") == {"devices": []}
    await published.learn(standards=True)
    assert await published.rsp("iqrfDb_GetDevice", {"address": 1, "brief": True}) == {
        "device": {"address": 1, "hwpid": 1026}
    }
    metadata = await published.rsp("iqrfDb_GetDeviceMetadata", {"devices": [1]})
    assert metadata == {"devices": [{"address": 1, "success": True, "metadata": None}]}


@pytest.mark.parametrize(
    ("name", "rsp"),
    [
        ("GetDevices", {"devices": []}),
        ("GetBinaryOutputs", {"binoutDevices": []}),
        ("GetLights", {"lightDevices": []}),
        ("GetSensors", {"sensorDevices": []}),
        ("GetNetworkTopology", {"devices": []}),
        ("Reset", {}),
    ],
)
async def test_an_empty_database(
    name: str, rsp: object, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with office(tmp_path, published_mesh()) as here:
        assert await here.rsp(f"iqrfDb_{name}") == rsp


# Enumerations and others at the same time.


async def test_a_second_enumeration_is_refused(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with office(tmp_path, generate(20)) as here:
        first, second = Asker(), Asker()
        here.send(first, "iqrfDb_Enumerate", {"standards": True})
        await first.next()
        here.send(second, "iqrfDb_Enumerate")
        answer = await second.next()
        assert answer["data"] == {
            "msgId": "m",
            "rsp": {},
            "insId": "gw",
            "statusStr": "Enumeration is already in progress.",
            "status": -1,
        }
        while (await first.next())["data"]["rsp"]["step"] < 8:
            pass
        assert not second.heard


async def test_a_reset_ends_the_enumeration(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with office(tmp_path, generate(20)) as here:
        client = Asker()
        here.send(client, "iqrfDb_Enumerate", {"standards": True})
        while (await client.next())["data"]["rsp"]["step"] < 2:
            pass
        assert await here.rsp("iqrfDb_Reset") == {}
        last = (await client.next())["data"]
        assert (last["rsp"]["step"], last["status"], last["statusStr"]) == (2, -1, "cancelled")
        await trio.sleep(60)
        assert client.heard == []
        assert await here.rsp("iqrfDb_GetDevices") == {"devices": []}


async def test_silent_nodes_are_told(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with office(tmp_path, generate(20)) as here:
        here.school.silence(4, 11)
        answers = await here.learn(standards=True)
        assert answers[3]["statusStr"] == "ok; no answer from 4 and 11"
        assert {answer["status"] for answer in answers} == {0}
        device = (await here.rsp("iqrfDb_GetDevice", {"address": 4}))["device"]
        assert (device["hwpid"], device["manufacturer"], device["osVersion"]) == (0, None, "")


# A full disk.


async def test_a_full_disk_is_told_and_everything_else_goes_on(
    published: Office, autojump_clock: MockClock
) -> None:
    connection = published.school.store._database._connection
    connection.execute("PRAGMA max_page_count = 1")
    large = {"devices": [{"address": 1, "metadata": {"name": "x" * 20000}}]}
    refused = await published.ask("iqrfDb_SetDeviceMetadata", large)
    assert (refused["status"], refused["rsp"]) == (-1, {"devices": []})
    assert "database or disk is full" in refused["statusStr"]
    assert (await published.rsp("iqrfDb_GetDevice", {"address": 1}))["device"] == FIRST
    raw = await published.ask("iqrfRaw", {"rData": "01.00.06.03.ff.ff"})
    assert raw["status"] == 0
    nothing_to_write = await published.learn(reenumerate=True)
    assert {answer["status"] for answer in nothing_to_write} == {0}
    connection.execute("PRAGMA max_page_count = 1000000")
    assert (await published.rsp("iqrfDb_SetDeviceMetadata", large))["devices"] == [
        {"address": 1, "success": True}
    ]


# What nobody asked for.


async def test_a_bond_that_a_client_removes_is_followed_by_news(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    texts: list[str] = []
    announcer = Announcer("gw", {Messaging("ws", "test"): Outlet(texts.append)})
    async with office(tmp_path, generate(5), after_bonding=True) as here:
        await here.learn(standards=True)
        assert (await here.ask("iqrfRaw", {"rData": "00.00.00.05.ff.ff.03"}))["status"] == 0
        await trio.sleep(60)
        for told in here.school.unasked:
            announcer.enumeration(*told)
        assert [json.loads(text)["data"] for text in texts] == [
            {
                "msgId": "iqrfdb_enumerate_async",
                "rsp": {"step": step, "stepStr": told},
                "insId": "gw",
                "statusStr": "ok",
                "status": 0,
            }
            for step, told in (
                (0, "Enumeration started, checking current state of the network."),
                (8, "Enumeration finished."),
            )
        ]
        topology = await here.rsp("iqrfDb_GetNetworkTopology")
        assert [device["address"] for device in topology["devices"]] == [0, 1, 2, 4, 5]
