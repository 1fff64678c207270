"""Messages that only this gateway has, through the whole gateway and the simulated mesh."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from iqrf_trio.simulator.files.plan import generate
from tests.iqrf_trio.house import ask, authenticated, heard, house, request

RELAY, LIGHT = 3, 4
"""The addresses of a generated mesh of five nodes."""


async def states(client: Any, address: int) -> Any:
    told = await ask(client, "iqrfTrio_GetStates", {"nAdr": address})
    (node,) = told["rsp"]["nodes"]
    return node


async def once(true: Callable[[Any], object], client: Any, address: int) -> Any:
    """The states of a node when something is true of them."""
    while True:
        if true(found := await states(client, address)):
            return found
        await trio.sleep(0.02)


async def enumerated(client: Any) -> None:
    await client.send(request("iqrfDb_Enumerate", {"standards": True}))
    while (await heard(client))["rsp"]["step"] != 8:
        pass


def on(*outputs: bool | None) -> list[Any]:
    return [{"index": index, "state": state} for index, state in enumerate(outputs)]


async def test_states_are_known_after_an_enumeration(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(5)) as home, authenticated(home) as client:
        assert (await ask(client, "iqrfTrio_GetStates", {}))["rsp"] == {"nodes": []}
        await enumerated(client)
        relay = await once(lambda node: node["at"], client, RELAY)
        assert relay["outputs"] == on(False, False, False, False)
        assert relay["mid"] == f"{home.mesh.node(RELAY).mid:08x}"
        assert relay["light"] is None
        light = await once(lambda node: node["at"], client, LIGHT)
        assert light["light"] == {"state": False, "brightness": 0}
        everybody = await ask(client, "iqrfTrio_GetStates", {})
        assert [node["nAdr"] for node in everybody["rsp"]["nodes"]] == [RELAY, LIGHT]


async def test_states_follow_what_clients_do(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(5)) as home, authenticated(home) as client:
        await enumerated(client)
        await once(lambda node: node["at"], client, LIGHT)
        outputs = [{"index": 1, "state": True}, {"index": 2, "state": True, "time": 60}]
        req = {"nAdr": RELAY, "param": {"binOuts": outputs}}
        assert (await ask(client, "iqrfBinaryoutput_SetOutput", req))["status"] == 0
        assert (await states(client, RELAY))["outputs"] == on(False, True, True, False)
        await ask(client, "iqrfRaw", {"rData": "04.00.4a.02.ff.ff.a0.0f"})
        assert (await states(client, LIGHT))["light"] == {"state": True, "brightness": 40}
        await ask(client, "iqrfEmbedOs_Reset", {"nAdr": RELAY, "param": {}})
        assert (await states(client, RELAY))["outputs"] == on(None, None, None, None)


async def test_states_are_asked_for_once_after_the_start(tmp_path: Path) -> None:
    mesh = generate(5)
    async with house(tmp_path, mesh=mesh) as home, authenticated(home) as client:
        await enumerated(client)
        await once(lambda node: node["at"], client, LIGHT)
    async with house(tmp_path, mesh=mesh) as home, authenticated(home) as client:
        await once(lambda node: node["at"], client, LIGHT)
        relay = await once(lambda node: node["at"], client, RELAY)
        assert relay["outputs"] == on(False, False, False, False)


async def test_who_is_no_node(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(5)) as home, authenticated(home) as client:
        told = await ask(client, "iqrfTrio_GetStates", {"nAdr": 9})
        assert (told["status"], told["statusStr"]) == (1001, "nAdr has to name a known node")
        assert "rsp" not in told


async def test_nobody_is_asked_where_the_configuration_forbids_it(tmp_path: Path) -> None:
    never = "database.ask_states=false"
    async with house(tmp_path, never, mesh=generate(5)) as home, authenticated(home) as client:
        await enumerated(client)
        assert not home.gateway.states._wanted.is_set()
        assert (await states(client, LIGHT))["at"] is None
