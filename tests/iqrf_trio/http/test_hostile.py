"""Peers that send anything but requests, too much, too little, or do not read."""

import json
from pathlib import Path
from random import Random

import pytest
import trio

from iqrf_trio.edges.websocket import connect
from iqrf_trio.http import server
from iqrf_trio.http.server import MAX_CONNECTIONS
from tests.iqrf_trio.house import ask as said
from tests.iqrf_trio.house import house
from tests.iqrf_trio.http.client import ask, connected
from tests.iqrf_trio.http.hostile import attack, kinds, opened
from tests.soak.test_crowd import Sample

ATTACKS = 150


async def calm(tasks: int) -> None:
    """Wait until no more tasks are there than before."""
    with trio.fail_after(30):
        while Sample.take().tasks > tasks:  # noqa: ASYNC110 - there is no event for it
            await trio.sleep(0.05)


async def test_hostile_connections_leave_nothing_and_hinder_nobody(tmp_path: Path) -> None:
    async with house(tmp_path, limit_s=60) as home:
        assert (await ask(home.http_url, "/livez")).status == 200
        before = Sample.take()
        random = Random(1)
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(attack, home.http_url, Random(random.random()), ATTACKS // 12)
            async with connected(home.http_url, home.token) as client:
                for _ in range(30):
                    assert (await client.ask("/livez")).status == 200
                    assert (await ask(home.http_url, "/livez")).status == 200
        await calm(before.tasks)
        after = Sample.take()
        assert after.tasks <= before.tasks
        assert after.descriptors <= before.descriptors
        assert (await ask(home.http_url, "/api/v1/network", home.token)).status == 200


@pytest.mark.parametrize("kind", kinds())
async def test_each_kind_of_attack_ends(tmp_path: Path, kind: str) -> None:
    async with house(tmp_path) as home:
        before = Sample.take()
        await attack(home.http_url, Random(kind), 3, kind)
        await calm(before.tasks)
        assert (await ask(home.http_url, "/livez")).status == 200


async def test_silent_connections_take_no_place_from_others(tmp_path: Path) -> None:
    async with house(tmp_path, limit_s=60) as home, trio.open_nursery() as nursery:
        async with connected(home.http_url, home.token) as known:
            assert (await known.ask("/api/v1/session")).status == 200
            silent = [await opened(home.http_url) for _ in range(MAX_CONNECTIONS + 40)]
            assert (await ask(home.http_url, "/livez")).status == 200
            assert (await known.ask("/api/v1/session")).status == 200, "it has shown its token"
            for stream in silent:
                await trio.aclose_forcefully(stream)
        nursery.cancel_scope.cancel()


async def test_a_session_keeps_its_place_whoever_comes(tmp_path: Path) -> None:
    """What became a WebSocket is none of the connections that give way to others."""
    async with (
        house(tmp_path, limit_s=60) as home,
        connect(home.http_url.replace("http", "ws", 1) + "/ws") as connection,
    ):
        await connection.send(json.dumps({"type": "auth", "token": home.token}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
        silent = [await opened(home.http_url) for _ in range(MAX_CONNECTIONS + 40)]
        assert (await ask(home.http_url, "/livez")).status == 200
        assert (await said(connection, "mngDaemon_Version"))["msgId"] == "test"
        for stream in silent:
            await trio.aclose_forcefully(stream)


async def test_what_is_too_large(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        large = b"x" * 70_000
        answer = await ask(home.http_url, "/api/v1/call", home.token, method="POST", body=large)
        assert answer.status == 413
        assert (await ask(home.http_url, "/livez", X=("y" * 20_000))).status == 431


async def test_too_many_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes through a trusted proxy is counted for itself."""
    monkeypatch.setattr(server, "REQUESTS_PER_MINUTE", 30)
    async with (
        house(tmp_path, 'websocket.trusted_proxies=["127.0.0.1"]', limit_s=60) as home,
        connected(home.http_url) as client,
    ):
        for path in ("/livez", "/metrics", "/api/v1/network", "/nothing"):
            host = f"10.0.0.{len(path)}"
            while (refused := await client.ask(path, X_Forwarded_For=host)).status != 429:
                pass
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.headers["content-type"] == "application/problem+json"
        assert (await client.ask("/livez", X_Forwarded_For="10.1.0.8")).status == 200
