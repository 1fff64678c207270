"""All sessions of the moment: the tokens that they showed, and the bytes that wait for them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Protocol

from attrs import define, field

from protocol.auth.authentication import AuthError, Grant

HURRY_S = 1.0
"""A client that has not read for so long is sent away when its bytes are needed for others."""


class Member(Protocol):
    """A session, as far as it concerns all of them."""

    @property
    def grant(self) -> Grant | None:
        """What the client may do, None before it is authenticated."""

    @property
    def held(self) -> int:
        """The bytes that wait to be sent to the client."""

    @property
    def stalled_s(self) -> float:
        """For how long the client has not read what is sent to it; 0 where nothing is sent."""

    def ease(self) -> None:
        """The client's share of the bytes may have grown."""

    def report(self, text: str) -> None:
        """Send a message that the client has not asked for, unless more waits than it reads."""

    def send_away(self) -> None:
        """The client does not read: throw away what waits, and close with 1013."""

    def refuse(self, error: AuthError) -> None:
        """Tell the client why it may not stay, and close with 1008."""

    def renew(self, granted: Grant) -> None:
        """Take what the client's token is worth by now."""

    def check_clock(self) -> None:
        """End the session if its token's time is over by the wall clock."""

    def go_away(self) -> None:
        """Send what waits, and close with 1001."""


@define
class Sessions:
    """All sessions of the moment, and which token each of them showed.

    `max_held` bounds the bytes that wait for all of them together. Once half of it is taken, who
    holds more than an equal part of it is not read any more. What would exceed it has those sent
    away who hold most and do not read, and if that is not enough it finds no `room`.
    """

    max_held: int = 32 * 1024 * 1024
    failures: Counter[int] = field(factory=Counter, init=False)
    """Failed authentications by their code."""
    ended: Counter[int] = field(factory=Counter, init=False)
    """Sessions that are over, by close code."""
    held: int = field(default=0, init=False)
    """The bytes that wait for all sessions."""
    _all: set[Member] = field(factory=set, init=False)
    _of_token: dict[int, set[Member]] = field(factory=dict, init=False)
    _newcomers: set[int] = field(factory=set, init=False)
    _stopping: bool = field(default=False, init=False)

    def __len__(self) -> int:
        """How many there are, unauthenticated ones included."""
        return len(self._all)

    @contextmanager
    def joined(self, session: Member) -> Iterator[None]:
        """`session` is one of them within the block."""
        self._all.add(session)
        if self._stopping:
            session.go_away()
        try:
            yield
        finally:
            self._all.discard(session)
            if session.grant:
                holders = self._of_token.get(session.grant.token_id, set())
                holders.discard(session)
                if not holders:
                    self._of_token.pop(session.grant.token_id, None)

    def failed(self, error: AuthError) -> None:
        """Somebody was not authenticated."""
        self.failures[error.code] += 1

    def enlist(self, session: Member) -> None:
        """`session` has been authenticated."""
        if session.grant:
            self._of_token.setdefault(session.grant.token_id, set()).add(session)
            self._newcomers.add(session.grant.token_id)

    @property
    def share(self) -> float:
        """How many bytes may wait for one session before it is not read any more."""
        return self.max_held / max(1, len(self._all)) if self._tight else inf

    @property
    def _tight(self) -> bool:
        return self.held > self.max_held // 2

    def hold(self, size: int) -> None:
        """So many bytes more wait, or fewer."""
        tight = self._tight
        self.held += size
        if tight and not self._tight:
            for session in tuple(self._all):
                session.ease()

    def room(self, size: int) -> bool:
        """Whether so many bytes more may wait, after those were sent away who do not read."""
        if self.held + size <= self.max_held:
            return True
        for session in sorted(self._all, key=lambda each: each.held, reverse=True):
            if self.held + size > self.max_held and session.stalled_s >= HURRY_S:
                session.send_away()
        return self.held + size <= self.max_held

    def tokens(self) -> frozenset[int]:
        """The numbers of the tokens that are in use."""
        return frozenset(self._of_token)

    def newcomers(self) -> frozenset[int]:
        """Those that were shown since this was asked before, and are still in use."""
        newcomers, self._newcomers = self._newcomers, set()
        return frozenset(newcomers & self._of_token.keys())

    def end(self, token_id: int, error: AuthError) -> None:
        """Refuse every session of a token."""
        for session in tuple(self._of_token.get(token_id, ())):
            session.refuse(error)

    def tell(self, token_id: int, text: str) -> None:
        """Send a message to every session of a token."""
        for session in tuple(self._of_token.get(token_id, ())):
            session.report(text)

    def renew(self, granted: Grant) -> None:
        """Tell every session of a token what the token is worth by now."""
        for session in tuple(self._of_token.get(granted.token_id, ())):
            session.renew(granted)

    def check_clock(self) -> None:
        """End the sessions whose token's time is over by the wall clock."""
        for session in tuple(self._all):
            session.check_clock()

    def go_away(self) -> None:
        """The gateway stops: every session, also one that comes later, is closed with 1001."""
        self._stopping = True
        for session in tuple(self._all):
            session.go_away()
