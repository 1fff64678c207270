"""`iqrf-trio run`: from the options to a gateway that serves, and its ends."""

import shlex
import signal
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import trio

from iqrf_trio.cli import run
from iqrf_trio.cli.support.client import client
from iqrf_trio.edges.tcp.listeners import ListenError
from tests.iqrf_trio.cli.process import command

QUICK = ("run", "-c", "/dev/null", "--simulate", "--set", "simulator.speed=0")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_gateway_says_where_it_is_and_ends_with_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with command(*QUICK, "--port", "0", "--state-dir", "s", directory=tmp_path) as gateway:
        assert (await gateway.says("ready: ")).startswith("ws://127.0.0.1:")
        assert (tmp_path / "s" / "iqrf-trio.db").exists()
        assert await gateway.end(number) == 0
    assert "Traceback" not in gateway.said


@pytest.mark.slow
async def test_the_first_run_makes_a_token_and_shows_how_to_use_it(tmp_path: Path) -> None:
    words = (*QUICK, "--port", "0", "--state-dir", ".run", "--token-file", ".run/token")
    async with command(*words, directory=tmp_path) as gateway:
        url = await gateway.says("ready: ")
        await gateway.says("API token, kept in .run/token:")
        await gateway.says("Try, in another terminal:\n")
        *_, token, _, line = gateway.said.partition("How it is")[0].splitlines()
        await gateway.says("In a browser:\n")
        link = urlsplit(gateway.said.splitlines()[-1])
        assert (link.path, link.query) == ("/", "")
        assert unquote(link.fragment) == f"key={token}"
        file = tmp_path / ".run" / "token"
        assert file.read_text() == f"{token}\n"
        assert file.stat().st_mode & 0o777 == 0o600
        *_, name, url_option, shown_url, mtype, parameters = shlex.split(line)
        assert (name, url_option, shown_url) == ("call", "--url", url)
        async with client(url, token) as connected:
            assert (mtype, parameters) == ("iqrfDb_Enumerate", '{"standards": true}')
            assert await connected.ask("iqrfDb_GetLights", {}) == {"lightDevices": []}
        assert await gateway.end(signal.SIGTERM) == 0
    async with command(*words, directory=tmp_path) as gateway:
        await gateway.says("Try, in another terminal:\n")
        assert "API token" not in gateway.said
        assert file.read_text() == f"{token}\n"


@pytest.mark.slow
async def test_the_token_file_is_there_before_ready_is_said(tmp_path: Path) -> None:
    words = (*QUICK, "--port", "0", "--state-dir", "s", "--token-file", "token")
    async with command(*words, directory=tmp_path) as gateway:
        await gateway.says("ready: ")
        assert (tmp_path / "token").read_text().startswith("iqrfgd2;")
        assert await gateway.end(signal.SIGTERM) == 0
    assert gateway.said.index("API token") > gateway.said.index("ready: ")


def test_the_command_to_try_names_only_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/iqrf-trio"])
    run._introduce("ws://127.0.0.1:1338", "iqrfgd2;1;x", Path(".run/token"))
    run._introduce("ws://127.0.0.1:1", None, Path("/tmp/a b"))
    request = """iqrfDb_Enumerate '{"standards": true}'"""
    assert capsys.readouterr().out.splitlines() == [
        "API token, kept in .run/token:",
        "iqrfgd2;1;x",
        "Try, in another terminal:",
        f".venv/bin/iqrf-trio call {request}",
        "Try, in another terminal:",
        f".venv/bin/iqrf-trio call --url ws://127.0.0.1:1 --token-file '/tmp/a b' {request}",
    ]


@pytest.mark.slow
async def test_an_address_in_use(tmp_path: Path) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    words = (*QUICK, "--port", str(port), "--state-dir", "s")
    async with command(*words, directory=tmp_path) as gateway:
        assert await gateway.ended() == 1
    await listeners[0].aclose()
    assert gateway.said.splitlines()[-1] == (
        f"iqrf-trio: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "stop what listens there, or choose another with --port"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["--set", "simulator.nodes=0"], 2, "--set: simulator.nodes must be 1 to 239, not 0"),
        (
            ["--set", "simulator.network=nope.toml"],
            2,
            "nope.toml: No such file or directory; simulator.netw",
        ),
        (["--state-dir", "/dev/null/x"], 1, "cannot create /dev/null/x/iqrf-trio.db: Not a dire"),
        (
            [
                *("--set", "websocket.tls_port=0"),
                *("--set", "websocket.certificate=nope.pem"),
                *("--set", "websocket.private_key=nope.pem"),
            ],
            2,
            "certificate nope.pem: No such file or directory; see websocket.certificate and",
        ),
    ],
)
async def test_what_keeps_a_gateway_from_starting_is_one_line(
    words: list[str], code: int, error: str, tmp_path: Path
) -> None:
    complete = (*QUICK, "--port", "0", "--state-dir", "s", *words)
    async with command(*complete, directory=tmp_path) as gateway:
        assert await gateway.ended() == code
    (line,) = gateway.said.splitlines()
    assert line.startswith("iqrf-trio: ")
    assert error in line


@pytest.mark.slow
async def test_a_token_that_cannot_be_kept_ends_the_gateway(tmp_path: Path) -> None:
    words = (*QUICK, "--port", "0", "--state-dir", "s", "--token-file", ".")
    async with command(*words, directory=tmp_path) as gateway:
        said = await gateway.says("iqrf-trio: ")
        assert said == (
            "cannot keep the token in .: Is a directory; choose another file with --token-file"
        )
        assert await gateway.ended() == 1


@pytest.mark.parametrize(
    ("cause", "fix"),
    [
        ("cannot listen on 127.0.0.1:80: Permission denied", "only root may listen below 1024"),
        ("cannot listen on 127.0.0.1:80: Address already in use", "stop what listens there"),
        ("cannot listen on nowhere: Name or service not known", "websocket.host names"),
    ],
)
def test_where_nobody_can_listen(cause: str, fix: str) -> None:
    assert f"{cause}; {fix}" in str(run._failure(ListenError(cause)))
