"""One request of a client, and its answer as it comes."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h11
import trio
from attrs import frozen

_PORTS = {"http": 80, "https": 443}
_READ = 65536


class HttpError(Exception):
    """No answer could be had; the text says why."""


@frozen(eq=False)
class Reply:
    """An answer: its status, and its body in pieces. Reading it raises HttpError."""

    status: int
    pieces: AsyncIterator[bytes]

    async def body(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.pieces])


@asynccontextmanager
async def ask(
    url: str,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    ssl_context: ssl.SSLContext | None = None,
    timeout_s: float = 30.0,
) -> AsyncIterator[Reply]:
    """Ask the server at `url` (http or https) for `target`; each wait takes `timeout_s` at most.

    Raises HttpError.
    """
    split = urlsplit(url)
    host, port = split.hostname or "", split.port or _PORTS[split.scheme]
    stream = await _connect(host, port, split.scheme, ssl_context, timeout_s)
    async with stream:
        exchange = _Exchange(stream, timeout_s)
        sent = {"Host": split.netloc, "Connection": "close", **(headers or {})}
        await exchange.send(h11.Request(method=method, target=target, headers=[*sent.items()]))
        await exchange.send(h11.EndOfMessage())
        response = await exchange.event()
        if not isinstance(response, h11.Response):
            raise HttpError("the server has closed the connection without an answer")
        yield Reply(response.status_code, exchange.pieces())


async def _connect(
    host: str, port: int, scheme: str, context: ssl.SSLContext | None, timeout_s: float
) -> trio.abc.Stream:
    try:
        with trio.fail_after(timeout_s):
            if scheme == "http":
                return await trio.open_tcp_stream(host, port)
            secured = await trio.open_ssl_over_tcp_stream(
                host, port, ssl_context=context, https_compatible=True
            )
            try:
                await secured.do_handshake()
            except BaseException:
                await trio.aclose_forcefully(secured)
                raise
            return secured
    except trio.TooSlowError:
        raise HttpError("nobody answers") from None
    except OSError as error:
        raise HttpError(error.strerror or str(error)) from None
    except trio.BrokenResourceError as error:
        cause = error.__cause__
        reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        raise HttpError(f"no TLS: {reason or 'the server has closed the connection'}") from None


class _Exchange:
    """A request and its answer on a stream; failures of the stream become HttpError."""

    def __init__(self, stream: trio.abc.Stream, timeout_s: float) -> None:
        self._stream = stream
        self._timeout_s = timeout_s
        self._http = h11.Connection(h11.CLIENT)

    async def send(self, event: h11.Event) -> None:
        try:
            with trio.fail_after(self._timeout_s):
                await self._stream.send_all(self._http.send(event) or b"")
        except (trio.BrokenResourceError, trio.TooSlowError):
            raise HttpError("the server does not take the request") from None

    async def event(self) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                with trio.fail_after(self._timeout_s):
                    self._http.receive_data(bytes(await self._stream.receive_some(_READ)))
        except h11.RemoteProtocolError:
            raise HttpError("the answer was cut off, or is none of HTTP") from None
        except trio.BrokenResourceError:
            raise HttpError("the connection broke") from None
        except trio.TooSlowError:
            raise HttpError("the answer does not come") from None
        return event

    async def pieces(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self.event(), h11.Data):
            yield bytes(event.data)
