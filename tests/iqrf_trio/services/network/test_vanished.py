"""The module is pulled out at any moment of a service, and put in again: nothing is half done."""

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

GONE_S = 1.5
"""Not for so long that the gateway resets it, by which it would lose its parameters."""


async def vanished(moment: int, state: Path, mtype: str, req: dict[str, Any]) -> tuple[int, int]:
    """How many moments the service had, and its status."""
    mesh = mesh_with_its_own_parameters(mtype)
    port = MortalPort(SimulatorPort(mesh), moment, deadly=False)
    async with gateway(state, port, enumerating=True) as rig:
        await learn(mesh, rig, mtype)

        def vanish() -> None:
            port.gone_until = trio.current_time() + GONE_S

        port.on_death = vanish
        port.armed = True
        rig.caller.send(mtype, request_of(mesh, mtype, req), msgId="service")
        with trio.fail_after(600.0):
            answer = (await rig.caller.next())["data"]
        port.armed = False
        moments = port.moments
        await trio.sleep(GONE_S + 120.0)
        assert parameters(mesh) == UNTOUCHED
        assert await rig.store.journal() is None
        check_bonds(mesh, rig, mtype)
    return moments, answer["status"]


@pytest.mark.slow
@pytest.mark.parametrize(("mtype", "req"), SERVICES, ids=lambda value: str(value)[-20:])
async def test_vanished_at_each_moment(
    tmp_path: Path, autojump_clock: MockClock, mtype: str, req: dict[str, Any]
) -> None:
    moments, _ = await vanished(1_000_000, tmp_path / "whole", mtype, req)
    statuses = set()
    for moment in range(0, moments, 1 if moments < 60 else 9):
        _, status = await vanished(moment, tmp_path / str(moment), mtype, req)
        statuses.add(status)
    assert any(status < 0 for status in statuses)
