"""What the broker keeps of a gateway, in whatever order links, nodes, values and commands come."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import pytest
import trio
import trio.testing
from attrs import define, field
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from iqrf_trio.edges.mqtt import Incoming, MqttSettings
from iqrf_trio.messaging.mqtt.commands import Commander, MqttCommands
from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.messaging.mqtt.publisher import GATHER_S, Held, MqttPublisher, Source
from iqrf_trio.shutdown import Shutdown
from protocol.auth.rights import Rights, Scope
from protocol.network.network import Device, Network, Sensor
from protocol.outward.home_assistant import HomeAssistant
from protocol.outward.mqtt.gateway import GatewayInfo, GatewayState
from protocol.outward.mqtt.outbox import WINDOW, Kind, Outbox
from protocol.outward.mqtt.topics import Topics
from protocol.readings.latest import Latest
from protocol.readings.measured import Measured, Values

TOPICS = Topics("iqrf", "gw1")
MIDS = (0x81000001, 0x81000002, 0x81000003)
MAX_EVENTS = 6
NOW = datetime(2026, 11, 29, tzinfo=UTC)

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
INFO = GatewayInfo("1", "test", simulated=True, api=False)


def node(mid: int, name: str) -> Device:
    sensor = Sensor(0, 1, 0, "Temperature", "", "°C", 2, ())
    return Device(MIDS.index(mid) + 1, mid, sensors=(sensor,), metadata={"name": name})


@define(eq=False)
class World:
    """A broker that comes and goes, and the gateways that speak to it, one after the other.

    `kept` is what the broker retains, `told` every event that it was sent.
    """

    discover: bool
    nodes: dict[int, Device] = field(factory=dict)
    held: Held = field(factory=Held)
    disk_full: bool = False
    kept: dict[str, bytes] = field(factory=dict)
    told: list[tuple[str, bytes]] = field(factory=list)
    values: int = 0
    numbers: int = 0
    link: MqttLink = field(init=False)
    publisher: MqttPublisher = field(init=False)
    commands: MqttCommands = field(init=False)
    _running: trio.CancelScope = field(factory=trio.CancelScope, init=False)

    def begin(self, nursery: trio.Nursery) -> None:
        """A gateway starts; one that ran is gone without a word."""
        self._running.cancel()
        settings = MqttSettings("127.0.0.1", 1, "gateway")
        self.link = MqttLink(settings, TOPICS.status, Outbox(MAX_EVENTS), Shutdown())
        source = Source(
            network=lambda: Network.of(self.nodes.values()),
            latest=Latest(),
            state=lambda: STATE,
            info=INFO,
            now=lambda: NOW,
            stale_after_s=lambda: 60.0,
            remembered=self.remembered,
            remember=self.remember,
        )
        discovery = HomeAssistant("homeassistant", TOPICS, "1", commands=True)
        self.publisher = MqttPublisher(self.link, TOPICS, source, discovery, self.discover)
        self.commands = MqttCommands(
            self.link, TOPICS, Rights(Scope.MANAGE), True, source.network, self.accept
        )
        self._running = trio.CancelScope()
        nursery.start_soon(self._run, self.publisher.run, self._running)

    @staticmethod
    async def _run(run: Callable[[], Awaitable[object]], scope: trio.CancelScope) -> None:
        with scope:
            await run()

    async def remembered(self) -> Held:
        await trio.lowlevel.checkpoint()
        return self.held

    async def remember(self, held: Held) -> bool:
        await trio.lowlevel.checkpoint()
        if self.disk_full:
            return False
        self.held = held
        return True

    def accept(self, _text: bytes, client: Commander) -> None:
        client.reply('{"mType": "messageError", "data": {"status": 1}}')

    def up(self, window: int) -> None:
        """The broker takes a connection."""
        if not self.link.up:
            self.link.outbox.begin(window)
            self.publisher.again()

    def down(self) -> None:
        """The connection is cut."""
        self.link.outbox.end()

    def deliver(self, count: int, *, acknowledge: bool) -> None:
        """The broker is sent so many messages; whether it has them may not come back."""
        for _ in range(count):
            message = self.link.outbox.take()
            if message is None:
                return
            self.numbers += 1
            self.link.outbox.sent(self.numbers, message)
            if message.kind is Kind.EVENT:
                self.told.append((message.topic, message.payload))
            elif message.payload:
                self.kept[message.topic] = message.payload
            else:
                self.kept.pop(message.topic, None)
            if acknowledge:
                self.link.outbox.acknowledged(self.numbers)

    def measure(self, mid: int) -> None:
        """A value comes, perhaps of a node that is gone."""
        self.values += 1
        measured = Measured(mid, 0, 1, "Temperature", "°C", float(self.values))
        self.publisher.values(Values(NOW, (measured,)))

    def command(self, topic: str, payload: bytes) -> None:
        """Somebody sends a command."""
        self.commands.take(Incoming(f"{TOPICS.root}/{topic}", payload, False, 0, 1))

    def report(self) -> None:
        """A message that nobody asked for."""
        self.values += 1
        self.link.numbered_event(TOPICS.event, b'{"value":%d}' % self.values)

    def hold_bounds(self) -> None:
        outbox = self.link.outbox
        assert outbox.waiting(Kind.EVENT) <= MAX_EVENTS
        assert outbox.waiting(Kind.STATE) <= 4 * len(MIDS) * 2 + 4
        assert sum(1 for _ in outbox) <= MAX_EVENTS + outbox.waiting(Kind.STATE) + WINDOW


async def settle(world: World) -> None:
    """The broker stays, and everything that there is to say is said."""
    world.disk_full = False
    world.down()
    world.up(WINDOW)
    for _ in range(8):
        await trio.sleep(GATHER_S)
        while not world.link.outbox.empty:
            world.deliver(WINDOW, acknowledge=True)


def expected(world: World) -> set[str]:
    wanted = {TOPICS.info, TOPICS.state}
    if world.discover:
        wanted.add("homeassistant/device/iqrf_gateway_gw1/config")
    for mid in world.nodes:
        wanted |= {TOPICS.node(mid), TOPICS.node_info(mid), TOPICS.availability(mid)}
        if world.discover:
            wanted.add(f"homeassistant/device/iqrf_{mid:08x}/config")
    return wanted


MID = st.sampled_from(MIDS)
COMMANDS = st.tuples(
    st.sampled_from(
        [
            "set/read",
            "set/reading",
            "node/81000001/set/name",
            "node/81000002/set/identify",
            "node/ffffffff/set/light",
        ]
    ),
    st.sampled_from([b"ON", b"", b"\xff"]),
)
PASS = st.tuples(st.just("pass"), st.sampled_from([0.5, GATHER_S, 3.0]))
DELIVER = st.tuples(st.just("deliver"), st.integers(1, 40), st.booleans())
STEP = st.one_of(
    PASS,
    PASS,
    DELIVER,
    DELIVER,
    st.tuples(st.just("up"), st.integers(1, WINDOW)),
    st.tuples(st.just("up"), st.just(WINDOW)),
    st.tuples(st.just("down")),
    st.tuples(st.just("join"), MID, st.sampled_from(["a", "b"])),
    st.tuples(st.just("join"), MID, st.sampled_from(["a", "b"])),
    st.tuples(st.just("leave"), MID),
    st.tuples(st.just("value"), MID),
    st.tuples(st.just("command"), COMMANDS),
    st.tuples(st.just("report")),
    st.tuples(st.just("disk"), st.booleans()),
    st.tuples(st.just("again")),
    st.tuples(st.just("restart")),
)
# Lists that hypothesis makes freely are mostly short, and little happens in them.
STEPS = st.lists(STEP, min_size=20, max_size=40)


async def play(discover: bool, steps: list[tuple[Any, ...]]) -> None:
    world = World(discover)
    async with trio.open_nursery() as nursery:
        world.begin(nursery)
        await trio.testing.wait_all_tasks_blocked()
        for what, *details in steps:
            await step(world, nursery, what, *details)
            world.hold_bounds()
        await settle(world)
        nursery.cancel_scope.cancel()
    assert set(world.kept) == expected(world)
    for mid, device in world.nodes.items():
        name = (device.metadata or {})["name"]
        assert orjson.loads(world.kept[TOPICS.node_info(mid)])["name"] == name
    numbered: dict[tuple[str, int], bytes] = {}
    for topic, payload in world.told:
        if topic == TOPICS.event:
            document = orjson.loads(payload)
            number = document["run"], document["seq"]
            assert numbered.setdefault(number, payload) == payload


async def step(world: World, nursery: trio.Nursery, what: str, *details: Any) -> None:
    match what, details:
        case "up", [window]:
            world.up(window)
        case "down", []:
            world.down()
        case "join", [mid, name]:
            world.nodes[mid] = node(mid, name)
        case "leave", [mid]:
            world.nodes.pop(mid, None)
        case "value", [mid]:
            world.measure(mid)
        case "command", [(topic, payload)]:
            world.command(topic, payload)
        case "report", []:
            world.report()
        case "pass", [seconds]:
            await trio.sleep(seconds)
        case "deliver", [count, acknowledge]:
            world.deliver(count, acknowledge=acknowledge)
        case "disk", [full]:
            world.disk_full = full
        case "again", []:
            message = Incoming("homeassistant/status", b"online", False, 0, 1)
            world.publisher.others_born(message)
        case "restart", []:
            world.begin(nursery)
            await trio.testing.wait_all_tasks_blocked()


KILLED_BEFORE_A_NODE_IS_TAKEN_AWAY: list[tuple[Any, ...]] = [
    ("up", WINDOW),
    ("join", MIDS[0], "a"),
    ("pass", 3.0),
    ("deliver", 40, True),
    ("leave", MIDS[0]),
    ("pass", 3.0),
    ("restart",),
]


@pytest.mark.slow
@example(discover=True, steps=KILLED_BEFORE_A_NODE_IS_TAKEN_AWAY)
@given(discover=st.booleans(), steps=STEPS)
@settings(max_examples=200)
def test_any_order(discover: bool, steps: list[tuple[Any, ...]]) -> None:
    trio.run(partial(play, discover, steps), clock=MockClock(autojump_threshold=0))
