"""A flood of bad messages over a real socket: one answer each, and the session goes on."""

import gc
import json
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from iqrf_trio.edges.websocket import Connection
from protocol.api import dpa
from protocol.api.registry import REGISTRY
from tests.iqrf_trio.house import authenticated, house, request
from tests.protocol.api.mutations import Mutations

COUNT = 5_000

SPARED = {
    *("mngDaemon_Exit", "mngDaemon_StopNetworkQueue"),  # would end the test
    "iqrfDb_Enumerate",  # several answers
    # Several answers, or pauses between the attempts; they also take the nodes' bonds away.
    *(mtype for mtype in REGISTRY if mtype.startswith("iqmeshNetwork_")),
    # Single DPA commands: some bond, reset or discover, and make the gateway enumerate by itself.
    *(row.mtype for _, rows in dpa.FAMILIES for row in rows),
    # Tasks answer when they run, and service mode keeps the radio from everybody.
    *(mtype for mtype in REGISTRY if mtype.startswith(("mngScheduler_", "mngService_"))),
    "iqrfTrio_RunTask",
    *("iqrfSensorData_Start", "iqrfSensorData_Invoke"),  # reports
    "iqrfRawHdp",  # waits for nodes that there are not
}


async def answer(connection: Connection) -> Any:
    """The next message that answers something."""
    while True:
        message = json.loads(await connection.receive())
        if message["mType"] != "ntfDaemon_Monitor" and message["data"]["msgId"] != "async":
            return message


@pytest.mark.slow
async def test_five_thousand_messages_over_a_socket(tmp_path: Path) -> None:
    mtypes = tuple(mtype for mtype in REGISTRY if mtype not in SPARED)
    messages = (text for text in Mutations(Random(2), mtypes) if '"async"' not in text)
    async with house(tmp_path) as home, authenticated(home) as connection:
        for number, text in enumerate(islice(messages, COUNT)):
            if number == COUNT // 5:
                gc.collect()
                before = len(gc.get_objects())
            await connection.send(text.encode(errors="replace").decode())
            told = await answer(connection)
            assert isinstance(told["data"]["msgId"], str)
            assert type(told["data"]["status"]) is int
            assert told["mType"] == "messageError" or told["mType"] in mtypes
        gc.collect()
        assert len(gc.get_objects()) - before < 2000
        await connection.send(request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}))
        assert (await answer(connection))["data"]["status"] == 0
