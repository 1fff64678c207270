"""What the store says about tokens: at the authentication, and as long as a session lives."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NoReturn, Protocol

import trio
from attrs import define, field

from iqrf_trio.messaging.holders import Holders
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.store import StoreError
from protocol.auth.authentication import (
    AuthError,
    AuthUnavailableError,
    Grant,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
    grant,
)
from protocol.auth.tokens import InvalidTokenError, Status, Token, parse

POLL_S = 0.5
"""How often the store is asked for changes; a revoked token's sessions end within a second."""

logger = logging.getLogger("iqrf_trio.token_watch")


class TokenStore(Protocol):
    """What is needed of the store; every method raises StoreError when the database fails."""

    async def token(self, token_id: int) -> Token | None:
        """The record of this number."""

    async def successor(self, token_id: int) -> Token | None:
        """The record that is in the place of this one by now: itself unless it was rotated."""

    async def changed(self) -> bool:
        """Whether another program has written since this was asked before."""


async def authenticate(store: TokenStore, now: Callable[[], datetime], text: str) -> Grant:
    """What the text of a token is worth.

    Raises TokenInvalidError, TokenExpiredError, TokenRevokedError, and AuthUnavailableError when
    the store cannot tell.
    """
    try:
        shown = parse(text)
    except InvalidTokenError as error:
        raise TokenInvalidError(str(error)) from None
    try:
        token = await store.token(shown.id)
    except StoreError as error:
        raise AuthUnavailableError(str(error), shown.id) from None
    return grant(shown, token, now())


def objection(token_id: int, token: Token | None, now: datetime) -> AuthError | None:
    """Why sessions of a token may not go on, given its record."""
    if token is None:
        return TokenInvalidError("the token was deleted", token_id)
    match token.status_at(now):
        case Status.REVOKED:
            return TokenRevokedError(token_id=token_id)
        case Status.EXPIRED:
            return TokenExpiredError(token_id=token_id)
        case Status.VALID:
            return None


@define
class TokenWatch:
    """Ends sessions whose token is revoked, expired or deleted; changes the rights of others.

    The same for those who have requests under way without a session (`holders`).

    A store that fails says nothing about tokens: the sessions stay, and it is asked again.
    """

    _store: TokenStore
    _sessions: Sessions
    _now: Callable[[], datetime]
    _holders: Holders = field(factory=Holders)
    _behind: bool = field(default=False, init=False)

    async def run(self) -> NoReturn:
        """Look every POLL_S."""
        while True:
            self._sessions.check_clock()
            await self._look()
            await trio.sleep(POLL_S)

    async def _look(self) -> None:
        try:
            changed = await self._store.changed()
            # A token may be revoked between its check and the start of its session.
            newcomers = self._sessions.newcomers()
            everybody = changed or self._behind
            await self._check(self._sessions.tokens() if everybody else newcomers)
            for token_id in self._holders.doubtful(self._now(), changed=everybody):
                await self._judge_holders(token_id)
        except StoreError as error:
            if not self._behind:
                logger.error("tokens in use cannot be checked, will try again: %s", error)
            self._behind = True
        else:
            self._behind = False

    async def _check(self, tokens: Iterable[int]) -> None:
        """Check each token, also those after one that cannot be read; raises StoreError for it."""
        failure: StoreError | None = None
        for token_id in sorted(tokens):
            try:
                token = await self._store.token(token_id)
            except StoreError as error:
                failure = error
                continue
            reason = objection(token_id, token, self._now())
            if token is None or reason is not None:
                self._sessions.end(token_id, reason or TokenInvalidError(token_id=token_id))
            else:
                self._sessions.renew(Grant(token.id, token.expires_at, token.rights))
        if failure is not None:
            raise failure

    async def _judge_holders(self, token_id: int) -> None:
        for holder in self._holders.of(token_id):
            look = self._store.successor if holder.follows else self._store.token
            token = await look(token_id)
            reason = objection(token_id, token, self._now())
            if token is None or reason is not None:
                error = reason or TokenInvalidError(token_id=token_id)
                self._holders.end(holder, error)
            else:
                granted = Grant(token.id, token.expires_at, token.rights)
                self._holders.renew(holder, granted)
