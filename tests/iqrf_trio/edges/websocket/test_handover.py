"""Messages come once and in order, whichever of the two ways each of them goes."""

from collections.abc import Sequence

import trio
import trio.testing
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.edges.websocket import Connection
from iqrf_trio.edges.websocket.connection import TOO_BIG
from tests.iqrf_trio.limits import limits_with
from tests.iqrf_trio.raw_client import TEXT, frame
from tests.iqrf_trio.rig import serving


@define
class Receiver:
    """Takes messages by both ways; a message says whether it wants the long one."""

    taken: list[str] = field(factory=list)
    received: list[str] = field(factory=list)
    all: list[str] = field(factory=list)

    async def serve(self, connection: Connection) -> None:
        self.all.append(str(await connection.receive()))
        connection.hand_over(self.take)
        while True:
            message = str(await connection.receive())
            self.received.append(message)
            self.all.append(message)
            if "slow" in message:
                await trio.sleep(0.01)

    def take(self, message: str | bytes) -> bool:
        if "long way" in str(message):
            return False
        if "bug" in str(message):
            raise RuntimeError("a bug")
        self.taken.append(str(message))
        self.all.append(str(message))
        return True


async def deliver(messages: Sequence[tuple[str, bool, bool]]) -> None:
    receiver = Receiver()
    async with serving(receiver.serve) as rig:
        client = await rig.open()
        pending, texts = b"", []
        for number, (kind, apart, split) in enumerate(messages):
            texts.append(f"{kind} {number}")
            data = frame(TEXT, texts[-1].encode())
            if split:
                await client.send_bytes(pending + data[:3])
                pending = data[3:]
            else:
                pending += data
            if apart:
                await client.send_bytes(pending)
                pending = b""
                await trio.sleep(0.001)
        if pending:
            await client.send_bytes(pending)
        await trio.sleep(10)
        assert receiver.all == texts


@given(
    st.lists(
        st.tuples(st.sampled_from(["short", "long way", "slow long way"]), *2 * (st.booleans(),)),
        max_size=15,
    )
)
def test_every_message_comes_once_and_in_order(messages: list[tuple[str, bool, bool]]) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    trio.run(deliver, messages, clock=clock)


async def test_a_message_that_nothing_is_before_is_handed_over(
    autojump_clock: trio.testing.MockClock,
) -> None:
    receiver = Receiver()
    async with serving(receiver.serve) as rig:
        client = await rig.open()
        for text in ("first", "second", "long way", "third"):
            await client.send(text)
            await trio.sleep(1)
    assert receiver.all == ["first", "second", "long way", "third"]
    assert receiver.taken == ["second", "third"]


async def test_others_have_their_turn_between_the_messages_of_one_read(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turns: list[str] = []
    receiver = Receiver()

    async def other() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            turns.append("other")

    def take(message: str | bytes) -> bool:
        turns.append("client")
        return True

    async def serve(connection: Connection) -> None:
        connection.hand_over(take)
        await receiver.serve(connection)

    async with serving(serve) as rig:
        client = await rig.open()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await client.send_bytes(20 * frame(TEXT, b"x"))
            for _ in range(200):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert turns.count("client") >= 19
    # Two may follow one another: the last in one turn of the loop and the first in the next one.
    assert "client client client" not in " ".join(turns)


async def test_a_bug_of_the_function_is_raised_where_is_received(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(Receiver().serve) as rig:
        client = await rig.open()
        await client.send("first")
        await trio.sleep(1)
        await client.send("bug")
        assert await client.receive_close() == 1011


async def test_what_is_too_long_in_bytes_goes_the_long_way(
    autojump_clock: trio.testing.MockClock,
) -> None:
    receiver = Receiver()
    async with serving(receiver.serve, limits_with(max_message_size=100)) as rig:
        client = await rig.open()
        await client.send("first")
        await trio.sleep(1)
        await client.send("é" * 60)
        assert await client.receive_close() == TOO_BIG
    assert receiver.all == ["first"]
