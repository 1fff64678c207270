"""A dialogue: what a step that fails costs, who gets in between, and what is recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa.attempts import Attempts
from protocol.dpa.errors import DpaError, DpaTimeoutError, InterfaceError, ResponseCodeError
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import addr_info, bonded_devices
from protocol.dpa.peripherals.os import os_read
from protocol.dpa.step import Step, ask
from protocol.dpa.transaction import Outcome
from protocol.queue.lanes import Priority
from tests.iqrf_trio.radio.fakes import FakePort, Fault
from tests.iqrf_trio.radio.rig import GREETING, make, running

ASK, ASK_NODE = addr_info(), os_read(1)


@frozen(eq=False)
class Talk:
    port: FakePort
    transceiver: Transceiver
    scheduler: Scheduler
    dialogue: Dialogue
    recorded: list[Outcome]

    @property
    def asked(self) -> list[Request]:
        """What the coordinator was sent since it was greeted."""
        return [request for _, request in self.port.coordinator.took][GREETING:]

    def fail(self, *faults: Fault) -> None:
        self.port.coordinator.faults.extend(faults)


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    port, recorded = FakePort(), list[Outcome]()
    transceiver, scheduler = make(port), Scheduler()
    dialogue = Dialogue(transceiver, scheduler, Priority.PROCEDURE, Attempts(3), recorded.append)
    async with running(transceiver) as nursery:
        await nursery.start(scheduler.run_network)
        yield Talk(port, transceiver, scheduler, dialogue, recorded)


async def test_a_question_is_asked_again_after_a_pause(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        talk.fail(Fault.ERROR, Fault.NONE)
        assert (await talk.dialogue.ask(ASK)).bonded == 3
        assert [outcome.status for outcome in talk.recorded] == [1, 0]
        first, second = talk.recorded
        assert first.responded_at is not None
        assert second.requested_at - first.responded_at == pytest.approx(0.25)


async def test_the_last_error_is_the_one_that_is_raised(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        talk.fail(Fault.NO_RESPONSE, Fault.NO_RESPONSE, Fault.ERROR)
        with pytest.raises(ResponseCodeError):
            await talk.dialogue.ask(ASK_NODE)
        assert len(talk.asked) == 3
        talk.fail(Fault.NO_RESPONSE)
        with pytest.raises(DpaTimeoutError):
            await talk.dialogue.ask(ASK_NODE, Attempts(1))


async def test_a_step_is_begun_anew_and_may_catch_an_error(autojump_clock: MockClock) -> None:
    def two() -> Step[int]:
        first = yield from ask(ASK_NODE)
        try:
            yield from ask(bonded_devices())
        except ResponseCodeError:
            return first.mid
        return 0

    async with talking() as talk:
        talk.fail(Fault.NO_RESPONSE, Fault.NONE, Fault.ERROR)
        assert await talk.dialogue.do(two) == 0x81000001
        assert [request.pcmd for request in talk.asked] == [0, 0, 2]


async def test_without_a_link_it_gives_up_or_waits(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        talk.fail(Fault.DIES)
        with pytest.raises(InterfaceError):
            await talk.dialogue.ask(ASK)
        assert len(talk.recorded) == 1
        await talk.transceiver.wait_connected()
        talk.fail(Fault.DIES)
        assert (await talk.dialogue.ask(ASK, Attempts(2, link_wait_s=60.0))).bonded == 3


async def test_between_steps_others_get_their_turn_but_not_beside_a_lease(
    autojump_clock: MockClock,
) -> None:
    order: list[str] = []

    async def other(talk: Talk, begin: trio.Event) -> None:
        await begin.wait()

        async def step() -> None:
            order.append("other")
            await trio.sleep(0.1)

        await talk.scheduler.perform(Priority.INTERACTIVE, step)

    async with talking() as talk, trio.open_nursery() as nursery:
        first, second = trio.Event(), trio.Event()
        # Started here, since a task inherits the lease of the one that starts it.
        nursery.start_soon(other, talk, first)
        nursery.start_soon(other, talk, second)
        talk.fail(Fault.SILENT)
        first.set()
        await talk.dialogue.ask(ASK)
        assert order == ["other"]
        async with talk.dialogue.alone() as alone:
            second.set()
            talk.fail(Fault.SILENT)
            await alone.ask(ASK)
            order.append("alone")
        await trio.sleep(1.0)
        assert order == ["other", "alone", "other"]


async def test_a_step_under_way_is_finished_when_its_caller_is_cancelled(
    autojump_clock: MockClock,
) -> None:
    async with talking() as talk:
        with trio.move_on_after(0.001) as scope:
            await talk.dialogue.ask(ASK)
        assert scope.cancel_called
        assert [outcome.status for outcome in talk.recorded] == [0]


async def test_service_mode_is_told_at_once(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        talk.scheduler.reserve()
        with pytest.raises(DpaError) as caught:
            await talk.dialogue.ask(ASK)
        assert caught.value.status == -8
        assert not talk.asked
