"""Which enumeration runs when, who is told of it, and how it ends before its time."""

import math
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.edges.ports import Link, PortError
from iqrf_trio.services.enumeration import EnumerationInProgressError
from iqrf_trio.services.enumeration.orders import LINK_PATIENCE_S, QUIET_S, RETRY_S
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.api.db import Step
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import (
    addr_info,
    authorize_bond,
    bond_node,
    bonded_devices,
    clear_all_bonds,
    discovery,
    remove_bond,
    set_mid,
)
from protocol.network.network import Network
from tests.iqrf_trio.services.enumeration.learning import STEPS, WITHOUT_STANDARDS, School, school


async def test_a_second_client_is_refused_until_the_first_one_is_served(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:
        first = here.start()
        with pytest.raises(EnumerationInProgressError):
            here.start()
        await first.reached(Step.DEVICES)
        with pytest.raises(EnumerationInProgressError):
            here.start(standards=True)
        await first.over.wait()
        assert first.told == WITHOUT_STANDARDS
        assert await here.learn(standards=True) == STEPS


async def test_a_client_that_comes_during_a_run_of_our_own_gets_one_as_it_wants_it(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:
        here.enumeration.launch()
        await wait_all_tasks_blocked()
        assert here.enumeration.running
        client = here.start()
        with pytest.raises(EnumerationInProgressError):
            here.start()
        await client.over.wait()
        assert here.unasked == STEPS
        assert client.told == WITHOUT_STANDARDS


async def test_the_launch_asks_everybody_for_everything(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5)) as here:
        first = await here.cost(standards=True)
        before = here.mesh.counters.radio
        here.enumeration.launch()
        await trio.sleep(60)
        assert here.unasked == STEPS
        assert here.mesh.counters.radio - before == first


class LateModule(SimulatorPort):
    """A module that the first attempts do not find."""

    def __init__(self, mesh: Mesh, attempts: float) -> None:
        super().__init__(mesh)
        self.attempts = attempts

    async def open(self) -> Link:
        self.attempts -= 1
        if self.attempts >= 0:
            raise PortError("no such device")
        return await super().open()


async def test_the_launch_waits_for_a_module_that_takes_its_time(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(5)
    async with school(tmp_path, mesh, port=LateModule(mesh, 3)) as here:
        here.enumeration.launch()
        await trio.sleep(60)
        assert here.unasked == STEPS


async def test_the_launch_gives_a_module_up_that_never_comes(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(5)
    async with school(tmp_path, mesh, port=LateModule(mesh, math.inf)) as here:
        here.enumeration.launch()
        await trio.sleep(LINK_PATIENCE_S + 5)
        assert [told[:2] for told in here.unasked] == [(Step.STARTED, 0), (Step.STARTED, -1)]


async def test_the_launch_is_due_until_it_was_done(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Nobody is told a second time that there is no module."""
    mesh = generate(5)
    async with school(tmp_path, mesh, port=LateModule(mesh, 9)) as here:
        here.enumeration.launch()
        await trio.sleep(600)
        assert [told[:2] for told in here.unasked[:2]] == [(Step.STARTED, 0), (Step.STARTED, -1)]
        assert here.unasked[2:] == STEPS
        assert known(here) == bonds(here) != set()


async def test_a_run_that_failed_is_repeated_after_growing_pauses(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(5)
    async with school(tmp_path, mesh) as here:
        bonded = bonded_devices().request
        mesh.faults.arm(Fault.NO_RESPONSE, times=8, when=lambda request: request == bonded)
        start = trio.current_time()
        here.enumeration.launch()
        await trio.sleep(RETRY_S)
        assert here.unasked[-1][1] == -1
        await trio.sleep(600)
        assert here.unasked[-len(STEPS) :] == STEPS
        failures = sum(told[1] == -1 for told in here.unasked)
        assert 2 <= failures <= 4
        assert trio.current_time() - start > RETRY_S * (2**failures - 1)
        told = len(here.unasked)
        await trio.sleep(7200)
        assert len(here.unasked) == told  # it is done


async def test_what_a_clients_run_should_have_brought_is_still_due_when_it_fails(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(5)
    async with school(tmp_path, mesh, after_bonding=True) as here:
        await here.call(remove_bond(5))
        bonded = bonded_devices().request
        mesh.faults.arm(Fault.NO_RESPONSE, times=2, when=lambda request: request == bonded)
        client = here.start(standards=True)
        await client.over.wait()
        assert client.told[-1][1] == -1
        await trio.sleep(60)
        assert here.unasked == STEPS


async def test_what_was_cancelled_is_not_due_any_more(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        here.enumeration.launch()
        await wait_all_tasks_blocked()
        here.enumeration.cancel()
        await trio.sleep(7200)
        assert here.unasked == [(Step.STARTED, 0, "ok"), (Step.STARTED, -1, "cancelled")]


# Changes of the bonds.


def unbonded(nodes: int) -> Mesh:
    """A mesh of which the last node is not bonded any more."""
    mesh = generate(nodes)
    mesh.coordinator.bonds.remove(nodes)
    mesh.node(nodes).unbond()
    return mesh


def stranger(mesh: Mesh) -> int:
    (mid,) = (node.mid for node in mesh.world.nodes if node.nadr is None)
    return mid


CHANGES: list[Call[object]] = [
    bond_node(0, 0),
    remove_bond(3),
    clear_all_bonds(),
    discovery(7, 0),
    set_mid(0x8111_1111, 3),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.request.pcmd))
async def test_a_change_of_the_bonds_is_looked_at(
    change: Call[object], tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, unbonded(6), after_bonding=True) as here:
        await here.learn(standards=True)
        await here.call(change)
        await trio.sleep(60)
        assert here.unasked == STEPS
        assert known(here) == bonds(here)


async def test_a_node_whose_bond_was_authorized_is_looked_at(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = unbonded(6)
    async with school(tmp_path, mesh, after_bonding=True) as here:
        await here.learn(standards=True)
        mid, bonded = stranger(mesh), mesh.coordinator.bonds
        mesh.world.prebond(bonded.network, bonded.mids, lambda _mid: True, 0.0)
        await here.call(authorize_bond(9, mid))
        await trio.sleep(60)
        assert here.unasked == STEPS
        assert known(here) == bonds(here)
        assert here.device(9).product


async def test_a_change_that_failed_is_no_change(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(3), after_bonding=True) as here:
        with pytest.raises(DpaError):
            await here.call(remove_bond(77))
        await here.call(addr_info())
        await trio.sleep(60)
        assert here.unasked == []


async def test_whoever_does_not_want_it_is_left_in_peace(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(3), after_bonding=False) as here:
        await here.call(remove_bond(3))
        await trio.sleep(60)
        assert here.unasked == []


async def test_many_changes_are_looked_at_once_and_after_the_last(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(10), after_bonding=True) as here:
        for address in range(1, 8):
            await here.call(remove_bond(address))
            await trio.sleep(QUIET_S - 1)
        assert here.unasked == []
        await trio.sleep(60)
        assert here.unasked == STEPS
        assert known(here) == {8, 9, 10}


async def test_a_change_during_a_run_is_looked_at_after_it(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50), after_bonding=True) as here:
        pupil = here.start(standards=True)
        await pupil.reached(Step.DEVICES)
        await here.call(remove_bond(50))
        await pupil.over.wait()
        assert 50 in known(here)
        await trio.sleep(60)
        assert 50 not in known(here)
        assert here.unasked == STEPS


async def test_a_client_that_learns_all_of_it_spares_us_the_run(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(5), after_bonding=True) as here:
        await here.call(remove_bond(5))
        await here.learn(standards=True)
        await trio.sleep(60)
        assert here.unasked == []
        await here.call(remove_bond(4))
        await here.learn()
        await trio.sleep(60)
        assert here.unasked == STEPS


def known(here: School) -> set[int]:
    return {device.address for device in here.network.nodes}


def bonds(here: School) -> set[int]:
    return set(here.mesh.coordinator.bonds.mids)


# Ends before the time.


@pytest.mark.parametrize("step", [Step.STARTED, Step.DEVICES, Step.STANDARDS])
async def test_a_cancelled_run_says_so_and_leaves_the_parts_that_were_done(
    step: Step, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        pupil = here.start(standards=True)
        await pupil.reached(step)
        before = here.network
        here.enumeration.cancel()
        await pupil.over.wait()
        assert pupil.told[-1] == (step, -1, "cancelled")
        await trio.sleep(60)
        assert here.network == before
        assert not here.enumeration.running
        assert await here.learn(standards=True) == STEPS


async def test_a_reset_during_a_run_leaves_an_empty_network(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50), after_bonding=True) as here:
        pupil = here.start(standards=True)
        await pupil.reached(Step.DEVICES)
        here.enumeration.cancel()
        await here.store.reset_network()
        await trio.sleep(60)
        assert pupil.told[-1][1:] == (-1, "cancelled")
        assert here.network == Network()


async def test_who_waits_is_told_too(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(50), after_bonding=True) as here:
        here.enumeration.launch()
        await wait_all_tasks_blocked()
        await here.call(remove_bond(50))
        waiting = here.start()
        here.enumeration.cancel()
        assert waiting.told == [(Step.STARTED, -1, "cancelled")]
        await trio.sleep(60)
        assert here.unasked[-1][1:] == (-1, "cancelled")
        assert not here.enumeration.running


async def test_cancelling_nothing_spoils_nothing(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(3)) as here:
        here.enumeration.cancel()
        assert await here.learn() == WITHOUT_STANDARDS
        here.enumeration.cancel()
        assert await here.learn() == WITHOUT_STANDARDS


async def test_everybody_is_told_of_the_shutdown(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with school(tmp_path, generate(50)) as here:
        here.enumeration.launch()
        await wait_all_tasks_blocked()
        waiting = here.start()
        here.services.cancel()
        await trio.sleep(60)
        assert here.unasked == [(Step.STARTED, 0, "ok"), (Step.STARTED, -1, "shutting down")]
        assert waiting.told == [(Step.STARTED, -1, "shutting down")]


async def test_a_radio_that_is_closed_already_is_a_shutdown_too(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        here.scheduler.close()
        assert (await here.learn())[-1] == (Step.STARTED, -1, "shutting down")


async def test_what_a_run_learned_before_the_shutdown_is_there_after_it(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with school(tmp_path, generate(50)) as here:
        pupil = here.start()
        await pupil.reached(Step.DEVICES)
        here.services.cancel()
        await pupil.over.wait()
        assert pupil.told[-1] == (Step.DEVICES, -1, "shutting down")
    async with school(tmp_path, generate(50)) as again:
        assert len(again.network.nodes) == 50
        await again.learn(standards=True)
        assert all(device.product for device in again.network)
