"""A gateway to talk to: a real server whose authentication and answers a test chooses."""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio
from attrs import define, field

from iqrf_trio.config import WebSocket
from iqrf_trio.edges.tcp.limits import Limits
from iqrf_trio.edges.tcp.listeners import open_listeners
from iqrf_trio.edges.websocket import Connection, serve
from tests.iqrf_trio.limits import limits_with
from tests.iqrf_trio.rig import KEY, VECTORS

TOKEN = "iqrfgd2;1;" + "A" * 43 + "="
EXPIRATION = "2030-01-31T12:00:00.000Z"

PATIENCE_S = 30.0
"""For a whole test, so that a client that waits for nothing fails instead of hanging."""

PLAIN = WebSocket(port=0)


def secured(certificate: str = "certificate.pem", host: str = "127.0.0.1") -> WebSocket:
    """How to listen with TLS alone; the certificates are for localhost and 127.0.0.1."""
    return WebSocket(
        host=host,
        port=None,
        tls_port=0,
        certificate=str(VECTORS / certificate),
        private_key=str(KEY),
    )


Script = Callable[[dict[str, Any]], Iterable[str | dict[str, Any] | int]]
"""What follows a request: texts, objects made JSON, or a code to close with."""


@define
class Gateway:
    """Where it is, and what it heard after the authentication."""

    url: str
    heard: list[dict[str, Any]] = field(factory=list)


def granted(token: str) -> str | dict[str, Any] | int:
    """The answer of a gateway that knows TOKEN."""
    if token == TOKEN:
        return {"type": "auth_success", "expiration": EXPIRATION, "service": False}
    return refused(4)


def refused(code: int) -> dict[str, Any]:
    return {"type": "auth_error", "code": code, "error": f"error {code}"}


def answer(request: dict[str, Any], rsp: object = None, status: int = 0, **data: Any) -> Any:
    """An answer to `request`."""
    head = {"msgId": request["data"]["msgId"]}
    body = {} if rsp is None else {"rsp": rsp}
    return {"mType": request["mType"], "data": head | body | {"status": status} | data}


def report(number: int, *values: object) -> dict[str, Any]:
    """A sensor report of one device, a sensor for each value."""
    sensors = [
        {"index": index, "type": 1, "name": "Temperature", "unit": "°C", "value": value}
        for index, value in enumerate(values)
    ]
    device = {"address": 3, "hwpid": 1026, "mid": None, "rssi": -56, "sensors": sensors}
    times = {"dateTime": "2026-04-28T10:00:05.480Z", "unixTime": 1777370405}
    return message(
        "iqrfSensorData_ReportAsync",
        {"devices": [device], **times, "reportNum": number, "reading": False},
    )


def message(mtype: str, rsp: object) -> dict[str, Any]:
    """Something sent unasked."""
    return {"mType": mtype, "data": {"msgId": "async", "rsp": rsp, "status": 0}}


@asynccontextmanager
async def gateway(
    script: Script = lambda request: [answer(request)],
    *,
    authenticate: Callable[[str], str | dict[str, Any] | int] = granted,
    greeting: Iterable[str | dict[str, Any] | int] = (),
    limits: Limits | None = None,
    listening: WebSocket = PLAIN,
) -> AsyncIterator[Gateway]:
    """Serve `script`; `greeting` is sent behind the answer to the authentication."""
    endpoints = await open_listeners(listening)
    it = Gateway(endpoints[0].url)
    handler = partial(_serve, it, script, authenticate, list(greeting))
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(serve, endpoints, handler, limits or limits_with())
            yield it
            nursery.cancel_scope.cancel()


async def _serve(
    it: Gateway,
    script: Script,
    authenticate: Callable[[str], str | dict[str, Any] | int],
    greeting: list[str | dict[str, Any] | int],
    connection: Connection,
) -> None:
    first = json.loads(await connection.receive())
    assert first.keys() == {"type", "token"}
    assert first["type"] == "auth"
    await _say(connection, authenticate(first["token"]), *greeting)
    while True:
        request = json.loads(await connection.receive())
        it.heard.append(request)
        await _say(connection, *script(request))


async def _say(connection: Connection, *said: str | dict[str, Any] | int) -> None:
    for each in said:
        if isinstance(each, int):
            await connection.close(each)
        else:
            await connection.send(each if isinstance(each, str) else json.dumps(each))
