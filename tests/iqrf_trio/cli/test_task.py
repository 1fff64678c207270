"""`iqrf-trio task` as a user types it, with a gateway that runs."""

import json
from pathlib import Path

import pytest
import trio

from iqrf_trio.__main__ import main
from tests.iqrf_trio.house import House, house


async def task(home: House, action: str, *words: str) -> int:
    argv = ["task", action, "--url", home.url, "--token", home.token, *words]
    return await trio.to_thread.run_sync(main, argv)


async def test_a_task_from_its_begin_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as home:
        words = ["mngDaemon_Version", "--cron", "@yearly", "--description", "each year"]
        assert await task(home, "add", *words) == 0
        task_id = capsys.readouterr().out.strip()
        assert await task(home, "run", task_id[:8]) == 0
        while (home.gateway.tasks.book.get("SchedulerMessaging", task_id).run) is None:
            await trio.lowlevel.checkpoint()
        assert await task(home, "list") == 0
        listed = capsys.readouterr().out.splitlines()
        assert listed[0].split() == ["id", "when", "next", "last", "description"]
        assert task_id in listed[1]
        assert "0 0 0 1 1 * *" in listed[1]
        assert await task(home, "show", task_id) == 0
        assert json.loads(capsys.readouterr().out)["description"] == "each year"
        assert await task(home, "remove", task_id) == 0
        assert await task(home, "list", "--json") == 0
        assert json.loads(capsys.readouterr().out) == []


async def test_a_task_is_stopped_and_started_and_all_of_it_is_told_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as home:
        assert await task(home, "add", "mngDaemon_Version", "--cron", "@yearly", "--json") == 0
        named = json.loads(capsys.readouterr().out)
        for action, active in (("stop", False), ("start", True)):
            assert await task(home, action, named["taskId"], "--json") == 0
            assert json.loads(capsys.readouterr().out) == named
            assert home.gateway.tasks.book.is_active(named["taskId"]) is active
            assert await task(home, action, named["taskId"][:8]) == 0
            assert capsys.readouterr().out == ""
        assert await task(home, "show", named["taskId"], "--json") == 0
        assert json.loads(capsys.readouterr().out)["active"] is True
        for action in ("run", "remove"):
            assert await task(home, action, named["taskId"], "--json") == 0
            assert json.loads(capsys.readouterr().out) == named


@pytest.mark.parametrize(
    ("words", "time"),
    [
        (["--every", "60"], {"periodic": True, "period": 60}),
        (["--at", "2030-01-01T12:00:00+02:00"], {"startTime": "2030-01-01T10:00:00Z"}),
        (["--cron", "0 0 6 * * MON-FRI *"], {"cronTime": "0 0 6 * * MON-FRI *"}),
    ],
)
async def test_when_it_runs(
    words: list[str], time: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as home:
        req = '{"operMode": ""}'
        assert await task(home, "add", "mngDaemon_Mode", req, *words, "--mqtt", "x") == 0
        assert await task(home, "list", "--json") == 0
        (told,) = json.loads(capsys.readouterr().out.split("\n", 1)[1])
        assert told["timeSpec"].items() >= time.items()
        assert told["task"]["message"]["data"]["req"] == {"operMode": ""}
        assert told["task"]["messaging"] == [{"type": "mqtt", "instance": "x"}]


@pytest.mark.parametrize(
    ("action", "words", "cause"),
    [
        ("add", ["x", "--every", "0"], "Period must be at least"),
        ("add", ["x", "--cron", "0 0"], "Cron expression error"),
        ("add", ["x", "[]", "--every", "1"], "no JSON object"),
        ("add", ["x", "{", "--every", "1"], "no JSON"),
        ("remove", ["nosuch"], "no task has an id"),
    ],
)
async def test_what_cannot_be_is_told_in_a_line(
    action: str,
    words: list[str],
    cause: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with house(tmp_path) as home:
        assert await task(home, action, *words) == 1
        assert cause in capsys.readouterr().err
