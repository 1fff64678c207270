"""A server in memory with the sessions behind it, for tests on a virtual clock."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, evolve, field
from trio.testing import lockstep_stream_pair, memory_stream_pair

from iqrf_trio.edges.tcp.admission import accepted
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.tls import tls_context
from iqrf_trio.edges.websocket.connection import Connection
from iqrf_trio.edges.websocket.server import Handler, Server
from iqrf_trio.messaging.reports import Reports
from iqrf_trio.messaging.session import Session, SessionLimits
from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.store import StoreError
from protocol.auth.times import format_iso
from protocol.auth.tokens import Status, Token
from tests.iqrf_trio.limits import limits_with, session_limits_with
from tests.iqrf_trio.raw_client import RawClient

VECTORS = Path(__file__).parent.parent / "vectors" / "tls"
CERTIFICATE, KEY = VECTORS / "certificate.pem", VECTORS / "key.pem"

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
"""The wall clock when a test begins."""

SECRETS = {
    1: "25SI8PrptHDbgDGCtfJHbaBCaqyYIMxuQpXpsZrvoU4=",
    2: "4sT5KP+8U4X0b61LdOX1FL9r8umEUimzzK+lAcoxDOc=",
    3: "MuekuECy4EJOI2REYQ7zC0hiQ6WiUNU7Jj86qTjCbyE=",
    4: "dFYIlOolYq3bDmwxsMLy03HfJzLOmoeTumJfXnsBTJA=",
}
HASHES = {
    1: "q3qaIzd74DZFnYkhCyzwFI+OPgA+o/bs0461sPzo6bA=",
    2: "YKyPGf9jfXN0Lj71LMJm5U3ZaSOXgYuTeNtqNu6fkE0=",
    3: "L+3UfZb24CPMrOpyUIxW/1m+HnAQV2wr3PpDvxOx1c8=",
    4: "m6qZai36k7ZSJjZ32GWTAaO/xp0NzyLnOw/gc9NJsUQ=",
}
"""The four tokens of the conformance rows, and what is stored of them."""


def auth(token_id: int) -> str:
    return auth_text(f"iqrfgd2;{token_id};{SECRETS[token_id]}")


def auth_text(token: str) -> str:
    return f'{{"type":"auth","token":"{token}"}}'


def success(expires_at: datetime, *, service: bool = False) -> str:
    flag = "true" if service else "false"
    return f'{{"expiration":"{format_iso(expires_at)}","service":{flag},"type":"auth_success"}}'


_TEXTS = {
    1: "Unauthenticated",
    2: "Authentication timeout",
    3: "Authentication failed",
    4: "Invalid token",
    5: "Expired token",
    6: "Revoked token",
}


def error(code: int) -> str:
    return f'{{"code":{code},"error":"{_TEXTS[code]}","type":"auth_error"}}'


@define
class Clock:
    """A wall clock that goes with Trio's, and that somebody may set."""

    offset_s: float = 0.0
    _zero: float = field(factory=trio.current_time)

    def __call__(self) -> datetime:
        return START + timedelta(seconds=trio.current_time() - self._zero + self.offset_s)


class TokenTable:
    """The store's seam in memory; `broken` makes every question fail, as a bad disk would."""

    def __init__(self) -> None:
        self.tokens = {
            1: _token(1, "valid_test"),
            2: _token(2, "revoked_test", status=Status.REVOKED),
            3: _token(3, "expired_test", expires_at=START - timedelta(hours=1)),
            4: _token(4, "revoked_later_token", service=True),
        }
        self.broken = False
        self.damaged: set[int] = set()
        self.questions = 0
        self.delay_s = 0.0
        self._changed = False

    def change(self, token_id: int, **changes: Any) -> None:
        """What the token tool does in another process."""
        self.tokens[token_id] = evolve(self.tokens[token_id], **changes)
        self._changed = True

    def delete(self, token_id: int) -> None:
        del self.tokens[token_id]
        self._changed = True

    async def token(self, token_id: int) -> Token | None:
        await self._hop()
        self.questions += 1
        if token_id in self.damaged:
            raise StoreError(f"the record of API token ID {token_id} is damaged")
        found = self.tokens.get(token_id)
        await trio.sleep(self.delay_s)
        return found

    async def successor(self, token_id: int) -> Token | None:
        return await self.token(token_id)

    async def changed(self) -> bool:
        await self._hop()
        changed, self._changed = self._changed, False
        return changed

    async def _hop(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.broken:
            raise StoreError("disk I/O error")


def _token(
    token_id: int,
    owner: str,
    *,
    status: Status = Status.VALID,
    expires_at: datetime = START + timedelta(days=365),
    service: bool = False,
) -> Token:
    return Token(token_id, owner, HASHES[token_id], START, expires_at, status, service)


@define
class Rig:
    """A server whose clients come over memory streams; `tls` puts TLS between."""

    nursery: trio.Nursery
    server: Server
    tls: ssl.SSLContext | None = None

    async def connect(self, *, lockstep: bool = False) -> RawClient:
        """A stream to the server, before any request; in lockstep it holds one send at a time."""
        pair = lockstep_stream_pair if lockstep else memory_stream_pair
        ours, theirs = pair()
        self.arrive(theirs)
        if self.tls is None:
            return RawClient(ours)
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        return RawClient(
            trio.SSLStream(ours, trusting, server_hostname="localhost", https_compatible=True)
        )

    def arrive(self, stream: trio.abc.HalfCloseableStream) -> None:
        """Let the server accept `stream`."""
        admit = partial(self.server.admit, accepted(stream), tls_context=self.tls)
        self.nursery.start_soon(admit)

    async def open(self, **more: str) -> RawClient:
        """A WebSocket."""
        client = await self.connect()
        await client.upgrade(**more)
        return client


@asynccontextmanager
async def serving(
    handler: Handler, limits: Limits | None = None, *, tls: bool = False
) -> AsyncIterator[Rig]:
    """A rig around any handler; in the end nobody is left in it."""
    async with trio.open_nursery() as nursery:
        context = tls_context(CERTIFICATE, KEY, "intermediate") if tls else None
        rig = Rig(nursery, Server(handler, limits or limits_with()), context)
        yield rig
        nursery.cancel_scope.cancel()
    assert len(rig.server.clients) == rig.server.clients.unauthenticated == 0
    assert len(rig.server.handshakes) == 0


@define
class Gateway:
    """Sessions with a table of tokens, and with handlers that the test chooses."""

    rig: Rig
    clock: Clock
    table: TokenTable
    sessions: Sessions
    reports: Reports
    accepted: list[tuple[str | bytes, Session]]

    async def open(self) -> RawClient:
        return await self.rig.open()

    async def login(self, token_id: int = 1) -> RawClient:
        """A client that is authenticated."""
        client = await self.open()
        await client.send(auth(token_id))
        token = self.table.tokens[token_id]
        assert await client.receive() == success(token.expires_at, service=token.service)
        return client


Accept = Callable[[str | bytes, Session], None]


def gateway(
    accept: Accept | None = None,
    *,
    session: SessionLimits | None = None,
    limits: Limits | None = None,
    tls: bool = False,
    watch: bool = False,
) -> AbstractAsyncContextManager[Gateway]:
    """A whole gateway but for the radio; without `accept` it echoes."""
    return _gateway(accept, session or session_limits_with(auth_timeout=15.0), limits, tls, watch)


@asynccontextmanager
async def _gateway(
    accept: Accept | None,
    session_limits: SessionLimits,
    limits: Limits | None,
    tls: bool,
    watch: bool,
) -> AsyncIterator[Gateway]:
    clock, table, sessions, reports = Clock(), TokenTable(), Sessions(), Reports()
    accepted: list[tuple[str | bytes, Session]] = []

    def take(message: str | bytes, session: Session) -> None:
        accepted.append((message, session))
        if accept is None:
            session.reply(message if isinstance(message, str) else message.decode())
        else:
            accept(message, session)

    async def handler(connection: Connection) -> None:
        await Session(
            connection,
            authenticate=partial(authenticate, table, clock),
            accept=take,
            now=clock,
            sessions=sessions,
            reports=reports,
            limits=session_limits,
        ).run()

    async with serving(handler, limits, tls=tls) as rig:
        if watch:
            rig.nursery.start_soon(TokenWatch(table, sessions, clock).run)
        yield Gateway(rig, clock, table, sessions, reports, accepted)
    assert len(sessions) == 0
    assert not sessions.tokens()
    assert len(reports) == 0
