"""Tokens that change while they are in use end their sessions within a second, and only theirs."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from iqrf_trio.services.token_watch import POLL_S, TokenStore, authenticate, objection
from iqrf_trio.store import Store, inline
from iqrf_trio.store.sqlite import connect, transact
from iqrf_trio.store.tokens import create, revoke
from protocol.auth.authentication import (
    AuthUnavailableError,
    Grant,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from protocol.auth.rights import CONTROL, MANAGE, READ, Rights, Scope
from protocol.auth.tokens import Status
from tests.iqrf_trio.limits import limits_with
from tests.iqrf_trio.raw_client import EndOfStreamError, RawClient
from tests.iqrf_trio.rig import SECRETS, START, Clock, TokenTable, auth, error, gateway

TOKEN = f"iqrfgd2;1;{SECRETS[1]}"


async def ended(client: RawClient, code: int) -> None:
    assert await client.receive() == error(code)
    assert await client.receive_close() == 1008


async def test_one_of_fifty_is_revoked(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway(limits=limits_with(max_clients=50), watch=True) as gate:
        clients = [await gate.login(1) for _ in range(25)]
        victim = await gate.login(4)
        clients += [await gate.login(1) for _ in range(24)]
        await trio.sleep(10.2)
        gate.table.change(4, status=Status.REVOKED, invalidated_at=gate.clock())
        began = trio.current_time()
        await ended(victim, 6)
        assert trio.current_time() - began <= 1.0
        for client in clients:
            await client.send("still here")
            assert await client.receive() == "still here"
        assert len(gate.sessions) == 49


async def test_every_session_of_a_revoked_token_ends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(watch=True) as gate:
        clients = [await gate.login() for _ in range(5)]
        await trio.sleep(3)
        gate.table.change(1, status=Status.REVOKED)
        for client in clients:
            await ended(client, 6)
        assert trio.current_time() <= 4.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": Status.REVOKED}, 6),
        ({"expires_at": START + timedelta(seconds=1)}, 5),
        (None, 4),
    ],
    ids=["revoked", "made to expire", "deleted"],
)
async def test_what_ends_a_session(
    change: dict[str, object] | None, code: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await trio.sleep(5)
        if change is None:
            gate.table.delete(1)
        else:
            gate.table.change(1, **change)
        await ended(client, code)
        assert trio.current_time() <= 6.0


async def test_nothing_is_executed_after_a_revocation(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await trio.sleep(5)
        gate.table.change(1, status=Status.REVOKED)
        await trio.sleep(1)
        gate.reports.publish("not for you")
        await client.send("too late")
        await ended(client, 6)
        assert gate.accepted == []


async def test_other_changes_are_looked_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await trio.sleep(5)
        asked = gate.table.questions
        await trio.sleep(60)
        assert gate.table.questions == asked, "nothing changed, nothing is asked"
        gate.table.change(1, owner="somebody else")
        await trio.sleep(60)
        assert gate.table.questions == asked + 1
        await client.send("still here")
        assert await client.receive() == "still here"


async def test_a_token_revoked_while_it_is_checked(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway(watch=True) as gate:
        gate.table.delay_s = 3
        client = await gate.open()
        await client.send(auth(1))
        await trio.sleep(1)
        # The check has read the record already, and the change is seen before the session is.
        gate.table.change(1, status=Status.REVOKED)
        gate.table.delay_s = 0
        assert "auth_success" in await client.receive()
        await ended(client, 6)
        assert trio.current_time() <= 4.0


async def test_a_database_that_fails_keeps_the_sessions(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await trio.sleep(5)
        gate.table.broken = True
        await trio.sleep(60)
        await client.send("still here")
        assert await client.receive() == "still here"
        assert caplog.text.count("tokens in use cannot be checked, will try again") == 1
        gate.table.change(1, status=Status.REVOKED)
        gate.table.broken = False
        await ended(client, 6)
        assert trio.current_time() <= 66.0


async def test_a_damaged_record_keeps_nobody_else(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(watch=True) as gate:
        lucky, victim = await gate.login(1), await gate.login(4)
        await trio.sleep(5)
        gate.table.damaged.add(1)
        gate.table.change(4, status=Status.REVOKED)
        await ended(victim, 6)
        assert trio.current_time() <= 6.0
        await lucky.send("still here")
        assert await lucky.receive() == "still here"
        assert "API token ID 1 is damaged" in caplog.text
        gate.table.damaged.clear()
        gate.table.delete(1)
        await ended(lucky, 4)


async def test_a_wall_clock_that_jumps_ahead_ends_sessions(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await trio.sleep(5)
        gate.clock.offset_s = 366 * 86400
        await ended(client, 5)
        assert trio.current_time() <= 5.5


async def test_who_does_not_read_is_given_up_after_its_last_word(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        await client.receive()
        gate.reports.publish("unread")
        gate.table.change(1, status=Status.REVOKED)
        await trio.sleep(6.5)
        assert len(gate.sessions) == 0
        assert await client.receive() == "unread"
        with pytest.raises(EndOfStreamError):
            await client.receive()


# At the door.


async def test_the_verdicts_of_the_store() -> None:
    table, clock = TokenTable(), Clock()
    granted = await authenticate(table, clock, TOKEN)
    assert granted == Grant(1, table.tokens[1].expires_at, READ)
    for text, refusal in (
        ("nonsense", TokenInvalidError),
        (f"iqrfgd2;9;{SECRETS[1]}", TokenInvalidError),
        (f"iqrfgd2;2;{SECRETS[2]}", TokenRevokedError),
        (f"iqrfgd2;3;{SECRETS[3]}", TokenExpiredError),
    ):
        with pytest.raises(refusal):
            await authenticate(table, clock, text)
    table.broken = True
    with pytest.raises(AuthUnavailableError, match="disk I/O error") as raised:
        await authenticate(table, clock, TOKEN)
    assert raised.value.token_id == 1


async def test_an_expired_token_is_refused_and_its_record_left_alone() -> None:
    table, clock = TokenTable(), Clock()
    table.change(1, expires_at=START)
    before = table.tokens[1]
    with pytest.raises(TokenExpiredError):
        await authenticate(table, clock, TOKEN)
    assert table.tokens[1] == before


def test_objections() -> None:
    token = TokenTable().tokens[1]
    assert objection(1, token, START) is None
    assert isinstance(objection(1, token, token.expires_at), TokenExpiredError)
    gone = objection(1, None, START)
    assert isinstance(gone, TokenInvalidError)
    assert gone.token_id == 1


async def test_with_the_store_itself(tmp_path: Path) -> None:
    """The token tool, in another connection, makes and revokes what the gateway looks at."""
    path = tmp_path / "tokens.db"
    now = datetime.now(UTC)
    async with Store.open(path, hop=inline) as store:
        seam: TokenStore = store
        tool = connect(path)
        make = partial(
            create, owner="x", created_at=now, expires_at=now + timedelta(days=1), rights=CONTROL
        )
        shown = transact(tool, make)
        assert await seam.changed()
        assert not await seam.changed()
        granted = await authenticate(seam, lambda: now, str(shown))
        assert (granted.token_id, granted.rights) == (shown.id, CONTROL)
        transact(tool, partial(revoke, token_id=shown.id, at=now))
        assert await seam.changed()
        with pytest.raises(TokenRevokedError):
            await authenticate(seam, lambda: now, str(shown))
        tool.close()


@pytest.mark.parametrize(
    ("change", "rights"),
    [
        ({"service": True}, Rights(Scope.READ, service=True)),
        ({"scope": Scope.MANAGE}, MANAGE),
        ({"expires_at": START + timedelta(days=999)}, READ),
    ],
)
async def test_sessions_have_the_rights_that_their_token_has_now(
    change: dict[str, object], rights: Rights, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(watch=True) as gate:
        client = await gate.login()
        await client.send("before")
        assert await client.receive() == "before"
        ((_, session),) = gate.accepted
        assert session.rights == READ
        gate.table.change(1, **change)
        await trio.sleep(POLL_S + 0.1)
        assert session.rights == rights
        assert session.grant is not None
        assert session.grant.expires_at == gate.table.tokens[1].expires_at
        assert session.live


async def test_a_session_lives_as_long_as_its_token_does_now(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(watch=True) as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=20))
        client = await gate.login()
        gate.table.change(1, expires_at=START + timedelta(seconds=60))
        await trio.sleep(40)
        await client.send("still here")
        assert await client.receive() == "still here"
        await ended(client, 5)
        assert trio.current_time() == pytest.approx(60)
