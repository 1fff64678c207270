"""`iqrf-trio call` as a user types it: what it sends, prints and returns."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.cli.support.access import TOKEN_VARIABLE
from protocol.api.registry import REGISTRY
from tests.iqrf_trio.cli.gateway import TOKEN, answer, gateway, refused, secured

Call = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run the command in a thread (it has an event loop of its own); (code, stdout, stderr)."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)

    async def run(*words: str) -> tuple[int, str, str]:
        code = await trio.to_thread.run_sync(main, ["call", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


async def test_an_answer_is_printed_as_json(call: Call) -> None:
    async with gateway(lambda request: [answer(request, {"a": {"b": 1}})]) as it:
        code, out, err = await call("--url", it.url, "--token", TOKEN, "some_Message")
    assert (code, json.loads(out), err) == (0, {"a": {"b": 1}}, "")
    assert out.startswith('{\n  "a"')


async def test_parameters_are_sent(call: Call) -> None:
    async with gateway() as it:
        words = ["iqrfRaw", '{"rData": "00.00.06.03.ff.ff"}']
        code, out, _ = await call("--url", it.url, "--token", TOKEN, *words)
    assert (code, out) == (0, "ok\n")
    (request,) = it.heard
    assert request["mType"] == "iqrfRaw"
    assert request["data"]["req"] == {"rData": "00.00.06.03.ff.ff"}


@pytest.mark.parametrize(
    ("mtype", "parameters"),
    [("iqrfDb_GetDevices", {"req": {}}), ("iqrfSensorData_Start", {}), ("unknown_Type", {})],
)
async def test_parameters_left_out(call: Call, mtype: str, parameters: dict[str, Any]) -> None:
    async with gateway() as it:
        await call("--url", it.url, "--token", TOKEN, mtype)
    (request,) = it.heard
    del request["data"]["msgId"]
    assert request["data"] == parameters


async def test_steps_are_printed_as_they_come(call: Call) -> None:
    async with gateway(
        lambda request: [answer(request, {"step": n, "stepStr": f"Part {n}."}) for n in range(9)]
    ) as it:
        code, out, _ = await call("--url", it.url, "--token", TOKEN, "iqrfDb_Enumerate")
    assert code == 0
    assert out.splitlines() == [f"step {n} of 8: Part {n}." for n in range(9)]


async def test_a_status_other_than_0_fails(call: Call) -> None:
    async with gateway(
        lambda request: [answer(request, status=1003, statusStr="Worker not running.")]
    ) as it:
        code, out, err = await call("--url", it.url, "--token", TOKEN, "iqrfSensorData_Invoke")
    assert (code, out) == (1, "")
    assert err == "iqrfSensorData_Invoke: status 1003: Worker not running\n"


async def test_a_message_error_fails(call: Call) -> None:
    def script(request: dict[str, Any]) -> list[Any]:
        error = answer(request, {"error": "No such."}, 1, statusStr="An error.")
        return [error | {"mType": "messageError"}]

    async with gateway(script) as it:
        code, _, err = await call("--url", it.url, "--token", TOKEN, "x")
    assert (code, err.splitlines()[0]) == (1, "messageError: status 1: An error: No such")


@pytest.mark.parametrize(
    ("mtype", "hint"),
    [
        ("iqrfdb_getdevices", "did you mean iqrfDb_GetDevices?"),
        ("mngDaemon_Versio", "did you mean mngDaemon_Version?"),
        ("bogus", "`iqrf-trio call --help` names the messages"),
        # Nobody is to send these because they were proposed.
        ("iqrfDb_Rese", "`iqrf-trio call --help` names the messages"),
        ("iqrfDb_SetDeviceMetadat", "`iqrf-trio call --help` names the messages"),
        ("iqmeshNetwork_Restor", "`iqrf-trio call --help` names the messages"),
        (
            "infoDaemon_Reset",
            "infoDaemon_Reset is a known message, not answered by this gateway; use iqrfDb_Reset",
        ),
    ],
)
async def test_a_name_of_no_message_is_guessed(call: Call, mtype: str, hint: str) -> None:
    async with gateway(lambda request: [answer(request, status=1)]) as it:
        code, _, err = await call("--url", it.url, "--token", TOKEN, mtype)
    assert (code, err.splitlines()[-1]) == (1, hint)


async def test_help_names_the_messages(call: Call) -> None:
    code, out, _ = await call("--help")
    assert code == 0
    assert set(REGISTRY) <= set(out.replace(",", " ").split())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1338", "127.0.0.1:1338", "localhost", "ws://", "", "ws://h:99999"]
)
async def test_a_url_that_is_none(call: Call, url: str) -> None:
    code, _, err = await call("mngDaemon_Version", "--token", TOKEN, "--url", url)
    assert (code, err.count("\n")) == (2, 1)
    assert f"argument --url: {url!r} is no ws://HOST:PORT or wss://HOST:PORT; see" in err


async def test_tls_where_there_is_none(call: Call) -> None:
    async with gateway() as it:
        url = it.url.replace("ws:", "wss:")
        code, _, err = await call("mngDaemon_Version", "--token", TOKEN, "--url", url)
    assert (code, err.count("\n")) == (1, 1)
    assert err.endswith("; is it without TLS, at ws://?\n")


async def test_no_tls_where_there_is_some(call: Call) -> None:
    async with gateway(listening=secured()) as it:
        url = it.url.replace("wss:", "ws:")
        code, _, err = await call("mngDaemon_Version", "--token", TOKEN, "--url", url)
    assert (code, err.count("\n")) == (1, 1)
    assert err.endswith("; is the gateway running there, without TLS?\n")


async def test_raw_prints_what_came(call: Call) -> None:
    async with gateway(lambda r: [answer(r, {"step": 1}), answer(r, status=-1)]) as it:
        code, out, err = await call("--url", it.url, "--token", TOKEN, "--raw", "iqrfDb_Enumerate")
    assert (code, err) == (1, "")
    assert [json.loads(line)["data"]["status"] for line in out.splitlines()] == [0, -1]


async def test_silence_ends_with_the_timeout(call: Call) -> None:
    async with gateway(lambda _: []) as it:
        code, out, err = await call("--url", it.url, "--token", TOKEN, "x", "--timeout", "0.05")
    assert (code, out) == (1, "")
    assert err.startswith("iqrf-trio: no answer to x within 0.05 s; wait longer with --timeout")


async def test_a_refused_token_is_one_line(call: Call) -> None:
    async with gateway(authenticate=lambda _: refused(5)) as it:
        code, out, err = await call("--url", it.url, "--token", TOKEN, "x")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("iqrf-trio: the gateway refuses the token: error 5 (code 5); make a new")


async def test_no_gateway_is_one_line(call: Call) -> None:
    async with gateway() as it:
        url = it.url
    code, out, err = await call("--url", url, "--token", TOKEN, "x")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"iqrf-trio: no connection to {url}: ")


async def test_where_the_token_comes_from(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.chdir(tmp_path)
    async with gateway() as it:
        assert (await call("--url", it.url, "x"))[0] == 2
        assert (await call("--url", it.url, "x", "--token-file", "token"))[0] == 0
        (tmp_path / ".run").mkdir()
        (tmp_path / "token").rename(tmp_path / ".run" / "token")
        assert (await call("--url", it.url, "x"))[0] == 0
        monkeypatch.setenv(TOKEN_VARIABLE, "iqrfgd2;9;of-the-environment")
        assert (await call("--url", it.url, "x"))[0] == 1
        assert (await call("--url", it.url, "x", "--token-file", ".run/token"))[0] == 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "the following arguments are required: MTYPE"),
        (["x", "{"], "argument JSON: it is no JSON (unexpected end of data"),
        (
            ["x", '{"n": 123456789012345678901}'],
            "argument JSON: it cannot be sent (n: an integer beyond 64 bits)",
        ),
        (["x", "[]"], "argument JSON: it is no JSON object, {...}"),
        (["x", "--timeout", "0"], "argument --timeout: it is no number of seconds above 0"),
        (["x", "--timeout", "nan"], "argument --timeout: it is no number of seconds above 0"),
        (["x", "--timeout", "soon"], "argument --timeout: it is no number of seconds above 0"),
        (["x", "--token", "a", "--token-file", "b"], "argument --token-file: not allowed with"),
    ],
)
async def test_words_that_make_no_request(call: Call, words: list[str], error: str) -> None:
    code, out, err = await call(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"iqrf-trio call: {error}")
    assert err.endswith("; see iqrf-trio call --help\n")


@pytest.mark.parametrize("content", [b"\n", b"\xff\xfe", None])
async def test_token_files_without_a_token(
    call: Call, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    code, _, err = await call("x", "--token-file", str(file))
    assert (code, err.count("\n")) == (2, 1)
    assert "; give one with --token, --token-file or IQRF_TRIO_TOKEN" in err
    assert ("no API token" in err) == ("`iqrf-trio token create` makes one" in err)


def test_the_help_of_each_message_names_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    for mtype, row in REGISTRY.items():
        assert main(["call", mtype, "--help"]) == 0
        said = capsys.readouterr().out
        assert said.startswith(row.about)
        assert f"iqrf-trio call {mtype}" in said
        assert all(name in said for name in row.example or ())
