"""API tokens: their text, the hash that is kept of them, and the verdict on one that is shown."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from enum import Enum, IntEnum

from attrs import field, frozen

from protocol.auth.rights import Rights, Scope
from protocol.errors import LocalProtocolError, RemoteProtocolError

PREFIX = "iqrfgd2"
MAX_ID = 0xFFFF_FFFF
SECRET_BYTES = 32
"""Bytes of randomness in a secret; 44 characters of base64 with one `=` at the end."""

MAX_OWNER = 64
"""Characters of an owner's name; the width of the owner's column in the table of tokens."""

_SECRET_LENGTH = 44
_ALPHABET = re.compile(r"[A-Za-z0-9+/]{43}=")
_MAX_ID_DIGITS = len(str(MAX_ID))


class InvalidTokenError(RemoteProtocolError):
    """A text that is no token; the message never repeats any of it."""


class Status(IntEnum):
    """How far a token's life has come; the numbers are those of the token tool's JSON.

    EXPIRED is never stored, it is computed from the clock of the moment: a clock that was wrong
    once must not end a token for ever.
    """

    VALID = 0
    EXPIRED = 1
    REVOKED = 2


class Verdict(Enum):
    """What becomes of an attempt to authenticate; the numbers are the codes of `auth_error`."""

    ACCEPTED = 0
    INVALID = 4
    EXPIRED = 5
    REVOKED = 6


@frozen
class TokenText:
    """A token as its owner holds it: the number of its record, and the secret."""

    id: int
    secret: str = field(repr=False)

    def __str__(self) -> str:
        """The text that `parse` reads."""
        return f"{PREFIX};{self.id};{self.secret}"


@frozen
class Token:
    """A token as the gateway keeps it: everything but the secret.

    Times are UTC. `status` is VALID or REVOKED; `status_at` tells what the token is worth at a
    moment.
    """

    id: int
    owner: str
    hash: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    status: Status = Status.VALID
    service: bool = False
    invalidated_at: datetime | None = None
    scope: Scope = Scope.READ

    @property
    def rights(self) -> Rights:
        """What its holder may do."""
        return Rights(self.scope, self.service)

    def status_at(self, now: datetime) -> Status:
        """REVOKED if it was, else EXPIRED from `expires_at` on, before that VALID."""
        if self.status is Status.REVOKED:
            return Status.REVOKED
        return Status.EXPIRED if now >= self.expires_at else Status.VALID


def parse(text: str) -> TokenText:
    """Read `iqrfgd2;<id>;<secret>`, in its one canonical spelling.

    The id is 1..4294967295 without leading zeros, the secret the canonical base64 of 32 bytes.
    Raises InvalidTokenError.
    """
    fields = text.split(";")
    if len(fields) != 3:
        raise InvalidTokenError("Invalid API token format.")
    prefix, number, secret = fields
    if prefix != PREFIX:
        raise InvalidTokenError("Unsupported API token type.")
    token_id = _parse_id(number)
    _decode(secret)
    return TokenText(token_id, secret)


def secret_of(entropy: bytes) -> str:
    """The secret made of 32 random bytes.

    Raises LocalProtocolError for any other number of them.
    """
    if len(entropy) != SECRET_BYTES:
        raise LocalProtocolError(f"a secret is made of {SECRET_BYTES} bytes, not {len(entropy)}")
    return base64.b64encode(entropy).decode()


def hash_secret(secret: str) -> str:
    """What is kept of a secret: base64 of the SHA3-256 of its 32 bytes.

    No salt and no stretching: 256 random bits need neither. Raises InvalidTokenError.
    """
    return base64.b64encode(hashlib.sha3_256(_decode(secret)).digest()).decode()


NO_HASH = secret_of(bytes(SECRET_BYTES))
"""Stands in for the hash of a token that does not exist; no secret is known to have it."""


def matches(secret: str, stored_hash: str) -> bool:
    """Whether `stored_hash` was made of `secret`; takes as long for a near miss as for a far one.

    Raises InvalidTokenError when `secret` is none.
    """
    return hmac.compare_digest(hash_secret(secret).encode(), stored_hash.encode())


def judge(token: Token | None, secret: str, now: datetime) -> Verdict:
    """What the holder of `secret` is told about `token`, the record of the id that was shown.

    Only who knows the secret learns that a token expired or was revoked: for everybody else,
    and for an id without a record, the answer is INVALID after the same amount of work.
    """
    known = matches(secret, NO_HASH if token is None else token.hash)
    if token is None or not known:
        return Verdict.INVALID
    return _VERDICTS[token.status_at(now)]


_VERDICTS = {
    Status.VALID: Verdict.ACCEPTED,
    Status.EXPIRED: Verdict.EXPIRED,
    Status.REVOKED: Verdict.REVOKED,
}


def _parse_id(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidTokenError("API token ID part contains non-numeric characters.")
    if digits.startswith("0") or len(digits) > _MAX_ID_DIGITS or int(digits) > MAX_ID:
        raise InvalidTokenError(f"API token ID is not a plain number in 1..{MAX_ID}.")
    return int(digits)


def _decode(secret: str) -> bytes:
    if len(secret) != _SECRET_LENGTH:
        raise InvalidTokenError("Invalid API token secret length.")
    if not _ALPHABET.fullmatch(secret):
        raise InvalidTokenError("API token secret contains invalid characters.")
    raw = base64.b64decode(secret)
    if secret_of(raw) != secret:
        raise InvalidTokenError("API token secret is not in canonical form.")
    return raw
