"""What is published of a large network: one node at a time, and in messages that brokers take."""

from datetime import UTC, datetime

import trio
from trio.testing import MockClock

from iqrf_trio.edges.mqtt import MqttSettings
from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.messaging.mqtt.publisher import Held, MqttPublisher, Source
from iqrf_trio.shutdown import Shutdown
from protocol.outward.home_assistant import MAX_MESSAGE, HomeAssistant
from protocol.outward.mqtt.gateway import GatewayInfo, GatewayState
from protocol.outward.mqtt.outbox import Kind, Outbox
from protocol.outward.mqtt.topics import Topics
from tests.protocol.outward.test_cost import large

TOPICS = Topics("iqrf", "gw1")
NODES = 239

OF_A_NODE = 6
"""Topics of one node at most: info, values, availability, light, and two for Home Assistant."""

OF_THE_GATEWAY = 3
"""Topics of the gateway itself, which come before the first node."""


class Steps(trio.abc.Instrument):
    """How many messages each step of a task has made, of those that made any."""

    def __init__(self, outbox: Outbox) -> None:
        self.published: list[int] = []
        self._outbox = outbox
        self._before = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """See Instrument."""
        waiting = self._outbox.waiting(Kind.STATE)
        if waiting != self._before:
            self.published.append(waiting - self._before)
        self._before = waiting


STATE = GatewayState(
    coordinator=True,
    service_mode=False,
    network_queue=0,
    management_queue=0,
    on_air=False,
    enumerating=False,
    reading=False,
    periodic=True,
)


async def test_a_large_network_is_published_node_by_node(autojump_clock: MockClock) -> None:
    """Between two nodes others have their turn, and no message is too long for a broker."""
    network, latest = large()
    link = MqttLink(MqttSettings("127.0.0.1", 1, "x"), TOPICS.status, Outbox(), Shutdown())
    steps = Steps(link.outbox)

    async def remembered() -> Held:
        return Held()

    async def remember(_held: Held) -> bool:
        return True

    source = Source(
        network=lambda: network,
        latest=latest,
        state=lambda: STATE,
        info=GatewayInfo("1", "test", simulated=True, api=False),
        now=lambda: datetime(2026, 11, 29, tzinfo=UTC),
        stale_after_s=lambda: 1260.0,
        remembered=remembered,
        remember=remember,
    )
    discovery = HomeAssistant("homeassistant", TOPICS, "1", commands=True)
    publisher = MqttPublisher(link, TOPICS, source, discovery, True)
    async with trio.open_nursery() as nursery:
        link.outbox.begin()
        trio.lowlevel.add_instrument(steps)
        nursery.start_soon(publisher.run)
        while link.outbox.waiting(Kind.STATE) < NODES * (OF_A_NODE - 1):  # they are no lights
            await trio.lowlevel.checkpoint()
        trio.lowlevel.remove_instrument(steps)
        nursery.cancel_scope.cancel()
    assert max(steps.published) <= OF_THE_GATEWAY + OF_A_NODE
    assert len(steps.published) >= NODES
    assert max(len(message.payload) for message in link.outbox) < MAX_MESSAGE
