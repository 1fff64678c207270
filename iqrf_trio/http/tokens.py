"""API tokens over HTTP: list, create, revoke, rotate, as `iqrf-trio token` does."""

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from iqrf_trio.http.bodies import json_object, member
from iqrf_trio.http.routes import Question, Route
from iqrf_trio.store import Store, StoreError
from iqrf_trio.store.errors import (
    ExpiredTokenError,
    ReadOnlyError,
    RevokedTokenError,
    UnknownTokenError,
)
from protocol.auth.rights import Rights, Scope
from protocol.auth.times import InvalidTimeError, format_iso, parse_expiration
from protocol.auth.tokens import MAX_ID, MAX_OWNER, Token, TokenText
from protocol.outward.http import ProblemError, Response, json_response

_ALL = Rights(Scope.MANAGE, service=True)
"""What it takes: whoever may make tokens may make one that is allowed everything."""

_UNCACHED = (("cache-control", "no-store"),)

_STATUSES: tuple[tuple[type[StoreError], int], ...] = (
    (UnknownTokenError, 404),
    (RevokedTokenError, 409),
    (ExpiredTokenError, 409),
    (ReadOnlyError, 503),
)


@frozen(eq=False)
class TokenRoutes:
    """The tokens of `store`; a secret is told once, when it is made."""

    _store: Store
    _now: Callable[[], datetime]

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        path, one = "/api/v1/tokens", "/api/v1/tokens/{id}"
        create = "Make a token; told once."
        members = {
            "owner": f"whom it is for, {MAX_OWNER} characters at most",
            "expires": "30d, 2w, 6m, 1y, an ISO 8601 time or Unix seconds",
            "scope": "read, control (the default) or manage",
            "service": "whether it has the service permission; false by default",
        }
        rotate = "Revoke a token and make one like it; told once."
        return (
            Route("GET", path, _ALL, "All tokens, without their secrets.", self._list),
            Route("POST", path, _ALL, create, self._create, body=members, status=201),
            Route("GET", one, _ALL, "One token.", self._get),
            Route("DELETE", one, _ALL, "Revoke a token.", self._revoke),
            Route("POST", f"{one}/rotate", _ALL, rotate, self._rotate, status=201),
        )

    async def _list(self, _question: Question) -> Response:
        now = self._now()
        return json_response([_told(token, now) for token in await self._store.tokens()])

    async def _get(self, question: Question) -> Response:
        token = await self._store.token(_number(question))
        if token is None:
            raise ProblemError(404, "there is no token of this number")
        return json_response(_told(token, self._now()))

    async def _create(self, question: Question) -> Response:
        body = json_object(question.request, ("owner", "expires", "scope", "service"))
        owner, now = member(body, "owner", str), self._now()
        if not owner.strip() or not owner.isprintable() or len(owner) > MAX_OWNER:
            raise ProblemError(400, f"owner has to be a line of at most {MAX_OWNER} characters")
        try:
            expires_at = parse_expiration(member(body, "expires", str), now)
            scope = Scope(member(body, "scope", str, Scope.CONTROL.value))
        except (InvalidTimeError, ValueError) as error:
            raise ProblemError(400, str(error)) from None
        rights = Rights(scope, member(body, "service", bool, default=False))
        try:
            return _given(await self._store.create_token(owner, now, expires_at, rights))
        except StoreError as error:
            raise _problem(error) from None

    async def _revoke(self, question: Question) -> Response:
        try:
            token = await self._store.revoke_token(_number(question), self._now())
        except StoreError as error:
            raise _problem(error) from None
        return json_response(_told(token, self._now()))

    async def _rotate(self, question: Question) -> Response:
        try:
            return _given(await self._store.rotate_token(_number(question), self._now()))
        except StoreError as error:
            raise _problem(error) from None


def _number(question: Question) -> int:
    text = question.parts[0]
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:11]) <= MAX_ID):
        raise ProblemError(404, "there is no token of this number")
    return int(text[:11])


def _given(token: TokenText) -> Response:
    return json_response({"id": token.id, "token": str(token)}, 201, _UNCACHED)


def _problem(error: StoreError) -> ProblemError:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 503)
    return ProblemError(status, str(error))


def _told(token: Token, now: datetime) -> dict[str, object]:
    ended = token.invalidated_at
    return {
        "id": token.id,
        "owner": token.owner,
        "scope": token.scope.value,
        "service": token.service,
        "status": token.status_at(now).name.lower(),
        "createdAt": format_iso(token.created_at),
        "expiresAt": format_iso(token.expires_at),
        "invalidatedAt": None if ended is None else format_iso(ended),
    }
