"""The client's side, for the commands that talk to a gateway."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
import trio_websocket

from iqrf_trio.edges.websocket.connection import ABNORMAL, Connection, ConnectionClosed
from iqrf_trio.edges.websocket.wire import Wire

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of one message from a gateway; the full record of 239 nodes has about half a million."""

_PORTS = {"ws": 80, "wss": 443}


class ConnectError(Exception):
    """There is no connection to the gateway; the text names the URL and the reason.

    `status` is the HTTP status with which the gateway refused, if it did; `distrust` is the code
    of OpenSSL (X509_V_ERR) for what is wrong with its certificate, if that was it.
    """

    def __init__(
        self, url: str, reason: str, status: int | None = None, distrust: int | None = None
    ) -> None:
        super().__init__(f"{url}: {reason}")
        self.status = status
        self.distrust = distrust


@asynccontextmanager
async def connect(
    url: str,
    *,
    timeout_s: float = 10.0,
    ssl_context: ssl.SSLContext | None = None,
    max_message_size: int = MAX_ANSWER,
) -> AsyncIterator[Connection]:
    """Open a WebSocket to `url` (`ws://` or `wss://`), and close it in the end.

    Raises ConnectError. An exception of the body comes out as it is; a body that the connection's
    end interrupts sees ConnectionClosed.
    """
    wire: Wire | None = None
    connection: Connection | None = None
    body: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            with trio.fail_after(timeout_s) as opening:
                wire = Wire(await _open_stream(url, ssl_context), server=False)
                # The library would wait for an answer for ever.
                wire.on_end = opening.cancel
                connection = await _upgrade(nursery, wire, url, max_message_size)
            wire.on_end = lambda: None
            try:
                yield connection
            except BaseException as error:
                body = error
                raise
            finally:
                await connection.close()
                nursery.cancel_scope.cancel()
    except ExceptionGroup as group:
        # The library's reader reports in the nursery, beside what happens here.
        if connection is None:
            raise _refused(url, group.exceptions[0], wire, timeout_s) from None
        if isinstance(body, trio.Cancelled):
            raise ConnectionClosed(ABNORMAL) from group
        if body is not None:
            raise body from None
    finally:
        if wire is not None:
            await wire.abort()


async def _open_stream(url: str, ssl_context: ssl.SSLContext | None) -> trio.abc.Stream:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("is no URL of a WebSocket, such as ws://127.0.0.1:1338")
    stream = await trio.open_tcp_stream(parts.hostname, parts.port or _PORTS[parts.scheme])
    if parts.scheme == "ws":
        return stream
    secured = trio.SSLStream(
        stream,
        ssl_context or ssl.create_default_context(),
        server_hostname=parts.hostname,
        https_compatible=True,
    )
    try:
        await secured.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secured


async def _upgrade(
    nursery: trio.Nursery, wire: Wire, url: str, max_message_size: int
) -> Connection:
    parts = urlsplit(url)
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    websocket = await trio_websocket.wrap_client_stream(
        nursery,
        wire,  # type: ignore[arg-type] # any stream will do
        parts.netloc,
        resource,
        max_message_size=max_message_size,
    )
    return Connection(websocket, url, max_message_size)


def _refused(url: str, error: BaseException, wire: Wire | None, timeout_s: float) -> ConnectError:
    match error:
        case trio_websocket.ConnectionRejected(status_code=status, body=body):
            said = (body or b"").decode(errors="replace")
            return ConnectError(url, f"refused with HTTP {status} {said}".rstrip(), status)
        case trio.TooSlowError() if wire and wire.ended:
            return ConnectError(url, "closed without an answer")
        case trio.TooSlowError():
            return ConnectError(url, f"no answer within {timeout_s:g} s")
        case OSError(__cause__=ExceptionGroup() as group):
            # Trio has tried every address of the host.
            return ConnectError(url, _why(group.exceptions[0]))
        case trio.BrokenResourceError(__cause__=ssl.SSLCertVerificationError() as cause):
            reason = f"its certificate is not trusted: {cause.verify_message.rstrip('.')}"
            return ConnectError(url, reason, distrust=cause.verify_code)
    return ConnectError(url, _why(error.__cause__ or error))


def _why(error: BaseException) -> str:
    """In words, without the numbers and addresses that come with errors of the system."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        if error.errno is not None and error.errno > 0:  # below 0 are those of name servers
            return os.strerror(error.errno)
        return error.strerror or str(error)
    return str(error)
