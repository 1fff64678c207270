"""One message of the JSON API over HTTP: its answers come as lines until the final one."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from math import inf

import orjson
import trio
from attrs import define, field, frozen

from iqrf_trio.edges.http import Sending
from iqrf_trio.http.routes import Question, Route
from iqrf_trio.messaging.reports import Reports
from protocol.api.registry import final_of
from protocol.auth.authentication import Grant
from protocol.auth.rights import READ, Rights
from protocol.outward.http import JSON_LINES, ProblemError, Response

TIMEOUT_S = 60.0
"""How long the final answer may take, unless the request says otherwise."""

MAX_TIMEOUT_S = 3600.0

_LOOK_S = 1.0
"""How often a call that waits gives the server a turn."""

_WAITING = 256
"""Answers that may wait for a client that does not read."""


@define(eq=False)
class CallClient:
    """Who asks by one HTTP request, as handlers know a client."""

    remote: str
    _grant: Grant
    _answers: trio.MemorySendChannel[bytes]
    _sending: Sending
    live: bool = field(default=True, init=False)
    lasting: bool = field(default=False, init=False)

    @property
    def rights(self) -> Rights:
        """What its token allows."""
        return self._grant.rights

    @property
    def token(self) -> int:
        """The number of its token."""
        return self._grant.token_id

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Hand on an answer; one that nobody fetches any more is dropped.

        There is room for it from now on, until `sent`.
        """
        if not self.live:
            return True
        line = text.encode() + b"\n"
        if not self._sending.reserve(len(line)):
            return False
        try:
            self._answers.send_nowait(line)
        except (trio.WouldBlock, trio.ClosedResourceError, trio.BrokenResourceError) as error:
            self._sending.release(len(line))
            self.live = isinstance(error, trio.WouldBlock)
            return not self.live
        return True

    def sent(self, line: bytes) -> None:
        """An answer needs no room any more."""
        self._sending.release(len(line))

    def owe(self, answers: int) -> None:
        """Nothing: there is room for all answers of one request."""

    def subscribe(self, reports: Reports) -> None:
        """Nothing: the connection ends with the answer."""


@frozen(eq=False)
class CallRoutes:
    """`accept` takes the text of a message and a client, `withdraw` takes its work back."""

    _accept: Callable[[str | bytes, CallClient], None]
    _withdraw: Callable[[CallClient], None]
    _sending: Sending

    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        about = "Send a message of the JSON API; its answers come as JSON lines."
        return (
            Route(
                "POST",
                "/api/v1/call",
                READ,
                about,
                self._call,
                query={"timeout": f"seconds until the final answer, {TIMEOUT_S:.0f} by default"},
                body={"mType": "type of the message", "data": "msgId and req of the message"},
                content=JSON_LINES,
            ),
        )

    async def _call(self, question: Question) -> Response:
        grant = question.caller.needs(READ)
        try:
            asked = orjson.loads(question.request.body)
            mtype = asked["mType"]
        except (ValueError, TypeError, KeyError):
            raise ProblemError(400, "the body has to be one message with mType and data") from None
        timeout_s = _timeout(question)
        send, receive = trio.open_memory_channel[bytes](_WAITING)
        client = CallClient(f"{question.caller.address} (http)", grant, send, self._sending)
        begin = partial(self._accept, question.request.body, client)
        answers = self._answers(client, begin, receive, final_of(mtype), timeout_s)
        return Response(200, answers, JSON_LINES)

    async def _answers(
        self,
        client: CallClient,
        begin: Callable[[], None],
        answers: trio.MemoryReceiveChannel[bytes],
        is_final: Callable[[bytes], bool],
        timeout_s: float,
    ) -> AsyncIterator[bytes]:
        """The lines of the answers; the message is sent when the first of them is wanted."""
        ends_at = trio.current_time() + timeout_s
        begin()
        try:
            while True:
                line = None
                with trio.move_on_at(min(ends_at, trio.current_time() + _LOOK_S)):
                    line = await answers.receive()
                if line is None and trio.current_time() < ends_at:
                    yield b""  # sends nothing, but it is looked whether the token still is good
                    continue
                if line is None:
                    late = {"title": "no final answer in time", "status": 504}
                    yield orjson.dumps(late) + b"\n"
                    return
                try:
                    yield line
                finally:
                    client.sent(line)
                if is_final(line):
                    return
        finally:
            client.live = False
            self._withdraw(client)
            with suppress(trio.WouldBlock):
                while True:
                    client.sent(answers.receive_nowait())


def _timeout(question: Question) -> float:
    text = question.request.query.get("timeout")
    if text is None:
        return TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = inf
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise ProblemError(400, f"timeout has to be seconds, {MAX_TIMEOUT_S:.0f} at most")
    return seconds
