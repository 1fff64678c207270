"""The console below a path of a reverse proxy."""

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trio

from tests.browser.driver import MISSING, Visit, drive
from tests.iqrf_trio.house import house
from tests.iqrf_trio.http.network import learnt, read

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]

PREFIX = b"/sites/attic"


async def _pass_on(source: trio.SocketStream, sink: trio.SocketStream) -> None:
    """Until either end has gone."""
    try:
        async for chunk in source:
            await sink.send_all(chunk)
        await sink.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


async def _proxied(client: trio.SocketStream, *, port: int) -> None:
    """One request, whose path loses the prefix; what follows passes unchanged, a WebSocket too."""
    head = bytearray()
    while b"\r\n\r\n" not in head:
        chunk = await client.receive_some()
        if not chunk:
            return
        head += chunk
    line, rest = bytes(head).split(b"\r\n", 1)
    method, path, version = line.split(b" ")
    assert path.startswith(PREFIX + b"/"), path
    if b"upgrade: websocket" not in rest.lower():
        rest = rest.replace(b"Connection: keep-alive", b"Connection: close")
    gateway = await trio.open_tcp_stream("127.0.0.1", port)
    async with gateway, trio.open_nursery() as nursery:
        line = b" ".join((method, path.removeprefix(PREFIX), version))
        await gateway.send_all(line + b"\r\n" + rest)
        nursery.start_soon(_pass_on, client, gateway)
        await _pass_on(gateway, client)
        nursery.cancel_scope.cancel()


async def test_all_addresses_are_below_the_path_of_a_proxy(tmp_path: Path) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("nodes", token)
        visit.sees(".devices a >> text=Node 1").click()
        visit.sees(".tile").click()
        visit.sees(".history canvas")
        visit.sees("button >> text=Ping").click()
        visit.sees("text=It answered")
        visit.open("system/doctor")
        visit.sees(".events li")
        assert visit.errors == []

    async with house(tmp_path, limit_s=200) as home, trio.open_nursery() as nursery:
        await learnt(home)
        await read(home)
        port = urlsplit(home.http_url).port
        assert port
        serve = partial(trio.serve_tcp, partial(_proxied, port=port), 0, host="127.0.0.1")
        [listener] = await nursery.start(serve)
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}{PREFIX.decode()}"
        await drive(partial(scenario, token=home.token), url)
        nursery.cancel_scope.cancel()
