"""A gateway's client: it authenticates, asks, and keeps what comes unasked apart."""

import errno
import os
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import inf
from typing import Any, Self
from uuid import uuid4

import orjson
import trio
from attrs import define, field, frozen

from iqrf_trio.cli import Failure
from iqrf_trio.edges.websocket import ConnectError, Connection, ConnectionClosed, connect
from protocol.api.dpa.command import NOT_EXPECTED
from protocol.api.registry import REGISTRY
from protocol.network.pace import Pace

AUTH_TIMEOUT_S = 30.0
"""How long a gateway may take to check a token."""

_COMPLETE = 100
"""The `progress`, in percent, that ends the network services that report it."""

_AUTH_FIXES: Mapping[object, str] = {
    1: "is it a gateway of another version?",
    2: "try again",
    3: "see its log: it could not check the token",
    4: "make one with `iqrf-trio token create`, in the state directory of this gateway",
    5: "make a new one with `iqrf-trio token create`",
    6: "make a new one with `iqrf-trio token create`",
}
"""What to do about each code of `auth_error` (Beta Daemon API, WebSocket authentication)."""

_REFUSAL_FIXES: Mapping[int | None, str] = {
    429: "wait a minute",
    503: "close other clients, or raise websocket.max_clients",
}
"""What to do about the HTTP statuses with which a gateway refuses connections."""

_TRUST_FIXES: Mapping[int, str] = {
    9: "see whether the clock here is right",
    10: "renew it, or do without checks by --insecure",
    62: "use a name that the certificate is for, or do without checks by --insecure",
    64: "use an address that the certificate is for, or do without checks by --insecure",
}
"""What to do about certificates, by OpenSSL's code (X509_V_ERR): not valid yet, not any more, of
another host, of another address."""

_TRUST_FIX = "trust the one in a file with --ca FILE, or do without checks by --insecure"
"""What to do about a certificate that nobody known has signed."""

_CLOSE_FIXES = {
    1001: "it is shutting down; try again later",
    1006: "the network failed, or the gateway did; see its log",
    1009: "the message is too long for it; ask for less at a time",
    1013: "this client read too slowly; try again",
}
"""What close codes (RFC 6455, 7.4.1) mean to a user."""


@frozen
class Received:
    """One message of the gateway; members that it lacks are empty.

    `explanation` is what it says about a status other than 0.
    """

    text: str = field(repr=False)
    mtype: str
    msg_id: str
    status: int
    rsp: Any
    explanation: str
    progress: Pace | None = None

    @classmethod
    def of(cls, message: Mapping[str, Any], text: str) -> Self:
        """The message that `text` is."""
        data = _object(message.get("data"))
        rsp = data.get("rsp")
        details = _object(rsp)
        status = data.get("status", 0)
        said = (*map(data.get, ("statusStr", "errorStr")), *map(details.get, ("error", "errorStr")))
        return cls(
            text=text,
            mtype=str(message.get("mType", "")),
            msg_id=str(data.get("msgId", "")),
            status=status if isinstance(status, int) else -1,
            rsp=rsp,
            explanation=": ".join(dict.fromkeys(str(each).rstrip(".") for each in said if each)),
            progress=_pace(data.get("progress")),
        )

    @property
    def final(self) -> bool:
        """Whether no further answer to the same request follows."""
        if row := REGISTRY.get(self.mtype):
            within = {} if self.progress is None else {"progress": self.progress}
            return row.ends_with({"status": self.status, "rsp": self.rsp, **within})
        return self.status != 0 or _is_last_of_unknown(_object(self.rsp))

    @property
    def good(self) -> bool:
        """Whether it was done; of a broadcast that went out nobody can know more."""
        return self.status in {0, NOT_EXPECTED}

    def check(self) -> None:
        """Raises Failure unless it was done."""
        if not self.good:
            why = f": {self.explanation}" if self.explanation else ""
            raise Failure(f"{self.mtype} failed with status {self.status}{why}")


@define(eq=False)
class Client:
    """An authenticated connection, for one task; `expiration` is ISO 8601, UTC."""

    expiration: str
    service: bool
    _connection: Connection = field(repr=False)
    _unasked: deque[Received] = field(factory=deque, repr=False)

    async def request(
        self,
        mtype: str,
        req: object = None,
        *,
        timeout_s: float = inf,
        progress: bool = False,
        dry_run: bool = False,
    ) -> "Answers":
        """Send a request and give its answers, up to the final one.

        With `progress` the gateway is asked to tell in between how far it is, with `dry_run` only
        what there is to do. `req` is left out of
        the message where it is None; `timeout_s` is for each answer. The iterator raises Failure
        when an answer does not come in time or the gateway leaves.
        """
        msg_id = str(uuid4())
        data: dict[str, object] = {"msgId": msg_id}
        if req is not None:
            data["req"] = req
        if progress:
            data["progress"] = True
        if dry_run:
            data["dryRun"] = True
        text = orjson.dumps({"mType": mtype, "data": data}).decode()
        await _send(self._connection, text)
        return Answers(msg_id, self, mtype, timeout_s)

    async def ask(self, mtype: str, req: object = None, *, timeout_s: float = inf) -> Any:
        """The `rsp` of the final answer to a request; raises Failure unless it was done."""
        last = await self.last(mtype, req, timeout_s=timeout_s)
        last.check()
        return last.rsp

    async def last(self, mtype: str, req: object = None, *, timeout_s: float = inf) -> Received:
        """The final answer to a request, whatever its status. Raises Failure."""
        async for answer in await self.request(mtype, req, timeout_s=timeout_s):
            last = answer
        return last

    async def message(self) -> Received:
        """The next message that is no answer to a request. Raises Failure."""
        return self._unasked.popleft() if self._unasked else await self._receive()

    async def answer(self, msg_id: str) -> Received:
        """The next answer to the request `msg_id`; what else comes is kept for `message`."""
        while True:
            received = await self._receive()
            if received.msg_id == msg_id:
                return received
            self._unasked.append(received)

    async def _receive(self) -> Received:
        return Received.of(*await _read(self._connection))


@define
class Answers(AsyncIterator[Received]):
    """The answers to one request, up to the final one; `msg_id` is that of the request."""

    msg_id: str
    _client: Client
    _mtype: str
    _timeout_s: float
    _over: bool = False

    async def __anext__(self) -> Received:
        """The next answer; raises Failure where none comes."""
        if self._over:
            raise StopAsyncIteration
        try:
            with trio.fail_after(self._timeout_s):
                answer = await self._client.answer(self.msg_id)
        except trio.TooSlowError:
            raise Failure(
                f"no answer to {self._mtype} within {self._timeout_s:g} s",
                "wait longer with --timeout, or see the gateway's log",
            ) from None
        self._over = answer.final
        return answer


@asynccontextmanager
async def client(url: str, token: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    """Connect to a gateway and authenticate; `tls` says whom to trust. Raises Failure."""
    try:
        async with connect(url, ssl_context=tls) as connection:
            granted = await _authenticate(connection, token)
            yield Client(str(granted.get("expiration")), bool(granted.get("service")), connection)
    except ConnectError as error:
        if error.distrust is None:
            fix = _REFUSAL_FIXES.get(error.status, _absence(url, str(error)))
        else:
            fix = _TRUST_FIXES.get(error.distrust, _TRUST_FIX)
        raise Failure(f"no connection to {error}", fix) from None


def _absence(url: str, cause: str) -> str:
    """What to do when nobody answers as a gateway does."""
    if "[SSL" in cause:
        return "is it without TLS, at ws://?"
    if url.startswith("ws://") and os.strerror(errno.ECONNREFUSED) not in cause:
        return "is the gateway running there, without TLS?"
    return "is the gateway running there?"


async def _authenticate(connection: Connection, token: str) -> Mapping[str, Any]:
    try:
        with trio.fail_after(AUTH_TIMEOUT_S):
            await _send(connection, orjson.dumps({"type": "auth", "token": token}).decode())
            answer, text = await _read(connection)
    except trio.TooSlowError:
        cause = f"no answer to the authentication within {AUTH_TIMEOUT_S:g} s"
        raise Failure(cause, "is this a gateway?") from None
    if answer.get("type") != "auth_success":
        raise Failure(f"the answer to the authentication is {text[:80]!r}", "is this a gateway?")
    return answer


async def _send(connection: Connection, text: str) -> None:
    try:
        await connection.send(text)
    except ConnectionClosed as error:
        raise _gone(error) from None


async def _read(connection: Connection) -> tuple[Mapping[str, Any], str]:
    """The next message and its text. Raises Failure, also when the gateway refuses the token."""
    try:
        received = await connection.receive()
    except ConnectionClosed as error:
        raise _gone(error) from None
    text = received if isinstance(received, str) else received.decode(errors="replace")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        message = None
    if not isinstance(message, dict):
        raise Failure(f"the gateway sent what is no message: {text[:80]!r}", "is this a gateway?")
    if message.get("type") == "auth_error":
        # It can also come later: when a token expires or is revoked while it is in use.
        code = message.get("code")
        cause = f"the gateway refuses the token: {message.get('error')} (code {code})"
        raise Failure(cause, _AUTH_FIXES.get(code, "see its log"))
    return message, text


def _gone(error: ConnectionClosed) -> Failure:
    return Failure(f"the gateway left ({error})", _CLOSE_FIXES.get(error.code, "see its log"))


def _is_last_of_unknown(rsp: Mapping[str, Any]) -> bool:
    """The same of a message that only another gateway answers: such count waves and percent."""
    complete = rsp.get("progress", _COMPLETE) == _COMPLETE
    return complete and rsp.get("lastWave") is not False


def _pace(value: object) -> Pace | None:
    members = _object(value)
    done, total, seconds = (members.get(name) for name in ("done", "total", "seconds"))
    if not isinstance(done, int) or not isinstance(total, int):
        return None
    kind = members.get("state") if "node" not in members else None
    return Pace(str(kind or "part"), done, total, seconds if isinstance(seconds, int) else None)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
