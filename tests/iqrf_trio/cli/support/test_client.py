"""The client against a real server: authentication, matching of answers, and every bad end."""

import re
from typing import Any

import pytest
import trio

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support.client import Received, client
from tests.iqrf_trio.cli.gateway import (
    EXPIRATION,
    TOKEN,
    Script,
    answer,
    gateway,
    message,
    refused,
)
from tests.iqrf_trio.limits import limits_with


async def test_an_authenticated_client_knows_what_its_token_is_worth() -> None:
    async with gateway() as it, client(it.url, TOKEN) as connected:
        assert connected.expiration == EXPIRATION
        assert not connected.service


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        (1, "is it a gateway of another version?"),
        (2, "try again"),
        (3, "see its log: it could not check the token"),
        (4, "make one with `iqrf-trio token create`, in the state directory of this gateway"),
        (5, "make a new one with `iqrf-trio token create`"),
        (6, "make a new one with `iqrf-trio token create`"),
        (77, "see its log"),
    ],
)
async def test_a_refused_token_is_explained(code: int, fix: str) -> None:
    words = f"the gateway refuses the token: error {code} (code {code}); {fix}"
    async with gateway(authenticate=lambda _: refused(code)) as it:
        with pytest.raises(Failure, match=f"^{re.escape(words)}$"):
            async with client(it.url, TOKEN):
                pass


@pytest.mark.parametrize("said", ["hello", "[]", '{"type":"auth_maybe"}', '"\u2028"'])
async def test_an_authentication_that_is_not_answered_properly(said: str) -> None:
    async with gateway(authenticate=lambda _: said) as it:
        with pytest.raises(Failure, match="is this a gateway"):
            async with client(it.url, TOKEN):
                pass


async def test_a_connection_closed_instead_of_an_answer_to_the_authentication() -> None:
    async with gateway(authenticate=lambda _: 1013) as it:
        with pytest.raises(Failure, match=r"the gateway left \(closed with 1013\); this client"):
            async with client(it.url, TOKEN):
                pass


async def test_nobody_listens() -> None:
    async with gateway() as it:
        url = it.url
    with pytest.raises(
        Failure,
        match=rf"^no connection to {url}: Connection refused; is the gateway running there\?$",
    ):
        async with client(url, TOKEN):
            pass


async def test_a_url_that_is_none() -> None:
    with pytest.raises(Failure, match=r"^no connection to http://x: is no URL of a WebSocket"):
        async with client("http://x", TOKEN):
            pass


async def test_a_full_gateway_says_so() -> None:
    async with gateway(limits=limits_with(max_clients=0)) as it:
        with pytest.raises(Failure, match=r"HTTP 503 .*; close other clients"):
            async with client(it.url, TOKEN):
                pass


async def test_a_request_carries_type_id_and_parameters() -> None:
    async with gateway() as it, client(it.url, TOKEN) as connected:
        await connected.ask("mngDaemon_Version")
        await connected.ask("iqrfDb_GetDevices", {"brief": True})
    first, second = it.heard
    assert first == {"mType": "mngDaemon_Version", "data": {"msgId": first["data"]["msgId"]}}
    assert second["data"]["req"] == {"brief": True}
    assert first["data"]["msgId"] != second["data"]["msgId"]


async def test_answers_are_matched_and_the_rest_kept() -> None:
    def script(request: dict[str, Any]) -> list[dict[str, Any]]:
        other = {"mType": request["mType"], "data": {"msgId": "of-another", "status": 0}}
        return [
            message("iqrfRaw", {"rData": "00"}),
            other,
            answer(request, {"n": 1}),
            message("iqrfRaw", {"rData": "01"}),
        ]

    async with gateway(script) as it, client(it.url, TOKEN) as connected:
        assert await connected.ask("iqrfDb_GetLights", {}) == {"n": 1}
        assert [(await connected.message()).rsp for _ in range(3)] == [
            {"rData": "00"},
            None,
            {"rData": "01"},
        ]


def steps(*numbers: int) -> Script:
    return lambda request: [answer(request, {"step": n, "stepStr": ""}) for n in numbers]


def waves(*waves: tuple[int, bool]) -> Script:
    return lambda request: [
        answer(request, {"progress": progress, "lastWave": last}) for progress, last in waves
    ]


@pytest.mark.parametrize(
    ("mtype", "script", "count"),
    [
        ("anything", lambda r: [answer(r, {"a": 1}), answer(r, {"a": 2})], 1),
        ("iqrfDb_Enumerate", steps(0, 1, 2, 8, 8), 4),
        (
            "iqmeshNetwork_AutoNetwork",
            waves((50, False), (100, False), (60, False), (100, True), (100, True)),
            4,
        ),
        (
            "anything",
            waves((50, False), (100, False), (50, True), (100, True), (100, True)),
            4,
        ),
        (
            "anything",
            lambda r: [answer(r, {"progress": 99}), answer(r, {"progress": 100}), answer(r)],
            2,
        ),
        (
            "iqrfDb_Enumerate",
            lambda r: [answer(r, {"step": 3}), answer(r, {"step": 4}, -1), answer(r)],
            2,
        ),
    ],
)
async def test_answers_end_with_the_final_one(mtype: str, script: Script, count: int) -> None:
    async with gateway(script) as it, client(it.url, TOKEN) as connected:
        answers = [each async for each in await connected.request(mtype)]
        assert len(answers) == count
        assert [each.final for each in answers] == [False] * (count - 1) + [True]


def backups(*answers: tuple[int, int]) -> Script:
    """Answers of a backup by progress and status."""
    return lambda request: [
        answer(request, {"progress": progress, "devices": []}, status)
        for progress, status in answers
    ]


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (((33, 0), (66, 1000), (100, 0), (100, 0)), 3),
        (((50, 0), (100, 1000), (100, 0)), 2),
        (((100, 1001), (100, 0)), 1),
    ],
)
async def test_a_device_that_is_silent_does_not_end_a_backup(
    answers: tuple[tuple[int, int], ...], count: int
) -> None:
    async with gateway(backups(*answers)) as it, client(it.url, TOKEN) as connected:
        request = await connected.request("iqmeshNetwork_Backup", {"deviceAddr": 0})
        assert [each.status for each in [each async for each in request]] == [
            status for _, status in answers[:count]
        ]


@pytest.mark.parametrize("mtype", ["messageError", "iqmeshNetwork_AutoNetwork"])
def test_what_else_fails_is_over(mtype: str) -> None:
    data = {"status": 1, "rsp": {"progress": 40}}
    assert Received.of({"mType": mtype, "data": data}, "").final


def test_a_backup_that_fails_without_a_progress_is_over() -> None:
    assert Received.of({"mType": "iqmeshNetwork_Backup", "data": {"status": -1}}, "").final


async def test_a_failed_request_tells_why() -> None:
    async with (
        gateway(lambda r: [answer(r, {"errorStr": "No."}, -1, statusStr="err")]) as it,
        client(it.url, TOKEN) as connected,
    ):
        with pytest.raises(Failure, match=r"^iqrfDb_Reset failed with status -1: err: No$"):
            await connected.ask("iqrfDb_Reset", {})


async def test_an_answer_that_does_not_come() -> None:
    async with gateway(lambda _: []) as it, client(it.url, TOKEN) as connected:
        with pytest.raises(Failure, match=r"no answer to iqrfDb_Reset within 0.05 s; wait longer"):
            await connected.ask("iqrfDb_Reset", {}, timeout_s=0.05)


async def test_steps_that_take_long_are_no_silence() -> None:
    async with gateway(steps(*range(9))) as it, client(it.url, TOKEN) as connected:
        answers = await connected.request("iqrfDb_Enumerate", {}, timeout_s=30)
        with trio.fail_after(30):
            assert [each.rsp["step"] async for each in answers] == list(range(9))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lambda _: [1001], r"the gateway left \(closed with 1001\); it is shutting down"),
        (lambda _: [1009], "the message is too long for it"),
        (lambda _: ["no json"], "the gateway sent what is no message: 'no json'"),
        (lambda _: ["[1]"], "the gateway sent what is no message"),
        (lambda _: [refused(6), 1008], r"refuses the token: error 6 \(code 6\); make a new one"),
    ],
)
async def test_a_gateway_that_leaves_instead_of_answering(script: Script, words: str) -> None:
    async with gateway(script) as it, client(it.url, TOKEN) as connected:
        with pytest.raises(Failure, match=words):
            await connected.ask("iqrfDb_Reset", {})


async def test_a_request_to_a_gateway_that_has_left() -> None:
    async with gateway(greeting=[1001]) as it, client(it.url, TOKEN) as connected:
        with pytest.raises(Failure, match="the gateway left"):
            await connected.message()
        with pytest.raises(Failure, match="the gateway left"):
            await connected.ask("iqrfDb_Reset", {})


@pytest.mark.parametrize(
    "data", [{}, {"data": []}, {"data": {"status": "bad", "rsp": []}}, {"mType": 5, "data": {}}]
)
def test_messages_that_lack_everything(data: dict[str, Any]) -> None:
    received = Received.of(data, "")
    assert received.final
    assert received.status in {0, -1}
