"""What strangers and clients may cost: places for them, and a count of each address's failures."""

from ipaddress import IPv6Address, ip_address
from math import ceil

import trio
from attrs import define, field, frozen

PATIENCE_S = 2.0
"""How long a newcomer waits for a place that others have taken but not yet earned."""


@frozen
class Limits:
    """The bounds of a server; times in seconds.

    `max_handshakes` counts sockets that are no WebSocket yet, `max_unauthenticated` WebSockets
    nobody has vouched for yet, `max_clients` all WebSockets. `origins` are the `Origin` headers
    admitted; empty admits all, and a client without the header is no browser and always admitted.
    `auth_failures_per_minute` is per address; 0 means no limit.
    """

    max_clients: int = 50
    max_handshakes: int = 64
    max_unauthenticated: int = 32
    max_message_size: int = 65536
    handshake_timeout: float = 10.0
    auth_failures_per_minute: int = 20
    origins: tuple[str, ...] = ()


@define(eq=False)
class Place:
    """One client's place; it is given back once, however often it is left."""

    _places: "Places"
    _stranger: bool = True
    _taken: bool = True

    def authenticate(self) -> None:
        """The client is no stranger any more."""
        if self._stranger:
            self._stranger = False
            self._places.strangers.release()

    def leave(self) -> None:
        """Give the place back."""
        self.authenticate()
        if self._taken:
            self._taken = False
            self._places.clients -= 1


class Places:
    """How many clients there are, and how many of them may still be strangers."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.clients = 0
        self.strangers = trio.Semaphore(limits.max_unauthenticated)

    @property
    def unauthenticated(self) -> int:
        """How many of the clients are strangers."""
        return self.limits.max_unauthenticated - self.strangers.value

    async def take(self) -> Place | None:
        """A place for a stranger, or None if there is none left.

        Strangers who mean well authenticate at once, so it is worth waiting for one's place:
        after a restart all clients come together.
        """
        if not self._room():
            return None
        with trio.move_on_after(PATIENCE_S) as patience:
            await self.strangers.acquire()
        if patience.cancelled_caught:
            return None
        if not self._room():
            self.strangers.release()
            return None
        self.clients += 1
        return Place(self)

    def _room(self) -> bool:
        return self.clients < self.limits.max_clients


_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
"""What each failure adds to the time an address waits for its next one; a first is told at once."""

_REMEMBERED = 1024
"""Addresses with failures that are remembered at most; the one that failed longest ago goes."""


@define
class Failures:
    """Failed authentications per address: a bucket that holds a minute's worth and drains evenly.

    Time is an argument: seconds of a monotonic clock.
    """

    per_minute: int
    _buckets: dict[str, tuple[float, float]] = field(factory=dict)

    def record(self, address: str, now: float) -> float:
        """One more failure of `address`; how many seconds it should be made to wait for it."""
        if not self.per_minute:
            return 0.0
        key = network_of(address)
        # Twice the limit at most, so that a burst does not lock its address out for an hour.
        level = min(self._level(key, now) + 1, 2 * self.per_minute)
        self._buckets.pop(key, None)
        if len(self._buckets) >= _REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = level, now
        return min(_PAUSE_S * (level - 1), _LONGEST_PAUSE_S)

    def retry_after(self, address: str, now: float) -> int:
        """Whole seconds until `address` may try again; 0 if it may now."""
        if not self.per_minute:
            return 0
        excess = self._level(network_of(address), now) - (self.per_minute - 1)
        return max(0, ceil(round(excess * 60 / self.per_minute, 3)))

    def _level(self, key: str, now: float) -> float:
        level, at = self._buckets.get(key, (0.0, now))
        return max(0.0, level - (now - at) * self.per_minute / 60)


def network_of(address: str) -> str:
    """What counts as one address: IPv4 addresses, and IPv6 networks of 64 bits (one host's)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
