"""Who has requests under way with the rights of a token, but no session that ends with it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol
from weakref import WeakKeyDictionary

from attrs import define, field

from protocol.auth.authentication import AuthError, Grant


class Holder(Protocol):
    """A client of the dispatcher that is judged anew when its token changes."""

    @property
    def follows(self) -> bool:
        """Whether the token that takes the place of its own counts (a task's), or that one only."""

    def renew(self, granted: Grant) -> None:
        """Take what the token, or the one in its place, is worth by now."""

    def refuse(self, error: AuthError) -> None:
        """The token is worth nothing any more; what waits must not be carried out."""


@define
class Holders:
    """All of them by the number of their token, each with the time at which that expires.

    Whoever nobody refers to any more has nothing under way, and is forgotten.
    """

    _of_token: defaultdict[int, WeakKeyDictionary[Holder, datetime]] = field(
        factory=lambda: defaultdict(WeakKeyDictionary), init=False
    )
    _newcomers: set[int] = field(factory=set, init=False)

    @contextmanager
    def joined(self, holder: Holder, granted: Grant) -> Iterator[None]:
        """`holder` is one of them within the block."""
        self.add(holder, granted)
        try:
            yield
        finally:
            self.remove(holder)

    def add(self, holder: Holder, granted: Grant) -> None:
        """`holder` has something under way for this token from now on."""
        self._of_token[granted.token_id][holder] = granted.expires_at
        self._newcomers.add(granted.token_id)

    def remove(self, holder: Holder) -> None:
        """It has not any more."""
        for token_id, holders in tuple(self._of_token.items()):
            holders.pop(holder, None)
            if not holders:
                del self._of_token[token_id]

    def doubtful(self, now: datetime, *, changed: bool) -> tuple[int, ...]:
        """The tokens to be looked at: all where something has changed, else new and expired ones.

        A token may be revoked between the look at it and the moment in which its holder joins.
        """
        newcomers, self._newcomers = self._newcomers, set()
        return tuple(
            token_id
            for token_id, holders in sorted(self._of_token.items())
            if changed or token_id in newcomers or min(holders.values(), default=now) <= now
        )

    def of(self, token_id: int) -> tuple[Holder, ...]:
        """The holders of this token; a token without any is forgotten."""
        holders = tuple(self._of_token[token_id])
        if not holders:
            del self._of_token[token_id]
        return holders

    def renew(self, holder: Holder, granted: Grant) -> None:
        """The holder's token is worth this by now, or this one is in its place."""
        self.remove(holder)
        self._of_token[granted.token_id][holder] = granted.expires_at
        holder.renew(granted)

    def end(self, holder: Holder, error: AuthError) -> None:
        """The holder's token is worth nothing any more."""
        self.remove(holder)
        holder.refuse(error)
