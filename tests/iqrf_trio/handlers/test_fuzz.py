"""Floods of bad messages: one answer each, in the right form, and the gateway goes on.

What harms nobody comes over a real socket. What takes bonds away, resets modules or reserves the
radio comes in rounds, each to a new gateway on a virtual clock, where silence costs nothing.
"""

import gc
import json
from itertools import chain, islice, zip_longest
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.websocket import Connection
from iqrf_trio.simulator.files.plan import generate
from protocol.api import dpa, iqmesh
from protocol.api.registry import REGISTRY
from tests.iqrf_trio.handlers.caller import undisturbed
from tests.iqrf_trio.house import authenticated, house, request
from tests.protocol.api.dpa.vectors import VECTORS
from tests.protocol.api.mutations import Mutations
from tests.schemas import complaint_about_answer

COUNT = 5_000

ROUND = 1_000
"""Messages to one gateway: later most nodes are gone."""

DISTURBING = (
    *(row.mtype for _, rows in dpa.FAMILIES for row in rows),
    *(mtype for mtype in REGISTRY if mtype.startswith(("mngScheduler_", "mngService_"))),
    "iqrfTrio_RunTask",
)
"""DPA commands bond, reset and discover, tasks answer when they run, and service mode keeps the
radio from everybody else."""

SPARED = {
    *("mngDaemon_Exit", "mngDaemon_StopNetworkQueue"),  # would end the test
    "iqrfDb_Enumerate",  # several answers
    # Several answers, or pauses between the attempts; they also take the nodes' bonds away.
    *(mtype for mtype, row in REGISTRY.items() if row.service or row.family is iqmesh.FAMILY),
    *DISTURBING,
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


GOOD = tuple(
    {"mType": each["mType"], "data": each["request"]} for each in VECTORS if each["request"]
)


async def disturb(seed: int, state: Path) -> None:
    """One round of messages that change the network, to a gateway of its own."""
    mutations = Mutations(Random(seed), DISTURBING, GOOD)
    messages = chain.from_iterable(zip_longest(mutations.inner(), mutations))
    async with undisturbed(state, generate(5)) as client:
        for text in islice(messages, ROUND):
            client.say(text)
            with trio.fail_after(600):
                told = await client.next()
            assert told["mType"] == "messageError" or told["mType"] in DISTURBING
            assert complaint_about_answer(told["mType"], told) is None, text
            assert not client.heard


def flood(rounds: int, folder: Path) -> None:
    """So many rounds; what a gateway held is given back when it ends."""
    before = 0
    for number in range(rounds):
        state = folder / str(number)
        state.mkdir()
        # Fails loudly where a message is not answered: nothing else would let the clock jump.
        trio.run(disturb, number, state, clock=MockClock(autojump_threshold=0.001))
        gc.collect()
        if number == 1:
            before = len(gc.get_objects())
    assert len(gc.get_objects()) - before < 2000


@pytest.mark.slow
def test_messages_that_change_the_network(tmp_path: Path) -> None:
    flood(5, tmp_path)


@pytest.mark.soak
def test_a_hundred_thousand_messages_that_change_the_network(tmp_path: Path) -> None:
    flood(100, tmp_path)
