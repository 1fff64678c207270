"""How a client proves who it is: the first message, the verdict on its token, and the answers."""

from datetime import datetime
from enum import Enum
from typing import ClassVar

from attrs import define, frozen

from protocol.auth import messages
from protocol.auth.rights import Rights
from protocol.auth.tokens import Token, TokenText, Verdict, judge
from protocol.errors import LocalProtocolError, ProtocolError

Message = str | bytes
"""What a WebSocket message holds: text frames give str, binary frames bytes."""


class AuthError(ProtocolError):
    """Why a client is not, or no longer, authenticated (Beta Daemon API, WebSocket authentication).

    `code` and `text` are what the client is told before its connection is closed with 1008;
    `token_id` is the record that was shown, where the client got that far. `held_against` says
    whether it counts as a failure of the client.
    """

    code: ClassVar[int]
    text: ClassVar[str]
    held_against: ClassVar[bool] = True

    def __init__(self, detail: str = "", token_id: int | None = None) -> None:
        super().__init__(f"{self.text}: {detail}" if detail else self.text)
        self.token_id = token_id

    @property
    def message(self) -> str:
        """The `auth_error` message, members in alphabetical order."""
        return messages.failure(self.code, self.text)


class UnauthenticatedError(AuthError):
    """The first message was something else than an authentication."""

    code = 1
    text = "Unauthenticated"


class AuthTimeoutError(AuthError):
    """No message came in time. That is no failed attempt: none was made."""

    code = 2
    text = "Authentication timeout"
    held_against = False


class AuthFailedError(AuthError):
    """The authentication could not be carried out: what came is no JSON."""

    code = 3
    text = "Authentication failed"


class AuthUnavailableError(AuthFailedError):
    """The authentication could not be carried out: the tokens cannot be read."""

    held_against = False


class TokenInvalidError(AuthError):
    """The text is no token, or not one that is known."""

    code = 4
    text = "Invalid token"


class TokenExpiredError(AuthError):
    """The token's time is over."""

    code = 5
    text = "Expired token"


class TokenRevokedError(AuthError):
    """The token was revoked."""

    code = 6
    text = "Revoked token"


_REFUSALS = {
    Verdict.INVALID: TokenInvalidError,
    Verdict.EXPIRED: TokenExpiredError,
    Verdict.REVOKED: TokenRevokedError,
}


@frozen
class Grant:
    """What the holder of a token may do, and until when (UTC)."""

    token_id: int
    expires_at: datetime
    rights: Rights

    @property
    def message(self) -> str:
        """The `auth_success` message, members in alphabetical order."""
        return messages.success(self.expires_at, service=self.rights.service)


def token_in(message: Message) -> str:
    """The token that an authentication message carries.

    Raises AuthFailedError when the message is no JSON text, UnauthenticatedError when it is
    another one.
    """
    try:
        token = messages.token_in(message)
    except ValueError:
        raise AuthFailedError("the first message is no JSON") from None
    if token is None:
        raise UnauthenticatedError("the first message is no authentication")
    return token


def grant(shown: TokenText, token: Token | None, now: datetime) -> Grant:
    """What `shown` is worth at `now`, given the record of its id.

    Raises TokenInvalidError, TokenExpiredError or TokenRevokedError.
    """
    refusal = _REFUSALS.get(judge(token, shown.secret, now))
    if token is None or refusal is not None:
        raise (refusal or TokenInvalidError)(token_id=shown.id)
    return Grant(token.id, token.expires_at, token.rights)


class State(Enum):
    """How far a connection has come; no state is entered twice."""

    UNAUTHENTICATED = "nothing was received yet"
    CHECKING = "a token is being checked"
    AUTHENTICATED = "the client is authenticated"
    CLOSING = "the client was refused"


@define
class Authentication:
    """The authentication of one connection; there is one attempt, and no second one.

    A method that raises AuthError leaves the state CLOSING.
    """

    state: State = State.UNAUTHENTICATED
    granted: Grant | None = None

    def receive(self, message: Message) -> str:
        """Take the first message and give the token to be checked.

        Raises UnauthenticatedError or AuthFailedError.
        """
        self._leave(State.UNAUTHENTICATED)
        token = token_in(message)
        self.state = State.CHECKING
        return token

    def admit(self, granted: Grant, now: datetime) -> str:
        """Accept what the check has brought and give the `auth_success` message.

        Raises TokenExpiredError when the token ran out while it was checked.
        """
        self._leave(State.CHECKING)
        self.granted = granted
        self.check(now)
        self.state = State.AUTHENTICATED
        return granted.message

    def renew(self, granted: Grant) -> None:
        """Put what the token is worth by now in place of what it was worth before."""
        if self.state is not State.AUTHENTICATED:
            raise LocalProtocolError(f"not possible now: {self.state.value}")
        self.granted = granted

    def check(self, now: datetime) -> None:
        """Raises TokenExpiredError once the token's time is over."""
        if self.granted is not None and now >= self.granted.expires_at:
            raise self.refuse(TokenExpiredError(token_id=self.granted.token_id))

    def overdue(self) -> AuthError:
        """What it means, in the present state, that the time allowed has passed."""
        if self.granted is not None:
            return self.refuse(TokenExpiredError(token_id=self.granted.token_id))
        if self.state is State.UNAUTHENTICATED:
            return self.refuse(AuthTimeoutError())
        return self.refuse(AuthUnavailableError("the check took too long"))

    def refuse(self, error: AuthError) -> AuthError:
        """End the client's rights because of `error`, and give it back."""
        self.state = State.CLOSING
        return error

    def _leave(self, expected: State) -> None:
        if self.state is not expected:
            raise LocalProtocolError(f"not possible now: {self.state.value}")
        self.state = State.CLOSING  # unless what follows succeeds
