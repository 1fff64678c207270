"""Who asks over HTTP: the token in the header, or a session key that was given for one."""

import secrets
from collections.abc import Awaitable, Callable, Sequence

import trio
from attrs import define, field, frozen

from protocol.auth.addresses import Network, client_of, is_local
from protocol.auth.authentication import AuthError, AuthUnavailableError, Grant
from protocol.auth.failures import LOCKED_S, Failures
from protocol.auth.rights import Rights
from protocol.outward.http import CutShortError, ProblemError, Request

KEY_LIFE_S = 12 * 3600.0
"""How long a session key lives at most."""

MAX_KEYS = 256
"""Session keys at a time; the oldest one goes."""

_CHALLENGE = (("www-authenticate", 'Bearer realm="iqrf-trio"'),)

Authenticate = Callable[[str], Awaitable[Grant]]
"""What the text of a token is worth; raises AuthError."""


@frozen
class Caller:
    """Whoever asks: the address, whether that is this machine, and what the token allows.

    `grant` is None where none was shown.
    """

    address: str
    local: bool
    grant: Grant | None = None

    def needs(self, rights: Rights) -> Grant:
        """The grant, if it allows this. Raises ProblemError 401 and 403."""
        if self.grant is None:
            text = "this takes an API token: Authorization: Bearer TOKEN"
            raise ProblemError(401, text, _CHALLENGE)
        if missing := self.grant.rights.missing(rights):
            raise ProblemError(403, f"{missing} {_fix(self.grant.rights, rights)}")
        return self.grant


def _fix(held: Rights, needed: Rights) -> str:
    """How to have a token that may do all that is held, and what is needed."""
    scope = held.scope if held.scope.includes(needed.scope) else needed.scope
    service = " --service" if held.service or needed.service else ""
    return f"Make one: iqrf-trio token create -o OWNER -e 1y --scope {scope.value}{service}"


@frozen
class _Key:
    token: str
    ends_at: float


@define(eq=False)
class Keys:
    """Session keys: secrets in memory that stand for a token, so that a browser need not keep it.

    A key has the form of a token with the token's number, so that whoever takes tokens takes keys
    unchanged. It is worth what its token is worth at that moment, and ends with the gateway.
    """

    _authenticate: Authenticate
    _keys: dict[str, _Key] = field(factory=dict, init=False)

    async def authenticate(self, text: str) -> Grant:
        """What a key or a token is worth. Raises AuthError."""
        key = self._keys.get(text)
        if key is not None and key.ends_at <= trio.current_time():
            del self._keys[text]
            key = None
        return await self._authenticate(text if key is None else key.token)

    def give(self, token: str, grant: Grant) -> str:
        """A new key for a token that was found good."""
        while len(self._keys) >= MAX_KEYS:
            del self._keys[next(iter(self._keys))]
        key = f"iqrfgd2;{grant.token_id};{secrets.token_urlsafe(32)}"
        known = self._keys.get(token)
        secret = token if known is None else known.token
        self._keys[key] = _Key(secret, trio.current_time() + KEY_LIFE_S)
        return key

    def take_back(self, key: str) -> bool:
        """End a key; whether there was one."""
        return self._keys.pop(key, None) is not None


@frozen(eq=False)
class Access:
    """Finds out who asks, and slows those down who guess.

    What `trusted_proxies` gives is believed in what X-Forwarded-For says.
    """

    keys: Keys
    failures: Failures
    on_failure: Callable[[AuthError], None]
    trusted_proxies: Callable[[], Sequence[Network]] = tuple

    def client(self, request: Request, peer: str) -> str:
        """The address of whoever asks: the peer's, or what a trusted proxy says."""
        return client_of(peer, request.joined_headers, self.trusted_proxies())

    async def identify(self, request: Request, peer: str) -> Caller:
        """Who asks. Raises ProblemError 401 for a token that is no good, 503 where none can be
        checked, and 429 for whoever fails again and again."""
        address = self.client(request, peer)
        local = is_local(peer, request.joined_headers)
        text = request.bearer
        if text is None:
            return Caller(address, local)
        try:
            return Caller(address, local, await self.keys.authenticate(text))
        except AuthUnavailableError as error:
            raise ProblemError(503, error.text) from None
        except AuthError as error:
            self.on_failure(error)
            wait = self.failures.record(address, error.token_id, trio.current_time(), local=local)
            if wait >= LOCKED_S:
                retry = (("retry-after", str(round(wait))),)
                text = "too many wrong tokens from this address"
                raise ProblemError(429, text, retry) from None
            await trio.sleep(wait)
            raise ProblemError(401, error.text, _CHALLENGE) from None

    async def look_again(self, token: str) -> None:
        """Whether a token that was good still is; a store that cannot tell changes nothing.

        Raises CutShortError.
        """
        try:
            await self.keys.authenticate(token)
        except AuthUnavailableError:
            return
        except AuthError as error:
            raise CutShortError(error.text) from None
