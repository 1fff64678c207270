"""HTTP of a whole gateway: real sockets, a real database, a simulated mesh."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import h11
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from iqrf_trio.cli.support import local_token
from iqrf_trio.edges.tcp.tls import client_context
from iqrf_trio.edges.websocket import connect
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store import DATABASE_NAME, StoreError, files, journal, tokens
from iqrf_trio.store.errors import UnknownTokenError
from iqrf_trio.store.sqlite import opened, transact
from protocol.auth.rights import Rights, Scope
from tests.iqrf_trio.house import House, house, request
from tests.iqrf_trio.http.client import Answer, HttpClient, ask, connected
from tests.iqrf_trio.raw_client import UPGRADE, RawClient
from tests.iqrf_trio.raw_client import request as raw_request
from tests.iqrf_trio.rig import CERTIFICATE, KEY


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as home:
        yield home


async def call(home: House, mtype: str, req: object = None, token: str | None = None) -> Answer:
    body = request(mtype, req).encode()
    return await ask(
        home.http_url,
        "/api/v1/call",
        home.token if token is None else token,
        method="POST",
        body=body,
    )


def revoke(home: House, token: str) -> None:
    number = int(token.split(";")[1])
    with opened(home.state / DATABASE_NAME) as connection:
        transact(connection, partial(tokens.revoke, token_id=number, at=datetime.now(UTC)))


def token_of(home: House, scope: Scope) -> str:
    return local_token.make(home.state / DATABASE_NAME, Rights(scope))


async def test_the_process_lives_and_serves(home: House) -> None:
    for path in ("/livez", "/readyz"):
        answer = await ask(home.http_url, path)
        assert (answer.status, answer.json) == (200, {"status": "pass"})
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_how_all_parts_are(home: House) -> None:
    answer = await ask(home.http_url, "/healthz")
    told = answer.json
    assert {"radio", "store", "reading", "clock", "history"} <= told["checks"].keys()
    assert told["checks"]["radio"]["status"] == "pass"
    assert told["version"] == home.gateway.version
    assert answer.status == (503 if told["status"] == "fail" else 200)
    one = await ask(home.http_url, "/healthz/radio")
    assert (one.status, one.json["status"]) == (200, "pass")
    assert (await ask(home.http_url, "/healthz/tea")).status == 404


async def test_metrics_are_read_by_the_library_of_prometheus(home: House) -> None:
    await call(home, "iqrfDb_Enumerate", {"standards": True})
    answer = await ask(home.http_url, "/metrics")
    assert answer.status == 200
    families = {each.name: each for each in text_string_to_metric_families(answer.body.decode())}
    assert {"iqrf_nodes", "iqrf_radio_transactions", "iqrf_requests_finished"} <= families.keys()
    [bonded] = [each for each in families["iqrf_nodes"].samples if each.labels["state"] == "bonded"]
    assert bonded.value == 12
    assert len(families["iqrf_node_info"].samples) == 12
    counted = {each.labels["path"] for each in families["iqrf_http_requests"].samples}
    assert "/api/v1/call" in counted


async def test_a_message_is_answered_by_lines_until_the_final_one(home: House) -> None:
    [answer] = (await call(home, "mngDaemon_Version")).lines
    assert answer["data"]["status"] == 0
    steps = (await call(home, "iqrfDb_Enumerate", {"standards": True})).lines
    assert [each["data"]["rsp"]["step"] for each in steps][-1] == 8
    assert len(steps) > 3


async def test_what_is_no_message_is_refused(home: House) -> None:
    for body in (b"", b"[]", b'{"data": {}}', b"\xff"):
        answer = await ask(home.http_url, "/api/v1/call", home.token, method="POST", body=body)
        assert answer.status == 400
    [unknown] = (await call(home, "iqrfNothing")).lines
    assert unknown["mType"] == "messageError"


async def test_a_call_without_an_answer_ends_in_time(home: House) -> None:
    body = request("mngDaemon_StopNetworkQueue").encode()
    await ask(home.http_url, "/api/v1/call", home.token, method="POST", body=body)
    body = request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}).encode()
    path = "/api/v1/call?timeout=0.2"
    answer = await ask(home.http_url, path, home.token, method="POST", body=body)
    assert answer.lines == [{"title": "no final answer in time", "status": 504}]
    assert home.gateway.scheduler.network_waiting == 0, "what nobody waits for is taken back"
    for timeout in ("0", "-1", "soon", "99999"):
        path = f"/api/v1/call?timeout={timeout}"
        answer = await ask(home.http_url, path, home.token, method="POST", body=body)
        assert answer.status == 400


async def test_a_token_may_do_what_its_scope_says(home: House) -> None:
    reader = token_of(home, Scope.READ)
    [answer] = (await call(home, "iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, reader)).lines
    assert answer["data"]["status"] == -1
    assert (await ask(home.http_url, "/api/v1/network", reader)).status == 200


async def test_methods_and_paths_that_are_not_there(home: House) -> None:
    wrong = await ask(home.http_url, "/metrics", method="DELETE")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD")
    assert (await ask(home.http_url, "/api/v1/nothing", home.token)).status == 404
    head = await ask(home.http_url, "/livez", method="HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/metrics", "/api/v1/network", "/ws"])
async def test_a_page_cannot_reach_it_by_a_name_of_its_own(home: House, path: str) -> None:
    assert (await ask(home.http_url, path, home.token, Host="evil.example")).status == 421


async def test_who_comes_through_a_proxy_is_not_local(home: House) -> None:
    for path in ("/healthz", "/metrics"):
        assert (await ask(home.http_url, path, X_Forwarded_For="10.0.0.9")).status == 401
        told = await ask(home.http_url, path, home.token, X_Forwarded_For="10.0.0.9")
        assert told.status in {200, 503}
    assert (await ask(home.http_url, "/livez", X_Forwarded_For="10.0.0.9")).status == 200


async def test_whoever_guesses_is_slowed_down(tmp_path: Path) -> None:
    async with house(tmp_path, "websocket.auth_failures_per_minute=1") as home:
        async with connected(home.http_url, "iqrfgd2;99;wrong") as client:
            statuses = [
                (await client.ask("/api/v1/network", X_Forwarded_For="10.0.0.9")).status
                for _ in range(3)
            ]
        assert statuses == [401, 429, 429]
        right = await ask(home.http_url, "/api/v1/network", home.token, X_Forwarded_For="10.0.0.9")
        assert right.status == 200, "a right token always gets its chance"


async def test_a_session_key_stands_for_its_token(home: House) -> None:
    begun = await ask(home.http_url, "/api/v1/session", home.token, method="POST")
    assert begun.status == 201
    assert begun.headers["cache-control"] == "no-store"
    key = begun.json["key"]
    assert key != home.token
    assert begun.json["scope"] == "manage"
    assert (await ask(home.http_url, "/api/v1/network", key)).status == 200
    async with connect(home.url) as connection:
        await connection.send(json.dumps({"type": "auth", "token": key}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
    assert (await ask(home.http_url, "/api/v1/session", home.token, method="DELETE")).status == 409
    assert (await ask(home.http_url, "/api/v1/session", key, method="DELETE")).status == 204
    assert (await ask(home.http_url, "/api/v1/network", key)).status == 401


async def test_a_websocket_on_the_same_port(home: House) -> None:
    assert home.http_url
    url = home.http_url.replace("http", "ws", 1) + "/ws"
    async with connect(url) as connection:
        await connection.send(json.dumps({"type": "auth", "token": home.token}))
        assert json.loads(await connection.receive())["type"] == "auth_success"
        await connection.send(request("mngDaemon_Version"))
        assert json.loads(await connection.receive())["data"]["status"] == 0
    assert (await ask(home.http_url, "/ws")).status == 426
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "http://evil.example"}
    assert (await ask(home.http_url, "/ws", **upgrade)).status == 403


async def test_the_network_as_one_document(home: House) -> None:
    await call(home, "iqrfDb_Enumerate", {"standards": True})
    answer = await ask(home.http_url, "/api/v1/network", home.token)
    devices = answer.json["devices"]
    assert [device["address"] for device in devices] == list(range(13))
    assert any(device["sensors"] for device in devices)
    assert all(len(device["mid"]) == 8 for device in devices)


async def test_the_history_of_a_sensor(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(3)) as home:
        await call(home, "iqrfDb_Enumerate", {"standards": True})
        await call(home, "iqrfSensorData_Start")
        device = home.gateway.store.network.nodes[0]
        path = f"/api/v1/history?mid={device.mid:08x}&sensor=0"
        answer = await ask(home.http_url, path, home.token)
        while not answer.json["t"]:  # until the first cycle is over and written
            answer = await ask(home.http_url, path, home.token)
        told = answer.json
        assert (told["level"], told["unit"]) == ("sample", device.sensors[0].unit)
        assert len(told["t"]) == len(told["avg"]) == 1
        csv = await ask(home.http_url, "/api/v1/history.csv", home.token)
        assert csv.headers["content-type"].startswith("text/csv")
        assert csv.body.startswith(b"time,mid,sensor,type,name,unit,value\n")
        assert f",{device.mid:08x},0,".encode() in csv.body
        lines = await ask(home.http_url, "/api/v1/history.lp", home.token)
        assert lines.body.startswith(b"iqrf,mid=")


async def test_the_history_of_a_sensor_that_has_told_nothing_yet(tmp_path: Path) -> None:
    async with house(tmp_path, mesh=generate(3)) as home:
        await call(home, "iqrfDb_Enumerate", {"standards": True})
        device = home.gateway.store.network.nodes[0]
        for sensor, unit in ((0, device.sensors[0].unit), (-1, "dBm"), (-2, "V")):
            path = f"/api/v1/history?mid={device.mid:08x}&sensor={sensor}"
            answer = await ask(home.http_url, path, home.token)
            assert answer.status == 200
            assert (answer.json["t"], answer.json["avg"]) == ([], [])
            assert (answer.json["unit"], answer.json["level"]) == (unit, "sample")
        for query in (f"mid={device.mid:08x}&sensor=31", "mid=deadbeef&sensor=0", "mid=0&sensor=0"):
            answer = await ask(home.http_url, f"/api/v1/history?{query}", home.token)
            assert answer.status == 404


@pytest.mark.parametrize("path", ["series", "history.csv", "history.lp"])
async def test_a_history_that_cannot_be_read(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "history").mkdir()
    async with house(tmp_path, f"history.path={tmp_path / 'history'}") as home:
        answer = await ask(home.http_url, f"/api/v1/{path}", home.token)
    assert answer.status == 503
    assert "unable to open" in answer.json["detail"]
    assert "Traceback" not in caplog.text


async def test_who_has_the_network_already_is_told_so(home: House) -> None:
    first = await ask(home.http_url, "/api/v1/network", home.token)
    known = {"If_None_Match": first.headers["etag"]}
    moment = first.json["at"]
    while (await ask(home.http_url, "/api/v1/network", home.token)).json["at"] == moment:  # noqa: ASYNC110 - a clock tells nobody
        await trio.sleep(0.2)
    again = await ask(home.http_url, "/api/v1/network", home.token, **known)
    assert (again.status, again.body) == (304, b"")
    await call(home, "iqrfDb_Enumerate", {"standards": True})
    assert (await ask(home.http_url, "/api/v1/network", home.token, **known)).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "mid=1",
        "mid=zz&sensor=0",
        "mid=1&sensor=0&from=soon",
        "mid=1&sensor=0&from=10&to=10",
        "mid=1&sensor=0&points=0",
        "mid=1&sensor=0&points=2001",
        "mid=1&sensor=0&to=99999999999999999999",
        "mid=0x81001&sensor=0",
        "mid=8_100123&sensor=0",
        "mid=-1001234&sensor=0",
        "mid=81001234&sensor=%D9%A1",
        "mid=81001234&sensor=1_0",
        "mid=81001234&sensor=%200",
        "mid=81001234&sensor=0&from=%D9%A1",
        "mid=81001234&sensor=0&form=1",
        "mid=81001234&sensor=0&Points=10",
    ],
)
async def test_questions_about_the_history_that_make_no_sense(home: House, query: str) -> None:
    assert (await ask(home.http_url, f"/api/v1/history?{query}", home.token)).status == 400


async def test_a_port_that_is_taken_is_no_reason_not_to_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path / "a") as one:
        port = urlsplit(one.http_url).port
        sets = ("websocket.port=1", f"http.port={port}")
        async with house(tmp_path / "b", *sets) as other:
            assert other.http_url == ""
            assert "no HTTP" in caplog.text


async def test_a_port_that_was_asked_for_is_taken_whatever_that_of_websockets_is(
    tmp_path: Path,
) -> None:
    async with house(tmp_path / "a") as one:
        port = urlsplit(one.http_url).port
    async with house(tmp_path / "b", "websocket.port=0", f"http.port={port}") as other:
        assert urlsplit(other.http_url).port == port


async def test_connections_that_wait_end_with_the_gateway(tmp_path: Path) -> None:
    async with house(tmp_path) as home, connected(home.http_url) as client:
        assert (await client.ask("/livez")).status == 200
        home.stop.set()
        with trio.fail_after(3):
            assert await client.stream.receive_some() == b""


async def test_tls(tmp_path: Path) -> None:
    sets = (f"websocket.certificate={CERTIFICATE}", f"websocket.private_key={KEY}")
    async with house(tmp_path, *sets, "http.tls_port=0", "http.port=off") as home:
        assert home.http_url.startswith("https://")
        split = urlsplit(home.http_url)
        assert split.port is not None
        context = client_context(CERTIFICATE)
        plain = await trio.open_tcp_stream("127.0.0.1", split.port)
        stream = trio.SSLStream(plain, context, server_hostname="localhost")
        async with stream:
            client = HttpClient(stream, "localhost", home.token)
            assert (await client.ask("/livez")).status == 200
            assert (await client.ask("/api/v1/network")).status == 200
        async with await trio.open_tcp_stream("127.0.0.1", split.port) as wrong:
            await wrong.send_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert not (await wrong.receive_some()).startswith(b"HTTP")
        url = f"wss://localhost:{split.port}/ws"
        async with connect(url, ssl_context=context) as connection:
            await connection.send(json.dumps({"type": "auth", "token": home.token}))
            assert json.loads(await connection.receive())["type"] == "auth_success"


async def test_a_websocket_through_a_trusted_proxy_is_its_client(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "iqrf_trio")
    sets = ('websocket.trusted_proxies=["127.0.0.1"]', 'websocket.origins=["https://elsewhere"]')
    async with house(tmp_path, *sets) as home, connected(home.http_url) as client:
        head = {**UPGRADE, "X-Forwarded-For": "10.0.0.9", "Origin": "http://localhost"}
        await client.stream.send_all(raw_request(head, path="/ws"))
        raw = RawClient(client.stream)
        assert (await raw.answer()).status == 101
        await raw.send(json.dumps({"type": "auth", "token": "iqrfgd2;99;wrong"}))
        await raw.receive()
    assert "10.0.0.9" in caplog.text


async def test_a_call_under_way_ends_when_its_token_is_revoked(home: House) -> None:
    token = token_of(home, Scope.CONTROL)
    await call(home, "mngDaemon_StopNetworkQueue")
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(h11.RemoteProtocolError):  # the answer is cut off
                await call(home, "iqrfRaw", {"rData": "00.00.06.03.ff.ff"}, token)

        nursery.start_soon(wait)
        while not home.gateway.scheduler.network_waiting:  # noqa: ASYNC110 - no event
            await trio.sleep(0.01)
        revoke(home, token)
    assert home.gateway.scheduler.network_waiting == 0


async def test_a_token_that_is_revoked_ends_everything_that_it_opened(home: House) -> None:
    token = token_of(home, Scope.MANAGE)
    key = (await ask(home.http_url, "/api/v1/session", token, method="POST")).json["key"]
    async with connected(home.http_url, key) as client:
        assert (await client.ask("/api/v1/network")).status == 200
        revoke(home, token)
        assert (await client.ask("/api/v1/network")).status == 401
        assert (await client.ask("/livez")).status == 401, "a wrong token is told everywhere"
    assert (await ask(home.http_url, "/livez")).status == 200


async def test_a_store_that_cannot_be_written_is_told(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_connection: object) -> None:
        raise StoreError("database or disk is full")

    before = await ask(home.http_url, "/healthz/store")
    assert before.json["status"] in {"pass", "warn"}
    store = home.gateway.store
    monkeypatch.setattr(journal, "clear", full)
    with pytest.raises(StoreError):
        await store.clear_journal()
    told = await ask(home.http_url, "/healthz/store")
    assert (told.status, told.json["status"]) == (503, "fail")
    assert told.json["reason"] == "the last write failed: database or disk is full"
    with pytest.raises(UnknownTokenError):  # which is nobody's failure
        await store.revoke_token(99, datetime.now(UTC))
    monkeypatch.undo()
    await store.clear_journal()
    assert (await ask(home.http_url, "/healthz/store")).json["status"] == before.json["status"]
    monkeypatch.setattr(files, "is_read_only", lambda _directory: True)
    monkeypatch.setattr(journal, "clear", full)
    with pytest.raises(StoreError):
        await store.clear_journal()
    told = await ask(home.http_url, "/healthz/store")
    assert "read-only" in told.json["reason"]
