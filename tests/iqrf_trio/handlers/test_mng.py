"""Ending the gateway, and changing its mode of operation."""

import math
from pathlib import Path

import pytest
import trio

from iqrf_trio.edges.websocket import ConnectionClosed
from protocol.auth.rights import Rights, Scope
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import RadioReserved
from tests.iqrf_trio.house import ALL, ask, authenticated, heard, house, request

from .caller import Caller

RAW = {"rData": "00.00.06.03.ff.ff"}
OPERATIONAL, SERVICE, FORWARDING, QUESTION = (
    {"operMode": mode} for mode in ("operational", "service", "forwarding", "")
)


async def test_an_exit_is_answered_and_everything_before_it_too(tmp_path: Path) -> None:
    async with house(tmp_path) as home, authenticated(home) as connection:
        await ask(connection, "mngDaemon_StopNetworkQueue")
        await connection.send(request("iqrfRaw", RAW, msgId="raw"))
        exit_ = await ask(connection, "mngDaemon_Exit", {"timeToExit": 0}, msgId="exit")
        assert (exit_["msgId"], exit_["rsp"], exit_["status"]) == ("exit", {"timeToExit": 0}, 0)
        assert (await heard(connection))["status"] == 1  # the request that was held back
        with pytest.raises(ConnectionClosed) as closed:
            await connection.receive()
        assert closed.value.code == 1001


async def test_of_several_exits_the_earliest_counts(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=ALL)
        for delay_ms in (60_000, 2**63, 5_000, 60_000):
            assert (await client.ask("mngDaemon_Exit", {"timeToExit": delay_ms}))["status"] == 0
        assert home.gateway.lifetime.deadline - trio.current_time() == pytest.approx(5, abs=1)


async def test_service_mode_keeps_the_radio_for_who_may_have_it(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client, technician = Caller(home.gateway), Caller(home.gateway, rights=ALL)
        assert (await technician.ask("mngDaemon_Mode", SERVICE))["rsp"] == SERVICE
        assert (await technician.ask("mngDaemon_Mode", SERVICE))["status"] == 0
        assert (await client.ask("mngDaemon_Mode", QUESTION))["rsp"] == SERVICE
        refused = await client.ask("iqrfRaw", RAW)
        assert (refused["status"], refused["statusStr"]) == (-8, "ERROR_IFACE_EXCLUSIVE_ACCESS")
        assert (await technician.ask("iqrfRaw", RAW))["status"] == 0
        assert (await client.ask("mngDaemon_Version"))["status"] == 0
        with pytest.raises(RadioReserved):  # neither do procedures and the worker get it
            await home.gateway.scheduler.perform(Priority.BACKGROUND, trio.lowlevel.checkpoint)
        assert (await technician.ask("mngDaemon_Mode", OPERATIONAL))["rsp"] == OPERATIONAL
        assert (await client.ask("iqrfRaw", RAW))["status"] == 0
        await home.gateway.scheduler.perform(Priority.BACKGROUND, trio.lowlevel.checkpoint)


@pytest.mark.parametrize(
    ("mtype", "req", "status"),
    [
        ("iqrfRaw", RAW, -8),
        ("iqrfDb_Enumerate", {}, -1),
        ("iqmeshNetwork_Backup", {"deviceAddr": 0}, 1002),
    ],
)
async def test_service_mode_is_told_in_the_codes_of_each_family(
    mtype: str, req: object, status: int, tmp_path: Path
) -> None:
    async with house(tmp_path) as home:
        client, technician = Caller(home.gateway), Caller(home.gateway, rights=ALL)
        await technician.ask("mngDaemon_Mode", SERVICE)
        data = await client.ask(mtype, req)
        assert data["status"] == status
        assert "ERROR_IFACE_EXCLUSIVE_ACCESS" in data["statusStr"]


async def test_the_network_is_forgotten_without_the_radio(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client, technician = Caller(home.gateway), Caller(home.gateway, rights=ALL)
        await client.ask("mngDaemon_StopNetworkQueue")
        assert await client.ask("iqrfDb_Reset", {}) == {
            "msgId": "test",
            "rsp": {},
            "status": 0,
            "statusStr": "ok",
            "insId": "iqrfgd2-default",
        }
        await technician.ask("mngDaemon_Mode", SERVICE)
        assert (await client.ask("iqrfDb_Reset", {}))["status"] == 0


@pytest.mark.parametrize("mode", [OPERATIONAL, SERVICE, FORWARDING])
async def test_changing_the_mode_takes_the_permission(mode: object, tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway)
        data = await client.ask("mngDaemon_Mode", mode)
        assert (data["status"], data["rsp"]) == (-1, mode)
        assert "service permission" in data["errorStr"]
        assert (await client.ask("mngDaemon_Mode", QUESTION))["rsp"] == OPERATIONAL


async def test_no_service_mode_while_a_procedure_holds_the_radio(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        technician = Caller(home.gateway, rights=ALL)
        async with home.gateway.scheduler.lease(Priority.PROCEDURE):
            data = await technician.ask("mngDaemon_Mode", SERVICE)
        assert (data["status"], data["errorStr"]) == (-1, "Exclusive access already assigned")
        assert data["rsp"] == SERVICE
        assert (await technician.ask("mngDaemon_Mode", QUESTION))["rsp"] == OPERATIONAL


async def test_there_is_nowhere_to_forward_to(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        technician = Caller(home.gateway, rights=ALL)
        await technician.ask("mngDaemon_Mode", SERVICE)
        data = await technician.ask("mngDaemon_Mode", FORWARDING)
        assert (data["status"], data["rsp"]) == (-1, FORWARDING)
        assert "UDP" in data["errorStr"]
        assert (await technician.ask("mngDaemon_Mode", QUESTION))["rsp"] == SERVICE


@pytest.mark.parametrize(
    ("rights", "reason"),
    [
        (Rights(Scope.MANAGE), "The token lacks the service permission."),
        (Rights(Scope.CONTROL, service=True), "takes the scope manage"),
        (Rights(Scope.READ), "takes the scope manage"),
    ],
)
async def test_stopping_the_gateway_takes_scope_and_permission(
    rights: Rights, reason: str, tmp_path: Path
) -> None:
    async with house(tmp_path) as home:
        client = Caller(home.gateway, rights=rights)
        data = await client.ask("mngDaemon_Exit", {"timeToExit": 0})
        assert (data["status"], data["rsp"]) == (-1, {"timeToExit": 0})
        assert reason in data["errorStr"]
        assert home.gateway.lifetime.deadline == math.inf
