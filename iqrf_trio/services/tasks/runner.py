"""One run of a task: its messages are sent one after the other, with the rights of its owner."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial

import orjson
import trio
from attrs import define, evolve, field

from iqrf_trio.messaging.holders import Holders
from iqrf_trio.services.tasks.client import TaskClient
from iqrf_trio.store import Store, StoreError
from protocol.api.registry import REGISTRY
from protocol.auth.authentication import Grant
from protocol.auth.rights import MANAGE
from protocol.auth.tokens import Status
from protocol.queue.lanes import Lane
from protocol.readings.settings import Messaging
from protocol.strict.json import JsonObject
from protocol.tasks.book import Started
from protocol.tasks.task import NO_ANSWER, UNOWNED, Run, Task

log = logging.getLogger("iqrf_trio.tasks")

AT_ONCE = 8
"""How many runs have messages under way at the same time, and how many messages of tasks wait for
the radio: fewer than requests may wait, so that clients find places however long that takes."""

SLOT_S = 60.0
"""A run that takes longer does not keep others waiting any more, but for those of the radio."""

ANSWER_S = 3600.0
"""How long a message may take; then it is withdrawn, and the run goes on."""


@define(eq=False)
class _Slot:
    """One of the places of runs with messages under way; it is given back once."""

    _slots: trio.Semaphore
    _held: bool = True

    def free(self) -> None:
        """Let another run have the place."""
        if self._held:
            self._held = False
            self._slots.release()

    async def free_later(self) -> None:
        """The same, when the run takes long."""
        await trio.sleep(SLOT_S)
        self.free()


@define(eq=False)
class Runner:
    """Carries out runs, so many at once that clients are not kept waiting.

    `accept` and `withdraw` are those of the dispatcher; `deliver` is handed each answer with the
    messaging and the token that it is for.
    """

    _store: Store
    _now: Callable[[], datetime]
    _holders: Holders
    accept: Callable[[str, TaskClient], None] = field(init=False)
    withdraw: Callable[[TaskClient], None] = field(init=False)
    deliver: Callable[[Messaging, int | None, str], None] = field(init=False)
    _slots: trio.Semaphore = field(factory=lambda: trio.Semaphore(AT_ONCE), init=False)
    _for_radio: trio.Semaphore = field(factory=lambda: trio.Semaphore(AT_ONCE), init=False)

    async def carry_out(self, started: Started) -> Run:
        """What came of the run; its trouble is UNOWNED where the task is to run no more."""
        await self._slots.acquire()
        slot = _Slot(self._slots)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(slot.free_later)
                run = await self._send_all(started)
                nursery.cancel_scope.cancel()
        finally:
            slot.free()
        return evolve(run, ended=self._now().timestamp())

    async def _send_all(self, started: Started) -> Run:
        """Send the messages, one after the other; what came of it."""
        task, run = started.task, started.run
        for messaging, message in task.messages:
            try:
                grant = await self._owner_of(task)
            except StoreError as error:
                return evolve(run, status=-1, trouble=str(error))
            if grant is None:
                return evolve(run, status=-1, trouble=UNOWNED)
            client = self._client(task, grant, messaging, message)
            with self._holders.joined(client, grant) if task.owner is not None else nullcontext():
                run = await self._send(run, client, message)
            if client.rights.ended:
                return evolve(run, status=-1, trouble=UNOWNED)
        return run

    def _client(
        self, task: Task, grant: Grant, messaging: Messaging, message: JsonObject
    ) -> TaskClient:
        """Whoever sends one message of the task, with the rights of its owner."""
        token = grant.token_id if task.owner is not None else None
        deliver = partial(self.deliver, messaging)
        return TaskClient(
            f"task {task.task_id}", grant.rights, token, deliver, message.get("mType")
        )

    async def _send(self, run: Run, client: TaskClient, message: JsonObject) -> Run:
        async with self._for_radio if _waits_for_radio(message) else nullcontext():
            self.accept(orjson.dumps(message).decode(), client)
            with trio.move_on_after(ANSWER_S) as waiting:
                await client.final()
            if waiting.cancelled_caught:
                self.withdraw(client)
                run = evolve(run, trouble=NO_ANSWER, status=run.status or -1)
        client.live = False
        return evolve(run, status=run.status or client.status, answer=client.answer or run.answer)

    async def _owner_of(self, task: Task) -> Grant | None:
        """What the task may do, and for which token; None where nothing any more."""
        if task.owner is None:
            return Grant(0, datetime.max.replace(tzinfo=UTC), MANAGE)
        token = await self._store.successor(task.owner)
        if token is None or token.status_at(self._now()) is not Status.VALID:
            return None
        return Grant(token.id, token.expires_at, token.rights)


def _waits_for_radio(message: JsonObject) -> bool:
    """Whether the message takes one of the places of those that wait for the radio."""
    row = REGISTRY.get(str(message.get("mType")))
    return row is not None and row.lane is Lane.NETWORK
