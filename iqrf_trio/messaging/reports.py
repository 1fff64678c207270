"""One stream of messages that nobody asked for, to everybody who wants it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field

Send = Callable[[str], None]
"""Takes a message without waiting and without raising; what it cannot hold is its own affair."""


@define
class Reports:
    """Fan-out to the subscribers of the moment, in the order in which they came."""

    _subscribers: dict[Send, None] = field(factory=dict)

    def __len__(self) -> int:
        """How many subscribers there are."""
        return len(self._subscribers)

    def __contains__(self, send: Send) -> bool:
        """Whether `send` is a subscriber."""
        return send in self._subscribers

    def subscribe(self, send: Send) -> None:
        """From now on `send` is given every message; once, however often it subscribes."""
        self._subscribers[send] = None

    def unsubscribe(self, send: Send) -> None:
        """From now on it is not."""
        self._subscribers.pop(send, None)

    @contextmanager
    def subscribed(self, send: Send) -> Iterator[None]:
        """`send` is subscribed within the block."""
        self.subscribe(send)
        try:
            yield
        finally:
            self.unsubscribe(send)

    def publish(self, text: str) -> None:
        """Hand `text` to every subscriber."""
        for send in tuple(self._subscribers):
            # A subscriber may have been sent away by what another one did.
            if send in self._subscribers:
                send(text)
