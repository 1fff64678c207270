"""One client's session: who it is, what it sends, what is sent to it, and how it ends."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import datetime
from math import inf

import trio
from attrs import frozen

from iqrf_trio.edges.websocket import (
    GOING_AWAY,
    NORMAL,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Connection,
    ConnectionClosed,
    Sent,
)
from iqrf_trio.messaging.outbox import REST, Outbox
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.messaging.sessions import Sessions
from protocol.auth.authentication import Authentication, AuthError, Grant, State
from protocol.auth.rights import READ, Rights

FAREWELL_S = 5.0
"""How long a client may take to read what is said to it in the end."""

STALL_S = 10.0
"""A client that reads nothing for so long, while its outbox is full, does not read."""

LONG = 16 * 1024
"""Bytes of an answer from which on it is asked whether there is room for it."""

CHECK_S = 10.0
"""How long the check of a token may take before it counts as failed."""

logger = logging.getLogger("iqrf_trio.session")


@frozen
class SessionLimits:
    """What one client is allowed; times in seconds. The configuration has the defaults."""

    auth_timeout: float
    outbox_size: int
    outbox_bytes: int
    heartbeat: float
    stall: float = STALL_S


@frozen
class Ending:
    """How a session ends: the close code, what is said before, and whether the rest is sent too."""

    code: int
    text: str | None = None
    flush: bool = False


class Session:
    """A client from its first message to its end.

    `authenticate` checks the text of a token: it gives a Grant or raises AuthError. `accept` is
    handed each message of an authenticated client, and answers through `reply`; `withdraw` takes
    back what it has waiting, as soon as the session is at its end. `now` is the wall clock (UTC).
    `reports` are what every client is sent unasked.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        authenticate: Callable[[str], Awaitable[Grant]],
        accept: Callable[[str | bytes, "Session"], None],
        now: Callable[[], datetime],
        sessions: Sessions,
        withdraw: Callable[["Session"], None] = lambda _: None,
        reports: Reports | None = None,
        limits: SessionLimits,
    ) -> None:
        self._connection = connection
        self._check_token = authenticate
        self._accept = accept
        self._now = now
        self._sessions = sessions
        self._withdraw = withdraw
        self._reports = reports
        self._limits = limits
        self._auth = Authentication()
        self._outbox = Outbox(self._limits.outbox_size, self._limits.outbox_bytes, sessions)
        self._read_at = 0.0
        """When the client was last kept from asking (Trio's clock)."""
        self._reading = trio.CancelScope()
        self._receiving = trio.CancelScope()
        """Around the wait for a message; ended when the client has to read first."""
        self._written = trio.Event()
        self._ending: Ending | None = None
        self._subscriptions = ExitStack()

    @property
    def remote(self) -> str:
        """The client's name in logs: address and port."""
        return self._connection.remote

    @property
    def grant(self) -> Grant | None:
        """What the client may do, None before it is authenticated."""
        return self._auth.granted

    @property
    def rights(self) -> Rights:
        """What the client's token allows; before it is authenticated, nothing is accepted of it."""
        grant = self._auth.granted
        return READ if grant is None else grant.rights

    @property
    def token(self) -> int | None:
        """The number of the client's token, None before it is authenticated."""
        return None if self.grant is None else self.grant.token_id

    @property
    def lasting(self) -> bool:
        """A session ends when one of both sides ends it."""
        return True

    @property
    def live(self) -> bool:
        """Whether the client is authenticated and its session not at its end."""
        return self._ending is None and self._auth.state is State.AUTHENTICATED

    @property
    def held(self) -> int:
        """The bytes that wait to be sent."""
        return self._outbox.held

    @property
    def stalled_s(self) -> float:
        """For how long the client has not read what is sent to it; 0 where nothing is sent."""
        if not self._outbox.writing:
            return 0.0
        return trio.current_time() - max(self._outbox.since, self._connection.taken_at)

    async def run(self) -> None:
        """Serve the client until either side ends it."""
        # The scope that ends with the client's rights covers reading, never writing: a message
        # that is cut off would swallow the last word and the close frame.
        with self._sessions.joined(self), self._subscriptions:
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write)
                    nursery.start_soon(self._beat)
                    with self._reading:
                        self._allow(self._limits.auth_timeout)
                        await self._read()
                    await self._part()
                    nursery.cancel_scope.cancel()
            finally:
                self._end(Ending(NORMAL))
                self._outbox.abandon()

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Send an answer when its turn comes; never waits.

        False if there is no room for an answer of this length, unless it is to be sent `always`:
        then a short one should be sent instead. Nothing is sent to a session at its end or to a
        token whose time is over.
        """
        if not self._entitled():
            return True
        if self._send_now(text):
            return True
        if self._outbox.full and self.stalled_s >= self._limits.stall:
            self.send_away()
            return True
        if not always and len(text) >= LONG and not self._sessions.room(len(text)):
            return False
        self._outbox.put(text)
        return True

    def _send_now(self, text: str) -> bool:
        """Send a message in this step, where none waits before it and the client takes it."""
        if not self._outbox.idle:
            return False
        sent = self._connection.try_send(text)
        if sent is Sent.PART:
            self._outbox.put_rest(len(text))
        return sent is not Sent.NONE

    def report(self, text: str) -> None:
        """Send a message that the client has not asked for, unless more waits than it reads."""
        if not self._entitled() or self._send_now(text) or self._outbox.offer(text):
            return
        if self.stalled_s >= self._limits.stall:
            self.send_away()
        else:
            logger.warning("%s: reads too slowly, a report to it is left out", self.remote)

    def owe(self, answers: int) -> None:
        """So many more answers will come in any case (or fewer, where it is negative).

        Each has its place in the outbox already; a client that is owed as many as it holds is not
        read meanwhile.
        """
        self._outbox.owed += answers
        self._outbox.ease()

    def ease(self) -> None:
        """The client's share of what waits for all may have grown."""
        self._outbox.ease()

    def send_away(self) -> None:
        """The client does not read: throw away what waits, and close with 1013."""
        if self._ending is None:
            logger.warning("%s: sent away, it does not read what it is sent", self.remote)
            self._end(Ending(TRY_AGAIN_LATER))

    def subscribe(self, reports: Reports) -> None:
        """Send this client what `reports` publishes, as long as the session lives."""
        if self.live and self.report not in reports:
            self._subscriptions.enter_context(reports.subscribed(self.report))

    def refuse(self, error: AuthError) -> None:
        """Tell the client why it is not welcome, and close with 1008. The first reason counts."""
        if self._ending is None:
            token = "" if error.token_id is None else f", token {error.token_id}"
            unknown = {"peer": self.remote} if self.grant is None else None
            text = "%s: %s (code %d%s)"
            logger.warning(text, self.remote, error, error.code, token, extra=unknown)
            self._auth.refuse(error)
            self._sessions.failed(error)
            self._end(Ending(POLICY_VIOLATION, error.message))

    def go_away(self) -> None:
        """The gateway stops: send what waits, and close with 1001."""
        self._end(Ending(GOING_AWAY, flush=True))

    def renew(self, granted: Grant) -> None:
        """Take what the client's token is worth by now; requests that wait are judged by it."""
        if self.live and granted != self.grant:
            logger.info("%s: token %d may do other things now", self.remote, granted.token_id)
            self._auth.renew(granted)
            self._allow((granted.expires_at - self._now()).total_seconds())

    def check_clock(self) -> None:
        """End the session if its token's time is over by the wall clock, which may have jumped."""
        self._entitled()

    def _entitled(self) -> bool:
        if self._ending is not None or self._auth.state is not State.AUTHENTICATED:
            return False
        try:
            self._auth.check(self._now())
        except AuthError as error:
            self.refuse(error)
            return False
        return True

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
            self._sessions.ended[ending.code] += 1
            self._outbox.finish(ending.text, flush=ending.flush)
            self._reading.cancel()
            self._withdraw(self)

    def _allow(self, seconds: float) -> None:
        self._reading.deadline = trio.current_time() + seconds

    def _hold_against(self, error: AuthError) -> float:
        """Count the failure where it is one; how long the client has to wait for the answer."""
        counts = self.grant is None and error.held_against
        return self._connection.failed(error.token_id) if counts else 0.0

    async def _read(self) -> None:
        try:
            await self._authenticate(await self._connection.receive())
            self._connection.hand_over(self._take)
            while True:
                await self._until_it_reads()
                with trio.CancelScope() as self._receiving:
                    message = await self._connection.receive()
                    if not self._entitled():
                        return
                    self._accept(message, self)
        except AuthError as error:
            self._reading.deadline = inf
            if seconds := self._hold_against(error):
                await trio.sleep(seconds)
            self.refuse(error)
        except ConnectionClosed as closed:
            logger.debug("%s: %s", self.remote, closed)

    def _take(self, message: str | bytes) -> bool:
        """Accept a message that nothing is before; False where it has to wait, or has come late."""
        if self._outbox.full or not self._entitled():
            return False
        self._accept(message, self)
        self._stop_where_full()
        return True

    def _stop_where_full(self) -> None:
        """Have the reading task see that the client has to read before it may ask for more."""
        if self._outbox.full:
            self._receiving.cancel()

    async def _until_it_reads(self) -> None:
        """Take no more requests from a client for which as much waits as may."""
        while self._outbox.full:
            self._read_at = trio.current_time() + self._limits.stall
            with trio.move_on_after(max(0.0, self._limits.stall - self.stalled_s)):
                await self._outbox.room()
            if self._outbox.full and self.stalled_s >= self._limits.stall:
                self.send_away()
            self._read_at = trio.current_time()

    async def _authenticate(self, message: str | bytes) -> None:
        token = self._auth.receive(message)
        self._allow(CHECK_S)
        grant = await self._check_token(token)
        now = self._now()
        success = self._auth.admit(grant, now)
        self._allow((grant.expires_at - now).total_seconds())
        self._connection.authenticated()
        logger.info("%s: authenticated, token %d", self.remote, grant.token_id)
        self.reply(success)
        if self._reports is not None:
            self.subscribe(self._reports)
        self._sessions.enlist(self)

    async def _write(self) -> None:
        try:
            while (text := await self._outbox.get()) is not None:
                if text == REST:
                    await self._connection.flush()
                else:
                    await self._connection.send(text)
        except ConnectionClosed as closed:
            logger.debug("%s: %s", self.remote, closed)
            self._outbox.abandon()
        finally:
            self._written.set()

    async def _beat(self) -> None:
        """Ping a client that is silent, and give it up when it stays so."""
        heartbeat = self._limits.heartbeat
        try:
            while True:
                heard_at = self._heard_at
                await trio.sleep_until(heard_at + heartbeat)
                if self._heard_at > heard_at:
                    continue
                with trio.move_on_at(heard_at + 2 * heartbeat):
                    await self._connection.ping()
                if self._heard_at == heard_at:
                    logger.info("%s: given up, silent for %g s", self.remote, 2 * heartbeat)
                    self._connection.drop()
                    return
        except ConnectionClosed as closed:
            logger.debug("%s: %s", self.remote, closed)

    @property
    def _heard_at(self) -> float:
        """The last sign of life: something came, is being read, or could not have been heard."""
        taken_at = self._connection.taken_at if self._outbox.writing else 0.0
        return max(self._connection.heard_at, taken_at, self._read_at)

    async def _part(self) -> None:
        """Say what is to be said in the end, if the client is still there."""
        if self._reading.cancelled_caught and self._ending is None:
            error = self._auth.overdue()
            self._hold_against(error)
            self.refuse(error)
        if self._ending is not None:
            with trio.move_on_after(FAREWELL_S):
                await self._written.wait()
                await self._connection.close(self._ending.code)
