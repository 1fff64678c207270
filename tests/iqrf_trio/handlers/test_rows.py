"""Each message once through the whole gateway and the simulated mesh, as its row's example asks."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.simulator.files.plan import generate
from protocol.api import commission, dpa, mng, own, replace_node
from protocol.api.family import Row, request_of
from protocol.api.iqmesh import bonding
from protocol.api.message import Style, parse
from protocol.api.registry import REGISTRY
from protocol.auth.rights import Rights, Scope
from tests.iqrf_trio.house import house, request
from tests.schemas import complaint_about_answer

from .caller import Caller

DPA = {row for _, rows in dpa.FAMILIES for row in rows}
LEARN = "iqrfDb_Enumerate"

IDLE = {
    own.CANCEL,
    own.RUN_TASK,
    bonding.BOND_NODE_LOCAL,
    bonding.SMART_CONNECT,
    commission.COMMISSION_NETWORK,
    replace_node.REPLACE_NODE,
}
"""There is nothing to take back, no such task, and no node that waits to be bonded or replaced."""


async def answers(client: Caller, row: Row, **data: Any) -> list[Any]:
    """All answers to the example of a row; what comes unasked meanwhile is left out."""
    client.send(row.mtype, row.example if row.parameters else None, **data)
    told: list[Any] = []
    while not (told and row.ends_with(told[-1]["data"])):
        message = await client.next()
        if message["data"].get("msgId") == "test":
            told.append(message)
    return told


@pytest.mark.parametrize("verbose", [True, False])
async def test_each_example_is_answered_as_its_schema_says(tmp_path: Path, verbose: bool) -> None:
    async with house(tmp_path, mesh=generate(3)) as home:
        client = Caller(home.gateway, rights=Rights(Scope.MANAGE, service=True))
        await answers(client, REGISTRY[LEARN])
        for row in REGISTRY.values():
            if row is mng.EXIT or row in DPA:
                continue  # it comes last; those of DPA are asked in test_dpa
            while home.gateway.worker.reading:
                await trio.lowlevel.checkpoint()
            for answer in await answers(client, row, returnVerbose=verbose):
                assert answer["mType"] == row.mtype, answer
                failed = answer["data"]["status"] != 0
                assert not failed or row in IDLE, answer
                assert complaint_about_answer(row.mtype, answer) is None
                explained = verbose or failed or row.family.style is not Style.DPA
                assert ("statusStr" in answer["data"]) is explained
        (leaving,) = await answers(client, mng.EXIT)
        assert leaving["data"]["rsp"] == mng.EXIT.example


async def test_metadata_is_the_last_member_where_it_is_wanted(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(3)) as home:
        client = Caller(home.gateway)
        await answers(client, REGISTRY[LEARN])
        await client.ask(
            "iqrfDb_SetDeviceMetadata", {"devices": [{"address": 1, "metadata": {"room": "hall"}}]}
        )
        await client.ask("iqrfDb_MetadataAnnotation", {"annotate": True})
        for row in REGISTRY.values():
            if row.family.annotated and row not in DPA:
                (answer,) = await answers(client, row)
                assert row.transaction is not None
                asked = request_of(row, parse(request(row.mtype, row.example)))
                to_node = row.transaction.begin(asked).nadr == 1
                expected = {"room": "hall"} if to_node else None
                assert list(answer["data"]["rsp"])[-1] == "metaData"
                assert answer["data"]["rsp"]["metaData"] == expected
                assert complaint_about_answer(row.mtype, answer) is None


def test_requests_are_made_as_clients_make_them() -> None:
    for row in REGISTRY.values():
        assert json.loads(request(row.mtype, row.example))["mType"] == row.mtype
