"""`iqrf-trio switch` and `iqrf-trio light`: what they ask the gateway, and how they end."""

import json
from typing import Any

import pytest
import trio

from iqrf_trio.__main__ import main
from protocol.api import message
from protocol.api.family import request_of
from protocol.api.registry import REGISTRY
from tests.iqrf_trio.cli.gateway import TOKEN, answer, gateway

BEFORE = [False, True] + [False] * 30
RESULTS = {
    "iqrfBinaryoutput_SetOutput": {"prevVals": BEFORE},
    "iqrfLight_SetLai": {"prevVoltage": 2.5},
    "iqrfLight_SendLdiCommands": {"answers": [{"status": 128, "value": 0}]},
}


def done(request: dict[str, Any]) -> list[Any]:
    return [answer(request, {"nAdr": 3, "result": RESULTS[request["mType"]]})]


async def command(url: str, *words: str) -> int:
    argv = [words[0], "--url", url, "--token", TOKEN, *words[1:]]
    return await trio.to_thread.run_sync(main, argv)


@pytest.mark.parametrize(
    ("words", "mtype", "param", "said"),
    [
        (
            "switch 3 1 on",
            "iqrfBinaryoutput_SetOutput",
            {"binOuts": [{"index": 1, "state": True}]},
            "output 1 of node 3: on (before: on)",
        ),
        (
            "switch 3 0 off",
            "iqrfBinaryoutput_SetOutput",
            {"binOuts": [{"index": 0, "state": False}]},
            "output 0 of node 3: off (before: off)",
        ),
        (
            "switch 3 0 on --for 60s",
            "iqrfBinaryoutput_SetOutput",
            {"binOuts": [{"index": 0, "state": True, "time": 60}]},
            "output 0 of node 3: on for 60 s (before: off)",
        ),
        (
            "switch 3 31 on --for 90",
            "iqrfBinaryoutput_SetOutput",
            {"binOuts": [{"index": 31, "state": True, "time": 90}]},
            "output 31 of node 3: on for 90 s (before: off)",
        ),
        (
            "switch 3 0 on --for 2h",
            "iqrfBinaryoutput_SetOutput",
            {"binOuts": [{"index": 0, "state": True, "time": 7200}]},
            "output 0 of node 3: on for 7200 s (before: off)",
        ),
        (
            "light 3 40%",
            "iqrfLight_SetLai",
            {"voltage": 4.0},
            "light of node 3: 40 % (before: 25 %)",
        ),
        ("light 3 off", "iqrfLight_SetLai", {"voltage": 0}, "light of node 3: 0 % (before: 25 %)"),
        (
            "light 3 12.5",
            "iqrfLight_SetLai",
            {"voltage": 1.25},
            "light of node 3: 12.5 % (before: 25 %)",
        ),
        (
            "light 3 on --dali",
            "iqrfLight_SendLdiCommands",
            {"commands": [0xFEFE]},
            "light of node 3: 100 %",
        ),
        (
            "light 3 0.1% --dali",
            "iqrfLight_SendLdiCommands",
            {"commands": [0xFE01]},
            "light of node 3: 0.1 %",
        ),
        (
            "light 3 0 --dali",
            "iqrfLight_SendLdiCommands",
            {"commands": [0xFE00]},
            "light of node 3: 0 %",
        ),
    ],
)
async def test_what_is_asked_and_said(
    words: str, mtype: str, param: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway(done) as it:
        assert await command(it.url, *words.split()) == 0
    (request,) = it.heard
    assert request["mType"] == mtype
    assert request["data"]["req"] == {"nAdr": 3, "param": param}
    parsed = request_of(REGISTRY[mtype], message.parse(json.dumps(request)))
    transaction = REGISTRY[mtype].transaction
    assert transaction is not None
    transaction.begin(parsed)
    assert capsys.readouterr().out == f"{said}\n"


@pytest.mark.parametrize(
    "words",
    [
        "switch 3 32 on",
        "switch 3 -1 on",
        "switch 0 1 on",
        "switch 240 1 on",
        "switch 3 1",
        "switch 3 1 maybe",
        "switch 3 1 off --for 60s",
        "switch 3 1 on --for 0",
        "switch 3 1 on --for 128s",
        "switch 3 1 on --for 61min --for 128min",
        "switch 3 1 on --for 1d",
        "switch 3 1 on --for soon",
        "switch 3 1 on --for -5",
        "light 3 101%",
        "light 3 -1",
        "light 3 nan",
        "light 3 dark",
        "light 3",
        "light x 40%",
    ],
)
async def test_words_that_make_no_sense(words: str) -> None:
    async with gateway(done) as it:
        assert await command(it.url, *words.split()) == 2
    assert not it.heard


async def test_a_lamp_that_does_not_understand(capsys: pytest.CaptureFixture[str]) -> None:
    def puzzled(request: dict[str, Any]) -> list[Any]:
        return [answer(request, {"result": {"answers": [{"status": 0x82, "value": 0}]}})]

    async with gateway(puzzled) as it:
        assert await command(it.url, "light", "3", "on", "--dali") == 0
    assert capsys.readouterr().out.endswith("; a lamp did not understand it\n")


@pytest.mark.parametrize("words", ["switch 3 0 on", "light 3 on"])
async def test_a_failure(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(request: dict[str, Any]) -> list[Any]:
        return [answer(request, {"nAdr": 3}, status=8, statusStr="ERROR_NADR")]

    async with gateway(refuse) as it:
        assert await command(it.url, *words.split()) == 1
        assert await command(it.url, *words.split(), "--json") == 1
    out, err = capsys.readouterr()
    assert "failed with status 8: ERROR_NADR" in err
    assert json.loads(out)["data"]["status"] == 8


async def test_an_answer_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    async with gateway(done) as it:
        assert await command(it.url, "switch", "3", "1", "on", "--json") == 0
    assert json.loads(capsys.readouterr().out)["data"]["rsp"]["result"]["prevVals"] == BEFORE
