"""mngService_*: the conformance rows, named after their numbers, and who has the module when.

Not carried over: rows that need a service mode by UDP, which this gateway has not (SV-16, 21, 26 to
30), and SV-20: in the mode of mngDaemon_Mode clients with the service permission are served.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio.testing

from iqrf_trio.cli.support import local_token
from iqrf_trio.store import DATABASE_NAME
from protocol.auth.rights import Rights, Scope
from protocol.queue.lanes import Priority
from tests.iqrf_trio.house import ALL, House, ask, authenticated, heard, house
from tests.schemas import complaint_about_answer

from .caller import Caller

RAW = {"rData": "00.00.06.03.ff.ff"}
PING = [0, 0, 6, 3, 255, 255]
TEXTS = {
    0: "Ok",
    1: "An unexpected internal error has occurred.",
    2: "Service API is only available for WebSocket connections.",
    3: "WebSocket API token does not have sufficient permissions to use Service API.",
    4: "Service mode has already been activated.",
    5: "Service mode has already been deactivated.",
    6: "Service mode is not active.",
    7: "Legacy service mode is active.",
    8: "Another session manages service mode.",
    9: "Failed to write data to TR.",
}
NAMES = ("GwIdentification", "TrInfo", "Activate", "Deactivate", "TrWrite")


@asynccontextmanager
async def at_home(path: Path, *sets: str) -> AsyncIterator[tuple[House, Caller, Caller]]:
    """A gateway, a session with the service permission, and another one with it."""
    async with house(path, *sets) as home:
        yield home, Caller(home.gateway, rights=ALL), Caller(home.gateway, rights=ALL)


async def say(client: Caller, name: str) -> int:
    """The status of the answer, whose text is that of the status."""
    client.send(f"mngService_{name}", {"packet": PING} if name == "TrWrite" else None)
    while (answer := await client.next())["mType"] == "mngService_TrData":
        pass
    assert answer["mType"] == f"mngService_{name}"
    assert complaint_about_answer(answer["mType"], answer) is None
    status: int = answer["data"]["status"]
    assert answer["data"]["statusStr"] == TEXTS[status]
    return status


def mode_of(home: House) -> str:
    return home.gateway.oper_mode


async def mode(client: Caller, wanted: str) -> tuple[int, str, str]:
    data = await client.ask("mngDaemon_Mode", {"operMode": wanted})
    return data["status"], data["rsp"]["operMode"], data.get("errorStr", "")


@pytest.mark.parametrize("name", NAMES)
async def test_sv_01_to_05_it_takes_a_session(name: str, tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        other = Caller(home.gateway, rights=ALL, lasting=False)
        assert await say(other, name) == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rights", [Rights(Scope.MANAGE), Rights(Scope.READ, service=True)])
async def test_sv_06_to_10_it_takes_the_permission(
    name: str, rights: Rights, tmp_path: Path
) -> None:
    async with house(tmp_path) as home:
        text = local_token.make(tmp_path / DATABASE_NAME, rights)
        # What the session knew once does not count.
        client = Caller(home.gateway, rights=ALL, token=int(text.split(";")[1]))
        assert await say(client, name) == 3
        client.token = 4711
        assert await say(client, name) == 3


async def test_sv_11_and_12_gateway_and_module_are_told(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client, _):
        gateway = await client.ask("mngService_GwIdentification")
        module = (await client.ask("mngService_TrInfo"))["rsp"]
        assert gateway["rsp"]["name"] == "iqrf-trio"
        assert gateway["rsp"]["hostname"]
        for member in ("osBuild", "osVersion"):
            assert gateway["rsp"][member] == module[member] > 0
        assert module["mid"] == home.mesh.coordinator.mid
        assert module["trMcuType"] > 0


async def test_sv_13_on_and_off(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client, _):
        assert await say(client, "Activate") == 0
        assert mode_of(home) == "service"
        assert await say(client, "Deactivate") == 0
        assert mode_of(home) == "operational"


async def test_sv_14_23_and_25_not_in_the_other_service_mode(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, _other):
        assert await mode(client, "service") == (0, "service", "")
        assert [await say(client, name) for name in ("Activate", "Deactivate", "TrWrite")] == [
            7
        ] * 3
        assert await mode(client, "operational") == (0, "operational", "")


async def test_sv_15_twice_on(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, other):
        assert await say(client, "Activate") == 0
        assert await say(client, "Activate") == 4
        assert await say(other, "Activate") == 8


@pytest.mark.parametrize("wanted", ["service", "operational", "forwarding"])
async def test_sv_17_to_19_the_mode_does_not_change_meanwhile(wanted: str, tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, other):
        await say(client, "Activate")
        for each in (client, other):
            told = "WebSocket service mode is active."
            assert await mode(each, wanted) == (-1, "service", told)
        assert (await mode(other, ""))[:2] == (0, "service")


async def test_nothing_else_is_served_meanwhile(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, other):
        await say(client, "Activate")
        for mtype, req in (
            ("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}),
            ("mngDaemon_Version", None),
        ):
            data = await other.ask(mtype, req, msgId="test_raw")
            assert (data["status"], data["statusStr"]) == (10, "Service mode is active.")
            error = f"Message type {mtype} not supported in service mode."
            assert (data["msgId"], data["rsp"]["error"]) == ("test_raw", error)
        await say(client, "Deactivate")
        assert (await other.ask("mngDaemon_Version"))["status"] == 0


async def test_sv_22_off_while_it_is_off(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, _other):
        assert await say(client, "Deactivate") == 5


async def test_sv_24_and_25_only_for_the_owner(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, other):
        assert await say(client, "TrWrite") == 6
        await say(client, "Activate")
        assert await say(other, "Deactivate") == 8
        assert await say(other, "TrWrite") == 8
        assert await say(client, "Deactivate") == 0


async def test_frames_go_out_as_they_are_and_come_to_the_owner_alone(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, other):
        await say(client, "Activate")
        client.send("mngService_TrWrite", {"packet": PING})
        frames, answered = list[list[int]](), False
        # The module may be quicker than the answer to the client.
        while not (answered and frames and frames[-1][3] == 0x83):
            message = await client.next()
            answered = answered or message["mType"] == "mngService_TrWrite"
            if message["mType"] == "mngService_TrData":
                assert complaint_about_answer(message["mType"], message) is None
                assert message["data"]["msgId"] == "async"
                frames.append(message["data"]["rsp"]["packet"])
        assert frames[-1][:4] == [0, 0, 6, 0x83]
        assert other.heard == []
        await say(client, "Deactivate")
        client.heard.clear()
        assert (await other.ask("iqrfRaw", RAW))["status"] == 0
        assert client.heard == []


@pytest.mark.parametrize("length", [0, 5, 65])
async def test_a_frame_has_6_to_64_bytes(length: int, tmp_path: Path) -> None:
    async with at_home(tmp_path) as (_, client, _other):
        data = await client.ask("mngService_TrWrite", {"packet": [0] * length})
        assert data["status"] == 4


@pytest.mark.parametrize("request_", ["mngService_Activate", "mngDaemon_Mode"])
async def test_service_mode_ends_with_its_session(request_: str, tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        req = {"operMode": "service"} if request_ == "mngDaemon_Mode" else None
        async with authenticated(home) as connection:
            assert (await ask(connection, request_, req))["status"] == 0
            assert mode_of(home) == "service"
        while mode_of(home) == "service":
            await trio.lowlevel.checkpoint()
        await home.gateway.scheduler.perform(Priority.BACKGROUND, trio.lowlevel.checkpoint)


async def test_of_several_sessions_in_service_mode_the_last_one_ends_it(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client, other):
        await mode(client, "service")
        await mode(other, "service")
        home.gateway.service_mode.gone(client)
        assert mode_of(home) == "service"
        home.gateway.service_mode.gone(other)
        assert mode_of(home) == "operational"


@pytest.mark.parametrize("sticky", [True, False])
async def test_who_has_no_session_gets_a_mode_that_stays_or_none(
    sticky: bool, tmp_path: Path
) -> None:
    async with house(tmp_path, f"gateway.sticky_service_mode={json.dumps(sticky)}") as home:
        client = Caller(home.gateway, rights=ALL, lasting=False)
        status, told, error = await mode(client, "service")
        assert (status, told) == ((0 if sticky else -1), "service")
        assert ("gateway.sticky_service_mode" in error) is not sticky
        home.gateway.service_mode.gone(client)
        assert mode_of(home) == ("service" if sticky else "operational")


async def test_a_procedure_keeps_the_module(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (home, client, _):
        async with home.gateway.scheduler.lease(Priority.PROCEDURE):
            assert await say(client, "Activate") == 1
        assert await say(client, "Activate") == 0


async def test_frames_reach_a_session_over_the_socket(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await ask(connection, "mngService_Activate")
        first = await ask(connection, "mngService_TrWrite", {"packet": PING})
        second = await heard(connection)
        assert {"packet"} in ({*first.get("rsp", {})}, {*second.get("rsp", {})})
