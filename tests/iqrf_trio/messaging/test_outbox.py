"""What waits to be sent to one client: its bounds, its order and its end."""

from iqrf_trio.messaging.outbox import Outbox


def test_the_outbox_is_bounded_in_messages_and_in_bytes() -> None:
    outbox = Outbox(max_messages=3, max_bytes=10)
    assert [outbox.put(text) for text in "abcd"] == [True, True, True, False]
    outbox = Outbox(max_messages=3, max_bytes=10)
    assert outbox.put("x" * 10)
    assert not outbox.put("x")
    outbox = Outbox(max_messages=3, max_bytes=10)
    assert outbox.put("x" * 1000), "what is too long for any outbox must be sent all the same"
    assert not outbox.put("")
    outbox = Outbox(max_messages=3, max_bytes=10)
    assert outbox.put("é" * 4)
    assert not outbox.put("é€")


async def test_the_outbox_gives_back_its_room() -> None:
    outbox = Outbox(max_messages=2, max_bytes=10)
    for number in range(10):
        assert outbox.put(f"{number}" * 6)
        assert await outbox.get() == f"{number}" * 6
    outbox.put("a")
    outbox.put("b")
    outbox.finish("last", flush=True)
    assert [await outbox.get() for _ in range(4)] == ["a", "b", "last", None]


async def test_what_is_the_last_is_not_followed() -> None:
    outbox = Outbox(max_messages=256, max_bytes=1000)
    outbox.put("a")
    outbox.finish("last", flush=False)
    assert [await outbox.get(), await outbox.get(), await outbox.get()] == ["last", None, None]
