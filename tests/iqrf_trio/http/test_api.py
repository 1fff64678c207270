"""What scripts and the console ask for over HTTP, of a whole gateway."""

import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.cli.support import local_token
from iqrf_trio.http.server import REQUESTS_PER_MINUTE
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store import DATABASE_NAME
from protocol.auth.rights import Rights, Scope
from tests.iqrf_trio.house import House, authenticated, house, request
from tests.iqrf_trio.http.client import Answer, ask, connected

SMALL = Rights(Scope.READ)
LARGE = Rights(Scope.MANAGE)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, mesh=generate(3)) as home:
        yield home


def token_of(home: House, rights: Rights) -> str:
    return local_token.make(home.state / DATABASE_NAME, rights)


async def send(home: House, path: str, method: str = "POST", **body: Any) -> Answer:
    return await ask(home.http_url, path, home.token, method=method, body=json.dumps(body).encode())


PATHS = (
    ("POST", "/api/v1/call", None),
    ("POST", "/api/v1/session", None),
    ("GET", "/api/v1/session", None),
    ("DELETE", "/api/v1/session", None),
    ("GET", "/api/v1/network", None),
    ("GET", "/api/v1/messages", None),
    ("GET", "/api/v1/history", None),
    ("GET", "/api/v1/history.csv", None),
    ("GET", "/api/v1/history.lp", None),
    ("DELETE", "/api/v1/history/1", SMALL),
    ("GET", "/api/v1/series", None),
    ("GET", "/api/v1/readings", None),
    ("GET", "/api/v1/queue", None),
    ("GET", "/api/v1/config", None),
    ("GET", "/api/v1/doctor", None),
    ("GET", "/api/v1/snapshots", None),
    ("POST", "/api/v1/snapshots", SMALL),
    ("GET", "/api/v1/log", LARGE),
    ("GET", "/api/v1/log/levels", LARGE),
    ("POST", "/api/v1/log/levels", LARGE),
    ("GET", "/api/v1/tokens", LARGE),
    ("POST", "/api/v1/tokens", LARGE),
    ("GET", "/api/v1/tokens/1", LARGE),
    ("DELETE", "/api/v1/tokens/1", LARGE),
    ("POST", "/api/v1/tokens/1/rotate", LARGE),
)
"""Method, path, and the rights that do not suffice; None where every token does."""


@pytest.mark.parametrize(("method", "path", "small"), PATHS)
async def test_who_may_ask(home: House, method: str, path: str, small: Rights | None) -> None:
    without = await ask(home.http_url, path, method=method)
    assert without.status == 401
    assert without.headers["www-authenticate"].startswith("Bearer")
    assert without.headers["content-type"] == "application/problem+json"
    wrong = await ask(home.http_url, path, "iqrfgd2;99;nonsense", method=method)
    assert wrong.status == 401
    if small is not None:
        less = await ask(home.http_url, path, token_of(home, small), method=method)
        assert less.status == 403
        fix = less.json["detail"].partition("iqrf-trio token create")[2]
        assert "--scope" in fix
        assert ("--service" in fix) == (small.scope is Scope.MANAGE)
        assert less.json["detail"]
    elsewhere = await ask(home.http_url, path, home.token, method=method, Host="evil.example")
    assert elsewhere.status == 421
    strange = await ask(home.http_url, path, home.token, method="PATCH")
    assert strange.status == 405
    assert method in strange.headers["allow"]


async def test_every_path_is_tested(home: House) -> None:
    """The list above and the routes of the server are the same."""
    told = (await ask(home.http_url, "/api/v1", home.token)).json
    declared = {(each["method"], re.sub("{.*?}", "1", each["path"])) for each in told}
    assert {(method, path) for method, path, _ in PATHS} == {
        each for each in declared if each[1].startswith("/api/v1/")
    }


async def every_route(home: House) -> list[tuple[str, str, bool]]:
    """Method and path of all that the server tells of itself, and whether it takes a token."""
    told = (await ask(home.http_url, "/api/v1", home.token)).json
    assert len(told) > len(PATHS)
    return [
        (each["method"], re.sub("{.*?}", "1", each["path"]), each["open"] is None) for each in told
    ]


async def test_no_route_answers_a_token_that_was_revoked_in_between(tmp_path: Path) -> None:
    # Else who comes with a wrong token again and again is made to wait.
    patient = "websocket.auth_failures_per_minute=100000"
    async with house(tmp_path, patient, mesh=generate(3)) as home:
        token = token_of(home, Rights(Scope.MANAGE, service=True))
        assert (await ask(home.http_url, "/api/v1/network", token)).status == 200
        number = int(token.split(";")[1])
        assert (await send(home, f"/api/v1/tokens/{number}", "DELETE")).status == 200
        for method, path, _ in await every_route(home):
            refused = await ask(home.http_url, path, token, method=method)
            assert refused.status == 401, (method, path)
            assert refused.headers["content-type"] == "application/problem+json"


async def test_every_route_refuses_what_is_too_large(home: House) -> None:
    for method, path, _ in await every_route(home):
        large = await ask(home.http_url, path, home.token, method=method, body=bytes(70_000))
        assert large.status == 413, (method, path)
        long = await ask(home.http_url, path, home.token, method=method, X="y" * 20_000)
        assert long.status == 431, (method, path)


async def test_every_route_refuses_a_method_that_it_does_not_have(home: House) -> None:
    for _, path, _ in await every_route(home):
        strange = await ask(home.http_url, path, home.token, method="PROPFIND")
        assert strange.status == 405, path
        assert strange.headers["allow"]


async def test_every_route_refuses_who_asks_too_often(home: House) -> None:
    routes = await every_route(home)
    async with connected(home.http_url) as client:
        for _ in range(REQUESTS_PER_MINUTE):
            await client.ask("/livez")
        for method, path, _ in routes:
            much = await client.ask(path, method=method)
            while much.status != 429:  # as time passes some are allowed again
                much = await client.ask(path, method=method)
            assert int(much.headers["retry-after"]) > 0


async def test_every_route_with_a_token_refuses_one_without_and_a_foreign_name(home: House) -> None:
    for method, path, closed in await every_route(home):
        foreign = await ask(home.http_url, path, home.token, method=method, Host="evil.example")
        assert foreign.status == 421, (method, path)
        if closed:
            assert (await ask(home.http_url, path, method=method)).status == 401, (method, path)


async def test_tokens_are_made_listed_rotated_and_revoked(home: House) -> None:
    made = await send(home, "/api/v1/tokens", owner="script", expires="30d", scope="read")
    assert made.status == 201
    assert made.headers["cache-control"] == "no-store"
    token, number = made.json["token"], made.json["id"]
    assert (await ask(home.http_url, "/api/v1/network", token)).status == 200
    told = await ask(home.http_url, "/api/v1/tokens", home.token)
    [listed] = [each for each in told.json if each["id"] == number]
    assert (listed["owner"], listed["scope"], listed["service"]) == ("script", "read", False)
    assert token.split(";")[2] not in told.body.decode()
    one = f"/api/v1/tokens/{number}"
    assert (await ask(home.http_url, one, home.token)).json == listed
    rotated = await send(home, f"{one}/rotate")
    assert rotated.status == 201
    assert (await ask(home.http_url, "/api/v1/network", token)).status == 401
    assert (await ask(home.http_url, "/api/v1/network", rotated.json["token"])).status == 200
    assert (await send(home, f"{one}/rotate")).status == 409
    other = f"/api/v1/tokens/{rotated.json['id']}"
    gone = await send(home, other, "DELETE")
    assert (gone.status, gone.json["status"]) == (200, "revoked")
    assert (await send(home, other, "DELETE")).status == 409
    for path in ("/api/v1/tokens/77", "/api/v1/tokens/0", "/api/v1/tokens/x"):
        assert (await ask(home.http_url, path, home.token)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"owner": "a"},
        {"owner": "", "expires": "1d"},
        {"owner": "a\nb", "expires": "1d"},
        {"owner": "a" * 65, "expires": "1d"},
        {"owner": 5, "expires": "1d"},
        {"owner": "a", "expires": "soon"},
        {"owner": "a", "expires": 5},
        {"owner": "a", "expires": "1d", "scope": "all"},
        {"owner": "a", "expires": "1d", "service": 1},
        {"owner": "a", "expires": "1d", "secret": "x"},
    ],
)
async def test_tokens_that_cannot_be_made(home: House, body: dict[str, Any]) -> None:
    assert (await send(home, "/api/v1/tokens", **body)).status == 400


async def test_the_log_is_told_without_secrets(home: House) -> None:
    logging.getLogger("iqrf_trio.test").warning("somebody said %s", home.token)
    told = (await ask(home.http_url, "/api/v1/log?level=warning", home.token)).json
    [line] = [each for each in told["lines"] if each["area"] == "test"]
    assert line["message"].startswith("somebody said iqrfgd2;")
    assert home.token not in line["message"]
    assert {each["level"] for each in told["lines"]} <= {"warning", "error"}
    path = f"/api/v1/log?after={told['last']}"
    later = (await ask(home.http_url, path, home.token)).json
    assert all(each["number"] > told["last"] for each in later["lines"])
    for query in ("level=loud", "after=-1", "after=x"):
        assert (await ask(home.http_url, f"/api/v1/log?{query}", home.token)).status == 400


async def test_an_area_is_logged_otherwise_for_a_while(home: House) -> None:
    noisy = logging.getLogger("iqrf_trio.noisy")
    usual = noisy.getEffectiveLevel()
    made = await send(home, "/api/v1/log/levels", area="noisy", level="debug")
    assert made.json == {"area": "noisy", "level": "debug", "for": 900}
    assert noisy.isEnabledFor(logging.DEBUG)
    told = (await ask(home.http_url, "/api/v1/log/levels", home.token)).json
    assert {each["area"]: each["for"] is None for each in told} | {"noisy": False, "": True} == {
        each["area"]: each["area"] != "noisy" for each in told
    }
    for body in ({"area": "nowhere", "level": "info"}, {"level": "loud"}, {"area": "noisy"}):
        assert (await send(home, "/api/v1/log/levels", **body)).status == 400
    home.stop.set()
    await trio.testing.wait_all_tasks_blocked(0.1)
    assert noisy.getEffectiveLevel() == usual


async def test_who_waits_for_the_radio(home: House) -> None:
    async with authenticated(home) as connection:
        await send(home, "/api/v1/call", mType="mngDaemon_StopNetworkQueue", data={"msgId": "1"})
        await connection.send(request("iqrfRaw", {"rData": "00.00.06.03.ff.ff"}))
        told: Any = {"waiting": []}
        while not told["waiting"]:
            told = (await ask(home.http_url, "/api/v1/queue", home.token)).json
        [waiting] = told["waiting"]
        assert waiting["name"].startswith("iqrfRaw of ")
        assert (told["paused"], waiting["kind"], told["active"]) == (True, "request", [])


async def test_the_last_cycles(home: House) -> None:
    await send(
        home,
        "/api/v1/call",
        mType="iqrfDb_Enumerate",
        data={"msgId": "1", "req": {"standards": True}},
    )
    await send(home, "/api/v1/call", mType="iqrfSensorData_Start", data={"msgId": "2"})
    told: Any = {"cycles": []}
    while not told["cycles"]:
        told = (await ask(home.http_url, "/api/v1/readings", home.token)).json
    cycle = told["cycles"][0]
    assert told["running"]
    assert (cycle["nodes"], cycle["nodesOk"], cycle["failure"]) == (3, 3, "")
    assert cycle["values"] > 0


async def test_the_configuration_in_force_and_the_snapshots(home: House) -> None:
    told = (await ask(home.http_url, "/api/v1/config", home.token)).json
    assert told["port.kind"] == {"value": "simulator", "origin": "--set"}
    assert told["http.host"]["origin"] == "default"
    shelves = (await ask(home.http_url, "/api/v1/snapshots", home.token)).json
    assert all(each["error"] == "" for each in shelves)
    made = await ask(home.http_url, "/api/v1/snapshots", home.token, method="POST")
    assert made.status == (201 if shelves else 409)
    with trio.fail_after(5):
        again = (await ask(home.http_url, "/api/v1/snapshots", home.token)).json
    assert sum(len(each["snapshots"]) for each in again) == len(made.json.get("kept", ()))


async def test_what_the_doctor_finds(tmp_path: Path) -> None:
    finding = {"check": "disk", "severity": "warning", "text": "it is full", "fix": "make room"}
    async with house(tmp_path, examine=lambda _config: [finding]) as home:
        told = (await ask(home.http_url, "/api/v1/doctor", home.token)).json
        assert told["findings"] == [finding]
        assert told["checks"]["store"]["status"] in {"pass", "warn"}


async def test_the_history_as_a_message(home: House) -> None:
    """It says the same as the columns of HTTP, and tells what makes no sense."""

    async def call(mtype: str, **req: Any) -> Any:
        data = {"msgId": "1", "returnVerbose": True, **({"req": req} if req else {})}
        return (await send(home, "/api/v1/call", mType=mtype, data=data)).lines[-1]["data"]

    await call("iqrfDb_Enumerate", standards=True)
    empty = await call("iqrfTrio_GetHistory", nAdr=1, index=0)
    assert (empty["status"], empty["rsp"]["t"], empty["rsp"]["name"]) == (0, [], None)
    await call("iqrfSensorData_Start")
    rsp: Any = {"t": []}
    while not rsp["t"]:
        rsp = (await call("iqrfTrio_GetHistory", nAdr=1, index=0))["rsp"]
    device = home.gateway.store.network.nodes[0]
    assert rsp["mid"] == f"{device.mid:08x}"
    assert rsp == (await call("iqrfTrio_GetHistory", mid=rsp["mid"].upper(), index=0))["rsp"]
    path = f"/api/v1/history?mid={rsp['mid']}&sensor=0"
    told = (await ask(home.http_url, path, home.token)).json
    assert {**rsp, "sensor": 0} == {**told, "index": 0}
    senseless: list[tuple[int, dict[str, Any]]] = [
        (1001, {"index": 0}),
        (1001, {"nAdr": 77, "index": 0}),
        (1001, {"nAdr": 1, "index": 0, "from": 9, "to": 9}),
        (4, {"mid": "12", "index": 0}),
        (4, {"nAdr": 1, "index": 99}),
        (4, {"nAdr": 1, "index": 0, "points": 0}),
    ]
    for status, req in senseless:
        assert (await call("iqrfTrio_GetHistory", **req))["status"] == status


async def test_without_a_history_it_is_said(tmp_path: Path) -> None:
    async with house(tmp_path, "history.enabled=false") as home:
        data = {"msgId": "1", "req": {"mid": "00000001", "index": 0}}
        [answer] = (await send(home, "/api/v1/call", mType="iqrfTrio_GetHistory", data=data)).lines
        assert (answer["data"]["status"], answer["data"]["statusStr"]) == (
            1000,
            "No history is kept; see history.enabled",
        )
