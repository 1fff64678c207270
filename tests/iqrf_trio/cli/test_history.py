"""`iqrf-trio history` as a user types it, against a gateway with real sockets."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.cli.support import local_token
from iqrf_trio.cli.support.access import TOKEN_VARIABLE
from iqrf_trio.store import DATABASE_NAME
from protocol.auth.rights import READ
from protocol.readings.measured import Measured, Values
from tests.iqrf_trio.house import House, house
from tests.iqrf_trio.rig import CERTIFICATE, KEY

MID = "8100a1b2"

History = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def history(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> History:
    """Run the command in a thread (it has an event loop of its own); (code, stdout, stderr)."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)

    async def run(home: House, *words: str, token: str = "") -> tuple[int, str, str]:
        options = ("--url", home.http_url, "--token", token or home.token)
        code = await trio.to_thread.run_sync(main, ["history", *words, *options])
        out, err = capsys.readouterr()
        return code, out, err

    return run


async def keep(home: House) -> None:
    """Have the gateway keep a temperature, and wait until it is on the disk."""
    kept = home.gateway.history
    assert kept is not None
    measured = Measured(int(MID, 16), 0, 1, "Temperature", "°C", 21.5)
    kept.values(Values(datetime.now(UTC), (measured,)))
    with trio.fail_after(10):
        while not kept.status.written:  # noqa: ASYNC110 - nobody tells
            await trio.sleep(0.01)


async def test_what_is_kept_is_listed_shown_and_forgotten(tmp_path: Path, history: History) -> None:
    async with house(tmp_path) as home:
        await keep(home)
        code, out, err = await history(home, "show")
        assert (code, err) == (0, "")
        assert out.splitlines()[1].split()[:3] == [MID, "0", "Temperature"]
        code, out, _ = await history(home, "show", MID)
        assert code == 0
        assert out.startswith("Temperature [°C]\n")
        assert "lowest 21.5, mean 21.5, highest 21.5; 1 points (sample)" in out
        code, out, _ = await history(home, "show", MID, "0", "--last", "7d", "--json")
        assert json.loads(out)["avg"] == [21.5]
        code, out, err = await history(home, "show", MID, "-1")
        assert (code, out) == (1, "")
        assert "the gateway refused: nothing is kept of sensor -1" in err
        token = local_token.make(home.state / DATABASE_NAME, READ)
        code, _, err = await history(home, "forget", MID, token=token)
        assert (code, "takes the scope manage" in err) == (1, True)
        assert await history(home, "forget", MID) == (0, f"forgotten: 1 series of {MID}\n", "")
        code, _, err = await history(home, "forget", MID)
        assert (code, "nothing is kept" in err) == (1, True)


async def test_an_export_is_written_as_it_comes(tmp_path: Path, history: History) -> None:
    async with house(tmp_path) as home:
        await keep(home)
        code, out, _ = await history(home, "export", "--last", "1w")
        assert code == 0
        assert out.splitlines()[0] == "time,mid,sensor,type,name,unit,value"
        assert out.splitlines()[1].endswith(",21.5")
        code, out, _ = await history(home, "export", "--format", "influx")
        assert out.startswith(f"iqrf,mid={MID},sensor=0,name=Temperature value=21.5 ")


async def test_over_tls(tmp_path: Path, history: History) -> None:
    sets = (f"websocket.certificate={CERTIFICATE}", f"websocket.private_key={KEY}")
    async with house(tmp_path, *sets, "http.tls_port=0", "http.port=off") as home:
        await keep(home)
        assert (await history(home, "show", "--ca", str(CERTIFICATE)))[0] == 0
        code, _, err = await history(home, "show")
        assert (code, "no TLS: self-signed certificate" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["forget"], "which device"),
        (["show", MID, "--last", "soon"], "none of 12h"),
        (["show", "--url", "ws://127.0.0.1:1338"], "no http://HOST:PORT"),
        (["show", "--ca", str(CERTIFICATE), "--token", "x"], "use https://"),
    ],
)
def test_words_that_make_no_sense(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", *words]) == 2
    assert told in capsys.readouterr().err


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "show", "--url", "http://127.0.0.1:1", "--token", "x"]) == 1
    assert "no answer from http://127.0.0.1:1: " in capsys.readouterr().err
