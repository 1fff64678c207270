"""The link to brokers that refuse, are silent, or send garbage, on a clock that jumps."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock

from iqrf_trio.edges.mqtt import CONNECT_TIMEOUT_S, MqttSettings
from iqrf_trio.messaging.mqtt.link import ACK_PATIENCE_S, MqttLink
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store.database import inline
from protocol.outward.health import Status
from protocol.outward.mqtt.outbox import Kind, Outbox

Serve = Callable[[trio.SocketStream], Awaitable[None]]

CONNACK = bytes([0x20, 3, 0, 0, 0])
"""MQTT 5: no session, success, no properties."""


@pytest.fixture
def mock_clock() -> MockClock:
    """Sockets in this process are quicker than this; then the clock jumps."""
    return MockClock(autojump_threshold=0.02)


async def silent(stream: trio.SocketStream) -> None:
    async for _ in stream:
        pass


async def refusing(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(bytes([0x20, 3, 0, 0x86, 0]))
    await silent(stream)


async def garbage(data: bytes, stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(data)
    await silent(stream)


async def gone(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(CONNACK)
    await stream.aclose()


class Trial:
    """A link to a broker that behaves in one way, and how often it was connected to."""

    def __init__(self, link: MqttLink) -> None:
        self.link = link
        self.begun: list[float] = []

    async def reason(self, text: str) -> None:
        with trio.fail_after(300):
            while True:
                if text in self.link.reason:
                    return
                await trio.sleep(0.1)


async def trial(serve: Serve, play: Callable[[Trial], Awaitable[None]]) -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    settings = MqttSettings("127.0.0.1", port, "gateway", keepalive=20)
    link = MqttLink(settings, "iqrf/gw1/status", Outbox(), Shutdown(), inline)
    it = Trial(link)

    async def handle(stream: trio.SocketStream) -> None:
        it.begun.append(trio.current_time())
        try:
            await serve(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(trio.serve_listeners, handle, [listener]))
        nursery.start_soon(link.run)
        await play(it)
        nursery.cancel_scope.cancel()


async def test_a_broker_that_refuses(mock_clock: MockClock) -> None:
    async def play(it: Trial) -> None:
        await it.reason("refused: wrong user name or password")
        assert it.link.check().status is Status.WARN
        await trio.sleep(600)
        assert it.link.check().status is Status.FAIL
        pauses = [after - before for before, after in zip(it.begun, it.begun[1:], strict=False)]
        assert max(pauses) > 25
        assert len(it.begun) < 40
        it.link.end()

    await trial(refusing, play)


async def test_a_broker_that_does_not_answer(mock_clock: MockClock) -> None:
    async def play(it: Trial) -> None:
        begun = trio.current_time()
        await it.reason("does not answer")
        assert trio.current_time() - begun >= CONNECT_TIMEOUT_S
        assert not it.link.up

    await trial(silent, play)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(64),
        b"\xff" * 64,
        CONNACK + b"\x30\x02\xff\xff",
        CONNACK + b"\x32\x7f" + b"\xff" * 127,
        CONNACK + b"\x90\x01\x00",
        CONNACK + b"\x20\x00",
    ],
)
async def test_a_broker_that_sends_garbage(data: bytes, mock_clock: MockClock) -> None:
    async def play(it: Trial) -> None:
        with trio.fail_after(600):
            while True:
                if len(it.begun) >= 2:  # the link lives, and tries again
                    break
                await trio.sleep(0.5)

    await trial(partial(garbage, data), play)


async def test_a_broker_that_goes_is_tried_again(mock_clock: MockClock) -> None:
    async def play(it: Trial) -> None:
        it.link.event("e", b"kept")
        await trio.sleep(200)
        assert it.link.connections >= 4
        assert it.link.outbox.waiting(Kind.EVENT) == 1
        assert it.link.outbox.dropped[Kind.EVENT] == 0

    await trial(gone, play)


async def test_a_broker_that_acknowledges_nothing(mock_clock: MockClock) -> None:
    async def mute(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(CONNACK)
        await silent(stream)

    async def play(it: Trial) -> None:
        it.link.event("e", b"kept")
        begun = trio.current_time()
        await it.reason("acknowledges nothing")
        assert trio.current_time() - begun >= ACK_PATIENCE_S
        assert it.link.outbox.waiting(Kind.EVENT) == 1

    await trial(mute, play)


async def test_nobody_waits_at_the_end_for_a_broker_that_is_away(mock_clock: MockClock) -> None:
    async def play(it: Trial) -> None:
        await it.reason("does not answer")
        told_at = trio.current_time()
        it.link.end()
        await trio.lowlevel.checkpoint()
        assert trio.current_time() - told_at < 1

    await trial(silent, play)
