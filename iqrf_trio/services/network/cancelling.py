"""Requests that take long, and how their clients take them back."""

from collections.abc import Callable

import trio
from attrs import define, field


@define(eq=False)
class Cancellable:
    """A request that waits or is worked on: whose it is, and its id.

    Until it has `begun`, taking it back calls `refuse`, which answers it; its turn then does
    nothing. Afterwards `scope` is cancelled, and whoever works on it answers.
    """

    token: int | None
    msg_id: str
    scope: trio.CancelScope
    refuse: Callable[[], None]
    begun: bool = False


@define(eq=False)
class Cancelling:
    """All requests that can be taken back, in the order in which they came."""

    _requests: dict[object, Cancellable] = field(factory=dict, init=False)

    def add(self, key: object, request: Cancellable) -> None:
        """From now on it can be taken back; `key` is what it is known by."""
        self._requests[key] = request

    def begin(self, key: object) -> None:
        """Its turn has come."""
        if request := self._requests.get(key):
            request.begun = True

    def remove(self, key: object) -> None:
        """It was answered; does nothing for what is none of these."""
        self._requests.pop(key, None)

    def cancel(self, msg_id: str, token: int | None, *, anybody: bool) -> bool:
        """Take back the newest request with this id of the token's, or, with `anybody`, whoever's.

        False if there is none.
        """
        for key, request in reversed(self._requests.items()):
            if request.msg_id == msg_id and (anybody or request.token == token):
                del self._requests[key]
                request.scope.cancel()
                if not request.begun:
                    request.refuse()
                return True
        return False
