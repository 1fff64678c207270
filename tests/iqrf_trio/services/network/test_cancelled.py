"""Cancelled at any moment of a service: it answers soon, and nothing is half done."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.wiring.simulator_port import SimulatorPort
from tests.iqrf_trio.services.network.everything import (
    SERVICES,
    UNTOUCHED,
    check_bonds,
    learn,
    mesh_with_its_own_parameters,
    parameters,
    request_of,
)
from tests.iqrf_trio.services.network.rig import MortalPort, gateway

SOON_S = 30.0
"""The longest transaction of these (a bonding), its time limit, and the way back."""


async def cancelled(
    moment: int, state: Path, mtype: str, req: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """How many moments the service had, and its answer."""
    mesh = mesh_with_its_own_parameters(mtype)
    port = MortalPort(SimulatorPort(mesh), moment, deadly=False)
    async with gateway(state, port, enumerating=True) as rig:
        await learn(mesh, rig, mtype)
        cancelled_at = trio.current_time()

        def cancel() -> None:
            nonlocal cancelled_at
            cancelled_at = trio.current_time()
            rig.caller.send("iqrfTrio_Cancel", {"msgId": "service"}, msgId="cancel")

        port.on_death = cancel
        port.armed = True
        rig.caller.send(mtype, request_of(mesh, mtype, req), msgId="service")
        answers = {}
        while "service" not in answers:
            data = (await rig.caller.next())["data"]
            answers[data["msgId"]] = data
        port.armed = False
        moments, answer = port.moments, answers["service"]
        if answer["status"] == 1011:
            assert answer["statusStr"] == "Cancelled"
            assert trio.current_time() - cancelled_at < SOON_S
        # It is answered behind what had to be put back.
        assert parameters(mesh) == UNTOUCHED
        assert await rig.store.journal() is None
        await trio.sleep(60.0)
        assert parameters(mesh) == UNTOUCHED
        check_bonds(mesh, rig, mtype)
    return moments, answer


@pytest.mark.slow
@pytest.mark.parametrize(("mtype", "req"), SERVICES, ids=lambda value: str(value)[-20:])
async def test_cancelled_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: dict[str, Any]
) -> None:
    moments, answer = await cancelled(1_000_000, tmp_path / "whole", mtype, req)
    ends = {answer["status"], 1011}
    statuses = set()
    for moment in range(0, moments, 1 if moments < 60 else 9):
        _, answer = await cancelled(moment, tmp_path / str(moment), mtype, req)
        statuses.add(answer["status"])
        assert answer["status"] in ends
    assert 1011 in statuses
