"""The channel wakes its receiver when, and only when, the queue has something to deal with."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from iqrf_trio.radio.priority_channel import PriorityChannel
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import Kind, QueueClosed, QueueFull, RadioQueue, State

INTERACTIVE, PROCEDURE, BACKGROUND = Priority


def channel(capacity: int = 32) -> PriorityChannel[str]:
    return PriorityChannel(RadioQueue(capacity, background_wait=10))


async def test_what_was_put_before_is_received() -> None:
    way = channel()
    way.put("worker", Kind.STEP, BACKGROUND)
    way.put("client", Kind.REQUEST, INTERACTIVE)
    entry = await way.receive()
    assert entry.item == "client"
    way.done(entry, trio.current_time())
    assert (await way.receive()).item == "worker"


async def test_each_change_wakes_the_receiver(nursery: trio.Nursery) -> None:
    way = channel()
    received = []

    async def receive() -> None:
        while True:
            received.append(await way.receive())

    nursery.start_soon(receive)
    await wait_all_tasks_blocked()
    way.put("first", Kind.REQUEST, INTERACTIVE)
    await wait_all_tasks_blocked()
    way.put("second", Kind.REQUEST, INTERACTIVE)
    await wait_all_tasks_blocked()
    assert [entry.item for entry in received] == ["first"]
    way.done(received[0], trio.current_time())
    await wait_all_tasks_blocked()
    assert [entry.item for entry in received] == ["first", "second"]
    way.pause()
    way.done(received[1], trio.current_time())
    way.put("third", Kind.REQUEST, INTERACTIVE)
    await wait_all_tasks_blocked()
    assert len(received) == 2
    way.resume()
    await wait_all_tasks_blocked()
    assert [entry.item for entry in received] == ["first", "second", "third"]
    nursery.cancel_scope.cancel()


async def test_a_pause_right_after_a_put_comes_first() -> None:
    way = channel()
    way.put("first", Kind.REQUEST, INTERACTIVE)
    way.pause()
    with trio.move_on_after(0) as scope:
        await way.receive()
    assert scope.cancelled_caught
    assert way.queue.waiting == 1


async def test_a_cancelled_receive_loses_nothing(nursery: trio.Nursery) -> None:
    way = channel()
    with trio.CancelScope() as scope:
        nursery.start_soon(way.receive)
        way.put("first", Kind.REQUEST, INTERACTIVE)
        scope.cancel()
        await way.receive()
    assert scope.cancelled_caught
    await wait_all_tasks_blocked()
    assert way.queue.running is not None
    assert way.queue.running.item == "first"


async def test_the_end_of_the_channel_wakes_the_receiver(nursery: trio.Nursery) -> None:
    way = channel()
    ended = trio.Event()

    async def receive() -> None:
        with pytest.raises(trio.EndOfChannel):
            await way.receive()
        ended.set()

    nursery.start_soon(receive)
    await wait_all_tasks_blocked()
    way.put("first", Kind.REQUEST, INTERACTIVE)
    (entry,) = way.close()
    assert entry.item == "first"
    await wait_all_tasks_blocked()
    assert ended.is_set()


async def test_the_end_of_patience_wakes_the_receiver(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    way = channel()
    lease = way.put("bonding", Kind.LEASE, PROCEDURE)
    assert await way.receive() is lease
    received = []

    async def receive() -> None:
        received.append((await way.receive(), trio.current_time()))

    start = trio.current_time()
    nursery.start_soon(receive)
    await trio.sleep(1)
    client = way.put("client", Kind.REQUEST, INTERACTIVE, patience=5)
    await trio.sleep(100)
    ((entry, at),) = received
    assert entry is client
    assert at == pytest.approx(start + 6)
    assert client.state is State.EXPIRED


async def test_a_pause_stops_the_clock_of_patience(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    way = channel()
    lease = way.put("bonding", Kind.LEASE, PROCEDURE)
    assert await way.receive() is lease
    client = way.put("client", Kind.REQUEST, INTERACTIVE, patience=5)
    nursery.start_soon(way.receive)
    states = []
    await trio.sleep(4)
    way.pause()
    await trio.sleep(100)
    states.append(client.state)
    way.resume()
    await trio.sleep(4)
    states.append(client.state)
    await trio.sleep(2)
    states.append(client.state)
    assert states == [State.WAITING, State.WAITING, State.EXPIRED]


async def test_full_and_closed() -> None:
    way = channel(capacity=1)
    way.put("first", Kind.REQUEST, INTERACTIVE)
    with pytest.raises(QueueFull):
        way.put("second", Kind.REQUEST, INTERACTIVE)
    assert [entry.item for entry in way.close()] == ["first"]
    with pytest.raises(QueueClosed):
        way.put("third", Kind.REQUEST, INTERACTIVE)
