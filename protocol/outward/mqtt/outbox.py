"""What waits to be published, in bounds, as a machine without clock and socket.

There are three kinds. A *state* is retained by the broker: while it waits, a newer one of its topic
takes its place, and all are said again to each new connection. *Events* are said once each, in
order; when too many wait the oldest is dropped and counted. *Answers* are for somebody who is there
now: none waits for a broker that is away.
"""

from collections import Counter, deque
from collections.abc import Iterator
from enum import StrEnum
from itertools import takewhile

from attrs import define, field, frozen

WINDOW = 20
"""Messages that the broker has not acknowledged yet, at most."""

MAX_TOPICS = 4096
"""Topics whose state waits; more than 239 nodes have."""

MAX_EVENT_BYTES = 4 * 1024 * 1024
MAX_ANSWERS = 1024
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class Kind(StrEnum):
    """What is waiting."""

    STATE = "state"
    EVENT = "event"
    ANSWER = "answer"


@frozen
class Outgoing:
    """A message for the broker. `correlation` is what a client gave with its request."""

    topic: str
    payload: bytes
    kind: Kind
    correlation: bytes | None = None

    @property
    def retain(self) -> bool:
        """Whether the broker is to keep it."""
        return self.kind is Kind.STATE

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return len(self.topic) + len(self.payload)


@define(eq=False)
class _Queue:
    """Messages in order, within bounds of number and bytes."""

    max_messages: int
    max_bytes: int
    messages: deque[Outgoing] = field(factory=deque, init=False)
    held: int = field(default=0, init=False)

    @property
    def full(self) -> bool:
        return len(self.messages) >= self.max_messages or self.held >= self.max_bytes

    @property
    def over(self) -> bool:
        """Whether one of them has to go; a single message always has room."""
        too_many = len(self.messages) > self.max_messages
        return too_many or (len(self.messages) > 1 and self.held > self.max_bytes)

    def add(self, message: Outgoing) -> None:
        self.messages.append(message)
        self.held += message.size

    def add_first(self, message: Outgoing) -> None:
        self.messages.appendleft(message)
        self.held += message.size

    def pop(self) -> Outgoing:
        message = self.messages.popleft()
        self.held -= message.size
        return message

    def clear(self) -> int:
        number = len(self.messages)
        self.messages.clear()
        self.held = 0
        return number


@define(eq=False)
class Outbox:
    """What waits, and what the broker has not acknowledged yet.

    `max_events` bounds the events that wait. `window` is how many messages may be unacknowledged;
    a broker may allow fewer. While `open` is False nothing is taken and answers are dropped.
    """

    max_events: int = 1000
    window: int = WINDOW
    open: bool = field(default=False, init=False)
    dropped: Counter[Kind] = field(factory=Counter, init=False)
    published: Counter[Kind] = field(factory=Counter, init=False)
    """Acknowledged by the broker."""
    _states: dict[str, Outgoing] = field(factory=dict, init=False)
    _events: _Queue = field(init=False)
    _answers: _Queue = field(init=False)
    _flying: dict[int, Outgoing] = field(factory=dict, init=False)
    _outdated: set[int] = field(factory=set, init=False)
    """Of those in `_flying`: states of which the broker has a newer one already."""
    _turn: int = field(default=0, init=False)

    @_events.default
    def _make_events(self) -> _Queue:
        return _Queue(self.max_events, MAX_EVENT_BYTES)

    @_answers.default
    def _make_answers(self) -> _Queue:
        return _Queue(MAX_ANSWERS, MAX_ANSWER_BYTES)

    def waiting(self, kind: Kind) -> int:
        """How many of a kind wait."""
        match kind:
            case Kind.STATE:
                return len(self._states)
            case Kind.EVENT:
                return len(self._events.messages)
            case Kind.ANSWER:
                return len(self._answers.messages)

    @property
    def held(self) -> int:
        """Bytes of the events and answers that wait."""
        return self._events.held + self._answers.held

    @property
    def empty(self) -> bool:
        """Whether nothing waits and everything is acknowledged."""
        return not (self._states or self._events.messages or self._answers.messages or self._flying)

    @property
    def in_flight(self) -> int:
        """How many messages the broker was sent and has not acknowledged."""
        return len(self._flying)

    @property
    def behind(self) -> bool:
        """Whether a broker that is there lets half as many events wait as there is room for."""
        return self.open and 2 * len(self._events.messages) > self.max_events

    @property
    def answers_full(self) -> bool:
        """Whether so many answers wait that no further request should be taken.

        That is half of what there is room for: the rest is for requests that are under way.
        """
        waiting = self._answers
        return 2 * len(waiting.messages) > MAX_ANSWERS or 2 * waiting.held > MAX_ANSWER_BYTES

    def put_state(self, topic: str, payload: bytes) -> None:
        """Have the broker keep `payload`; an empty one has it forget the topic."""
        if topic not in self._states and len(self._states) >= MAX_TOPICS:
            self.dropped[Kind.STATE] += 1
            return
        self._states[topic] = Outgoing(topic, payload, Kind.STATE)

    def put_event(self, topic: str, payload: bytes) -> None:
        """Publish once, when the broker is there."""
        self._events.add(Outgoing(topic, payload, Kind.EVENT))
        self._drop_events()

    def put_answer(self, topic: str, payload: bytes, correlation: bytes | None = None) -> bool:
        """Publish now or never; False where there is no room."""
        if not self.open:
            self.dropped[Kind.ANSWER] += 1
            return True
        if self._answers.full:
            return False
        self._answers.add(Outgoing(topic, payload, Kind.ANSWER, correlation))
        return True

    def holds(self, topic: str) -> bool:
        """Whether a state of this topic waits or is not acknowledged."""
        return topic in self._states or any(
            each.topic == topic and each.kind is Kind.STATE for each in self._flying.values()
        )

    def take(self) -> Outgoing | None:
        """The next message for the broker; to be followed by `sent`."""
        if not self.open or len(self._flying) >= self.window:
            return None
        for _ in range(3):  # each kind has its turn, so that none waits for all of another
            self._turn = (self._turn + 1) % 3
            match self._turn:
                case 0 if self._answers.messages:
                    return self._answers.pop()
                case 1 if self._events.messages:
                    return self._events.pop()
                case 2 if self._states:
                    return self._states.pop(next(iter(self._states)))
        return None

    def sent(self, number: int, message: Outgoing) -> None:
        """`message` was handed to the connection, under a number."""
        self._flying[number] = message
        self._outdated.discard(number)

    def acknowledged(self, number: int) -> None:
        """The broker has the message of this number; unknown numbers mean nothing."""
        message = self._flying.get(number)
        if message is None:
            return
        if message.kind is Kind.STATE:
            # Else an older one would replace it, when that one comes again after the connection.
            self._outdated.update(self._older(number, message.topic))
        del self._flying[number]
        self._outdated.discard(number)
        self.published[message.kind] += 1

    def _older(self, number: int, topic: str) -> Iterator[int]:
        """The numbers of states of a topic that were sent before the message of this number."""
        for earlier in takewhile(lambda each: each != number, self._flying):
            message = self._flying[earlier]
            if message.kind is Kind.STATE and message.topic == topic:
                yield earlier

    def begin(self, window: int = WINDOW) -> None:
        """A connection begins, on which `window` messages may be unacknowledged."""
        self.window = max(1, min(window, WINDOW))
        self.open = True

    def end(self, unsent: Outgoing | None = None) -> None:
        """The connection is over: what is not acknowledged waits again, before everything else."""
        self.open = False
        sent = [each for number, each in self._flying.items() if number not in self._outdated]
        back = [*sent, *([unsent] if unsent else [])]
        self._flying.clear()
        self._outdated.clear()
        for message in reversed(back):
            match message.kind:
                case Kind.STATE:
                    self._put_back(message)
                case Kind.EVENT:
                    self._events.add_first(message)
                case Kind.ANSWER:
                    self.dropped[Kind.ANSWER] += 1
        self._drop_events()
        self.dropped[Kind.ANSWER] += self._answers.clear()

    def take_over(self, other: "Outbox") -> None:
        """Move the events that wait in another outbox, whose connection is over, into this one."""
        for message in other.give_events():
            self._events.add(message)
        self._drop_events()

    def give_events(self) -> Iterator[Outgoing]:
        """The events that wait, which leave this outbox."""
        while self._events.messages:
            yield self._events.pop()

    def _put_back(self, message: Outgoing) -> None:
        if message.topic not in self._states and len(self._states) < MAX_TOPICS:
            self._states[message.topic] = message

    def _drop_events(self) -> None:
        while self._events.over:
            self._events.pop()
            self.dropped[Kind.EVENT] += 1

    def __iter__(self) -> Iterator[Outgoing]:
        """Everything that waits or flies, for those who look."""
        yield from self._flying.values()
        yield from self._answers.messages
        yield from self._events.messages
        yield from self._states.values()
