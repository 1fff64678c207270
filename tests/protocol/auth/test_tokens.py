"""One spelling per token, one hash per secret, and no verdict without the secret.

TK, CR are the conformance rows of token parsing and of the hash, WA those of authentication.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.auth.tokens import (
    MAX_ID,
    NO_HASH,
    InvalidTokenError,
    Status,
    Token,
    TokenText,
    Verdict,
    hash_secret,
    judge,
    matches,
    parse,
    secret_of,
)
from protocol.errors import LocalProtocolError

SECRET = "updgKmdhceGzmI9i0M9UELExYZwSKrCBv1vusq+TfHk="
OTHER_SECRET = "zDrcvQaXWopzJ+DbfkpGq3Tn00wkt3n6fExj8iUsYio="
KEY = bytes.fromhex("6df8fbe5be634f4f61ec3fb5538cd01c04201cbc9273b5911567535de754840c")
KEY_HASH = bytes.fromhex("00d2dddfafaa0ef4e55c9516d253ea703523e31b869519016029454cf5d2bae5")
KEY_SECRET = "bfj75b5jT09h7D+1U4zQHAQgHLySc7WRFWdTXedUhAw="

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

NOW = datetime(2025, 11, 4, 6, 36, 55, tzinfo=UTC)
TOKEN = Token(
    id=1,
    owner="test",
    hash=hash_secret(SECRET),
    created_at=NOW - timedelta(days=30),
    expires_at=NOW + timedelta(days=365),
)


@pytest.mark.parametrize("character", list("AgGzZ059+/"))
def test_tk_01_characters_of_a_secret(character: str) -> None:
    assert parse(f"iqrfgd2;1;{character}{SECRET[1:]}").secret[0] == character


@pytest.mark.parametrize("character", list("-*~`!_"))
def test_tk_02_other_characters(character: str) -> None:
    with pytest.raises(InvalidTokenError, match="invalid characters"):
        parse(f"iqrfgd2;1;{character}{SECRET[1:]}")


def test_tk_03_a_token() -> None:
    assert parse(f"iqrfgd2;1;{SECRET}") == TokenText(1, SECRET)


NOT_CANONICAL_ID = f"API token ID is not a plain number in 1..{MAX_ID}."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("invalid", "Invalid API token format.", id="TK-04"),
        pytest.param(f"iqrfgd2:1:{SECRET}", "Invalid API token format.", id="TK-05"),
        pytest.param(f"iqrfgd2;1;{SECRET};", "Invalid API token format.", id="four fields"),
        pytest.param("", "Invalid API token format.", id="empty"),
        pytest.param(f"iqaros;1;{SECRET}", "Unsupported API token type.", id="TK-07"),
        pytest.param(f" iqrfgd2;1;{SECRET}", "Unsupported API token type.", id="space in front"),
        pytest.param(
            f"iqrfgd2;1b;{SECRET}",
            "API token ID part contains non-numeric characters.",
            id="TK-08",
        ),
        pytest.param(
            f"iqrfgd2;;{SECRET}",
            "API token ID part contains non-numeric characters.",
            id="no id",
        ),
        pytest.param(
            f"iqrfgd2;²;{SECRET}",
            "API token ID part contains non-numeric characters.",
            id="a digit that is none",
        ),
        pytest.param(f"iqrfgd2;0;{SECRET}", NOT_CANONICAL_ID, id="id 0"),
        pytest.param(f"iqrfgd2;0008;{SECRET}", NOT_CANONICAL_ID, id="PR-10 leading zeros"),
        pytest.param(f"iqrfgd2;4294967304;{SECRET}", NOT_CANONICAL_ID, id="PR-10 id + 2^32"),
        pytest.param(f"iqrfgd2;{'9' * 5000};{SECRET}", NOT_CANONICAL_ID, id="an endless id"),
        pytest.param(
            "iqrfgd2;1;updgKmdhceGzmI9i0M9UELExYZwSKrCBv1vusq+T=",
            "Invalid API token secret length.",
            id="TK-09",
        ),
        pytest.param(f"iqrfgd2;1;{SECRET}\n", "Invalid API token secret length.", id="newline"),
        pytest.param(
            "iqrfgd2;1;updgKmdhceGzmI9i0M9UELExYZwSK-CBv1vusq*TfHk=",
            "API token secret contains invalid characters.",
            id="TK-11",
        ),
        pytest.param(
            f"iqrfgd2;1;={SECRET[:-1]}",
            "API token secret contains invalid characters.",
            id="= in front",
        ),
        pytest.param(
            f"iqrfgd2;1;{SECRET[:-2]}==",
            "API token secret contains invalid characters.",
            id="31 bytes",
        ),
        pytest.param(
            f"iqrfgd2;1;{SECRET[:-1]}A",
            "API token secret contains invalid characters.",
            id="33 bytes",
        ),
        pytest.param(
            f"iqrfgd2;1;{'é' * 43}=",
            "API token secret contains invalid characters.",
            id="letters that are not ASCII",
        ),
        pytest.param(
            f"iqrfgd2;1;{SECRET[:-2]}l=",
            "API token secret is not in canonical form.",
            id="spare bits",
        ),
    ],
)
def test_what_is_no_token_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        parse(text)
    assert str(caught.value) == message


@given(st.integers(1, MAX_ID), st.binary(min_size=32, max_size=32))
def test_tokens_round_trip(token_id: int, entropy: bytes) -> None:
    token = TokenText(token_id, secret_of(entropy))
    assert parse(str(token)) == token


@given(st.binary(min_size=32, max_size=32))
def test_a_secret_has_one_spelling(entropy: bytes) -> None:
    secret = secret_of(entropy)
    spellings = [f"{secret[:-2]}{last}=" for last in ALPHABET]
    assert sum(_is_token(f"iqrfgd2;1;{spelling}") for spelling in spellings) == 16
    same = [text for text in spellings if base64.b64decode(text) == entropy]
    assert len(same) == 4
    assert [text for text in same if _is_token(f"iqrfgd2;1;{text}")] == [secret]


@given(st.text(max_size=80) | st.from_regex(r"\Aiqrfgd2;[0-9]{1,11};[A-Za-z0-9+/=]{44}\Z"))
def test_any_text_is_the_one_spelling_of_a_token_or_refused(text: str) -> None:
    if _is_token(text):
        assert str(parse(text)) == text


def _is_token(text: str) -> bool:
    try:
        parse(text)
    except InvalidTokenError:
        return False
    return True


def test_cr_01_the_hash_is_sha3_256_of_the_bytes() -> None:
    assert hashlib.sha3_256(KEY).digest() == KEY_HASH
    assert hash_secret(KEY_SECRET) == base64.b64encode(KEY_HASH).decode()


def test_cr_02_a_secret_is_base64_of_its_bytes() -> None:
    assert secret_of(KEY) == KEY_SECRET


def test_cr_04_and_05_base64_gives_the_bytes_back() -> None:
    assert base64.b64decode(KEY_SECRET) == KEY
    assert base64.b64decode(hash_secret(KEY_SECRET)) == KEY_HASH


@pytest.mark.parametrize(
    ("text", "stored_hash"),
    [
        (
            "iqrfgd2;1;25SI8PrptHDbgDGCtfJHbaBCaqyYIMxuQpXpsZrvoU4=",
            "q3qaIzd74DZFnYkhCyzwFI+OPgA+o/bs0461sPzo6bA=",
        ),
        (
            "iqrfgd2;2;4sT5KP+8U4X0b61LdOX1FL9r8umEUimzzK+lAcoxDOc=",
            "YKyPGf9jfXN0Lj71LMJm5U3ZaSOXgYuTeNtqNu6fkE0=",
        ),
        (
            "iqrfgd2;3;MuekuECy4EJOI2REYQ7zC0hiQ6WiUNU7Jj86qTjCbyE=",
            "L+3UfZb24CPMrOpyUIxW/1m+HnAQV2wr3PpDvxOx1c8=",
        ),
        (
            "iqrfgd2;4;dFYIlOolYq3bDmwxsMLy03HfJzLOmoeTumJfXnsBTJA=",
            "m6qZai36k7ZSJjZ32GWTAaO/xp0NzyLnOw/gc9NJsUQ=",
        ),
    ],
)
def test_tokens_of_gateways_in_the_field_match_their_hashes(text: str, stored_hash: str) -> None:
    assert hash_secret(parse(text).secret) == stored_hash
    assert matches(parse(text).secret, stored_hash)
    assert not matches(OTHER_SECRET, stored_hash)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_secret_is_made_of_32_bytes(size: int) -> None:
    with pytest.raises(LocalProtocolError, match="32"):
        secret_of(bytes(size))


@pytest.mark.parametrize(
    ("token", "secret", "verdict"),
    [
        pytest.param(TOKEN, SECRET, Verdict.ACCEPTED, id="WA-12"),
        pytest.param(None, SECRET, Verdict.INVALID, id="WA-09"),
        pytest.param(TOKEN, OTHER_SECRET, Verdict.INVALID, id="wrong secret"),
        pytest.param(
            evolve(TOKEN, status=Status.REVOKED), SECRET, Verdict.REVOKED, id="WA-10 revoked"
        ),
        pytest.param(
            evolve(TOKEN, expires_at=NOW - timedelta(1)),
            SECRET,
            Verdict.EXPIRED,
            id="WA-11 expired",
        ),
        pytest.param(
            evolve(TOKEN, expires_at=NOW), SECRET, Verdict.EXPIRED, id="expires at this moment"
        ),
        pytest.param(
            evolve(TOKEN, expires_at=NOW + timedelta(milliseconds=1)),
            SECRET,
            Verdict.ACCEPTED,
            id="expires in a moment",
        ),
        pytest.param(
            evolve(TOKEN, status=Status.REVOKED, expires_at=NOW),
            SECRET,
            Verdict.REVOKED,
            id="revoked, then expired",
        ),
        pytest.param(
            evolve(TOKEN, status=Status.REVOKED),
            OTHER_SECRET,
            Verdict.INVALID,
            id="revoked, wrong secret",
        ),
        pytest.param(
            evolve(TOKEN, expires_at=NOW - timedelta(1)),
            OTHER_SECRET,
            Verdict.INVALID,
            id="expired, wrong secret",
        ),
        pytest.param(
            evolve(TOKEN, expires_at=NOW), OTHER_SECRET, Verdict.INVALID, id="over, wrong secret"
        ),
        pytest.param(
            evolve(TOKEN, hash="no base64 at all: ž"), SECRET, Verdict.INVALID, id="damaged hash"
        ),
    ],
)
def test_the_secret_comes_first(token: Token | None, secret: str, verdict: Verdict) -> None:
    assert judge(token, secret, NOW) is verdict


def test_an_unknown_id_is_not_opened_by_the_stand_in_hash() -> None:
    assert judge(None, NO_HASH, NOW) is Verdict.INVALID


def test_secrets_are_not_shown_by_accident() -> None:
    assert SECRET not in repr(TokenText(1, SECRET))
    assert TOKEN.hash not in repr(TOKEN)
