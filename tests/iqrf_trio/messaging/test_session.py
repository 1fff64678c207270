"""A client's session from the first message to the close frame, as the client sees it.

Rows of the conformance list (WA plain, WT over TLS, PR) stand under their names. Decided
otherwise than the rows' server does, and tested so: PR-10 (one spelling of a token), PR-13 and
PR-15 (nothing reaches strangers, tokens end when they end), PR-22 (a close frame at the end).
WA-08 and WA-13..15 are not part of the list; WT-08 and WT-13..15 refer to them.
"""

import json
import logging
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
import trio
import trio.testing

from iqrf_trio.edges.tcp.listeners import Endpoint, bind
from iqrf_trio.edges.websocket import Connection, ConnectionClosed, connect, serve
from iqrf_trio.edges.websocket.wire import FRAMES
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.messaging.session import LONG, STALL_S, Session, SessionLimits
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.token_watch import authenticate
from protocol.auth.failures import LOCKED_S
from protocol.auth.rights import Rights, Scope
from protocol.auth.tokens import Status
from tests.iqrf_trio.limits import limits_with, session_limits_with
from tests.iqrf_trio.raw_client import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    RawClient,
    close_frame,
    frame,
)
from tests.iqrf_trio.rig import (
    SECRETS,
    START,
    Clock,
    TokenTable,
    auth,
    auth_text,
    error,
    gateway,
    success,
)

STRANGER = "zDrcvQaXWopzJ+DbfkpGq3Tn00wkt3n6fExj8iUsYio="
"""A secret that nobody has."""

RAW = (
    '{"mType":"iqrfRaw","data":{"msgId":"auth_success_test","timeout":1000,'
    '"req":{"rData":"00.00.06.03.ff.ff"}}}'
)
RAW_ANSWER = (
    '{"mType":"iqrfRaw","data":{"msgId":"auth_success_test",'
    '"rsp":{"rData":"00.00.06.83.00.00.00.44"},"status":0,"insId":"iqrfgd2-default"}}'
)

YEAR = START + timedelta(days=365)

plain_and_tls = pytest.mark.parametrize("tls", [False, True], ids=["WA", "WT"])


def radio(message: str | bytes, session: Session) -> None:
    """The handlers of the conformance rows."""
    assert message == RAW
    session.reply(RAW_ANSWER)


async def refused(client: RawClient, code: int) -> None:
    """The error comes first, then the close frame without a reason, then the end."""
    assert await client.receive() == error(code)
    assert await client.receive_close() == 1008


@plain_and_tls
@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param("invalid", 3, id="01"),
        pytest.param("invalid\0", 3, id="01 as sent"),
        pytest.param('{"type":"invalid"}', 1, id="02"),
        pytest.param(auth_text("token"), 4, id="04"),
        pytest.param(auth_text(f"iqaros;1;{STRANGER}"), 4, id="05"),
        pytest.param(auth_text(f"iqrfgd2;1a;{STRANGER}"), 4, id="06"),
        pytest.param(auth_text("iqrfgd2;1a;zDrcvQaXWopzJ+o="), 4, id="07"),
        pytest.param(auth_text(f"iqrfgd2;15;{STRANGER}"), 4, id="09"),
        pytest.param(auth_text(f"iqrfgd2;1;{STRANGER}"), 4, id="wrong secret"),
        pytest.param(auth_text(f"iqrfgd2;2;{STRANGER}"), 4, id="wrong secret of a revoked token"),
        pytest.param(auth_text(f"iqrfgd2;3;{STRANGER}"), 4, id="wrong secret of an expired token"),
        pytest.param(auth(2), 6, id="10"),
        pytest.param(auth(3), 5, id="11"),
        pytest.param(auth(1).replace("}", ',"id":1}'), 1, id="PR-01"),
        pytest.param(auth(1).replace(";1;", ";4294967297;"), 4, id="PR-10 id + 2^32"),
        pytest.param(auth(1).replace(";1;", ";0001;"), 4, id="PR-10 leading zeros"),
        pytest.param(auth(1).replace("oU4=", "o=4U"), 4, id="misplaced ="),
        pytest.param(RAW, 1, id="a request"),
        pytest.param("", 3, id="nothing in it"),
        pytest.param("[" * 60000, 3, id="deep"),
    ],
)
async def test_who_is_refused(
    message: str, code: int, tls: bool, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(radio, tls=tls) as gate:
        client = await gate.open()
        await client.send(message)
        await refused(client, code)
        assert trio.current_time() == 0
        assert gate.accepted == []
        await gate.login()


async def test_wa_03_a_client_that_says_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway(radio) as gate:
        client = await gate.open()
        await refused(client, 2)
        assert trio.current_time() == pytest.approx(15.0)


@plain_and_tls
async def test_12_a_client_that_is_let_in(
    tls: bool, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(radio, tls=tls) as gate:
        client = await gate.open()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        await client.send(RAW)
        assert await client.receive() == RAW_ANSWER
        await client.send_bytes(close_frame(1000))
        assert await client.receive_close(answer=False) == 1000
        assert trio.current_time() == 0


@plain_and_tls
async def test_17_a_message_that_is_too_long(
    tls: bool, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(radio, tls=tls) as gate:
        client = await gate.login()
        await client.send("~" * 100_000)
        assert await client.receive_close() == 1009


async def test_wa_h1_an_answer_that_comes_after_the_token_has_expired(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(lambda message, session: None) as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=5))
        client = await gate.login()
        await client.send(RAW)
        await trio.sleep(6)
        gate.accepted[0][1].reply(RAW_ANSWER)
        await refused(client, 5)


async def test_a_service_token_is_told_so() -> None:
    async with gateway() as gate:
        client = await gate.open()
        await client.send(auth(4))
        assert await client.receive() == success(YEAR, service=True)
        await client.send("x")
        await client.receive()
        (_, session), *_ = gate.accepted
        assert session.grant is not None
        assert session.grant.token_id == 4
        assert session.rights == Rights(Scope.READ, service=True)
        assert session.remote == "memory"


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([frame(BINARY, auth(1).encode())], id="binary"),
        pytest.param([frame(TEXT, "\ufeff".encode() + auth(1).encode())], id="byte order mark"),
        pytest.param(
            [
                frame(TEXT, auth(1).encode()[:9], fin=False),
                frame(PING, b"?"),
                frame(CONTINUATION, auth(1).encode()[9:]),
            ],
            id="fragmented",
        ),
        pytest.param([bytes((byte,)) for byte in frame(TEXT, auth(1).encode())], id="trickling"),
    ],
)
async def test_every_shape_of_an_authentication(frames: list[bytes]) -> None:
    async with gateway() as gate:
        client = await gate.open()
        for data in frames:
            await client.send_bytes(data)
        if len(frames) == 3:
            assert await client.receive_frame() == Frame(PONG, b"?")
        assert await client.receive() == success(YEAR)


async def test_pr_03_binary_requests_are_answered_in_text() -> None:
    async with gateway() as gate:
        client = await gate.login()
        await client.send(b"hello")
        assert await client.receive() == "hello"
        assert gate.accepted[0][0] == b"hello"


async def test_messages_behind_the_authentication_wait_for_it() -> None:
    async with gateway() as gate:
        client = await gate.open()
        data = frame(TEXT, auth(1).encode()) + frame(TEXT, b"one") + frame(TEXT, b"two")
        await client.send_bytes(data)
        assert [await client.receive() for _ in range(3)] == [success(YEAR), "one", "two"]


@pytest.mark.parametrize("first", ["invalid", RAW, auth(2), auth_text("token")])
async def test_there_is_one_attempt(first: str) -> None:
    async with gateway() as gate:
        client = await gate.open()
        data = frame(TEXT, first.encode()) + frame(TEXT, auth(1).encode()) + frame(TEXT, b"x")
        await client.send_bytes(data)
        assert "auth_error" in await client.receive()
        assert await client.receive_close() == 1008
        assert gate.accepted == []


async def test_a_second_authentication_is_for_the_handlers() -> None:
    async with gateway() as gate:
        client = await gate.login()
        await client.send(auth(4))
        assert await client.receive() == auth(4)
        (_, session), *_ = gate.accepted
        assert session.grant is not None
        assert session.grant.token_id == 1


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(frame(PING), id="PR-08 pings"),
        pytest.param(frame(PONG, b"unasked"), id="pongs"),
        pytest.param(frame(TEXT, b"x" * 60000)[:9], id="a message that never ends"),
    ],
)
async def test_nothing_but_a_message_stops_the_timer(
    sign: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(session=session_limits_with(auth_timeout=3.0)) as gate:
        client = await gate.open()

        async def keep_sending() -> None:
            for part in [sign] if sign[0] == 0x81 else [sign] * 10:
                await client.send_bytes(part)
                await trio.sleep(0.9)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_sending)
            while (received := await client.receive_frame()).opcode == PONG:
                pass
            assert trio.current_time() == pytest.approx(3.0)
            assert received == Frame(TEXT, error(2).encode())
            assert (await client.receive_frame()).close_code == 1008
            nursery.cancel_scope.cancel()


# The database.


async def test_a_database_that_fails_is_code_3_and_nobodys_fault(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(limits=limits_with(auth_failures_per_minute=1)) as gate:
        gate.table.broken = True
        for _ in range(3):
            client = await gate.open()
            await client.send(auth(1))
            await refused(client, 3)
        assert "Authentication failed: disk I/O error (code 3, token 1)" in caplog.text
        gate.table.broken = False
        await gate.login()


async def test_a_database_that_does_not_answer_is_code_3(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.table.delay_s = 1000
        client = await gate.open()
        await trio.sleep(14)
        await client.send(auth(1))
        await refused(client, 3)
        assert trio.current_time() == pytest.approx(24.0)


async def test_a_clock_that_was_wrong_ends_no_token_for_ever(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.clock.offset_s = 3650 * 86400.0
        client = await gate.open()
        await client.send(auth(1))
        await refused(client, 5)
        gate.clock.offset_s = 0.0
        await gate.login()


async def test_a_wrong_secret_changes_nothing() -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START)
        client = await gate.open()
        await client.send(auth_text(f"iqrfgd2;1;{STRANGER}"))
        await refused(client, 4)
        assert gate.table.tokens[1].status is Status.VALID


async def test_failures_are_logged_with_address_and_token_but_without_secret(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with gateway() as gate:
        for message in (
            auth(2),
            auth(3),
            auth_text(f"iqrfgd2;7;{STRANGER}"),
            auth_text("se;cr;et"),
        ):
            client = await gate.open()
            await client.send(message)
            await client.receive()
        await gate.login()
        await refused(await gate.open(), 2)
    warnings = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert warnings == [
        "memory: Revoked token (code 6, token 2)",
        "memory: Expired token (code 5, token 3)",
        "memory: Invalid token (code 4, token 7)",
        "memory: Invalid token: Unsupported API token type. (code 4)",
        "memory: Authentication timeout (code 2)",
    ]
    assert "memory: authenticated, token 1" in caplog.text
    for secret in (*SECRETS.values(), STRANGER, "cr;et"):
        assert secret not in caplog.text


async def test_who_fails_too_often_waits_for_its_answer_and_a_right_token_does_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(limits=limits_with(auth_failures_per_minute=2)) as gate:
        for message in ("invalid", auth(2), auth(2)):
            client = await gate.open()
            await client.send(message)
            await client.receive()
        began = trio.current_time()
        await gate.login()
        assert trio.current_time() == began
        client = await gate.open()
        await client.send(auth(3))
        await refused(client, 5)
        assert trio.current_time() == pytest.approx(began + LOCKED_S)
        await gate.login()


async def test_a_client_that_says_nothing_has_not_failed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(limits=limits_with(auth_failures_per_minute=1)) as gate:
        for _ in range(5):
            await refused(await gate.open(), 2)
        began = trio.current_time()
        client = await gate.open()
        await client.send(auth(2))
        await refused(client, 6)
        assert trio.current_time() == began


# Expiry.


async def test_pr_15_a_session_ends_when_its_token_does(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=90))
        client = await gate.login()
        await trio.sleep(60)
        await client.send("still valid")
        assert await client.receive() == "still valid"
        await refused(client, 5)
        assert trio.current_time() == pytest.approx(90.0)


async def test_who_writes_late_can_still_read_why(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=90))
        client = await gate.login()
        await trio.sleep(91)
        for _ in range(20):
            await client.send("x" * 5000)
        assert await client.receive() == error(5)
        assert await client.receive_close(answer=False) == 1008
        assert gate.accepted == []


async def test_fifty_tokens_expire_at_one_instant(autojump_clock: trio.testing.MockClock) -> None:
    patient = session_limits_with(heartbeat=7200.0)
    async with gateway(session=patient, limits=limits_with(max_clients=51)) as gate:
        gate.table.change(1, expires_at=START + timedelta(hours=1))
        clients = [await gate.login() for _ in range(50)]
        bystander = await gate.login(4)
        async with trio.open_nursery() as nursery:
            for client in clients:
                nursery.start_soon(refused, client, 5)
        assert trio.current_time() == pytest.approx(3600.0)
        await trio.testing.wait_all_tasks_blocked()
        assert len(gate.sessions) == 1
        await bystander.send("x")
        assert await bystander.receive() == "x"


async def test_a_wall_clock_that_jumps_ahead_is_noticed_at_the_next_message(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client = await gate.login()
        gate.clock.offset_s = 366 * 86400
        await client.send("is it so late?")
        await refused(client, 5)
        assert gate.accepted == []
        assert trio.current_time() == 0


async def test_a_wall_clock_that_jumps_ahead_is_noticed_at_the_next_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(lambda message, session: None) as gate:
        client = await gate.login()
        await client.send(RAW)
        await trio.testing.wait_all_tasks_blocked()
        gate.clock.offset_s = 366 * 86400
        gate.accepted[0][1].reply(RAW_ANSWER)
        await refused(client, 5)


async def test_a_wall_clock_that_is_set_back_prolongs_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=90))
        client = await gate.login()
        gate.clock.offset_s = -86400
        await refused(client, 5)
        assert trio.current_time() == pytest.approx(90.0)


async def test_a_token_that_runs_out_while_it_is_checked(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=1))
        gate.table.delay_s = 2
        client = await gate.open()
        await client.send(auth(1))
        await refused(client, 5)


# What is sent unasked.


async def test_pr_13_strangers_get_no_reports() -> None:
    async with gateway() as gate:
        stranger = await gate.open()
        client = await gate.login()
        gate.reports.publish("report")
        assert await client.receive() == "report"
        await stranger.send(auth(1))
        assert await stranger.receive() == success(YEAR)
        gate.reports.publish("another")
        assert await stranger.receive() == await client.receive() == "another"


async def test_sessions_can_subscribe_to_more() -> None:
    monitor = Reports()

    def accept(message: str | bytes, session: Session) -> None:
        session.subscribe(monitor)
        session.subscribe(monitor)
        session.reply("subscribed")

    async with gateway(accept) as gate:
        client, other = await gate.login(), await gate.login()
        await client.send("monitor, please")
        assert await client.receive() == "subscribed"
        monitor.publish("state")
        assert await client.receive() == "state"
        await client.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert len(monitor) == 0
        assert len(gate.reports) == 1
        gate.accepted[0][1].subscribe(monitor)
        assert len(monitor) == 0, "a session that is over subscribes to nothing"
        monitor.publish("unheard")
        await other.send("x")
        assert await other.receive() == "subscribed"


async def test_expired_and_revoked_sessions_get_nothing_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client = await gate.login()
        gate.clock.offset_s = 366 * 86400
        gate.reports.publish("too late")
        await refused(client, 5)


# Clients that do not read.


@pytest.mark.parametrize("reads_after", [4.0, 6.0])
async def test_the_last_word_reaches_who_reads_in_time(
    reads_after: float, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway() as gate:
        gate.table.change(1, expires_at=START + timedelta(seconds=90))
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(gate.table.tokens[1].expires_at)
        for number in range(200):
            gate.reports.publish(f"{number:1000}")
        await trio.sleep(90 - trio.current_time() + reads_after)
        assert await client.receive() == f"{0:1000}", "it was under way already"
        if reads_after < 5:
            await refused(client, 5)
        else:
            await client.end()


@pytest.mark.slow
async def test_a_client_that_never_reads_costs_only_itself(
    autojump_clock: trio.testing.MockClock,
) -> None:
    limits = limits_with(max_clients=500)
    async with gateway(session=session_limits_with(outbox_size=10), limits=limits) as gate:
        clients = [await gate.login() for _ in range(499)]
        idler = await gate.rig.connect(lockstep=True)
        await idler.upgrade()
        await idler.send(auth(1))
        assert await idler.receive() == success(YEAR)
        for number in range(20):
            gate.reports.publish(str(number))
            for client in clients:
                assert await client.receive() == str(number)
        assert trio.current_time() == 0, "nobody waited"
        await trio.sleep(STALL_S)
        gate.reports.publish("20")
        assert await idler.receive() == "0"
        assert await idler.receive_close() == 1013
        await trio.testing.wait_all_tasks_blocked()
        assert len(gate.sessions) == 499


async def test_a_client_that_never_reads_is_given_up(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(session=session_limits_with(outbox_size=10)) as gate:
        idler = await gate.rig.connect(lockstep=True)
        await idler.upgrade()
        await idler.send(auth(1))
        assert await idler.receive() == success(YEAR)
        for number in range(20):
            gate.reports.publish(str(number))
        await trio.sleep(STALL_S)
        assert "sent away" not in caplog.text, "nothing had to be sent meanwhile"
        for number in range(2):
            gate.reports.publish(str(number))
        assert "sent away, it does not read" in caplog.text
        await trio.sleep(5.1)
        assert len(gate.sessions) == 0


# Clients that read, but ask for more than they read.


async def test_a_client_that_reads_has_all_its_answers_however_fast_it_asks(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask(client: RawClient) -> None:
        for number in range(500):
            await client.send(f"{number:1000}")

    limits = session_limits_with(outbox_size=10, heartbeat=150.0)
    async with gateway(session=limits) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, client)
            for number in range(500):
                await trio.sleep(9)  # longer than a heartbeat's patience all in all
                assert len(gate.accepted) <= number + 15
                assert await client.receive() == f"{number:1000}"
        assert "sent away" not in caplog.text
        assert "given up" not in caplog.text


async def test_a_client_that_asks_and_does_not_read_is_sent_away(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(session=session_limits_with(outbox_size=10)) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        with trio.move_on_after(STALL_S - 0.1) as asking:
            while True:
                await client.send("x" * 1000)
        assert asking.cancelled_caught, "nothing more is taken from it"
        assert len(gate.accepted) <= 12
        assert len(gate.sessions) == 1
        await trio.sleep(0.2)
        assert "sent away, it does not read" in caplog.text
        await trio.sleep(5)
        assert len(gate.sessions) == 0
        assert gate.sessions.held == 0


async def test_a_client_that_vanishes_while_it_is_not_read_is_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(session=session_limits_with(outbox_size=10)) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        with trio.move_on_after(1):
            while True:
                await client.send("x")
        await trio.aclose_forcefully(client.stream)
        await trio.sleep(0.1)
        assert len(gate.sessions) == 0
        assert gate.sessions.held == 0


async def test_a_report_to_a_client_that_reads_slowly_is_left_out(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(session=session_limits_with(outbox_size=3)) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        await client.send("0")
        await trio.testing.wait_all_tasks_blocked()
        for number in range(5):
            gate.reports.publish(f"report {number}")
        assert "a report to it is left out" in caplog.text
        assert [await client.receive() for _ in range(4)] == [
            "0",
            *map("report {}".format, range(3)),
        ]
        await client.send("more")
        assert await client.receive() == "more"


async def test_answers_that_are_owed_have_their_place(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway(
        lambda _, session: session.owe(1), session=session_limits_with(outbox_size=10)
    ) as gate:
        client = await gate.login()
        with trio.move_on_after(60) as asking:
            while True:
                await client.send("x" * 1000)
                await trio.sleep(1)
                if len(gate.accepted) == 10:
                    break
        await client.send("x")
        await trio.sleep(60)
        assert len(gate.accepted) == 10
        assert not asking.cancelled_caught
        gate.accepted[0][1].owe(-1)
        await trio.sleep(1)
        assert len(gate.accepted) == 11
        for _ in range(10):
            gate.accepted[0][1].owe(-1)


# What waits for all of them.


async def test_who_holds_most_and_does_not_read_makes_room(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    replies: list[bool] = []

    def accept(message: str | bytes, session: Session) -> None:
        replies.append(session.reply("x" * int(message)))

    async with gateway(accept) as gate:
        gate.sessions.max_held = 10 * LONG
        idlers = []
        for size in (2, 6):
            idlers.append(client := await gate.rig.connect(lockstep=True))
            await client.upgrade()
            await client.send(auth(1))
            assert await client.receive() == success(YEAR)
            await client.send(str(size * LONG))
            await trio.testing.wait_all_tasks_blocked()
        assert gate.sessions.held == 8 * LONG
        client = await gate.login()
        await client.send(str(4 * LONG))
        await trio.testing.wait_all_tasks_blocked()
        assert replies == [True, True, False], "both may be reading"
        await client.send("10")
        assert await client.receive() == "x" * 10, "short answers always have room"
        await trio.sleep(1)
        await client.send(str(4 * LONG))
        await trio.testing.wait_all_tasks_blocked()
        assert caplog.text.count("sent away") >= 1
        await trio.sleep(6)
        await client.send(str(4 * LONG))
        assert await client.receive() == "x" * 4 * LONG
        assert gate.sessions.held <= 2 * LONG


async def test_where_much_waits_for_all_nobody_is_given_more_than_a_share(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        gate.sessions.max_held = 100_000
        slow, quick = await gate.rig.connect(lockstep=True), await gate.login()
        await slow.upgrade()
        await slow.send(auth(1))
        assert await slow.receive() == success(YEAR)
        with trio.move_on_after(1) as asking:
            while True:
                await slow.send("x" * 10_000)
        assert asking.cancelled_caught
        assert 50_000 < gate.sessions.held <= 70_000
        for _ in range(20):
            await quick.send("y" * 10_000)
            assert await quick.receive() == "y" * 10_000
        for _ in range(6):
            assert await slow.receive() == "x" * 10_000


# Silence.


async def test_pr_20_a_silent_client_is_pinged_and_dropped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client = await gate.login()
        assert (await client.receive_frame()).opcode == PING
        assert trio.current_time() == pytest.approx(150.0)
        await client.end()
        assert trio.current_time() == pytest.approx(300.0)


@pytest.mark.parametrize("answer", ["pong", "ping", "message", "half a message"])
async def test_any_sign_of_life_will_do(
    answer: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway(lambda message, session: None) as gate:
        client = await gate.login()
        pinged: list[float] = []
        while len(pinged) < 3:
            received = await client.receive_frame()
            if received.opcode == PONG:
                continue
            assert received.opcode == PING
            pinged.append(trio.current_time())
            await trio.sleep(100)
            signs = {
                "pong": frame(PONG, received.payload),
                "ping": frame(PING),
                "message": frame(TEXT, b"x"),
                "half a message": b"\x81\xff" if len(pinged) == 1 else b"\0",
            }
            await client.send_bytes(signs[answer])
        assert pinged == pytest.approx([150.0, 400.0, 650.0])


async def test_a_client_that_talks_is_not_pinged(autojump_clock: trio.testing.MockClock) -> None:
    async with gateway() as gate:
        client = await gate.login()
        for _ in range(10):
            await trio.sleep(149)
            await client.send("x")
            assert await client.receive_frame() == Frame(TEXT, b"x")


async def test_a_client_that_neither_reads_nor_writes_is_dropped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        gate.reports.publish("unread")
        await trio.sleep(301)
        assert len(gate.sessions) == 0


# The end.


async def test_pr_22_who_stops_says_so_after_everything_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client, stranger = await gate.login(), await gate.open()
        gate.reports.publish("one")
        gate.reports.publish("two")
        gate.sessions.go_away()
        gate.reports.publish("not any more")
        assert [await client.receive(), await client.receive()] == ["one", "two"]
        assert await client.receive_close() == 1001
        assert await stranger.receive_close() == 1001
        late = await gate.open()
        assert await late.receive_close() == 1001
        assert trio.current_time() == 0


async def test_the_first_reason_counts() -> None:
    async with gateway(lambda message, session: None) as gate:
        client = await gate.login()
        await client.send("x")
        await trio.testing.wait_all_tasks_blocked()
        gate.table.change(1, expires_at=START)
        gate.clock.offset_s = 366 * 86400
        gate.sessions.check_clock()
        gate.sessions.go_away()
        gate.accepted[0][1].reply("unheard")
        await refused(client, 5)


async def test_a_handler_that_fails_ends_its_session_with_1011(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fragile(message: str | bytes, session: Session) -> None:
        if message == "break":
            raise ZeroDivisionError
        session.reply("fine")

    async with gateway(fragile) as gate:
        victim, bystander = await gate.login(), await gate.login()
        await victim.send("break")
        assert await victim.receive_close() == 1011
        await bystander.send("x")
        assert await bystander.receive() == "fine"
    assert "memory: the session failed" in caplog.text


@pytest.mark.parametrize("farewell", [close_frame(1000), close_frame(1001), frame(3), b""])
async def test_a_client_that_leaves_leaves_nothing(
    farewell: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with gateway() as gate:
        client = await gate.login()
        gate.reports.publish("on its way")
        await client.send_bytes(farewell)
        await client.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert len(gate.sessions) == len(gate.reports) == 0
        assert len(gate.rig.server.clients) == 0
        assert trio.current_time() == 0


async def test_an_answer_for_a_client_that_left_is_dropped() -> None:
    async with gateway(lambda message, session: None) as gate:
        client = await gate.login()
        await client.send("x")
        await client.stream.aclose()
        await trio.testing.wait_all_tasks_blocked()
        gate.accepted[0][1].reply("too late")


async def test_clients_count_as_strangers_until_they_are_known() -> None:
    async with gateway(limits=limits_with(max_unauthenticated=1)) as gate:
        for _ in range(5):
            await gate.login()
        assert gate.rig.server.clients.unauthenticated == 0
        assert len(gate.rig.server.clients) == 5


# Over sockets, with the kernel's buffers in between.


def _echo(message: str | bytes, session: Session) -> None:
    session.reply(str(message))


@asynccontextmanager
async def loopback(
    limits: SessionLimits, accept: Callable[[str | bytes, Session], None] = _echo
) -> AsyncIterator[tuple[str, Sessions, Reports]]:
    table, sessions, reports = TokenTable(), Sessions(), Reports()

    async def handler(connection: Connection) -> None:
        await Session(
            connection,
            authenticate=partial(authenticate, table, Clock()),
            accept=accept,
            now=Clock(),
            sessions=sessions,
            reports=reports,
            limits=limits,
        ).run()

    endpoints = [Endpoint(listener) for listener in await bind("127.0.0.1", 0)]
    generous = limits_with(max_clients=300, handshake_timeout=60.0)
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve, endpoints, handler, generous))
            yield endpoints[0].url, sessions, reports
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def logged_in(url: str) -> AsyncIterator[Connection]:
    async with connect(url, timeout_s=60.0) as client:
        await client.send(auth(1))
        assert "auth_success" in str(await client.receive())
        yield client


async def test_one_never_reads_among_many(caplog: pytest.LogCaptureFixture) -> None:
    report = "x" * 65536
    limits = session_limits_with(outbox_size=10_000, outbox_bytes=16 * len(report), stall=0.1)
    async with loopback(limits) as (url, sessions, reports), AsyncExitStack() as clients:
        readers = [await clients.enter_async_context(logged_in(url)) for _ in range(2)]
        idler = RawClient(await trio.open_tcp_stream(*address_of(url)))
        await clients.enter_async_context(idler)
        await idler.upgrade()
        await idler.send(auth(1))
        await idler.receive()
        # More than the kernel takes for one that does not read, and its outbox on top.
        while "sent away" not in caplog.text:
            reports.publish(report)
            for reader in readers:
                assert await reader.receive() == report
        while (received := await idler.receive_frame()).opcode == TEXT:
            assert len(received.payload) == len(report)
        assert received.close_code == 1013
        await idler.send_bytes(close_frame(1013))
        await idler.end()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert len(sessions) == 2


async def test_many_that_do_not_read_hold_no_more_than_all_of_them_may() -> None:
    size, most = 400_000, 4_000_000

    def accept(message: str | bytes, session: Session) -> None:
        if not session.reply("x" * (size if message == "long" else 1)):
            session.reply("refused", always=True)

    async with (
        loopback(session_limits_with(stall=0.2), accept) as (url, sessions, _),
        AsyncExitStack() as clients,
    ):
        sessions.max_held = most
        idlers = [await clients.enter_async_context(logged_in(url)) for _ in range(20)]
        reader = await clients.enter_async_context(logged_in(url))
        highest = 0
        for _ in range(40):  # more than the kernel keeps for them
            for idler in idlers:
                with trio.move_on_after(0.001), suppress(ConnectionClosed):
                    await idler.send("long")
            await reader.send("short")
            assert await reader.receive() == "x", "nobody who reads is kept waiting"
            highest = max(highest, sessions.held)
        assert most / 2 < highest < most + 10_000
        assert len(sessions) >= 1
        for idler in idlers:
            idler.drop()
    assert sessions.held == 0


async def test_a_hundred_clients_at_once_are_all_let_in() -> None:
    async with loopback(session_limits_with()) as (url, sessions, reports):
        together = trio.Event()

        async def come() -> None:
            async with logged_in(url) as client:
                if len(sessions.tokens()) and len(reports) == 100:
                    reports.publish("all here")
                    together.set()
                assert await client.receive() == "all here"

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(come)
        assert together.is_set()


async def test_clients_that_are_killed_leave_nothing() -> None:
    async with loopback(session_limits_with()) as (url, sessions, reports):
        tasks = trio.lowlevel.current_statistics().tasks_living
        for number in range(200):
            stream = await trio.open_tcp_stream(*address_of(url))
            client = RawClient(stream)
            await client.upgrade()
            await client.send(auth(1))
            if number % 2:
                await client.receive()
            reports.publish("x" * 1000)
            if number % 3:
                linger = struct.pack("ii", 1, 0)
                stream.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger)
            await stream.aclose()
        for _ in range(5):
            await trio.testing.wait_all_tasks_blocked(0.02)
        assert len(sessions) == len(reports) == 0
        assert trio.lowlevel.current_statistics().tasks_living == tasks


def address_of(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("ws://").split(":")
    return host, int(port)


async def test_what_a_peer_causes_before_its_authentication_is_marked_in_the_log(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "iqrf_trio")
    async with gateway(limits=limits_with(max_clients=1), watch=True) as gate:
        for text in ("x", auth_text("token")):
            client = await gate.open()
            await client.send(text)
            await client.receive()
            assert await client.receive_close() == 1008
            await client.end()
        client = await gate.login()
        other = await gate.rig.connect()
        assert (await other.get()).status == 503
        gate.table.change(1, status=Status.REVOKED)
        await trio.sleep(1)
    loud = [record for record in caplog.records if record.levelno > logging.INFO]
    assert [hasattr(record, "peer") for record in loud] == [True, True, False]
    quiet = [record for record in caplog.records if "too many clients" in record.getMessage()]
    assert [hasattr(record, "peer") for record in quiet] == [True]


# Peers that send more frames than anybody needs.


@pytest.mark.parametrize("kind", ["pings", "empty fragments", "empty messages' fragments"])
async def test_a_peer_without_authentication_is_read_at_a_walk(
    kind: str, autojump_clock: trio.testing.MockClock
) -> None:
    flood = {
        "pings": frame(PING, b"x") * 10_000,
        "empty fragments": frame(TEXT, fin=False)
        + frame(CONTINUATION, fin=False) * 10_000
        + frame(CONTINUATION, b"no JSON"),
        "empty messages' fragments": frame(TEXT, b"{", fin=False)
        + frame(CONTINUATION, b" ", fin=False) * 10_000
        + frame(CONTINUATION, b"no JSON"),
    }[kind]
    async with gateway() as gate:
        peer = await gate.open()
        await peer.send_bytes(flood)
        with trio.move_on_after(10):
            for answered in count():
                assert (await peer.receive_frame()).opcode == PONG
                assert answered < 20 * 10 + 20 + 1024 / 6
        client = await gate.login()
        await client.send("x")
        assert await client.receive() == "x"
        while (last := await peer.receive_frame()).opcode == PONG:
            pass
        assert json.loads(last.payload)["code"] == 2
        assert trio.current_time() == pytest.approx(15.0)


async def test_a_client_is_held_to_its_frames_and_answered(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with gateway() as gate:
        client = await gate.login()
        for number in range(2):
            await client.send_bytes(frame(TEXT, b"x") * FRAMES)
            for _ in range(FRAMES):
                assert await client.receive() == "x"
            assert trio.current_time() == pytest.approx(number, abs=0.1)


async def test_a_client_that_has_not_read_for_long_when_its_outbox_fills_is_sent_away(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(session=session_limits_with(outbox_size=2)) as gate:
        client = await gate.rig.connect(lockstep=True)
        await client.upgrade()
        await client.send(auth(1))
        assert await client.receive() == success(YEAR)
        await client.send("x")
        await trio.sleep(2 * STALL_S)
        with trio.move_on_after(1):
            for _ in range(3):
                await client.send("x")
        assert "sent away, it does not read" in caplog.text
        assert "the session failed" not in caplog.text
        await trio.sleep(6)
        assert len(gate.sessions) == 0
