"""What waits for the broker, in whatever order links, values and acknowledgements come."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.outward.mqtt.outbox import MAX_ANSWERS, WINDOW, Kind, Outbox, Outgoing


def taken(outbox: Outbox) -> list[Outgoing]:
    """All that is handed over now, with the numbers 0, 1, 2 ..."""
    found: list[Outgoing] = []
    while (message := outbox.take()) is not None:
        outbox.sent(len(found), message)
        found.append(message)
    return found


def test_a_newer_state_takes_the_place_of_the_older() -> None:
    outbox = Outbox()
    outbox.put_state("a", b"1")
    outbox.put_state("b", b"2")
    outbox.put_state("a", b"3")
    outbox.begin()
    assert [(each.topic, each.payload) for each in taken(outbox)] == [("a", b"3"), ("b", b"2")]


def test_a_state_that_flew_is_not_said_again_over_a_newer_one() -> None:
    outbox = Outbox()
    outbox.put_state("a", b"old")
    outbox.begin()
    taken(outbox)
    outbox.put_state("a", b"new")
    outbox.end()
    outbox.begin()
    assert [each.payload for each in taken(outbox)] == [b"new"]


def test_the_oldest_event_goes_and_is_counted() -> None:
    outbox = Outbox(max_events=3)
    for number in range(5):
        outbox.put_event("e", bytes([number]))
    outbox.begin()
    assert [each.payload for each in taken(outbox)] == [b"\2", b"\3", b"\4"]
    assert outbox.dropped[Kind.EVENT] == 2


def test_events_that_were_not_acknowledged_come_first_and_in_order() -> None:
    outbox = Outbox()
    for number in range(4):
        outbox.put_event("e", bytes([number]))
    outbox.begin(window=2)
    assert [each.payload for each in taken(outbox)] == [b"\0", b"\1"]
    outbox.acknowledged(0)
    outbox.end()
    outbox.begin()
    assert [each.payload for each in taken(outbox)] == [b"\1", b"\2", b"\3"]


def test_events_are_bounded_in_bytes() -> None:
    outbox = Outbox()
    for _ in range(10):
        outbox.put_event("e", bytes(1024 * 1024))
    assert outbox.held < 5 * 1024 * 1024
    assert outbox.dropped[Kind.EVENT] == 7


def test_answers_wait_for_nobody_who_is_away() -> None:
    outbox = Outbox()
    assert outbox.put_answer("r", b"lost")
    outbox.begin()
    assert outbox.put_answer("r", b"there", b"id")
    outbox.end()
    outbox.begin()
    assert not taken(outbox)
    assert outbox.dropped[Kind.ANSWER] == 2


def test_answers_are_bounded() -> None:
    outbox = Outbox()
    outbox.begin()
    assert all(outbox.put_answer("r", b"x") for _ in range(MAX_ANSWERS))
    assert outbox.answers_full
    assert not outbox.put_answer("r", b"x")


def test_no_kind_waits_for_all_of_another() -> None:
    outbox = Outbox()
    outbox.begin(window=6)
    for number in range(100):
        outbox.put_event("e", b"x")
        outbox.put_state(f"s{number}", b"x")
        outbox.put_answer("r", b"x")
    assert {each.kind for each in taken(outbox)} == set(Kind)


def test_a_broker_that_is_too_slow_is_seen() -> None:
    outbox = Outbox(max_events=10)
    for _ in range(6):
        outbox.put_event("e", b"x")
    assert not outbox.behind, "it is away, which is another trouble"
    outbox.begin(window=1)
    states = [outbox.behind]
    taken(outbox)
    outbox.acknowledged(0)
    states.append(outbox.behind)
    assert states == [True, False]


def test_an_old_state_does_not_come_again_behind_a_newer_one() -> None:
    outbox = Outbox(max_events=10)
    outbox.begin()
    for number, payload in enumerate((b"old", b"new")):
        outbox.put_state("a", payload)
        message = outbox.take()
        assert message is not None
        outbox.sent(number, message)
    outbox.acknowledged(1)  # the other acknowledgement is lost with the connection
    outbox.end()
    outbox.begin()
    assert outbox.take() is None


class AnyOrder(RuleBasedStateMachine):
    """A broker that comes and goes; `model` is what it keeps, `told` the events that it had."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(max_events=10)
        self.numbers = 0
        self.flying: dict[int, Outgoing] = {}
        self.wanted: dict[str, bytes] = {}
        self.kept: dict[str, bytes] = {}
        self.events = 0
        self.told: list[int] = []

    @rule(topic=st.sampled_from("abc"), payload=st.binary(max_size=3))
    def state(self, topic: str, payload: bytes) -> None:
        self.wanted[topic] = payload
        self.outbox.put_state(topic, payload)

    @rule()
    def event(self) -> None:
        self.outbox.put_event("e", self.events.to_bytes(4, "big"))
        self.events += 1

    @rule()
    def answer(self) -> None:
        self.outbox.put_answer("r", b"x")

    @precondition(lambda self: not self.outbox.open)
    @rule(window=st.integers(0, 40))
    def up(self, window: int) -> None:
        self.outbox.begin(window)

    @rule()
    def down(self) -> None:
        self.outbox.end()
        self.flying.clear()

    @rule()
    def send(self) -> None:
        message = self.outbox.take()
        if message is None:
            return
        assert self.outbox.open
        self.numbers += 1
        self.outbox.sent(self.numbers, message)
        self.flying[self.numbers] = message
        # The broker may have it, even if its acknowledgement is lost.
        if message.kind is Kind.STATE:
            self.kept[message.topic] = message.payload
        elif message.kind is Kind.EVENT:
            self.told.append(int.from_bytes(message.payload, "big"))

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.flying)))
        self.outbox.acknowledged(number)
        del self.flying[number]

    @invariant()
    def bounds_hold(self) -> None:
        assert self.outbox.waiting(Kind.EVENT) <= 10
        assert self.outbox.waiting(Kind.STATE) <= 3
        assert len(self.flying) <= WINDOW

    def teardown(self) -> None:
        """A broker that stays has in the end all states and every event that was not dropped."""
        self.down()
        self.up(20)
        while not self.outbox.empty:
            before = self.outbox.waiting(Kind.EVENT)
            self.send()
            for number in list(self.flying):
                self.outbox.acknowledged(number)
                del self.flying[number]
            assert self.outbox.waiting(Kind.EVENT) <= before
        assert self.kept == self.wanted
        distinct = set(self.told)
        assert len(distinct) >= self.events - self.outbox.dropped[Kind.EVENT]
        first_time = [n for place, n in enumerate(self.told) if n not in self.told[:place]]
        assert first_time == sorted(first_time)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
