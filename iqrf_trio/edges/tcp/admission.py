"""Admission of connections: who is worked on, who waits, and who has to go for others.

`protocol.auth.places` decides; here it is carried out.
"""

import logging
import select
from collections.abc import Awaitable, Callable
from functools import partial

import trio
from attrs import define, field

from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.lingering import LingeringStream
from protocol.auth.places import AUTHENTICATION_S, PATIENCE_S, Place, Places

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
"""Between attempts to accept when the system lacks descriptors or memory."""

_MOST_WAITING = 448
"""Accepted connections that may be without a place. Each one costs a descriptor (a process has
1024 by default) and a task; those that the system's queue holds instead would be served in the
order in which they came, silent ones first."""

logger = logging.getLogger("iqrf_trio.websocket")

Heard = Callable[[], Awaitable[object]]
"""Returns once the peer has sent something, or has left."""


@define(eq=False)
class Applicant(Place):
    """A connection that wants a place; `give_way` ends it, once, when others need the place.

    `ours` tells whether this program has to do something for the peer: read what it has sent, or
    answer it. Then not the peer keeps others waiting.
    """

    give_way: Callable[[], object] = field(kw_only=True, default=lambda: None)
    ours: Callable[[], bool] = field(kw_only=True, default=lambda: False)
    called: trio.Event = field(factory=trio.Event, init=False)


@define(eq=False)
class Admission:
    """Places for at most `capacity()` connections at a time, and a bounded number that wait.

    `patience_s` is how long a place is kept against one other.
    """

    _capacity: Callable[[], int]
    _patience_s: float = PATIENCE_S
    _places: Places = field(init=False)
    _applicants: dict[Place, Applicant] = field(factory=dict, init=False)
    _timer: trio.CancelScope | None = field(default=None, init=False)
    """Of the one waiting task that wakes up when a place may be taken from somebody."""
    _left: trio.Event = field(factory=trio.Event, init=False)

    @_places.default
    def _make_places(self) -> Places:
        return Places(self._patience_s)

    def __len__(self) -> int:
        """How many hold a place."""
        return len(self._places.held)

    async def enter(self, applicant: Applicant, heard: Heard | None = None) -> None:
        """Wait for a place and take it. Cancelling takes the application back.

        With `heard` the connection waits for one only after that has returned.
        """
        self._applicants[applicant] = applicant
        try:
            if heard is not None:
                self._places.arrive(applicant)
                self._overflow()
                await heard()
            self._places.ask(applicant)
            self._overflow()
            self.settle()
            while not applicant.held:
                await self._wait(applicant)
                self.settle()
        except BaseException:
            self.leave(applicant)
            raise

    def leave(self, applicant: Applicant) -> None:
        """The connection is over or authenticated; may be called twice."""
        if self._applicants.pop(applicant, None) is not None:
            self._places.remove(applicant)
            self._left.set()
            self._left = trio.Event()
            self.settle()

    async def room(self) -> None:
        """Wait until one more connection may be accepted."""
        while len(self._applicants) > _MOST_WAITING + self._capacity():
            await self._left.wait()

    async def _wait(self, applicant: Applicant) -> None:
        """Until `applicant` is called, or a place may be taken from somebody."""
        if self._timer is not None:
            await applicant.called.wait()
        else:
            _, at = self._places.to_leave(self._capacity())
            self._timer = trio.CancelScope(deadline=at)
            try:
                with self._timer:
                    await applicant.called.wait()
            finally:
                self._timer = None
                self._call_another(applicant)
        if not applicant.held:
            applicant.called = trio.Event()

    def _call_another(self, applicant: Applicant) -> None:
        """Have another waiting task look after the time."""
        for place in self._places.waiting:
            if place is not applicant:
                self._applicants[place].called.set()
                return

    def settle(self) -> None:
        """Give the places that are free to those that wait, and take those that may be taken."""
        capacity, now = self._capacity(), trio.current_time()
        while self._places.waiting:
            if len(self) < capacity:
                self._applicants[self._places.admit(now)].called.set()
                continue
            place, at = self._places.to_leave(capacity)
            if self._timer is not None:
                self._timer.deadline = at
            if place is None or at > now:
                return
            if not (self._applicants[place].ours() and self._places.keep(place, now)):
                self._send_away(place)

    def _overflow(self) -> None:
        if (place := self._places.overflowing(_MOST_WAITING)) is not None:
            self._send_away(place)

    def _send_away(self, place: Place) -> None:
        place.leaving = True
        self._applicants[place].give_way()


@define(eq=False)
class Handshake(Applicant):
    """A connection that is no WebSocket yet; `scope` covers what is done for it."""

    scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)

    def __attrs_post_init__(self) -> None:
        """Others may have its place whenever they need it."""
        self.give_way = self._end_step

    def _end_step(self) -> None:
        self.scope.cancel()

    def bounded(self, seconds: float) -> trio.CancelScope:
        """A scope for its next step; there is no time for one once it has to give way."""
        self.scope = trio.move_on_after(seconds)
        if self.leaving:
            self.scope.cancel()
        return self.scope


@define(eq=False)
class Clients:
    """The WebSockets: how many there are, and how many have not authenticated yet."""

    limits: Limits
    authenticated: int = field(default=0, init=False)
    _admission: Admission = field(init=False)

    @_admission.default
    def _make_admission(self) -> Admission:
        return Admission(self._room, AUTHENTICATION_S)

    def __len__(self) -> int:
        """How many there are."""
        return self.authenticated + self.unauthenticated

    @property
    def unauthenticated(self) -> int:
        """How many have not authenticated yet."""
        return len(self._admission)

    async def take(self, applicant: Applicant) -> bool:
        """Take a place for a client that has not authenticated yet; False if there is none.

        Clients that mean well authenticate at once, so a place is worth waiting for: after a
        restart all of them come together.
        """
        if self._room() <= 0:
            return False
        with trio.move_on_after(2 * PATIENCE_S):
            await self._admission.enter(applicant)
        return applicant.held

    def authenticate(self, applicant: Applicant) -> None:
        """The client has authenticated; until `leave` nobody takes its place."""
        self.authenticated += 1
        self._admission.leave(applicant)

    def leave(self, applicant: Applicant, *, authenticated: bool) -> None:
        """The client is gone."""
        if authenticated:
            self.authenticated -= 1
            self._admission.settle()
        else:
            self._admission.leave(applicant)

    def _room(self) -> int:
        return min(self.limits.max_unauthenticated, self.limits.max_clients - self.authenticated)


@define(eq=False)
class Accepted(trio.abc.AsyncResource):
    """A connection that was just accepted, with what it needs to be admitted."""

    stream: LingeringStream
    handshake: Handshake

    async def heard(self) -> None:
        """Wait until the peer has sent something, or has left; reads nothing."""
        if isinstance(self.stream.stream, trio.SocketStream):
            await trio.lowlevel.wait_readable(self.stream.stream.socket)

    async def aclose(self) -> None:
        """Close the connection."""
        await self.stream.aclose()


class AdmittingListener(trio.abc.Listener[Accepted]):
    """A listener that waits for room, and that survives every failure to accept."""

    def __init__(
        self, listener: trio.abc.Listener[trio.abc.HalfCloseableStream], admission: Admission
    ) -> None:
        self._listener = listener
        self._admission = admission

    async def accept(self) -> Accepted:
        """The next connection."""
        pause_s = 0.0
        while True:
            await self._admission.room()
            try:
                stream = await self._listener.accept()
            except OSError as error:
                if not pause_s:
                    logger.error("cannot accept connections, will try again: %s", error)
                pause_s = min(2 * pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
                await trio.sleep(pause_s)
            else:
                return accepted(stream)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()


def accepted(stream: trio.abc.HalfCloseableStream) -> Accepted:
    """A connection of a network that is not known yet."""
    handshake = Handshake("", trio.current_time(), ours=partial(_has_unread, stream))
    return Accepted(LingeringStream(stream), handshake)


def _has_unread(stream: trio.abc.HalfCloseableStream) -> bool:
    """Whether something lies in the socket for us."""
    if not isinstance(stream, trio.SocketStream) or stream.socket.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(stream.socket, select.POLLIN)
    return bool(poll.poll(0))
