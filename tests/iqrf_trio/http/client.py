"""A small HTTP client: one request on a connection of its own, or several on one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import h11
import orjson
import trio
from attrs import define, field, frozen


@frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [orjson.loads(line) for line in self.body.splitlines()]


@define(eq=False)
class HttpClient:
    stream: trio.abc.Stream
    host: str
    token: str = ""
    _http: h11.Connection = field(factory=lambda: h11.Connection(h11.CLIENT), init=False)

    async def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        sent = {
            "Host": self.host,
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body:
            sent["Content-Length"] = str(len(body))
        await self._send(h11.Request(method=method, target=path, headers=[*sent.items()]))
        if body:
            await self._send(h11.Data(data=body))
        await self._send(h11.EndOfMessage())
        response = await self._event()
        assert isinstance(response, h11.Response), response
        received = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            received += event.data
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        names = {name.decode(): value.decode() for name, value in response.headers}
        return Answer(response.status_code, names, bytes(received))

    async def _send(self, event: h11.Event) -> None:
        await self.stream.send_all(self._http.send(event) or b"")

    async def _event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(bytes(await self.stream.receive_some(65536)))


@asynccontextmanager
async def connected(url: str, token: str = "") -> AsyncIterator[HttpClient]:
    split = urlsplit(url)
    assert split.hostname is not None
    assert split.port is not None
    stream = await trio.open_tcp_stream(split.hostname, split.port)
    async with stream:
        yield HttpClient(stream, split.netloc, token)


async def ask(url: str, path: str, token: str = "", **options: Any) -> Answer:
    async with connected(url, token) as client:
        return await client.ask(path, **options)
