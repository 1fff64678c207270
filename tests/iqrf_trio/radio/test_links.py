"""How the link is kept open: what is lost comes back, and a module that hangs is reset."""

import logging
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.ports import ModuleError, PortError
from iqrf_trio.radio.links import LONGEST_PAUSE_S
from iqrf_trio.radio.open_link import SILENCE
from iqrf_trio.radio.transceiver import LINK_PATIENCE_S
from protocol.dpa.counters import Count
from protocol.dpa.packet import BROADCAST, Request, answer
from protocol.dpa.peripherals.coordinator import discovery
from protocol.dpa.requests import local_timeout_ms
from tests.iqrf_trio.radio.fakes import LOCAL_S, FakePort, Fault
from tests.iqrf_trio.radio.rig import GREETING, LED, LOCAL, make, running


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


async def test_a_lost_link_comes_back(port: FakePort, autojump_clock: MockClock) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.append(Fault.DIES)
        start = trio.current_time()
        outcome = await transceiver.transact(LED)
        assert outcome.status == -4
        assert trio.current_time() == start  # it does not wait for its deadline
        assert not transceiver.connected
        await transceiver.wait_connected()
        assert trio.current_time() - start == pytest.approx(1 + GREETING * LOCAL_S)
        assert (await transceiver.transact(LED)).status == 0
        assert port.links[0].closed
    assert port.reset_at == []


async def test_who_waits_behind_the_loss_of_a_link_does_not_try_it(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    statuses = []

    async def transact() -> None:
        statuses.append((await transceiver.transact(LED)).status)

    async with running(transceiver):
        port.coordinator.faults.append(Fault.DIES)
        async with trio.open_nursery() as callers:
            for _ in range(10):
                callers.start_soon(transact)
        assert statuses == [-4] * 10
        assert transceiver.counters[Count.UNICAST] == 1


async def test_the_pauses_between_attempts_grow(autojump_clock: MockClock) -> None:
    port = FakePort(refusals=10)
    transceiver = make(port)
    start = trio.current_time()
    async with running(transceiver, connected=False):
        await trio.sleep(400)
        assert transceiver.connected
    pauses = gaps(port.opened_at)
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
    assert port.reset_at[0] == pytest.approx(start + 1 + 2 + 4)


async def test_the_pauses_start_afresh_after_a_link_that_worked(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(refusals=5)
    transceiver = make(port)
    async with running(transceiver):
        port.link.fail(PortError("cable pulled"))
        lost_at = trio.current_time()
        await trio.sleep(5)
        assert transceiver.connected
        assert port.opened_at[-1] == pytest.approx(lost_at + 1)


async def test_a_request_waits_briefly_for_a_link_that_is_down(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(refusals=1)
    transceiver = make(port)
    async with running(transceiver, connected=False):
        start = trio.current_time()
        outcome = await transceiver.transact(LED)
        assert outcome.status == -4
        assert trio.current_time() - start == pytest.approx(LINK_PATIENCE_S)
        await trio.sleep(0.3)
        # The link opens at 1 s, and the coordinator is greeted.
        assert (await transceiver.transact(LED)).status == 0


async def test_many_requests_at_a_link_that_is_down_wait_together(
    autojump_clock: MockClock,
) -> None:
    transceiver = make(FakePort(refusals=float("inf")))
    statuses = []

    async def transact() -> None:
        statuses.append((await transceiver.transact(LED)).status)

    async with running(transceiver, connected=False):
        start = trio.current_time()
        async with trio.open_nursery() as callers:
            for _ in range(32):
                callers.start_soon(transact)
        assert trio.current_time() - start == pytest.approx(LINK_PATIENCE_S)
    assert statuses == [-4] * 32


async def test_a_request_before_the_start_gets_no_link(
    port: FakePort, autojump_clock: MockClock
) -> None:
    assert (await make(port).transact(LED)).status == -4


@pytest.mark.parametrize("request_", [LED, LOCAL], ids=["unicast", "local"])
async def test_a_coordinator_that_falls_silent_is_reset(
    request_: Request, port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.broken = Fault.SILENT
        for _ in range(SILENCE):
            assert (await transceiver.transact(request_)).status == -1
        await trio.sleep(2)
        assert len(port.reset_at) == 1
        assert transceiver.connected
        assert (await transceiver.transact(request_)).status == 0
    assert transceiver.counters[Count.RESET] == 1


async def test_only_silence_in_a_row_is_a_reason_for_a_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    almost = [Fault.SILENT] * (SILENCE - 1)
    async with running(transceiver):
        port.coordinator.faults.extend([*almost, Fault.ERROR, *almost, Fault.NONE, *almost])
        for address in range(2 * SILENCE):
            await transceiver.transact(Request(address + 1, 0x06, 0x01))
        assert (await transceiver.transact(Request(BROADCAST, 0x06, 0x01))).status == -1
        await transceiver.transact(LOCAL)
        assert (await transceiver.transact(Request(BROADCAST, 0x06, 0x00))).status == 0
        port.coordinator.faults.extend(almost)
        for _ in almost:
            assert (await transceiver.transact(LOCAL)).status == -1
        assert transceiver.connected
    assert port.reset_at == []


async def test_nodes_that_fall_silent_are_no_reason_for_a_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.broken = Fault.NO_RESPONSE
        for _ in range(SILENCE * 2):
            assert (await transceiver.transact(LED)).status == -1
        assert transceiver.connected
    assert port.reset_at == []


async def test_a_coordinator_busy_with_a_discovery_is_not_asked_when_the_link_comes_back(
    port: FakePort, autojump_clock: MockClock
) -> None:
    """It would not hear; and a reset in the midst of it would cost the tables of the network."""
    port.coordinator.discovery_s = 20
    transceiver = make(port)
    async with running(transceiver) as nursery:
        asked = len(port.coordinator.took)
        start = trio.current_time()
        nursery.start_soon(transceiver.transact, discovery(7, 0).request)
        await trio.sleep(1)
        port.link.fail(PortError("cable pulled"))
        await trio.sleep(1.1)
        port.link.emit([(17.9, answer(discovery(7, 0).request, hwpid=2).encode())])
        assert (await transceiver.transact(LOCAL)).status == -4
        await transceiver.wait_connected()
        assert port.coordinator.took[asked + 1][0] == pytest.approx(start + 20)
    assert len(port.opened_at) == 2
    assert port.reset_at == []


async def test_a_coordinator_that_does_not_tell_when_it_is_done_is_asked_in_the_end(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver) as nursery:
        asked = len(port.coordinator.took)
        start = trio.current_time()
        nursery.start_soon(transceiver.transact, discovery(7, 0).request)
        await trio.sleep(1)
        port.link.fail(PortError("cable pulled"))
        await trio.sleep(1)
        await transceiver.wait_connected()
        limit_s = local_timeout_ms(discovery(7, 0).request, transceiver.timing) / 1000
        assert port.coordinator.took[asked + 1][0] == pytest.approx(start + limit_s)


async def test_a_coordinator_silent_from_the_start_is_reset_until_it_answers(
    autojump_clock: MockClock,
) -> None:
    port = FakePort(mends=False)
    port.coordinator.broken = Fault.SILENT
    transceiver = make(port)
    async with running(transceiver, connected=False):
        await trio.sleep(100)
        assert (await transceiver.transact(LED)).status == -4
        port.coordinator.broken = Fault.NONE
        with trio.fail_after(LONGEST_PAUSE_S + 2):
            await transceiver.wait_connected()
    pauses = gaps(port.opened_at)
    silence = SILENCE * 0.5
    assert pauses[:4] == pytest.approx([silence + pause for pause in (1, 2, 4, 8)])
    assert len(port.reset_at) == len(port.opened_at) - 1


async def test_a_coordinator_that_takes_no_frame_is_reset(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.coordinator.faults.extend([Fault.NOT_SENT] * SILENCE)
        for _ in range(SILENCE):
            assert (await transceiver.transact(LOCAL)).status == -4
        await trio.sleep(2)
        assert len(port.reset_at) == 1
        assert transceiver.connected


async def test_a_link_that_dies_while_it_is_greeted_is_given_up(
    port: FakePort, autojump_clock: MockClock
) -> None:
    port.coordinator.faults.append(Fault.DIES)
    transceiver = make(port)
    start = trio.current_time()
    async with running(transceiver):
        assert trio.current_time() - start == pytest.approx(1 + GREETING * LOCAL_S)
    assert len(port.opened_at) == 2


async def test_a_reset_that_fails_is_one_more_failure(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Unresettable(FakePort):
        async def reset(self) -> None:
            await super().reset()
            if len(self.reset_at) == 1:
                raise PortError("no power pin")

    port = Unresettable(refusals=3)
    transceiver = make(port)
    async with running(transceiver):
        assert len(port.reset_at) == 2
    assert "no power pin" in caplog.text


async def test_a_reset_is_done_once(autojump_clock: MockClock) -> None:
    """The next loss of the link, for another reason, has nothing to do with the module."""
    port = FakePort()
    transceiver = make(port)
    async with running(transceiver):
        for error, resets in ((ModuleError("it hangs"), 1), (PortError("cable pulled"), 1)):
            port.link.fail(error)
            await trio.sleep(0.1)
            await transceiver.wait_connected()
            assert len(port.reset_at) == resets
    assert transceiver.counters[Count.RESET] == 1


async def test_a_port_that_cannot_reset_does_not_say_so(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    port = FakePort(refusals=6, resettable=False)
    transceiver = make(port)
    async with running(transceiver):
        port.link.fail(ModuleError("it hangs"))
        await trio.sleep(0.1)
        await transceiver.wait_connected()
    assert transceiver.counters[Count.RESET] == 0
    assert port.reset_at == []
    assert "reset" not in caplog.text


async def test_a_module_is_not_reset_in_the_midst_of_a_discovery(
    port: FakePort, autojump_clock: MockClock
) -> None:
    transceiver = make(port)
    async with running(transceiver) as nursery:
        start = trio.current_time()
        nursery.start_soon(transceiver.transact, discovery(7, 0).request)
        await trio.sleep(1)
        port.link.fail(ModuleError("not ready for 3.0 s"))
        await trio.sleep(1)
        await transceiver.wait_connected()
        limit_s = local_timeout_ms(discovery(7, 0).request, transceiver.timing) / 1000
        assert port.reset_at == [pytest.approx(start + limit_s)]


async def test_a_bug_of_the_port_is_logged_and_the_port_opened_again(
    port: FakePort, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    transceiver = make(port)
    async with running(transceiver):
        port.link.fail(ZeroDivisionError("a bug of the port"))
        await trio.sleep(2)
        assert (await transceiver.transact(LED)).status == 0
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == ["fake port failed"]
