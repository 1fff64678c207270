"""What waits to be sent to one client: its bounds, its order and its end."""

from iqrf_trio.messaging.outbox import Outbox
from iqrf_trio.messaging.sessions import Sessions


def test_the_outbox_is_bounded_in_messages_and_in_bytes() -> None:
    outbox = Outbox(3, 10, Sessions())
    assert [outbox.offer(text) for text in "abcd"] == [True, True, True, False]
    outbox = Outbox(3, 10, Sessions())
    assert outbox.offer("x" * 10)
    assert not outbox.offer("x")
    outbox = Outbox(3, 10, Sessions())
    assert outbox.offer("x" * 1000), "what is too long for any outbox must be sent all the same"
    assert not outbox.offer("")
    outbox = Outbox(3, 10, Sessions())
    assert outbox.offer("é" * 4)
    assert not outbox.offer("é€")


async def test_the_outbox_gives_back_its_room() -> None:
    outbox = Outbox(2, 10, Sessions())
    for number in range(10):
        assert outbox.offer(f"{number}" * 6)
        assert await outbox.get() == f"{number}" * 6
    outbox.put("a")
    outbox.put("b")
    outbox.finish("last", flush=True)
    assert [await outbox.get() for _ in range(4)] == ["a", "b", "last", None]


async def test_what_is_the_last_is_not_followed() -> None:
    outbox = Outbox(256, 1000, Sessions())
    outbox.put("a")
    outbox.finish("last", flush=False)
    assert [await outbox.get(), await outbox.get(), await outbox.get()] == ["last", None, None]
