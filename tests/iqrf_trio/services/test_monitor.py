"""When the monitor speaks, on a clock that jumps; and how it parts from the clients of its port."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import define, evolve, field
from trio.testing import MockClock, wait_all_tasks_blocked

from iqrf_trio.edges.tcp.listeners import Endpoint, bind
from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect, serve
from iqrf_trio.services.monitor import SAMPLE_S, SENDING_S, Monitor
from protocol.api.ntf import State, monitor
from tests.iqrf_trio.limits import limits_with

STATE = State(
    dpa_queue=0,
    management_queue=0,
    network_queue=0,
    coordinator_ready=True,
    oper_mode="operational",
    enumerating=False,
    reading=False,
)


@define(eq=False)
class Watched:
    """A monitor, what it shows, and what it said: (seconds since the start, number)."""

    state: State = STATE
    said: list[tuple[float, int]] = field(factory=list)
    monitor: Monitor = field(init=False)
    _start: float = field(factory=trio.current_time)

    @monitor.default
    def _make(self) -> Monitor:
        return Monitor(lambda: self.state, lambda: 1562256558.75)

    def hear(self, text: str) -> None:
        data = json.loads(text)["data"]
        assert data["timestamp"] == 1562256558
        assert data["networkQueueLen"] == self.state.network_queue
        self.said.append((round(trio.current_time() - self._start, 3), data["num"]))


@asynccontextmanager
async def watched(period_s: float = 10) -> AsyncIterator[Watched]:
    it = Watched()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(it.monitor.run, period_s)
        await wait_all_tasks_blocked()
        yield it
        nursery.cancel_scope.cancel()


async def test_it_speaks_once_per_period(autojump_clock: MockClock) -> None:
    async with watched() as it:
        it.monitor.watchers.subscribe(it.hear)
        it.monitor.changed()
        await trio.sleep(25)
    assert it.said == [(0, 0), (10, 1), (20, 2)]


async def test_what_is_announced_is_told_at_once_and_once(autojump_clock: MockClock) -> None:
    async with watched() as it:
        it.monitor.watchers.subscribe(it.hear)
        await trio.sleep(3.25)
        it.monitor.changed()
        it.monitor.changed()
        await trio.sleep(9)
    assert it.said == [(3.25, 0)]


async def test_a_length_that_changes_is_told_soon(autojump_clock: MockClock) -> None:
    async with watched() as it:
        it.monitor.watchers.subscribe(it.hear)
        it.monitor.changed()
        await trio.sleep(4.5)
        it.state = evolve(it.state, network_queue=3)
        await trio.sleep(SAMPLE_S)
        assert it.said == [(0, 0), (5, 1)]


async def test_without_watchers_it_sleeps(autojump_clock: MockClock) -> None:
    async with watched() as it:
        it.state = evolve(it.state, network_queue=3)
        it.monitor.changed()
        await trio.sleep(100)
        it.monitor.watchers.subscribe(it.hear)
        it.monitor.changed()
        await trio.sleep(1)
    assert it.said == [(100, 0)]


async def test_at_the_end_watchers_are_told_that_the_gateway_goes_away() -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            it, stop = Watched(), trio.CancelScope()
            (listener,) = await bind("127.0.0.1", 0)
            endpoint = Endpoint(listener)
            await nursery.start(serve, [endpoint], it.monitor.serve, limits_with())

            async def run() -> None:
                with stop:
                    await it.monitor.run(10)

            nursery.start_soon(run)
            async with connect(endpoint.url) as connection:
                assert json.loads(await connection.receive())["data"]["num"] == 0
                stop.cancel()
                assert await end_of(connection) == 1001
            nursery.cancel_scope.cancel()


async def test_a_watcher_that_does_not_read_gets_the_latest() -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            it = Watched()
            nursery.start_soon(it.monitor.run, 10)
            (listener,) = await bind("127.0.0.1", 0)
            endpoint = Endpoint(listener)
            await nursery.start(serve, [endpoint], it.monitor.serve, limits_with())
            async with connect(endpoint.url) as connection:
                await connection.receive()
                for number in range(1, 1001):
                    it.state = evolve(STATE, network_queue=number)
                    it.monitor.watchers.publish(monitor(it.state, number=0, unix_time=0))
                heard = json.loads(await connection.receive())["data"]
                assert heard["networkQueueLen"] == 1000
            nursery.cancel_scope.cancel()


class Deaf(Connection):
    """A connection whose peer reads nothing, until it is given up."""

    def __init__(self) -> None:
        self.dropped = trio.Event()

    def authenticated(self) -> None:
        pass

    async def send(self, text: str) -> None:
        await trio.sleep_forever()

    async def receive(self) -> str:
        await self.dropped.wait()
        raise ConnectionClosed(1006)

    def drop(self) -> None:
        self.dropped.set()


async def test_a_watcher_that_never_reads_is_given_up(autojump_clock: MockClock) -> None:
    start = trio.current_time()
    async with watched() as it:
        with pytest.RaisesGroup(ConnectionClosed):
            await it.monitor.serve(Deaf())
        assert trio.current_time() - start == pytest.approx(SENDING_S)
        assert not it.monitor.watchers


async def end_of(connection: Connection) -> int:
    """The code with which the connection is closed."""
    try:
        while True:
            await connection.receive()
    except ConnectionClosed as closed:
        return closed.code
