"""All sessions of the moment, and the tokens that they showed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import define, field

from protocol.auth.authentication import AuthError, Grant


class Member(Protocol):
    """A session, as far as it concerns all of them."""

    @property
    def grant(self) -> Grant | None:
        """What the client may do, None before it is authenticated."""

    def refuse(self, error: AuthError) -> None:
        """Tell the client why it may not stay, and close with 1008."""

    def check_clock(self) -> None:
        """End the session if its token's time is over by the wall clock."""

    def go_away(self) -> None:
        """Send what waits, and close with 1001."""


@define
class Sessions:
    """All sessions of the moment, and which token each of them showed."""

    _all: set[Member] = field(factory=set)
    _of_token: dict[int, set[Member]] = field(factory=dict)
    _newcomers: set[int] = field(factory=set)
    _stopping: bool = False

    def __len__(self) -> int:
        """How many there are, strangers included."""
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

    def enlist(self, session: Member) -> None:
        """`session` has been authenticated."""
        if session.grant:
            self._of_token.setdefault(session.grant.token_id, set()).add(session)
            self._newcomers.add(session.grant.token_id)

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

    def check_clock(self) -> None:
        """End the sessions whose token's time is over by the wall clock."""
        for session in tuple(self._all):
            session.check_clock()

    def go_away(self) -> None:
        """The gateway stops: every session, also one that comes later, is closed with 1001."""
        self._stopping = True
        for session in tuple(self._all):
            session.go_away()
