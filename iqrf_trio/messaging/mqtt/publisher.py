"""Keeps the broker's picture of the gateway true: nodes, their values, and what is gone."""

import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from math import inf
from typing import NoReturn, Protocol

import trio
from attrs import define, field, frozen

from iqrf_trio.edges.mqtt import Incoming
from iqrf_trio.messaging.mqtt.link import OFFLINE, ONLINE, MqttLink
from protocol.network.network import Device, Network
from protocol.outward.mqtt import gateway, nodes
from protocol.outward.mqtt.gateway import GatewayInfo, GatewayState
from protocol.outward.mqtt.nodes import Nodes, published
from protocol.outward.mqtt.places import Place, left_behind
from protocol.outward.mqtt.topics import Topics
from protocol.readings.latest import Latest
from protocol.readings.measured import CycleOver, Values
from protocol.readings.states import UNKNOWN, States

log = logging.getLogger("iqrf_trio.mqtt")

GATHER_S = 1.0
"""How often is looked for what has changed; values that pass by are gathered for so long."""

BIRTH_S = 5.0
"""Within how long after others have started everything is said again."""

STALE_CHECK_S = 60.0
"""How often is looked for values that have grown old."""


LEAVE_S = 0.01
"""Between two looks whether the broker has forgotten a topic."""


@frozen
class Held:
    """What the broker may hold: MIDs of nodes, and whether they were `discovered` to others too.

    `place` is where; None where nothing was published yet.
    """

    mids: frozenset[int] = frozenset()
    discovered: bool = False
    place: Place | None = None


class Discovery(Protocol):
    """Tells other programs which devices there are."""

    def topics_of(self, mid: int) -> tuple[str, str]:
        """Where a node is told of."""

    def gateway_topic(self) -> str:
        """Where the gateway is told of."""

    def node(self, node: Device, stale_after_s: float) -> tuple[bytes, bytes]:
        """What is told of a node under its topics; empty where there is nothing to tell."""

    def gateway(self) -> bytes:
        """What is told of the gateway."""


@frozen(eq=False)
class Source:
    """What is published: functions that are asked whenever something may have changed.

    `stale_after_s` is how long a value counts. `remembered` and `remember` keep what the broker
    holds, so that a node that goes while the gateway is off is taken away too; `remember` returns
    False where it failed.
    """

    network: Callable[[], Network]
    latest: Latest
    state: Callable[[], GatewayState]
    info: GatewayInfo
    now: Callable[[], datetime]
    stale_after_s: Callable[[], float]
    remembered: Callable[[], Awaitable[Held]]
    remember: Callable[[Held], Awaitable[bool]]
    states: Callable[[Device], States] = lambda _node: UNKNOWN
    place: Place | None = None


@define(eq=False)
class MqttPublisher:
    """Publishes what changes, everything to each new connection, and empties topics of the gone.

    With `discover` others are told of the devices; without it, what an earlier run has told them
    is taken away.
    """

    _link: MqttLink
    _topics: Topics
    _source: Source
    _discovery: Discovery
    _discover: bool
    _nodes: Nodes = field(factory=Nodes, init=False)
    _dirty: set[int] = field(factory=set, init=False)
    """MIDs of nodes of which something may have changed."""
    _said: dict[str, int] = field(factory=dict, init=False)
    """What the broker was told, as a hash by topic."""
    _known: Mapping[int, Device] = field(factory=dict, init=False)
    """The nodes as they were published last, by MID."""
    _held: Held = field(factory=Held, init=False)
    """Stored before anything is published."""
    _stale_s: float = field(default=0.0, init=False)
    """For how long a value counts."""
    _again_at: float = field(default=0.0, init=False)
    """When to say everything again (Trio's clock); infinite where nobody asked for it."""

    def __attrs_post_init__(self) -> None:
        """Say everything again to each new connection."""
        self._link.on_connect(self.again)

    def values(self, values: Values) -> None:
        """See Listener of the measurements."""
        self._dirty |= self._nodes.take(values)

    def cycle(self, cycle: CycleOver) -> None:
        """See Listener of the measurements."""
        self._nodes.take(cycle.values)
        self._dirty |= self._known.keys()  # also those that were missed

    def states(self, mid: int, states: States) -> None:
        """See Listener of the measurements."""
        self._nodes.take_states(mid, states)
        self._dirty.add(mid)

    def again(self) -> None:
        """Say everything again: the broker, or who listens to it, may have lost it."""
        self._again_at = 0.0

    def others_born(self, message: Incoming) -> None:
        """Who shows the devices says that it has started: `online`."""
        if message.payload == ONLINE and not message.retained:
            # All gateways of a broker hear this at once.
            self._again_at = trio.current_time() + random.uniform(0, BIRTH_S)

    async def run(self) -> NoReturn:
        """Publish what changes, for as long as the link is kept."""
        self._held = await self._source.remembered()
        source = self._source
        self._nodes.begin_with(source.network(), source.latest.nodes, source.states)
        stale_at = trio.current_time()
        await self._leave_former_place()
        while True:
            if self._link.up:
                if trio.current_time() >= self._again_at:
                    self._again_at = inf
                    self._said.clear()
                    self._known = {}
                if (stale_s := self._source.stale_after_s()) != self._stale_s:
                    self._stale_s = stale_s
                    self._known = {}  # for others are told of it with each device
                if trio.current_time() >= stale_at:
                    stale_at = trio.current_time() + STALE_CHECK_S
                    self._dirty |= self._known.keys()
                self._publish_gateway()
                await self._publish_network()
            await trio.sleep(GATHER_S)

    async def _leave_former_place(self) -> None:
        """Have the broker forget what an earlier run has published under other topics."""
        former, place = self._held.place, self._source.place
        if former is None or place is None or former == place:
            return
        held = self._held
        for topic in left_behind(former, place, held.mids, discovered=held.discovered):
            self._link.state(topic, b"")
            while self._link.outbox.holds(topic):  # noqa: ASYNC110 - nobody tells
                await trio.sleep(LEAVE_S)
        log.info("published under other topics from now on")

    def _publish_gateway(self) -> None:
        source, topics = self._source, self._topics
        state = source.state()
        self._say(topics.info, gateway.info(source.info, source.network()))
        if self._is_news(topics.state, hash(state)):  # its time is no news
            self._link.state(topics.state, gateway.state(state, source.now()))
        if self._discover or self._held.discovered:
            told = self._discovery.gateway() if self._discover else b""
            self._say(self._discovery.gateway_topic(), told)

    async def _publish_network(self) -> None:
        """Publish the nodes that have changed, each as a step of its own."""
        present = {node.mid: node for node in published(self._source.network())}
        changed = [mid for mid, node in present.items() if self._known.get(mid) is not node]
        if not await self._hold(present.keys() | self._held.mids):
            return  # the next look tries again
        for mid in sorted({*changed, *(self._dirty & present.keys())}):
            self._dirty.discard(mid)
            node = present[mid]
            if self._known.get(mid) is not node:
                self._say_all(self._descriptions(node))
            self._say_all(self._latest(node))
            await trio.lowlevel.checkpoint()
        self._known = present
        self._dirty &= present.keys()
        await self._take_away(self._held.mids - present.keys())

    async def _take_away(self, gone: frozenset[int]) -> None:
        """Have the broker forget nodes, and forget them when it has."""
        done = set()
        for mid in sorted(gone):
            topics = self._all_topics(mid)
            told = all(self._said.get(topic) == hash(b"") for topic in topics)
            if told and not any(map(self._link.outbox.holds, topics)):
                done.add(mid)
            for topic in topics:
                self._say(topic, b"")
            await trio.lowlevel.checkpoint()
        if done and await self._hold(self._held.mids - done):
            for topic in (topic for mid in done for topic in self._all_topics(mid)):
                self._said.pop(topic, None)
            self._nodes.keep_only(self._held.mids)

    def _all_topics(self, mid: int) -> tuple[str, ...]:
        """Everything that the broker may hold of a node."""
        topics = self._topics.retained_of(mid)
        more = self._discovery.topics_of(mid) if self._held.discovered else ()
        return (*topics, *more)

    async def _hold(self, mids: Iterable[int]) -> bool:
        """Store what the broker may hold; False where that failed."""
        discovered = self._discover or self._held.discovered
        wanted = Held(frozenset(mids), discovered, self._source.place)
        if wanted != self._held and not await self._source.remember(wanted):
            return False
        self._held = wanted
        return True

    def _descriptions(self, node: Device) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads of what a node is, which follows from the network alone."""
        yield self._topics.node_info(node.mid), nodes.info(node)
        if self._discover or self._held.discovered:
            told = self._discovery.node(node, self._stale_s) if self._discover else (b"", b"")
            yield from zip(self._discovery.topics_of(node.mid), told, strict=True)

    def _latest(self, node: Device) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads of how a node is."""
        source, topics, mid = self._source, self._topics, node.mid
        known, stale = self._nodes.of(mid), self._stale_s
        latest = source.latest.nodes.get(mid)
        there = nodes.available(node, latest.misses if latest else 0)
        yield topics.availability(mid), ONLINE if there else OFFLINE
        state = nodes.state(node, known, now=source.now(), stale_after_s=stale)
        yield topics.node(mid), state
        if node.light:
            yield topics.light(mid), nodes.light(known.states.light)

    def _say_all(self, said: Iterator[tuple[str, bytes]]) -> None:
        for topic, payload in said:
            self._say(topic, payload)

    def _say(self, topic: str, payload: bytes) -> None:
        if self._is_news(topic, hash(payload)):
            self._link.state(topic, payload)

    def _is_news(self, topic: str, digest: int) -> bool:
        news = self._said.get(topic) != digest
        self._said[topic] = digest
        return news
