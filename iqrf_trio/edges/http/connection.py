"""One HTTP connection: its requests one after the other, whatever the peer sends or leaves out."""

import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress

import h11
import trio
from attrs import define, field, frozen

from iqrf_trio.edges.http.idle import Idle
from iqrf_trio.edges.http.sending import PIECE, Sending, Writing
from protocol.outward.http import CutShortError, ProblemError, Request, Response, parse_target

log = logging.getLogger("iqrf_trio.http")

Answer = Callable[[Request], Awaitable[Response]]
"""Answers one request; raises ProblemError for what it refuses."""

_LATER = (("retry-after", "2"),)

_NO_BODY = frozenset({204, 304})

_TRANSPORT = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)
"""How a connection ends by its peer."""


@frozen
class HttpLimits:
    """What one connection may cost; times in seconds, sizes in bytes.

    `head` bounds the request line with all headers, `body` what may follow. A request must be
    there `idle_s` after the connection is open or the answer before was sent, and each piece of an
    answer must be taken within `send_s`.
    """

    head: int = 16384
    body: int = 65536
    idle_s: float = 15.0
    send_s: float = 30.0


@frozen
class Upgrade:
    """A request to make another protocol of the connection, and all bytes read for it so far."""

    request: Request
    received: bytes


async def serve_requests(
    stream: trio.abc.Stream,
    answer: Answer,
    limits: HttpLimits,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    upgradable: Callable[[Request], bool] = lambda _request: False,
    idle: Idle | None = None,
    sending: Sending | None = None,
) -> Upgrade | None:
    """Answer requests until the peer, an error, a limit or the end of `idle` ends the connection.

    `headers` are added to every answer; `sending` bounds what waits on all connections. Returns
    the request to become another protocol that `upgradable` takes, unanswered. Raises nothing for
    what the peer does. The caller closes the stream.
    """
    connection = _Connection(stream, answer, limits, headers, sending or Sending())
    idle = idle or Idle()
    try:
        while True:
            request = None
            with idle.waiting():
                request = await connection.next_request()
            if request is None:
                return None
            if upgradable(request):
                return Upgrade(request, connection.received)
            if not await connection.respond(request):
                return None
    except _TRANSPORT:
        return None


@define(eq=False)
class _Connection:
    """`received` are the bytes that came since the request under way began."""

    _stream: trio.abc.Stream
    _answer: Answer
    _limits: HttpLimits
    _headers: tuple[tuple[str, str], ...]
    _sending: Sending
    received: bytes = b""
    _http: h11.Connection = field(init=False)

    def __attrs_post_init__(self) -> None:
        """One state machine for all requests."""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head)

    async def next_request(self) -> Request | None:
        """The next request with its body; None when the peer is done or what it sent was refused.

        Raises TooSlowError when no head comes in time.
        """
        try:
            with trio.fail_after(self._limits.idle_s):
                return await self._read()
        except trio.TooSlowError:
            if self._http.their_state is not h11.SEND_BODY:
                raise
            await self._refuse(ProblemError(408, "the body did not come in time"))
        except h11.RemoteProtocolError as error:
            await self._refuse(ProblemError(error.error_status_hint, str(error)))
        except ProblemError as problem:
            await self._refuse(problem)
        return None

    async def _read(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None  # the peer has closed the connection
        if len(self.received) - len(self._http.trailing_data[0]) > self._limits.head:
            raise ProblemError(431, f"the head may have {self._limits.head} bytes at most")
        request = _request(head)
        if request.wants_websocket:
            return request
        if int(request.header("content-length") or 0) > self._limits.body:
            raise self._too_large()  # before it is sent: who waits for "continue" sends nothing
        body = bytearray()
        if request.header("expect"):
            # Small bodies come anyway; saying "continue" first would only cost a round trip.
            if (request.header("expect") or "").lower() != "100-continue":
                raise ProblemError(417, "only 100-continue can be expected")
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > self._limits.body:
                raise self._too_large()
        return Request(request.method, request.path, request.query, request.headers, bytes(body))

    def _too_large(self) -> ProblemError:
        return ProblemError(413, f"the body may have {self._limits.body} bytes at most")

    async def _event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            data = bytes(await self._stream.receive_some(self._limits.head))
            self.received += data
            self._http.receive_data(data)

    async def respond(self, request: Request) -> bool:
        """Answer; returns whether another request may follow."""
        try:
            response = self._with_room(await self._answer(request))
        except ProblemError as problem:
            response = problem.response()
        except Exception:  # the boundary of a request: the next one is not harmed
            log.exception("%s %s failed", request.method, request.path)
            response = ProblemError(
                500, "the gateway could not do this; its log says why"
            ).response()
        try:
            with self._sending.writing() as writing:
                await self._write(response, writing, with_body=request.method != "HEAD")
            if writing.scope.cancelled_caught:
                log.info("%s %s was cut off: nobody reads it", request.method, request.path)
                return False
        except CutShortError as cut:
            log.info("%s %s was cut short: %s", request.method, request.path, cut)
            return False
        except _TRANSPORT:
            raise
        except Exception:  # what is sent cannot be taken back: only the end of the connection tells
            log.exception("%s %s failed halfway", request.method, request.path)
            return False
        finally:
            if isinstance(response.body, bytes):
                self._sending.release(len(response.body))
        if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        # What a peer has sent ahead is in the state machine, and belongs to the next request.
        self.received = bytes(self._http.trailing_data[0])
        return True

    def _with_room(self, response: Response) -> Response:
        """The response, with room for it; of one in pieces whoever makes them sees to that."""
        if isinstance(response.body, bytes) and not self._sending.reserve(len(response.body)):
            raise ProblemError(503, "too many answers wait to be read", _LATER)
        return response

    async def _refuse(self, problem: ProblemError) -> None:
        """Answer what was no request, if an answer is still possible; the connection ends then."""
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            response = problem.response()
            closing = Response(
                response.status,
                response.body,
                response.content_type,
                (*response.headers, ("connection", "close")),
            )
            with suppress(h11.LocalProtocolError), self._sending.writing() as writing:
                await self._write(closing, writing, with_body=True)

    async def _write(self, response: Response, writing: Writing, *, with_body: bool) -> None:
        body = response.body
        headers = [*self._headers, *response.headers]
        if response.content_type:
            headers.append(("content-type", response.content_type))
        if isinstance(body, bytes) and response.status not in _NO_BODY:
            headers.append(("content-length", str(len(body))))
        await self._send(h11.Response(status_code=response.status, headers=headers))
        if with_body and response.status not in _NO_BODY:
            if isinstance(body, bytes):
                await self._write_data(body, writing)
            else:
                await self._write_pieces(body, writing)
        await self._send(h11.EndOfMessage())

    async def _write_data(self, data: bytes, writing: Writing) -> None:
        """Send `data` in pieces, of which no more than one is copied at a time."""
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            with writing.piece():
                await self._send(h11.Data(data=bytes(view[start : start + PIECE])))

    async def _write_pieces(self, pieces: AsyncIterable[bytes], writing: Writing) -> None:
        async with AsyncExitStack() as stack:
            if isinstance(pieces, AsyncGenerator):
                # Where the peer leaves, what makes the pieces ends here and not at some later time.
                await stack.enter_async_context(aclosing(pieces))
            async for piece in pieces:
                await self._write_data(piece, writing)

    async def _send(self, event: h11.Event) -> None:
        """Send an event; raises TooSlowError when the peer does not take it in time."""
        data = self._http.send(event)
        if data:
            with trio.fail_after(self._limits.send_s):
                await self._stream.send_all(data)


def _request(head: h11.Request) -> Request:
    """The head as a value; raises ProblemError for what two readers could take for two things."""
    headers = tuple(
        (name.decode("ascii").lower(), value.decode("latin-1")) for name, value in head.headers
    )
    names = [name for name, _ in headers]
    if "transfer-encoding" in names and "content-length" in names:
        raise ProblemError(400, "Transfer-Encoding and Content-Length exclude each other")
    if names.count("host") > 1:
        raise ProblemError(400, "there is more than one Host header")
    path, query = parse_target(head.target.decode("ascii", "replace"))
    return Request(head.method.decode("ascii"), path, query, headers)
